"""The policy comes in a content coding, such as gzip, though none was asked for.

The request said that the content is wanted as it is (Accept-Encoding: identity). Senders that do not decode
what they did not ask for find no policy in the octets, and deliver as if there were none.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, passed
from waxseal.checks.dns._lookup import bounded
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy, coding, unanswered
from waxseal.facts import Cause, Stage


@check(
    title="The MTA-STS policy comes compressed",
    level=Level.SHOULD,
    scope=Scope.DOMAIN,
    cites=("RFC 9110 §12.5.3",),
    remedy=Remedy(
        general="Switch compression off for /.well-known/mta-sts.txt, or let the web server heed "
        "Accept-Encoding.",
    ),
    rows=("G7",),
)
def judge(published: PublishedPolicy) -> Judgement:
    """Judge the Content-Encoding of a response with status 200."""
    fetch, obstacle = published.fetch, published.undelivered
    if fetch is None or fetch.status is None:
        return unanswered(published)
    if fetch.status == 200 and coding(fetch):
        return fail(
            "The policy comes in a coding that was not asked for: senders cannot read it",
            bounded(f"Content-Encoding: {coding(fetch)}"),
        )
    if obstacle is not None:
        return obstacle.judgement()
    return passed("The policy comes as it is")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record = _samples.record()
    yield Example("plain", Verdict.PASS, (record, _samples.fetch()))
    packed = _samples.fetch(bytes.fromhex("1f8b0800"), fields=(("content-encoding", "gzip"),))
    yield Example("gzip", Verdict.FAIL, (record, packed))
    yield Example("not found", Verdict.NOT_APPLICABLE, (record, _samples.fetch(status=404)))
    unseen = _samples.unfetched(Cause.REFUSED, Stage.CONNECT)
    yield Example("not reached", Verdict.INCONCLUSIVE, (record, unseen))
