"""How the main conversation ended, as the checks of a stall and of a cut ask it."""

from waxseal.facts import Attempt, Cause, Stage

COMMANDS = {Stage.EHLO: "EHLO", Stage.STARTTLS: "STARTTLS", Stage.EHLO_TLS: "EHLO under TLS"}
"""The commands whose reply the conversation rests on, by stage."""


def all_answered(attempt: Attempt) -> bool:
    """Whether every command before QUIT was answered, be it by a refusal."""
    ended = attempt.ended
    if ended.cause is Cause.COMPLETED or ended.stage is Stage.QUIT:
        return True
    return ended.cause is Cause.DECLINED and ended.stage in COMMANDS
