"""The lines of one reply bear different codes.

Clients may take the code from any line, as all lines must have the same. Where they differ, one sender
reads "yes" and another "no" from the same reply. Mostly a proxy or filter puts its own lines before those
of the server behind it, or a banner was edited by hand.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, passed
from waxseal.checks.smtp import _samples
from waxseal.checks.smtp._replies import breaches, counted, evidence, heard, no_smtp
from waxseal.facts import EhloClear, EhloTls, Greeting, QuitAnswer, StarttlsAnswer


@check(
    title="The lines of a reply differ in their code",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.2.1",),
    remedy=Remedy(
        general="Let one program write each reply, with the same code on every line.",
        exim="in smtp_banner and ACL messages leave the codes out, Exim adds them",
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
    """Judge the codes of every reply heard."""
    replies = heard(greeting, ehlo, starttls, ehlo_tls, farewell)
    if not replies:
        return no_smtp()
    found = breaches(replies, ("codes-mixed",))
    if found:
        return fail("The lines of one reply bear different codes", *evidence(found))
    return passed(f"no reply has two codes among {counted(replies)}")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("the same", Verdict.PASS, (samples.greeting(), samples.ehlo()))
    mixed = _samples.ehlo(b"250-mx.example.org\r\n220-SIZE 1000\r\n250 STARTTLS\r\n")
    yield Example("mixed", Verdict.FAIL, (samples.greeting(), mixed))
    yield Example("no SMTP", Verdict.INCONCLUSIVE, (_samples.greeting(b"SSH-2.0-x\r\n"),))
