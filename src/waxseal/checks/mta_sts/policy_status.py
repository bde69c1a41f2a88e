"""The policy host answers with another status than 200.

Senders take a policy only from a response with status 200, so for them there is none: who has no policy of
the domain yet delivers unprotected. A redirection has a finding of its own.
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
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy, unanswered
from waxseal.facts import Cause, Stage


@check(
    title="The MTA-STS policy does not come with status 200",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §3.3",),
    remedy=Remedy(
        general="Put the policy where https://mta-sts.example.org/.well-known/mta-sts.txt leads to, "
        "readable for all clients, and see the web server's log for the reason of the status.",
    ),
    rows=("G7",),
)
def judge(published: PublishedPolicy) -> Judgement:
    """Judge the status of the response."""
    fetch = published.fetch
    if fetch is None or fetch.status is None:
        return unanswered(published)
    if fetch.status // 100 == 3:
        return not_applicable("the policy host redirects; see mta-sts/policy-redirected")
    if fetch.status != 200:
        return fail(
            f"The policy host answers with status {fetch.status}: there is no policy", fetch.url[:200]
        )
    return passed("The policy comes with status 200")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record = _samples.record()
    missing = _samples.fetch(b"not found", status=404)
    yield Example("served", Verdict.PASS, (record, _samples.fetch()))
    yield Example("not found", Verdict.FAIL, (record, missing))
    yield Example("moved", Verdict.NOT_APPLICABLE, (record, _samples.fetch(b"", status=302)))
    yield Example("no policy meant", Verdict.NOT_APPLICABLE, (_samples.no_record(), missing))
    unseen = _samples.unfetched(Cause.REFUSED, Stage.CONNECT)
    yield Example("not reached", Verdict.INCONCLUSIVE, (record, unseen))
