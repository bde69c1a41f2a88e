"""The policy names a longer lifetime than the standard allows, which is 31,557,600 seconds: a year.

Senders may cut it down to that, or take the whole policy for malformed.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, passed
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy
from waxseal.wire.mta_sts import MAX_AGE_S


@check(
    title="The lifetime of the MTA-STS policy is beyond the limit",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §3.2",),
    remedy=Remedy(general="Set max_age to 31557600 or less."),
    rows=("G7",),
)
def judge(published: PublishedPolicy) -> Judgement:
    """Judge max_age against its limit."""
    if (obstacle := published.unserved) is not None:
        return obstacle.judgement()
    policy = published.served
    told = f"max_age: {policy.max_age}" if policy is not None else ""
    if policy is not None and policy.max_age > MAX_AGE_S:
        return fail("The lifetime is longer than a year, so senders may not take the policy", told)
    return passed("The lifetime is within the limit", told)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record = _samples.record()
    yield Example("a year", Verdict.PASS, (record, _samples.fetch(_samples.body(max_age=31557600))))
    yield Example("more", Verdict.FAIL, (record, _samples.fetch(_samples.body(max_age=31557601))))
    yield Example("malformed", Verdict.NOT_APPLICABLE, (record, _samples.fetch(b"")))
