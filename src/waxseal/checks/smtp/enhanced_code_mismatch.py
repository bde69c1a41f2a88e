"""The enhanced status code of a reply contradicts its reply code, such as "550 4.7.1".

The first digit of both has to agree: 5 and 5 for "never", 4 and 4 for "not now". Where they differ, the
sender goes by the reply code, while people, logs and reports go by the other, so a refusal is read as a
delay or the other way round. Mostly a text in an access table or filter was written by hand. Greetings
and answers to EHLO bear no enhanced code where they are positive, and are not looked at then.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, passed, warn
from waxseal.checks.smtp import _samples
from waxseal.checks.smtp._replies import breaches, counted, first_line, heard, no_smtp
from waxseal.facts import EhloClear, EhloTls, Greeting, QuitAnswer, StarttlsAnswer

_RULE = "enhanced-code-mismatch"


@check(
    title="The enhanced status code contradicts the reply code",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 2034 §4", "RFC 3463 §2"),
    remedy=Remedy(
        general="Write the same first digit in both codes of each refusal text.",
        postfix="the texts in access tables (5xx 5.x.x, 4xx 4.x.x), and those of policy services and milters",
        exim="message = 550 5.7.1 ... in deny, 451 4.7.1 ... in defer",
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
    """Judge both codes of every reply heard that may have both."""
    replies = heard(greeting, ehlo, starttls, ehlo_tls, farewell)
    if not replies:
        return no_smtp()
    wrong = [
        item
        for item in replies
        if breaches((item,), (_RULE,)) and not (item.names_host and (item.reply.code or 0) // 100 == 2)
    ]
    if wrong:
        return warn(
            "The enhanced status code and the reply code contradict each other",
            *(f"{item.what}: {first_line(item.reply)}" for item in wrong),
        )
    return passed(f"no enhanced status code contradicts its reply code in {counted(replies)}")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("agree", Verdict.PASS, (samples.greeting(), samples.ehlo(), samples.starttls()))
    refusal = _samples.greeting(b"554 4.7.1 blocked\r\n")
    yield Example("554 4.7.1", Verdict.WARN, (refusal,))
    farewell = _samples.farewell()
    strange = type(farewell)(reply=_samples.parsed(b"221 4.0.0 Bye\r\n"))
    yield Example("221 4.0.0", Verdict.WARN, (samples.greeting(), strange))
    yield Example("no place for it", Verdict.PASS, (_samples.greeting(b"220 5.0.0 hello\r\n"),))
    yield Example("no SMTP", Verdict.INCONCLUSIVE, (_samples.greeting(b"SSH-2.0-x\r\n"),))
