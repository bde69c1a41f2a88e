"""Once STARTTLS has been turned down, the connection is dead.

A server may have no TLS for the moment and say so (454, NO, -ERR). The client then decides whether to go on
without, to wait or to give up, and may ask again, so the conversation has to go on. This one hangs up, falls
silent or no longer answers the hello. Senders see a broken connection in place of a refusal and cannot tell
it from an attack.
"""

from collections.abc import Iterator

from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.checks.starttls import _samples
from waxseal.checks.starttls._session import GO_AHEAD, Session, shown, taken
from waxseal.facts import Cause, MailProtocol, Stage

_CLOSING = ("421", "BYE")
"""RFC 5321 §3.8, RFC 9051 §7.1.5, RFC 5804 §1.2."""


@check(
    title="The connection is dead once STARTTLS is turned down",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 3207 §4", "RFC 5321 §3.8", "RFC 9051 §6.2.1", "RFC 2595 §4"),
    remedy=Remedy(
        general="See why TLS is not available, and bring the server up to date so that it goes on behind the "
        "refusal.",
    ),
    rows=("B4", "F10"),
)
def judge(session: Session) -> Judgement:
    """Judge the hello behind a STARTTLS that was turned down."""
    refusal, hello, again = (
        session.answers.turned_down,
        session.answers.recovery_hello,
        session.answers.recovery_starttls,
    )
    if refusal is None:
        return _not_refused(session)
    if closing := [answer for answer in (refusal, hello) if answer is not None and answer.status in _CLOSING]:
        return unreached(
            "the server said that it closes the connection, as it may at any time",
            *map(shown, closing),
            advice="test again later",
        )
    if hello is None:
        return warn("The server says nothing more once it has turned STARTTLS down", shown(refusal))
    if not taken(hello):
        return warn("The hello fails once STARTTLS was turned down", shown(refusal), shown(hello))
    heard = (shown(refusal), shown(hello), *((shown(again),) if again is not None else ()))
    return passed("the conversation goes on once STARTTLS was turned down", *heard)


def _not_refused(session: Session) -> Judgement:
    if session.answers.again is not None or session.answers.unheralded is not None:
        return not_applicable("STARTTLS was not turned down")
    if session.answers.parameter is not None and session.answers.parameter.status in GO_AHEAD:
        return not_applicable("STARTTLS was not turned down")
    return session.unheard("the answer to STARTTLS")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    end, later = _samples.endpoint(), "454 4.7.0 TLS not available"
    good = _samples.answers(turned_down=later, recovery_hello="250 mx.example.org", recovery_starttls=later)
    yield Example("it goes on", Verdict.PASS, (end, good))
    yield Example("silence", Verdict.WARN, (end, _samples.answers(turned_down=later)))
    failing = _samples.answers(turned_down=later, recovery_hello="503 5.5.1 Error")
    yield Example("EHLO fails", Verdict.WARN, (end, failing))
    imap = _samples.answers(turned_down="a2 NO not now", recovery_hello="a3 OK done")
    yield Example("IMAP", Verdict.PASS, (_samples.endpoint(MailProtocol.IMAP), imap))
    busy = _samples.answers(turned_down="421 4.3.2 Closing")
    yield Example("it closes, and says so", Verdict.INCONCLUSIVE, (end, busy))
    yield Example("not turned down", Verdict.NOT_APPLICABLE, (end, _samples.answers(again="503 5.5.1 Error")))
    yield Example(
        "broken off", Verdict.INCONCLUSIVE, (end, _samples.answers(), _samples.ended(Cause.RESET, Stage.EHLO))
    )
