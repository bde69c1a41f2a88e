"""The policy is larger than 64 KiB.

That is the size at which senders are advised to stop reading, and a policy has to come whole within it. Who
stops takes no policy. It is mostly a web page that is served in its place.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, passed
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy, unanswered
from waxseal.facts import Cause, Ended, Stage


@check(
    title="The MTA-STS policy is too large",
    level=Level.SHOULD,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §3.3",),
    remedy=Remedy(general="Serve the policy alone, a few lines long, and nothing around it."),
    rows=("G7",),
)
def judge(published: PublishedPolicy) -> Judgement:
    """Judge how much content came."""
    obstacle = published.undelivered
    if published.fetch is None or published.fetch.status is None:
        return unanswered(published)
    size = f"{published.fetch.body_octets} octets were read"
    if obstacle is not None and obstacle.check == "mta-sts/policy-too-large":
        return fail("The policy is larger than 64 KiB: senders stop reading and take none", size)
    if obstacle is not None:
        return obstacle.judgement()
    return passed("The policy is small enough", size)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record = _samples.record()
    yield Example("small", Verdict.PASS, (record, _samples.fetch()))
    ended = Ended(Cause.LIMIT, Stage.RESPONSE, detail="content of more than 65536 octets")
    yield Example("endless", Verdict.FAIL, (record, _samples.fetch(b"x" * 65537, ended=ended)))
    yield Example("not found", Verdict.NOT_APPLICABLE, (record, _samples.fetch(status=404)))
    unseen = _samples.unfetched(Cause.REFUSED, Stage.CONNECT)
    yield Example("not reached", Verdict.INCONCLUSIVE, (record, unseen))
