"""A reply does not come to its end: more than 500 lines, or more than 64 KiB.

No reply of a mail server needs a hundredth of that. Reading stopped there, so nothing behind it was seen.
Senders run into their own limits in the same way, or wait in vain for the last line, and mail is not
delivered. Mostly the last line lacks the blank after its code, so the reply never ends, or some other
service writes to this port.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, passed
from waxseal.checks.smtp import _samples
from waxseal.checks.smtp._replies import OVERSIZED, breaches, counted, evidence, heard, no_smtp
from waxseal.facts import EhloClear, EhloTls, Greeting, QuitAnswer, StarttlsAnswer
from waxseal.wire.smtp_reply import MAX_REPLY_LINES, MAX_REPLY_OCTETS

_LIMIT = {
    "too-many-lines": f"{MAX_REPLY_LINES} lines",
    "reply-too-long": f"{MAX_REPLY_OCTETS // 1024} KiB",
}


@check(
    title="A reply has no end",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.2.1", "RFC 5321 §4.5.3.1.5"),
    remedy=Remedy(
        general="End the reply with a line that has a blank behind its code, and see which program writes "
        "the rest.",
    ),
    rows=("B1",),
)
def judge(
    greeting: Greeting,
    ehlo: EhloClear | None,
    starttls: StarttlsAnswer | None,
    ehlo_tls: EhloTls | None,
    farewell: QuitAnswer | None,
) -> Judgement:
    """Judge whether a reply crossed a size limit."""
    replies = heard(greeting, ehlo, starttls, ehlo_tls, farewell)
    if not replies:
        return no_smtp()
    found = breaches(replies, OVERSIZED)
    if found:
        first = found[0]
        return fail(
            f"{first.what[0].upper()}{first.what[1:]} has more than {_LIMIT[first.rule]}", *evidence(found)
        )
    return passed(f"no reply without an end among {counted(replies)}")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("short", Verdict.PASS, (samples.greeting(), samples.ehlo()))
    lines = _samples.ehlo(b"250-mx.example.org\r\n" * (MAX_REPLY_LINES + 1))
    yield Example("too many lines", Verdict.FAIL, (samples.greeting(), lines))
    endless = _samples.greeting(b"220-" + b"x" * MAX_REPLY_OCTETS)
    yield Example("endless line", Verdict.FAIL, (endless,))
    yield Example("no SMTP", Verdict.INCONCLUSIVE, (_samples.greeting(b"SSH-2.0-x\r\n"),))
