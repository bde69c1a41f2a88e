"""The policy is enforced, and senders may forget it within a day.

An attacker who keeps a sender from seeing the record for that long makes it deliver unprotected. The standard
expects lifetimes of weeks or more; below a week the evidence says so, and only less than a day is a finding.
A short lifetime does no harm while a policy is tested, or withdrawn with mode none.
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
    warn,
)
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy
from waxseal.wire.mta_sts import Mode

DAY_S = 86_400
WEEK_S = 7 * DAY_S


@check(
    title="The lifetime of the MTA-STS policy is too short",
    level=Level.SHOULD,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §10.2",),
    remedy=Remedy(
        general="Raise max_age to some weeks once the policy works, such as 2592000 for thirty days.",
    ),
    rows=("G7",),
)
def judge(published: PublishedPolicy) -> Judgement:
    """Judge max_age of an enforced policy."""
    if (obstacle := published.unserved) is not None:
        return obstacle.judgement()
    policy = published.served
    if policy is None or policy.mode is not Mode.ENFORCE:
        return not_applicable("the policy is not enforced, so a short lifetime does no harm")
    told = f"max_age: {policy.max_age} ({policy.max_age / DAY_S:.1f} days)"
    if policy.max_age < DAY_S:
        return warn("Senders may forget the policy within a day, so it is easily kept from them", told)
    if policy.max_age < WEEK_S:
        return passed("The policy lives for days; weeks or more are expected", told)
    return passed("The policy lives for a week or more", told)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record = _samples.record()
    yield Example("a week", Verdict.PASS, (record, _samples.fetch()))
    yield Example("a day", Verdict.PASS, (record, _samples.fetch(_samples.body(max_age=86400))))
    yield Example("an hour", Verdict.WARN, (record, _samples.fetch(_samples.body(max_age=3600))))
    testing = _samples.fetch(_samples.body(mode="testing", max_age=3600))
    yield Example("testing", Verdict.NOT_APPLICABLE, (record, testing))
    yield Example("malformed", Verdict.NOT_APPLICABLE, (record, _samples.fetch(b"")))
