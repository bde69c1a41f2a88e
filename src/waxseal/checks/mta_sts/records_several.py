"""More than one MTA-STS record is published at the same name.

Senders have to take it then that the domain has no policy, whatever the records say. Only senders that still
have an earlier policy in their cache go on with that one. It happens when a record is added in place of being
replaced, or when a provider's alias stands beside a record of one's own.
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
    fail,
    not_applicable,
    passed,
)
from waxseal.checks.dns._lookup import shown
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy
from waxseal.facts import DnsStatus


@check(
    title="There are several MTA-STS records",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §3.1",),
    remedy=Remedy(
        general="Leave exactly one TXT record that begins with v=STSv1; at that name.",
        dns='_mta-sts.example.org. IN TXT "v=STSv1; id=20261101"',
    ),
    rows=("G7",),
)
def judge(published: PublishedPolicy) -> Judgement:
    """Judge how many records are left once foreign ones are discarded."""
    count = published.reading.candidates
    evidence = shown(published.record.answer)
    if count > 1:
        return fail(f"There are {count} MTA-STS records, so senders take it that there is none", evidence)
    if count == 1:
        return passed("There is one MTA-STS record", evidence)
    return not_applicable("there is no MTA-STS record that senders would read")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("one", Verdict.PASS, (_samples.record(),))
    yield Example("two", Verdict.FAIL, (_samples.record("v=STSv1; id=1", "v=STSv1; id=2"),))
    yield Example("a foreign one beside", Verdict.PASS, (_samples.record("v=STSv1; id=1", "v=spf1 -all"),))
    yield Example("none", Verdict.NOT_APPLICABLE, (_samples.no_record(),))
    yield Example("not known", Verdict.INCONCLUSIVE, (_samples.record(status=DnsStatus.SERVFAIL),))
