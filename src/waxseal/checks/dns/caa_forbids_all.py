"""The CAA records let no CA issue for the mail host: the next renewal of its certificate will be refused.

That is so where every issue value is empty (";"), or out of form, which counts as empty, or where a record is
marked critical that no CA understands. It does not touch the certificate that is in use now.
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
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.checks.dns._issuance import CRITICAL, KNOWN_TAGS, properties, sample
from waxseal.checks.dns._lookup import ANSWERED, TRY_AGAIN, bounded
from waxseal.facts import DnsStatus, IssuancePolicy


@check(
    title="The CAA records let no CA certify the mail host",
    level=Level.MUST,
    scope=Scope.HOST,
    cites=("RFC 8659 §4.2", "RFC 8659 §4.1"),
    remedy=Remedy(
        general="Name the CA of the host's certificate in an issue record, as that CA writes its domain.",
        dns='example.org. IN CAA 0 issue "ca.example.net"',
    ),
    rows=("A11",),
)
def judge(policy: IssuancePolicy) -> Judgement:
    """Judge whether anybody may issue."""
    last = policy.answers[-1]
    if last.status not in ANSWERED:
        return unreached("the CAA look-up failed, see dns/caa-lookup-failed", advice=TRY_AGAIN)
    if last.status is not DnsStatus.ANSWERED:
        return not_applicable("there are no CAA records, see dns/caa-missing")
    found = properties(last)
    told = tuple(bounded(f"{last.name}: {p.flags} {p.tag} {p.value}") for p in found[:5])
    if any(p.flags & CRITICAL and p.tag not in KNOWN_TAGS for p in found):
        return warn("A critical CAA record that CAs do not understand forbids all certificates", *told)
    issuers = [p.issuer for p in found if p.tag == "issue"]
    if issuers and not any(issuers):
        return warn("No CAA record names a CA, so none may issue for the host", *told)
    return passed("the CAA records leave somebody to issue for the host", *told)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("nobody", Verdict.WARN, (sample('0 issue ";"'),))
    yield Example("out of form", Verdict.WARN, (sample('0 issue "%%%%%"'),))
    yield Example("critical and unknown", Verdict.WARN, (sample('0 issue "ca.example.net"', '128 tbs "x"'),))
    yield Example("with a parameter", Verdict.PASS, (sample('0 issue "ca.example.net; account=230123"'),))
    yield Example("one of two", Verdict.PASS, (sample('0 issue ";"', '0 issue "ca.example.net"'),))
    yield Example("none", Verdict.NOT_APPLICABLE, (sample(),))
    yield Example("an error", Verdict.INCONCLUSIVE, (sample(status=DnsStatus.SERVFAIL),))
