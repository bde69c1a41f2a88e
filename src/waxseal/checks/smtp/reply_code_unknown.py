"""A reply has a code that SMTP does not know, or lines without any code.

A code has three digits, the first from 2 to 5, and stands on every line. With anything else the sender
cannot know whether its command worked: it ends the conversation or runs out of step with the server.
Mostly a proxy, a filter or a script writes debug output into the conversation. A greeting that is no
reply at all, or that opens with a wrong code, is smtp/greeting-malformed.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, passed
from waxseal.checks.smtp import _samples
from waxseal.checks.smtp._replies import breaches, counted, evidence, heard, no_smtp
from waxseal.facts import EhloClear, EhloTls, Greeting, QuitAnswer, StarttlsAnswer


@check(
    title="A reply has no proper code",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.2", "RFC 5321 §4.3.2"),
    remedy=Remedy(
        general="See which program writes these lines into the conversation (a proxy, a filter, a script's "
        "error output), and keep it out.",
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
    """Judge the codes of every reply heard, the greeting's only where it may open a session."""
    replies = heard(greeting, ehlo, starttls, ehlo_tls, farewell)
    code = greeting.reply.code
    opens = code is not None and (code == 220 or code // 100 in (4, 5))
    judged = replies if opens else replies[1:]
    if not judged:
        return no_smtp()
    found = breaches(judged, ("code-out-of-range", "not-a-reply"))
    if found:
        what = "a line without a code" if found[0].rule == "not-a-reply" else "a code that SMTP does not know"
        return fail(f"The server sends {what} in {found[0].what}", *evidence(found))
    return passed(f"no improper code in {counted(judged)}")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("sound", Verdict.PASS, (samples.greeting(), samples.ehlo(), samples.starttls()))
    debug = _samples.ehlo(b"250-mx.example.org\r\nWarning: line 12\r\n250 STARTTLS\r\n")
    yield Example("a line without", Verdict.FAIL, (samples.greeting(), debug))
    garbage = _samples.ehlo(b"what?\r\n")
    yield Example("no code", Verdict.FAIL, (samples.greeting(), garbage))
    yield Example("999", Verdict.FAIL, (samples.greeting(), _samples.ehlo(b"999 hello\r\n")))
    yield Example("the greeting's", Verdict.PASS, (_samples.greeting(b"120 later\r\n"), samples.ehlo()))
    yield Example("only that", Verdict.INCONCLUSIVE, (_samples.greeting(b"120 later\r\n"),))
    yield Example("no SMTP", Verdict.INCONCLUSIVE, (_samples.greeting(b"SSH-2.0-x\r\n"),))
