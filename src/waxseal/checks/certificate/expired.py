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
    Verdict,
    at,
    check,
    passed,
)
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._shown import ShownChain, unread
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
def judge(shown: ShownChain) -> Judgement:
    """Judge the end dates at the time of the run."""
    found = shown.problems(ProblemCode.EXPIRED)
    if found:
        now = f"judged at {shown.chain.shown_at:%Y-%m-%d %H:%M} UTC"
        return shown.broken(f"{shown.place(found[0].depth)} has expired", *shown.lines(found), now)
    if shown.chain.leaf.not_after is None or any(c.not_after is None for _, c in shown.sent_on_path()):
        return unread("the end date")
    return passed(
        "No certificate has expired", f"valid until {shown.chain.leaf.not_after:%Y-%m-%d %H:%M} UTC"
    )


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
