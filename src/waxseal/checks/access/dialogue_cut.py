"""The server greets, and the connection ends in the middle of the conversation.

A server closes only behind LOGOUT (QUIT in POP3), or having said BYE. Where the connection ends at the
request for capabilities in clear, the reason may be this caller, so nothing was learned. Where it ends at
STARTTLS (STLS), or right after a completed handshake, TLS is offered and cannot be used: the server program
crashes there, or a firewall on the path breaks off what it cannot read. A close without a greeting is
access/greeting-missing; one within the handshake is reported by the checks of TLS.
"""

from collections.abc import Iterator

from waxseal.checks import samples as common
from waxseal.checks.access import _samples as samples
from waxseal.checks.access._responses import all_answered, not_reached, waited_for
from waxseal.checks.api import (
    DialogueAttempt,
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    fail,
    inconclusive,
    passed,
)
from waxseal.facts import AccessGreeting, Cause, Endpoint, Stage

_HOW = {
    Cause.CLOSED: "the server closes the connection (FIN)",
    Cause.RESET: "the connection is reset (RST)",
}


@check(
    title="The connection is cut in the middle of the conversation",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9051 §7.1.5", "RFC 1939 §3", "RFC 5804 §1.2"),
    remedy=Remedy(
        general="See the server's log for a crash or a fatal error at the time of the test, and the "
        "firewall's for a rule that breaks off mail connections.",
        dovecot="look for 'fatal' and 'killed with signal' in doveadm log errors",
    ),
    rows=("K1", "K3"),
)
def judge(endpoint: Endpoint, attempt: DialogueAttempt, greeting: AccessGreeting) -> Judgement:
    """Judge whether the stream ended while an answer was due."""
    ended = attempt.ended
    due = waited_for(endpoint, ended.stage) if ended.stage is not None else ""
    if ended.cause in _HOW and due:
        how = _HOW[ended.cause]
        if ended.stage is Stage.EHLO and not greeting.in_tls:
            return inconclusive(
                f"{how} instead of answering {due}, so nothing more could be seen",
                advice="test again later and from another address",
            )
        text = f"{how} instead of answering {due}"
        return fail(text[0].upper() + text[1:], *((ended.detail[:200],) if ended.detail else ()))
    if all_answered(attempt):
        return passed("the connection stood until the end of the conversation")
    return not_reached(attempt, "its planned end")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    start, hello = samples.endpoint(), samples.greeting()
    yield Example("to the end", Verdict.PASS, (start, hello, common.attempt()))
    for cause in _HOW:
        for stage, verdict in (
            (Stage.EHLO, Verdict.INCONCLUSIVE),
            (Stage.STARTTLS, Verdict.FAIL),
            (Stage.EHLO_TLS, Verdict.FAIL),
        ):
            name = f"{cause.value} at {stage.value}"
            yield Example(name, verdict, (start, hello, common.attempt(cause, stage)))
    stalled = common.attempt(Cause.TIMED_OUT, Stage.STARTTLS)
    yield Example("stalled", Verdict.INCONCLUSIVE, (start, hello, stalled))
