"""The server does not answer QUIT with 221.

A server says 221 to QUIT and then closes. Here it hangs up at once, stays silent, or says something else.
No mail is lost by it, but senders that wait for the answer hold their connection open for minutes, and a
reset instead of an orderly close can take the last reply with it, so that mail is sent twice. Only a
conversation that went to its end is judged; one that broke off before has another finding.
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
    passed,
    unreached,
    warn,
)
from waxseal.checks.smtp import _samples
from waxseal.checks.smtp._dialogue import elsewhere
from waxseal.checks.smtp._replies import code_unsure, first_line, not_reached, unclear
from waxseal.facts import Cause, Endpoint, QuitAnswer, Stage

_SILENT = {
    Cause.TIMED_OUT: "The server leaves QUIT unanswered",
    Cause.CLOSED: "The server hangs up at QUIT without the reply 221",
    Cause.RESET: "The connection is reset at QUIT, without the reply 221",
}


@check(
    title="QUIT is not answered properly",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.1.1.10", "RFC 5321 §4.3.2"),
    remedy=Remedy(
        general="Let the server, or the proxy before it, answer QUIT with 221 before it closes the "
        "connection.",
    ),
    rows=("B1",),
)
def judge(endpoint: Endpoint | None, attempt: DialogueAttempt, farewell: QuitAnswer | None) -> Judgement:
    """Judge the answer to QUIT."""
    if (other := elsewhere(endpoint)) is not None:
        return other
    ended = attempt.ended
    if farewell is not None and (reply := farewell.reply) is not None:
        if reply.code == 221:
            return passed("QUIT is answered with 221")
        if code_unsure(reply):
            return unclear(reply, "QUIT")
        return warn(f"QUIT is answered with {reply.code}, where 221 is due", first_line(reply))
    if ended.stage is Stage.QUIT and ended.cause in _SILENT:
        return warn(_SILENT[ended.cause])
    if farewell is not None and ended.cause is Cause.COMPLETED:
        return warn(_SILENT[Cause.CLOSED])
    if farewell is not None:
        return unreached(
            "the conversation had already failed when the server hung up without answering QUIT",
            advice="see the finding that names the failure",
        )
    return not_reached(attempt, "QUIT")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    done, silent = samples.attempt(), QuitAnswer(reply=None)
    yield Example("221", Verdict.PASS, (done, _samples.farewell()))
    yield Example("250", Verdict.WARN, (done, _samples.farewell(250, "Ok")))
    yield Example("hangs up", Verdict.WARN, (done, silent))
    for cause in _SILENT:
        yield Example(f"{cause.value}", Verdict.WARN, (samples.attempt(cause, Stage.QUIT),))
    busy = samples.attempt(Cause.DECLINED, Stage.GREETING, code=421)
    yield Example("after a 421", Verdict.INCONCLUSIVE, (busy, silent))
    cut = samples.attempt(Cause.RESET, Stage.EHLO)
    yield Example("not reached", Verdict.INCONCLUSIVE, (cut,))
