"""The server greets and then leaves a command without an answer.

Where the request for capabilities in clear stays unanswered, the server may be holding back this caller
only, so nothing was learned. Where STARTTLS (STLS), or the first command behind a completed handshake, stays
unanswered, TLS is offered and cannot be used: mail programs wait for minutes and give up. A greeting that
does not come is access/greeting-missing; a handshake that hangs is reported by the checks of TLS.
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
from waxseal.checks.patience import unless_patient
from waxseal.facts import AccessGreeting, Cause, Endpoint, Stage


@check(
    title="A command gets no answer",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9051 §7", "RFC 1939 §3", "RFC 5804 §1.2"),
    remedy=Remedy(
        general="See the server's log at the time of the test for what it waits for: a process limit, a "
        "look-up, a server behind the proxy, or the key material of its TLS library.",
        dovecot="service imap-login { process_limit, client_limit }, and doveadm log errors",
    ),
    rows=("K1", "K3"),
)
def judge(endpoint: Endpoint, attempt: DialogueAttempt, greeting: AccessGreeting) -> Judgement:
    """Judge whether the wait for an answer used up its time."""
    ended = attempt.ended
    due = waited_for(endpoint, ended.stage) if ended.stage is not None else ""
    if ended.cause is Cause.TIMED_OUT and due:
        said = f"no answer to {due} within {ended.stage_s:.1f} s"
        if ended.stage is Stage.EHLO and not greeting.in_tls:
            return inconclusive(
                f"the server greets and then leaves {due} unanswered, so nothing more could be seen",
                said,
                advice="test again with a longer --time-limit and from another address",
            )
        hasty = unless_patient(ended, f"the server left {due} unanswered", said)
        return hasty or fail(f"The server leaves {due} unanswered", said)
    if all_answered(attempt):
        return passed("the server answered every command that it was given")
    return not_reached(attempt, "its planned end")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    start, hello = samples.endpoint(), samples.greeting()
    yield Example("all answered", Verdict.PASS, (start, hello, common.attempt()))
    for stage, verdict in (
        (Stage.EHLO, Verdict.INCONCLUSIVE),
        (Stage.STARTTLS, Verdict.FAIL),
        (Stage.EHLO_TLS, Verdict.FAIL),
    ):
        silent = common.attempt(Cause.TIMED_OUT, stage)
        yield Example(stage.value, verdict, (start, hello, silent))
    hasty = common.attempt(Cause.TIMED_OUT, Stage.STARTTLS, stage_s=4.0)
    yield Example("not waited for", Verdict.INCONCLUSIVE, (start, hello, hasty))
    reset = common.attempt(Cause.RESET, Stage.STARTTLS)
    yield Example("cut", Verdict.INCONCLUSIVE, (start, hello, reset))
