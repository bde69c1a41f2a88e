"""A reply line is longer than 512 octets, line end included.

That is the most a server may send in one line; longer text belongs into several lines. Most senders read
on, some cut the line or take its rest for the next reply, and then the conversation is out of step.
Mostly a refusal text or a list of mechanisms has grown too long. A reply that has no end at all is
smtp/reply-oversized.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    passed,
    unreached,
    warn,
)
from waxseal.checks.smtp import _samples
from waxseal.checks.smtp._replies import OVERSIZED, breaches, broken, counted, evidence, heard, no_smtp
from waxseal.facts import EhloClear, EhloTls, Greeting, QuitAnswer, StarttlsAnswer
from waxseal.wire.smtp_reply import REPLY_LINE_OCTETS


@check(
    title="A reply line is too long",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.5.3.1", "RFC 5321 §4.5.3.1.5"),
    remedy=Remedy(
        general="Shorten the text, or spread it over several lines.",
        postfix="smtpd_banner and smtpd_reject_footer (\\n begins a new line)",
        exim="smtp_banner and the message modifiers of the ACLs (\\n begins a new line)",
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
    """Judge the length of the lines of every reply heard."""
    replies = heard(greeting, ehlo, starttls, ehlo_tls, farewell)
    if not replies:
        return no_smtp()
    bounded = [item for item in replies if not broken(item.reply) & OVERSIZED]
    found = breaches(bounded, ("line-too-long",))
    if found:
        return warn(
            f"The server sends reply lines of more than {REPLY_LINE_OCTETS} octets",
            *(f"{line} ..." for line in evidence(found)),
        )
    if len(bounded) < len(replies):
        return unreached(
            "a reply has no end, so its lines cannot be measured", advice="see smtp/reply-oversized"
        )
    return passed(f"no line over {REPLY_LINE_OCTETS} octets in {counted(replies)}")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("short", Verdict.PASS, (samples.greeting(), samples.ehlo()))
    long = _samples.ehlo(b"250-mx.example.org\r\n250 AUTH" + b" X-MECHANISM" * 60 + b"\r\n")
    yield Example("long", Verdict.WARN, (samples.greeting(), long))
    endless = _samples.ehlo(b"250-" + b"x" * 70000)
    yield Example("endless", Verdict.INCONCLUSIVE, (samples.greeting(), endless))
    yield Example("no SMTP", Verdict.INCONCLUSIVE, (_samples.greeting(b"SSH-2.0-x\r\n"),))
