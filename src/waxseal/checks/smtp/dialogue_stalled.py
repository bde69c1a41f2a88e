"""The server greets and then leaves a command without an answer.

Every command gets exactly one reply. Where EHLO stays unanswered, the server may be holding back this
caller only, so nothing was learned. Where STARTTLS, or the EHLO after a completed handshake, stays
unanswered, TLS is offered and cannot be used: senders wait for minutes, then give the mail back to the
queue or, worse, send it in clear; only a --time-limit below 5 s is too short to tell. A greeting that does
not come is smtp/greeting-missing; a handshake that hangs is reported by the checks of TLS.
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
from waxseal.checks.patience import unless_patient
from waxseal.checks.smtp._dialogue import COMMANDS, all_answered, elsewhere
from waxseal.checks.smtp._replies import not_reached
from waxseal.facts import Cause, Endpoint, Stage


@check(
    title="A command gets no answer",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.2", "RFC 5321 §4.5.3.2"),
    remedy=Remedy(
        general="See the server's log at the time of the test for what it waits for: a filter, a policy "
        "service, a look-up, or the entropy and key material of its TLS library.",
        postfix="smtpd_milters, milter_command_timeout, check_policy_service; tlsmgr must run",
        exim="acl_smtp_helo, acl_smtp_starttls",
    ),
    rows=("B2", "B4"),
)
def judge(endpoint: Endpoint | None, attempt: DialogueAttempt) -> Judgement:
    """Judge whether the wait for a reply used up its time."""
    if (other := elsewhere(endpoint)) is not None:
        return other
    ended = attempt.ended
    if ended.cause is Cause.TIMED_OUT and ended.stage in COMMANDS:
        said = f"no reply to {COMMANDS[ended.stage]} within {ended.stage_s:.1f} s"
        if ended.stage is Stage.EHLO:
            return inconclusive(
                "the server greets and then leaves EHLO unanswered, so nothing more could be seen",
                said,
                advice="test again with a longer --time-limit and from another address",
            )
        hasty = unless_patient(ended, f"the server left {COMMANDS[ended.stage]} unanswered", said)
        return hasty or fail(f"The server leaves {COMMANDS[ended.stage]} unanswered", said)
    if all_answered(attempt):
        return passed("the server answered every command that it was given")
    return not_reached(attempt, "its planned end")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("all answered", Verdict.PASS, (samples.attempt(),))
    yield Example("EHLO", Verdict.INCONCLUSIVE, (samples.attempt(Cause.TIMED_OUT, Stage.EHLO),))
    for stage in (Stage.STARTTLS, Stage.EHLO_TLS):
        silent = samples.attempt(Cause.TIMED_OUT, stage)
        yield Example(COMMANDS[stage], Verdict.FAIL, (silent,))
        hasty = samples.attempt(Cause.TIMED_OUT, stage, stage_s=4.0)
        yield Example(f"{COMMANDS[stage]}, not waited for", Verdict.INCONCLUSIVE, (hasty,))
    yield Example("silence", Verdict.INCONCLUSIVE, (samples.attempt(Cause.TIMED_OUT, Stage.GREETING),))
