"""How the main conversation ended, as the checks of a stall and of a cut ask it."""

from waxseal.checks.api import Judgement, not_applicable
from waxseal.facts import Attempt, Cause, Endpoint, MailProtocol, Stage

COMMANDS = {Stage.EHLO: "EHLO", Stage.STARTTLS: "STARTTLS", Stage.EHLO_TLS: "EHLO under TLS"}
"""The commands whose reply the conversation rests on, by stage."""


def elsewhere(endpoint: Endpoint | None) -> Judgement | None:
    """The answer where another protocol than SMTP or LMTP is spoken."""
    if endpoint is None or endpoint.protocol in (MailProtocol.SMTP, MailProtocol.LMTP):
        return None
    return not_applicable(f"{endpoint.protocol.label} is spoken here")


def all_answered(attempt: Attempt) -> bool:
    """Whether every command before QUIT was answered, be it by a refusal."""
    ended = attempt.ended
    if ended.cause is Cause.COMPLETED or ended.stage is Stage.QUIT:
        return True
    return ended.cause is Cause.DECLINED and ended.stage in COMMANDS
