"""The policy host takes the request and does not send the whole policy in time.

Senders are advised to wait for a minute, and many wait for less: they deliver as if there were no policy. A
response that took more than half of that minute is a warning, and so is one that had not come when looking
stopped earlier.
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
    passed,
    warn,
)
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy, unanswered
from waxseal.facts import Cause, Stage

SUGGESTED_S = 60.0
"""The time-out that RFC 8461 §3.3 suggests."""


@check(
    title="The MTA-STS policy comes too slowly",
    level=Level.SHOULD,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §3.3",),
    remedy=Remedy(general="Serve the policy as a file from the web server itself, and find what delays it."),
    rows=("G7",),
)
def judge(published: PublishedPolicy) -> Judgement:
    """Judge how long the whole response took."""
    fetch, obstacle = published.fetch, published.undelivered
    if fetch is None or (obstacle is not None and obstacle.check == "mta-sts/policy-unreachable"):
        return unanswered(published)
    took = f"{fetch.elapsed_s:.1f} s from the first look-up on"
    if obstacle is not None and obstacle.check == "mta-sts/policy-slow":
        if fetch.elapsed_s >= SUGGESTED_S - 1:
            return fail("The policy does not come within a minute: senders take none", took)
        return warn("The policy had not come when looking stopped", took)
    if fetch.elapsed_s > SUGGESTED_S / 2:
        return warn("The policy comes, and so slowly that senders may give up", took)
    return passed("The policy host answers in time", took)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record = _samples.record()
    yield Example("at once", Verdict.PASS, (record, _samples.fetch()))
    yield Example("after 40 s", Verdict.WARN, (record, _samples.fetch(elapsed_s=40.0)))
    never = _samples.unfetched(Cause.TIMED_OUT, Stage.RESPONSE, "after 60.0 s", elapsed_s=60.0)
    yield Example("never", Verdict.FAIL, (record, never))
    short = _samples.unfetched(Cause.TIMED_OUT, Stage.RESPONSE, "after 5.0 s", elapsed_s=5.0)
    yield Example("not in 5 s", Verdict.WARN, (record, short))
    unseen = _samples.unfetched(Cause.REFUSED, Stage.CONNECT)
    yield Example("not reached", Verdict.INCONCLUSIVE, (record, unseen))
