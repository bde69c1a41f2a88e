"""Replies end their lines with a lone LF, or hold a lone CR, where only CR LF is a line end.

SMTP knows one line end. Most senders forgive a bare LF, so mail comes through; strict ones refuse, and
programs that disagree about where a line ends can be made to disagree about where a message ends, which
is how SMTP smuggling works. A server that is careless here is mostly home-made, or a script put before
the real one.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, passed
from waxseal.checks.smtp import _samples
from waxseal.checks.smtp._replies import breaches, counted, evidence, heard, no_smtp
from waxseal.facts import EhloClear, EhloTls, Greeting, QuitAnswer, StarttlsAnswer


@check(
    title="Reply lines do not end with CR LF",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5321 §2.3.8", "RFC 5321 §4.2"),
    remedy=Remedy(
        general="End every line with CR LF in the program or script that writes these replies.",
        exim="in smtp_banner and ACL messages write line breaks as \\n and leave CR out",
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
    """Judge the line ends of every reply heard."""
    replies = heard(greeting, ehlo, starttls, ehlo_tls, farewell)
    if not replies:
        return no_smtp()
    found = breaches(replies, ("bare-lf", "bare-cr"))
    if found:
        lone = " and ".join(sorted({"LF" if breach.rule == "bare-lf" else "CR" for breach in found}))
        return fail(f"The server sends a lone {lone} where only CR LF ends a line", *evidence(found))
    return passed(f"every line ends with CR LF in {counted(replies)}")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("CR LF", Verdict.PASS, (_samples.greeting(b"220 mx.example.org ESMTP\r\n"),))
    yield Example("bare LF", Verdict.FAIL, (_samples.greeting(b"220 mx.example.org ESMTP\n"),))
    bare_cr = _samples.ehlo(b"250-mx.example.org\r\r\n250 SIZE\r\n")
    yield Example("bare CR", Verdict.FAIL, (samples.greeting(), bare_cr))
    yield Example("no SMTP", Verdict.INCONCLUSIVE, (_samples.greeting(b"SSH-2.0-x\n"),))
