"""The policy comes as another media type than text/plain.

Senders should make sure of the type, so that nobody can slip in a policy where users may upload pages or
images. Those that do take no policy from this host.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, passed, warn
from waxseal.checks.dns._lookup import bounded
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy, media_type, unanswered


@check(
    title="The MTA-STS policy is not served as text/plain",
    level=Level.SHOULD,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §3.2",),
    remedy=Remedy(
        general="Let the web server send Content-Type: text/plain with the policy; in nginx 'default_type "
        "text/plain', in Apache 'ForceType text/plain' for that path.",
    ),
    rows=("G7",),
)
def judge(published: PublishedPolicy) -> Judgement:
    """Judge the Content-Type field; its parameters do not matter."""
    if (obstacle := published.unserved) is not None or published.fetch is None:
        return obstacle.judgement() if obstacle is not None else unanswered(published)
    value = published.fetch.field("content-type")
    if media_type(published.fetch) == "text/plain":
        return passed("The policy is served as text/plain", bounded(f"Content-Type: {value}"))
    if not value:
        return warn("The policy is served without a media type: strict senders do not take it")
    return warn(
        "The policy is not served as text/plain: strict senders do not take it",
        bounded(f"Content-Type: {value}"),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record = _samples.record()
    yield Example("text/plain", Verdict.PASS, (record, _samples.fetch()))
    named = _samples.fetch(fields=(("content-type", "Text/Plain; charset=iso-8859-1"),))
    yield Example("with a parameter", Verdict.PASS, (record, named))
    html = _samples.fetch(fields=(("content-type", "text/html"),))
    yield Example("text/html", Verdict.WARN, (record, html))
    yield Example("no type", Verdict.WARN, (record, _samples.fetch(fields=())))
    page = _samples.fetch(b"<html>", fields=(("content-type", "text/html"),))
    yield Example("a page", Verdict.NOT_APPLICABLE, (record, page))
