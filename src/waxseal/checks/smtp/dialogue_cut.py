"""The server greets, and the connection ends in the middle of the conversation.

A server closes only after QUIT, or after saying 421. Where the connection ends at EHLO, the reason may be
this caller, so nothing was learned. Where it ends at STARTTLS, or right after a completed handshake, TLS
is offered and cannot be used: the server program crashes there, or a firewall on the path breaks off what
it cannot read. A close without a greeting is smtp/greeting-closed; one within the handshake is reported
by the checks of TLS.
"""

from collections.abc import Iterator

from waxseal.checks import samples
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
from waxseal.checks.smtp._dialogue import COMMANDS, all_answered, elsewhere
from waxseal.checks.smtp._replies import not_reached
from waxseal.facts import Cause, Endpoint, Stage

_HOW = {
    Cause.CLOSED: "the server closes the connection (FIN)",
    Cause.RESET: "the connection is reset (RST)",
}


@check(
    title="The connection is cut in the middle of the conversation",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5321 §3.8", "RFC 5321 §4.1.1.10"),
    remedy=Remedy(
        general="See the server's log for a crash or a fatal error at the time of the test, and the "
        "firewall's for a rule that breaks off mail connections.",
        postfix="look for 'fatal' and 'killed by signal' in the log; test key and certificate files for "
        "smtpd",
        exim="look in the panic log; see drop in acl_smtp_helo and acl_smtp_starttls",
    ),
    rows=("B4",),
)
def judge(endpoint: Endpoint | None, attempt: DialogueAttempt) -> Judgement:
    """Judge whether the stream ended while a reply was due."""
    if (other := elsewhere(endpoint)) is not None:
        return other
    ended = attempt.ended
    if ended.cause in _HOW and ended.stage in COMMANDS:
        how = _HOW[ended.cause]
        if ended.stage is Stage.EHLO:
            return inconclusive(
                f"{how} instead of answering EHLO, so nothing more could be seen",
                advice="test again later and from another address",
            )
        text = f"{how} instead of answering {COMMANDS[ended.stage]}"
        return fail(text[0].upper() + text[1:], *((ended.detail[:200],) if ended.detail else ()))
    if all_answered(attempt):
        return passed("the connection stood until the end of the conversation")
    return not_reached(attempt, "its planned end")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("to the end", Verdict.PASS, (samples.attempt(),))
    for cause in _HOW:
        for stage, verdict in (
            (Stage.EHLO, Verdict.INCONCLUSIVE),
            (Stage.STARTTLS, Verdict.FAIL),
            (Stage.EHLO_TLS, Verdict.FAIL),
        ):
            yield Example(f"{cause.value} at {stage.value}", verdict, (samples.attempt(cause, stage),))
    yield Example("no greeting", Verdict.INCONCLUSIVE, (samples.attempt(Cause.CLOSED, Stage.GREETING),))
