"""No CAA record says which CAs may issue certificates for the mail host, so every CA may.

With such a record a CA that is not named there has to turn a request down, which makes it harder to get a
false certificate for the host. Senders do not look at it. The record may stand at the host's name or anywhere
above it.
"""

from collections.abc import Iterator

from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    passed,
    unreached,
    warn,
)
from waxseal.checks.dns._issuance import properties, sample
from waxseal.checks.dns._lookup import ANSWERED, TRY_AGAIN, bounded
from waxseal.facts import DnsStatus, IssuancePolicy


@check(
    title="No CAA record restricts who may certify the mail host",
    level=Level.ADVICE,
    scope=Scope.HOST,
    cites=("RFC 8659 §3",),
    remedy=Remedy(
        general="Publish a CAA record that names the CA of the host's certificate.",
        dns='example.org. IN CAA 0 issue "ca.example.net"',
    ),
    rows=("A11",),
)
def judge(policy: IssuancePolicy) -> Judgement:
    """Judge whether the climb found a restriction."""
    last = policy.answers[-1]
    if last.status not in ANSWERED:
        return unreached("the CAA look-up failed, see dns/caa-lookup-failed", advice=TRY_AGAIN)
    if last.status is not DnsStatus.ANSWERED:
        return warn("No CAA record stands at the host's name or above it, so any CA may issue for it")
    found = properties(last)
    told = tuple(bounded(f"{last.name}: {p.flags} {p.tag} {p.value}") for p in found[:5])
    if not any(p.tag == "issue" for p in found):
        return warn("The CAA records restrict nothing: none of them says issue", *told)
    return passed("a CAA record restricts who may issue for the host", *told)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("none", Verdict.WARN, (sample(),))
    yield Example("only a place for reports", Verdict.WARN, (sample('0 iodef "mailto:ca@example.org"'),))
    yield Example("a CA is named", Verdict.PASS, (sample('0 issue "ca.example.net"'),))
    yield Example("an error", Verdict.INCONCLUSIVE, (sample(status=DnsStatus.SERVFAIL),))
