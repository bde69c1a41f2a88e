"""What EHLO said before TLS still counts under TLS.

Once TLS stands, the server has to be as it was behind its greeting: whatever was said in clear can have been
said by somebody on the path. This server asks for EHLO before MAIL, but takes MAIL under TLS where EHLO was
said in clear only. So it goes by a name, and by extensions, that were never said under TLS.

Not said of a server that takes MAIL without any EHLO: there nothing shows what it remembers.
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
    title="EHLO of before TLS still counts under TLS",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 3207 §4.2",),
    remedy=Remedy(
        general="Bring the server up to date; it has to forget what was said in clear once TLS stands.",
    ),
    rows=("B8", "F10"),
)
def judge(session: Session) -> Judgement:
    """Judge MAIL under TLS before the second EHLO, by MAIL without any."""
    if (other := session.not_of(*MAIL)) is not None:
        return other
    unheralded, fresh = session.answers.unheralded, session.answers.fresh_mail
    if unheralded is None:
        return session.unheard("the answer to MAIL under TLS before EHLO")
    if unheralded.status == "503":
        return passed("the server asks for EHLO again under TLS", shown(unheralded))
    if put_off(unheralded):
        return told_later(unheralded)
    if not taken(unheralded):
        return not_applicable("MAIL is turned down here, with EHLO or without")
    if fresh is not None and taken(fresh):
        return not_applicable("the server takes MAIL without EHLO, so nothing shows what it remembers")
    if fresh is None or fresh.status != "503":
        return unreached(
            "MAIL is taken under TLS without EHLO, but why is not clear",
            *(shown(answer) for answer in (unheralded, fresh) if answer is not None),
            advice="test from an address that the server takes mail from",
        )
    return fail(
        "The server still goes by the EHLO of before TLS",
        f"MAIL without any EHLO: {shown(fresh)}",
        f"MAIL under TLS, EHLO in clear only: {shown(unheralded)}",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    end, first, ok = _samples.endpoint(), "503 5.5.1 EHLO first", "250 2.1.0 Ok"
    yield Example("forgotten", Verdict.PASS, (end, _samples.answers(fresh_mail=first, unheralded=first)))
    yield Example("kept", Verdict.FAIL, (end, _samples.answers(fresh_mail=first, unheralded=ok)))
    yield Example(
        "not asked for", Verdict.NOT_APPLICABLE, (end, _samples.answers(fresh_mail=ok, unheralded=ok))
    )
    busy = _samples.answers(fresh_mail=first, unheralded="421 4.3.2 later")
    yield Example("put off", Verdict.INCONCLUSIVE, (end, busy))
    wants = "430 Authentication required"
    login = _samples.answers(fresh_mail=wants, unheralded=wants)
    yield Example("wants a login", Verdict.NOT_APPLICABLE, (end, login))
    greeted = _samples.answers(fresh_mail=first, unheralded="220 mx.example.org ESMTP")
    yield Example("another answer", Verdict.NOT_APPLICABLE, (end, greeted))
    unclear = _samples.answers(fresh_mail="550 5.7.1 not you", unheralded=ok)
    yield Example("unclear", Verdict.INCONCLUSIVE, (end, unclear))
    yield Example(
        "broken off",
        Verdict.INCONCLUSIVE,
        (end, _samples.answers(fresh_mail=first), _samples.ended(Cause.CLOSED, Stage.HANDSHAKE)),
    )
    yield Example(
        "POP3",
        Verdict.NOT_APPLICABLE,
        (_samples.endpoint(MailProtocol.POP3), _samples.answers(clear_user="+OK")),
    )
