"""A message that was begun before TLS goes on under TLS.

MAIL was said in clear, and RCPT under TLS is taken, or judged, as if MAIL had been said there. So somebody on
the path can begin a message in the client's session, with a sender of his choice. A server has to forget
everything of before TLS. RCPT was said before EHLO under TLS: clients that say EHLO first, as nearly all do,
make most servers forget the message after all.
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
    fail,
    not_applicable,
    passed,
    unreached,
)
from waxseal.checks.starttls import _samples
from waxseal.checks.starttls._session import MAIL, Session, put_off, shown, taken, told_later
from waxseal.facts import Cause, MailProtocol, Stage


@check(
    title="A message begun before TLS goes on under TLS",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 3207 §4.2",),
    remedy=Remedy(
        general="Bring the server up to date; it has to forget what was said in clear once TLS stands.",
    ),
    rows=("F10",),
)
def judge(session: Session) -> Judgement:
    """Judge RCPT under TLS behind MAIL in clear, by RCPT behind RSET."""
    if (other := session.not_of(*MAIL)) is not None:
        return other
    heard = session.answers
    if heard.clear_mail is not None and put_off(heard.clear_mail):
        return told_later(heard.clear_mail)
    if heard.clear_mail is not None and not taken(heard.clear_mail):
        return not_applicable("MAIL is not taken in clear, so there is nothing to keep")
    if heard.refused_within is not None:
        if put_off(heard.refused_within):
            return told_later(heard.refused_within)
        return passed("STARTTLS is not taken within a message", shown(heard.refused_within))
    kept, fresh = heard.kept_mail, heard.fresh_recipient
    if kept is None:
        return session.unheard("the answer to RCPT under TLS")
    if kept.status == "503":
        return passed("a message begun in clear is forgotten under TLS", shown(kept))
    if put_off(kept):
        return told_later(kept)
    if fresh is None or put_off(fresh):
        return unreached(
            "RCPT under TLS was not turned down for the lack of MAIL, and no control was heard",
            shown(kept),
            advice="test again",
        )
    if kept.status == fresh.status:
        return not_applicable(
            "RCPT is answered the same without any MAIL, so nothing shows what the server remembers"
        )
    return fail(
        "The server goes on under TLS with a message that was begun in clear",
        f"RCPT, MAIL in clear only: {shown(kept)}",
        f"RCPT behind RSET: {shown(fresh)}",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    end, ok, first = _samples.endpoint(), "250 2.1.0 Ok", "503 5.5.1 MAIL first"
    heard = {"clear_mail": ok, "kept_mail": first, "fresh_recipient": first}
    yield Example("forgotten", Verdict.PASS, (end, _samples.answers(**heard)))
    yield Example("kept", Verdict.FAIL, (end, _samples.answers(**{**heard, "kept_mail": ok})))
    judged = {**heard, "kept_mail": "554 5.7.1 Relay access denied"}
    yield Example("kept, and the recipient refused", Verdict.FAIL, (end, _samples.answers(**judged)))
    always = {**judged, "fresh_recipient": "554 5.7.1 Relay access denied"}
    yield Example("the same without MAIL", Verdict.NOT_APPLICABLE, (end, _samples.answers(**always)))
    busy = {**heard, "kept_mail": "451 4.3.0 later"}
    yield Example("put off", Verdict.INCONCLUSIVE, (end, _samples.answers(**busy)))
    later = _samples.answers(clear_mail=ok, refused_within="454 4.7.0 TLS not available")
    yield Example("STARTTLS put off", Verdict.INCONCLUSIVE, (end, later))
    yield Example("no control", Verdict.INCONCLUSIVE, (end, _samples.answers(clear_mail=ok, kept_mail=ok)))
    demanded = _samples.answers(clear_mail="530 5.7.0 Must issue a STARTTLS command first")
    yield Example("not taken in clear", Verdict.NOT_APPLICABLE, (end, demanded))
    yield Example(
        "broken off",
        Verdict.INCONCLUSIVE,
        (end, _samples.answers(clear_mail=ok), _samples.ended(Cause.RESET, Stage.HANDSHAKE)),
    )
    yield Example("IMAP", Verdict.NOT_APPLICABLE, (_samples.endpoint(MailProtocol.IMAP), _samples.answers()))
