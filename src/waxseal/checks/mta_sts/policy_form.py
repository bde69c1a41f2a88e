"""The policy can be read, and breaks the grammar of policies.

Blank lines, a byte order mark, white space before a key or a colon, an odd unknown field: many senders read
over it, strict ones take no policy. Line ends may be LF or CRLF, and the last line may go without one. Faults
that leave nothing to read are told by mta-sts/policy-malformed.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, passed, warn
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy, lines, out_of_form, unanswered


@check(
    title="The MTA-STS policy is out of form",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §3.2",),
    remedy=Remedy(
        general="Save the policy as plain text without a byte order mark, without blank lines, and with "
        "keys at the start of their lines and colons right behind them.",
    ),
    rows=("G7",),
)
def judge(published: PublishedPolicy) -> Judgement:
    """Judge what can be read over."""
    if (obstacle := published.unserved) is not None or published.body is None:
        return obstacle.judgement() if obstacle is not None else unanswered(published)
    found = tuple(p for p in out_of_form(published.body.problems) if p.id != "max-age-excessive")
    if found:
        return warn("The policy breaks the grammar, so strict senders do not take it", *lines(found, "line"))
    return passed("The policy is in form")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record, good = _samples.record(), _samples.body()
    yield Example("CRLF", Verdict.PASS, (record, _samples.fetch(good)))
    yield Example("LF", Verdict.PASS, (record, _samples.fetch(good.replace(b"\r", b""))))
    yield Example("a byte order mark", Verdict.WARN, (record, _samples.fetch(b"\xef\xbb\xbf" + good)))
    yield Example("a blank line", Verdict.WARN, (record, _samples.fetch(good.replace(b"mode", b"\r\nmode"))))
    yield Example("a blank", Verdict.WARN, (record, _samples.fetch(good.replace(b"mode:", b"mode :"))))
    yield Example("malformed", Verdict.NOT_APPLICABLE, (record, _samples.fetch(b"\xef\xbb\xbf<html>")))
