"""The certificate, or one that its path needs, is past its end date.

Clients that verify refuse it: mail programs cannot submit mail, and senders bound by MTA-STS (or by DANE
through a trust anchor) hold mail back. Other senders deliver all the same, because an expired certificate
still beats clear text, so on port 25 this is a warning. Judged at the time of the run, over every
certificate of the path, the root included. Often the certificate was renewed and only the server was not
reloaded.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Subject,
    Verdict,
    at,
    check,
    passed,
    unreached,
)
from waxseal.checks.certificate._proof import lines, place, problems, prove, sent_on_path
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._weighing import broken, set_aside
from waxseal.facts import CertificateChain, Endpoint, Handshake, TrustAnchors
from waxseal.trust.chain import ProblemCode


@check(
    title="A certificate has expired",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 5280 §6.1.3", "RFC 5280 §4.1.2.5", "RFC 8314 §4.4", "RFC 8461 §4.2"),
    remedy=Remedy(
        general="Renew the certificate and let the server load it; automate both, the reload included.",
        postfix="postfix reload, as deploy hook of the ACME client",
        dovecot="doveadm reload",
    ),
    rows=("D4",),
)
def judge(
    subject: Subject,
    endpoint: Endpoint,
    chain: CertificateChain,
    anchors: TrustAnchors,
    handshake: Handshake | None,
) -> Judgement:
    """Judge the end dates at the time of the run."""
    aside = set_aside(subject, handshake)
    if aside is not None:
        return aside
    proof = prove(chain, anchors)
    found = problems(proof, ProblemCode.EXPIRED)
    if found:
        now = f"judged at {chain.shown_at:%Y-%m-%d %H:%M} UTC"
        return broken(
            endpoint, subject, f"{place(proof, found[0].depth)} has expired", *lines(proof, found), now
        )
    if chain.leaf.not_after is None or any(c.not_after is None for _, c in sent_on_path(proof, chain)):
        return unreached(
            "the end date cannot be read, see certificate/unreadable", advice="replace the certificate"
        )
    return passed("No certificate has expired", f"valid until {chain.leaf.not_after:%Y-%m-%d %H:%M} UTC")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("expired on port 25", Verdict.WARN, (samples.endpoint(), *sample("expired")))
    yield Example(
        "expired on submission",
        Verdict.FAIL,
        (at(samples.endpoint(), port=587), *sample("expired", port=587)),
    )
    yield Example(
        "an intermediate expired", Verdict.WARN, (samples.endpoint(), *sample("expired_intermediate"))
    )
    yield Example("in date", Verdict.PASS, (samples.endpoint(), *sample("good")))
    yield Example("no readable date", Verdict.INCONCLUSIVE, (samples.endpoint(), *sample("no_end")))
    yield Example(
        "shown only without a name",
        Verdict.NOT_APPLICABLE,
        (samples.endpoint(), samples.handshake(), *sample("expired", server_name="")),
    )
