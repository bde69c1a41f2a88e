"""A mail server that is in wide use today, in its usual set-up, could not agree on TLS with this one.

The test offered exactly what that software sends. Mail from it then comes in clear, or waits in its queue and
is returned after some days where it insists on TLS. Usually the list of cipher suites was made too short,
the certificate's key fits none of the sender's suites, or an appliance stumbles over a long hello.
Only common senders of today count; the table of all that were tried is in the report. Silence is no refusal
and is said to be unseen. Where no handshake at all was completed with the server, the findings about its
handshake say so, and this one stands aside. Without ``--simulate`` nothing is asked.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Each,
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    inconclusive,
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.checks.client_outcome import Outcome, mainstream_clients, outcome_line, outcome_of
from waxseal.facts import Cause, ClientSimulation, Handshake, Reaction


@check(
    title="A common sender cannot negotiate TLS",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 9325 §4.2", "RFC 7435 §3"),
    remedy=Remedy(
        general="Offer TLS 1.2 and 1.3 with the suites that RFC 9325 recommends, and X25519 and P-256 as "
        "groups; let no device on the way drop hellos of more than one segment.",
        postfix="smtpd_tls_ciphers = medium; smtpd_tls_exclude_ciphers =",
        exim="leave tls_require_ciphers unset, or NORMAL (GnuTLS)",
        exchange="the default cipher suite order of the Windows release",
    ),
    rows=("C11",),
)
def judge(simulated: Each[ClientSimulation] | None, handshake: Handshake | None) -> Judgement:
    """Judge the common senders among the clients that were simulated."""
    if not simulated:
        return not_applicable("no client was simulated; --simulate does that")
    common = [seen for _, seen in simulated if seen.client in mainstream_clients()]
    if not common:
        return not_applicable("none of the common senders was among the clients simulated")
    if handshake is None:
        return unreached(
            "no handshake with this server was completed, so what it selects for a client proves nothing",
            advice="mend what the findings about the handshake say, then test again",
        )
    locked = [seen for seen in common if outcome_of(seen).outcome is Outcome.LOCKED_OUT]
    if locked:
        names = ", ".join(seen.software for seen in locked)
        summary = f"{len(locked)} of {len(common)} common senders cannot negotiate TLS: {names}"
        return warn(summary, *map(outcome_line, locked))
    unseen = [seen for seen in common if outcome_of(seen).outcome is Outcome.UNSEEN]
    if unseen:
        return inconclusive(
            f"{len(unseen)} of {len(common)} common senders got no answer or could not be asked for",
            *map(outcome_line, unseen),
            advice="test again with a larger --max-connections; if one hello alone stays without answer, "
            "look at what stands before the server",
        )
    return passed(f"the server selects what each of the {len(common)} common senders simulated can take")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    completed, refused = Reaction(Cause.COMPLETED), Reaction(Cause.ALERT, alert=40)

    def client(id_: str, reaction: Reaction, version: str = "", suite: int | None = None) -> ClientSimulation:
        return ClientSimulation(
            client=id_,
            software=id_,
            library="OpenSSL 3.0",
            role="sender",
            hello_sha256="00",
            offered=("TLSv1.2", "TLSv1.3"),
            reaction=reaction,
            version=version,
            suite=suite,
        )

    ok = client("postfix-3.7", completed, "TLSv1.3", 0x1301)
    yield Example("taken", Verdict.PASS, (samples.handshake(), ok))
    yield Example("refused", Verdict.WARN, (samples.handshake(), ok, client("exim-4.96", refused)))
    old = client("postfix-3.7", completed, "TLSv1", 0x002F)
    yield Example("version not offered", Verdict.WARN, (samples.handshake("TLSv1"), old))
    silent = client("exim-4.96", Reaction(Cause.TIMED_OUT))
    yield Example("silence", Verdict.INCONCLUSIVE, (samples.handshake(), ok, silent))
    yield Example("no handshake at all", Verdict.INCONCLUSIVE, (ok, client("exim-4.96", refused)))
    yield Example("not simulated", Verdict.NOT_APPLICABLE, (samples.handshake(),))
    rare = client("nodemailer-node-10", refused)
    yield Example("no common one", Verdict.NOT_APPLICABLE, (samples.handshake(), rare))
