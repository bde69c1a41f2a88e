"""What the checks of a session over STARTTLS share: the facts, and what a missing answer means."""

from typing import Annotated

from waxseal.checks.api import Bundle, Judgement, Probe, not_applicable, unreached
from waxseal.facts import (
    Answer,
    Attempt,
    Cause,
    Endpoint,
    MailProtocol,
    Stage,
    StarttlsSession,
    TlsMode,
    describe,
)

MAIL = (MailProtocol.SMTP, MailProtocol.LMTP)
GO_AHEAD = frozenset(("220", "OK", "+OK"))
"""How STARTTLS is answered with yes."""

_LATER = ("[SYS/TEMP]", "[IN-USE]", "[LOGIN-DELAY]", "[UNAVAILABLE]", "(TRYLATER)")
"""Response codes of what passes by itself (RFC 3206 §4, RFC 2449 §8.1, RFC 9051 §7.1, RFC 5804 §1.3)."""

SessionAttempt = Annotated[Attempt, Probe("starttls.session")]


class Session(Bundle, frozen=True):
    """The answers, where they were asked for, and how asking ended."""

    endpoint: Endpoint
    answers: StarttlsSession
    attempt: SessionAttempt | None

    def aside(self) -> Judgement | None:
        """Nothing of it arises where TLS begins with the first octet."""
        if self.endpoint.mode is TlsMode.IMPLICIT:
            return not_applicable("TLS begins with the first octet here, there is no STARTTLS")
        return None

    def not_of(self, *protocols: MailProtocol) -> Judgement | None:
        """The answer where another protocol is spoken; None where it is one of these."""
        spoken = self.endpoint.protocol
        return None if spoken in protocols else not_applicable(f"{spoken.label} is spoken here")

    @property
    def broke_off(self) -> bool:
        """Whether asking did not come to its planned end."""
        return self.attempt is None or self.attempt.ended.cause is not Cause.COMPLETED

    def unheard(self, what: str) -> Judgement:
        """The answer where something under TLS was not heard."""
        ended = self.attempt.ended if self.attempt is not None else None
        if self.answers.turned_down is not None:
            return unreached(
                "STARTTLS was turned down when this was asked",
                shown(self.answers.turned_down),
                advice="see what the other findings say of STARTTLS, and test again later",
            )
        if ended is not None and ended.cause is Cause.DECLINED and ended.stage is Stage.EHLO:
            return not_applicable("no STARTTLS is offered here")
        why = f": {describe(ended)}" if ended is not None and ended.cause is not Cause.COMPLETED else ""
        return unreached(
            f"{what} was not heard{why}", advice="test again; see --transcript for what was heard"
        )


def shown(answer: Answer) -> str:
    """An answer as evidence."""
    return str(answer)[:200]


def taken(answer: Answer) -> bool:
    """Whether a command but STARTTLS was answered with yes."""
    return answer.status in ("235", "250", "251", "OK", "+OK")


def put_off(answer: Answer) -> bool:
    """Whether the answer says "not now", or closes, and so shows nothing of what the server goes by.

    Cyrus' LMTP says "430 Authentication required" for ever.
    """
    text = answer.text.upper()
    for_now = answer.status.startswith("4") and "AUTHENTICATION" not in text
    return for_now or answer.status == "BYE" or any(code in text for code in _LATER)


def told_later(answer: Answer) -> Judgement:
    """The answer of a check where the server put off what was asked."""
    return unreached("the server put off what was asked", shown(answer), advice="test again later")


def words(answer: Answer) -> tuple[str, ...]:
    """What an answer says, words that hold digits (times, numbers of sessions) left out."""
    return tuple(word for word in answer.text.upper().split() if not any(c.isdigit() for c in word))
