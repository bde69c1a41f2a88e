"""How the handshake of the main conversation ended, for the checks that each name one way of failing.

One failed handshake gives one finding: the check of its own cause speaks, the others stand aside.
"""

from msgspec import Struct

from waxseal.checks.api import Judgement, not_applicable, passed, unreached
from waxseal.facts import Attempt, Cause, Endpoint, Handshake, Stage, TlsMode, describe

CHECK_OF: dict[Cause, str] = {
    Cause.ALERT: "tls/handshake-refused",
    Cause.TIMED_OUT: "tls/handshake-stalled",
    Cause.CLOSED: "tls/handshake-cut",
    Cause.RESET: "tls/handshake-cut",
    Cause.TLS_FAILED: "tls/handshake-failed-here",
}
"""The check that speaks for each cause; `Cause.NOT_TLS` depends on the mode, see `check_for`."""

EVIDENCE_LENGTH = 200


class Failure(Struct, frozen=True):
    """The cause that a check speaks for was seen.

    Attributes:
        cause: It.
        alert: TLS alert number, with `Cause.ALERT`.
        detail: What was said or seen, at most 200 characters; "" where nothing is known.
        elapsed_s: Length of the whole attempt.
    """

    cause: Cause
    alert: int | None
    detail: str
    elapsed_s: float


def check_for(cause: Cause, mode: TlsMode) -> str:
    """Id of the check that speaks for a cause; "" where none does."""
    if cause is Cause.NOT_TLS:
        return "tls/not-tls" if mode is TlsMode.STARTTLS else "tls/implicit-plaintext"
    return CHECK_OF.get(cause, "")


def failure(
    check_id: str, endpoint: Endpoint, attempt: Attempt, handshake: Handshake | None
) -> Judgement | Failure:
    """The failure that the check speaks for; or, where that was not seen, what it has to answer.

    A completed handshake is a PASS. One that ended another way belongs to another check. One that was
    never begun is INCONCLUSIVE, unless the server was heard to the end and offered none.
    """
    if handshake is not None:
        return passed(f"The handshake was completed ({handshake.version})")
    ended = attempt.ended
    if ended.cause is Cause.COMPLETED or ended.stage in (Stage.EHLO_TLS, Stage.QUIT):
        return not_applicable("the conversation went on without TLS, so there was no handshake")
    if ended.stage is not Stage.HANDSHAKE:
        return unreached(
            f"the handshake was not reached: {describe(ended)}"[:EVIDENCE_LENGTH],
            advice="mend or work around what ended the conversation first, then test again",
        )
    speaker = check_for(ended.cause, endpoint.mode)
    if speaker == check_id:
        return Failure(ended.cause, ended.alert, ended.detail[:EVIDENCE_LENGTH], attempt.elapsed_s)
    if speaker:
        return not_applicable(f"the handshake failed in another way, see {speaker}")
    return unreached(
        f"the handshake was not seen to its end: {describe(ended)}"[:EVIDENCE_LENGTH],
        advice="test again, with a longer --time-limit where time ran out",
    )
