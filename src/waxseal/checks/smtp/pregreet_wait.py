"""The server begins its greeting at once, and makes clients wait long for the end of it.

Postfix's postscreen and others send the first line of the greeting, wait some seconds, and then send the
last one: a spam program that talks too early gives itself away. That is a sound practice, and with the
usual 2 to 6 seconds it is only mentioned. From 20 seconds on it costs mail: some senders do not wait that
long, and each delivery holds a connection open meanwhile.
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
from waxseal.checks.smtp._replies import cut_off
from waxseal.facts import Greeting

NOTICED_S = 2.0
LONG_S = 20.0
_TEASER = b"220-mx.example.org ESMTP\r\n220 mx.example.org ESMTP\r\n"


@check(
    title="The greeting makes clients wait long",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.3.1", "RFC 5321 §4.5.3.2.1"),
    remedy=Remedy(
        general="Shorten the wait inside the greeting to a few seconds; that catches early talkers as well.",
        postfix="postscreen_greet_wait = ${stress?{2}:{6}}s",
        exim="shorten the delay modifier in acl_smtp_connect",
    ),
    rows=("B2", "P10"),
)
def judge(greeting: Greeting) -> Judgement:
    """Judge the time between the first octet of the greeting and its end."""
    if cut_off(greeting.reply):
        return unreached(
            "the end of the greeting was not seen", advice="test again with a longer --time-limit"
        )
    wait = greeting.elapsed_s - greeting.first_octet_s
    if wait > LONG_S:
        return warn(
            f"The server keeps clients waiting {wait:.0f} s in the middle of its greeting",
            f"first octet after {greeting.first_octet_s:.2f} s, end after {greeting.elapsed_s:.2f} s",
        )
    if wait > NOTICED_S:
        return passed(f"the server makes clients wait {wait:.1f} s in its greeting (a pregreet test)")
    return passed("the greeting came without a pause in it")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("in one go", Verdict.PASS, (samples.greeting(),))
    yield Example("postscreen", Verdict.PASS, (_samples.greeting(_TEASER, elapsed_s=6.02),))
    yield Example("half a minute", Verdict.WARN, (_samples.greeting(_TEASER, elapsed_s=30.0),))
    yield Example("never finished", Verdict.INCONCLUSIVE, (_samples.greeting(_TEASER[:30], elapsed_s=30.0),))
