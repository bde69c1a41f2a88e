"""Whether a server answers messages that were spoilt in several ways all alike, as it must.

A difference counts only where it comes again each time: chance and load make single answers differ.
"""

from typing import Final

from waxseal.checks.api import Judgement, fail, passed, unreached
from waxseal.checks.tls._offer import FULL, MAX_LINE, spoken
from waxseal.facts import Cause, OracleReply, Reaction
from waxseal.wire.tls_record import alert_name
from waxseal.wire.tls_suites import suite_name

LEAST_TIMES: Final = 2
"""How often each message has to be sent before a difference counts."""
_ANSWERS: Final = frozenset({Cause.COMPLETED, Cause.ALERT, Cause.CLOSED, Cause.RESET, Cause.TIMED_OUT})


def judge_series(
    answers: tuple[OracleReply, ...],
    summary: str,
    version: str,
    suite: int,
    variants: int,
    *,
    may_wait: bool = False,
) -> Judgement:
    """Judge the answers to all variants.

    Args:
        answers: One entry for each variant.
        summary: What to say where they differ.
        version, suite: Of the handshakes.
        variants: How many there have to be.
        may_wait: Whether silence is a right answer, because more had to follow.
    """
    place = f"{spoken(version)} {suite_name(suite)}"
    lines = tuple(
        f"{a.variant}: {', '.join(dict.fromkeys(map(_said, a.replies)))}"[:MAX_LINE] for a in answers
    )
    replies = [reply for answer in answers for reply in answer.replies]
    if any(reply.cause not in _ANSWERS for reply in replies) or len(answers) < variants:
        return unreached("not every message got an answer, so nothing can be compared", *lines, advice=FULL)
    kinds = [{_kind(reply) for reply in answer.replies} for answer in answers]
    if all(reply.cause is Cause.TIMED_OUT for reply in replies) and not may_wait:
        return unreached(
            "the server was silent each time, so nothing can be compared", place, advice="test again"
        )
    if len(set[object]().union(*kinds)) == 1:
        return passed("All spoilt messages get the same answer", place, lines[0])
    steady = all(len(kind) == 1 for kind in kinds) and all(len(a.replies) >= LEAST_TIMES for a in answers)
    if not steady:
        return unreached("the answers differ, but not in the same way each time", *lines, advice="test again")
    return fail(summary, place, *lines)


def _kind(reply: Reaction) -> tuple[Cause, int | None]:
    """By what an attacker can tell replies apart; FIN or RST is often chance."""
    return Cause.CLOSED if reply.cause is Cause.RESET else reply.cause, reply.alert


def _said(reply: Reaction) -> str:
    return alert_name(reply.alert) if reply.alert is not None else reply.cause.value
