"""A pattern of the policy matches none of the domain's mail hosts.

It may be left from an earlier provider, who could still take the domain's mail under it, or be misspelt.
Where a change of mail hosts is on its way it is right: the new host belongs into the policy first. Where a
mail host is left out of the policy, that is the finding, as the pattern may be meant for it.
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
    check,
    not_applicable,
    passed,
    warn,
)
from waxseal.checks.dns._lookup import bounded, unless_answered
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy, patterns_line
from waxseal.facts import DnsStatus, MxRecords
from waxseal.wire.mta_sts import patterns_for


@check(
    title="A pattern of the MTA-STS policy matches no mail host",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §4.1", "RFC 8461 §8.1"),
    remedy=Remedy(general="Take the pattern out, unless the host is about to be used; then change the id."),
    rows=("G7", "G9"),
)
def judge(published: PublishedPolicy, mx: MxRecords, subject: Subject) -> Judgement:
    """Judge each pattern against all MX hosts; without MX records the domain itself is the host."""
    if (obstacle := published.unserved) is not None:
        return obstacle.judgement()
    if (aside := unless_answered(mx)) is not None:
        return aside
    policy = published.served
    if policy is None or not policy.mx:
        return not_applicable("the policy has no patterns")
    hosts = [record.exchange for record in mx.exchanges if record.exchange]
    if not mx.exchanges and subject.domain:
        hosts = [subject.domain]
    if not hosts:
        return not_applicable("the domain takes no mail (null MX)")
    if not all(policy.allows(host) for host in hosts):
        return not_applicable("a mail host is left out of the policy; see mta-sts/mx-unmatched")
    used = frozenset().union(*map(patterns_for, hosts))
    stale = [pattern for pattern in policy.mx if pattern.lower() not in used]
    if stale:
        return warn(
            "A pattern of the policy matches none of the mail hosts",
            bounded(f"unmatched: {', '.join(stale)}"),
            bounded(f"mail hosts: {', '.join(hosts)}"),
        )
    return passed("Every pattern matches a mail host", patterns_line(policy))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record, mx = _samples.record(), samples.mx_records((10, "mx.example.org"))
    more = _samples.fetch(_samples.body("mx.example.org", "*.example.net"))
    yield Example("used", Verdict.PASS, (record, _samples.fetch(), mx))
    yield Example("left over", Verdict.WARN, (record, more, mx))
    misspelt = _samples.fetch(_samples.body("mx1.example.org"))
    yield Example("a host is left out", Verdict.NOT_APPLICABLE, (record, misspelt, mx))
    implicit = samples.mx_records(status=DnsStatus.NO_DATA)
    itself = _samples.fetch(_samples.body("example.org"))
    yield Example("the domain is the host", Verdict.PASS, (record, itself, implicit))
    failed = samples.mx_records(status=DnsStatus.TIMED_OUT)
    yield Example("MX not known", Verdict.INCONCLUSIVE, (record, more, failed))
