"""Replies hold octets that have no place in them: NUL, control characters, or octets above 127.

The text of a reply is printable US-ASCII with blanks and tabs. NUL and control characters are a bug, or
an attempt to play tricks with logs and terminals; programs cut lines at a NUL, so two of them see two
different replies. Accented letters in a banner or refusal text are harmless to most senders and end as
rubbish in bounces and logs; they are allowed only where the client asked for SMTPUTF8.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, passed, warn
from waxseal.checks.smtp import _samples
from waxseal.checks.smtp._replies import OCTETS, breaches, counted, evidence, heard, no_smtp
from waxseal.facts import EhloClear, EhloTls, Greeting, QuitAnswer, StarttlsAnswer


@check(
    title="Replies hold octets that are not text",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.2", "RFC 5321 §2.4", "RFC 6531 §3.7.4.2"),
    remedy=Remedy(
        general="Write banners and refusal texts in US-ASCII only.",
        postfix="smtpd_banner, smtpd_reject_footer, and the texts in access tables",
        exim="smtp_banner, and the message modifiers of the ACLs",
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
    """Judge the octets of every reply heard."""
    replies = heard(greeting, ehlo, starttls, ehlo_tls, farewell)
    if not replies:
        return no_smtp()
    found = breaches(replies, OCTETS)
    if any(breach.rule != "eight-bit" for breach in found):
        return fail("The server sends NUL or control characters in its replies", *evidence(found))
    if found:
        return warn("The server sends octets above 127 in its replies, unasked", *evidence(found))
    return passed(f"nothing but plain text in {counted(replies)}")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("text", Verdict.PASS, (samples.greeting(), samples.ehlo()))
    for name, octets, verdict in (
        ("NUL", b"220 mx.example.org \x00\r\n", Verdict.FAIL),
        ("escape", b"220 mx.example.org \x1b[2J\r\n", Verdict.FAIL),
        ("umlaut", b"220 mx.example.org Gr\xc3\xbc\xc3\x9fe\r\n", Verdict.WARN),
    ):
        yield Example(name, verdict, (_samples.greeting(octets),))
    yield Example("no SMTP", Verdict.INCONCLUSIVE, (_samples.greeting(b"\xff\x00\r\n"),))
