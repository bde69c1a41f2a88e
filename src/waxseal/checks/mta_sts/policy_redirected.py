"""The policy host answers with a redirection in place of the policy.

Senders must not follow it, so for them there is no policy. It happens where a web server sends every request
on to another host, or to the same one with www in front.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, passed
from waxseal.checks.dns._lookup import bounded
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy, unanswered
from waxseal.facts import Cause, Stage


@check(
    title="The MTA-STS policy host redirects",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §3.3",),
    remedy=Remedy(
        general="Serve /.well-known/mta-sts.txt with status 200 from the policy host itself, before any "
        "rule that redirects; to serve another host's policy, let the web server fetch it (a reverse proxy).",
    ),
    rows=("G7",),
)
def judge(published: PublishedPolicy) -> Judgement:
    """Judge the status of the response."""
    fetch = published.fetch
    if fetch is None or fetch.status is None:
        return unanswered(published)
    if fetch.status // 100 != 3:
        return passed("The policy host does not redirect", f"status {fetch.status}")
    return fail(
        f"The policy host redirects (status {fetch.status}), which no sender follows: there is no policy",
        bounded(f"Location: {fetch.field('location')}"),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record = _samples.record()
    yield Example("served", Verdict.PASS, (record, _samples.fetch()))
    moved = _samples.fetch(b"", status=301, fields=(("location", "https://www.example.org/"),))
    yield Example("moved", Verdict.FAIL, (record, moved))
    yield Example("no policy meant", Verdict.NOT_APPLICABLE, (_samples.no_record(), moved))
    unseen = _samples.unfetched(Cause.REFUSED, Stage.CONNECT)
    yield Example("not reached", Verdict.INCONCLUSIVE, (record, unseen))
