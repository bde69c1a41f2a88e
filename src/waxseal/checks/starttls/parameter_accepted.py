"""STARTTLS with a parameter is taken, though the command has none.

A server that does not look at what stands behind a command reads its protocol loosely, and looseness around
STARTTLS is where the worst flaws live. By itself it harms nobody. Said where the go-ahead came to STARTTLS
(STLS) with one word behind it; any refusal is right, whichever code it has.
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
    passed,
    unreached,
    warn,
)
from waxseal.checks.starttls import _samples
from waxseal.checks.starttls._session import GO_AHEAD, Session, shown, taken
from waxseal.facts import Cause, MailProtocol, Stage


@check(
    title="STARTTLS with a parameter is taken",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 3207 §4", "RFC 9051 §6.2.1", "RFC 2595 §4", "RFC 5804 §4"),
    remedy=Remedy(
        general="Tell the server's makers; a parameter is answered 501 in SMTP, BAD in IMAP, -ERR in POP3, "
        "NO in ManageSieve.",
    ),
    rows=("F10",),
)
def judge(session: Session) -> Judgement:
    """Judge the answer to STARTTLS with a parameter."""
    answer = session.answers.parameter
    if answer is None:
        return session.unheard("the answer to STARTTLS with a parameter")
    if answer.status in GO_AHEAD:
        return warn("The server takes STARTTLS with a parameter", shown(answer))
    if taken(answer) or answer.status in ("421", "BYE", "+", ""):
        return unreached(
            "the answer to STARTTLS with a parameter is neither the go-ahead nor a refusal",
            shown(answer),
            advice="test again; see --transcript for what was heard",
        )
    return passed("STARTTLS with a parameter is turned down", shown(answer))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    end, imap = _samples.endpoint(), _samples.endpoint(MailProtocol.IMAP)
    refused = _samples.answers(parameter="501 5.5.4 Syntax: STARTTLS")
    yield Example("501", Verdict.PASS, (end, refused))
    yield Example("taken", Verdict.WARN, (end, _samples.answers(parameter="220 2.0.0 Ready to start TLS")))
    yield Example("taken in IMAP", Verdict.WARN, (imap, _samples.answers(parameter="a2 OK Begin TLS")))
    for name, text in (("neither", "250 2.0.0 Ok"), ("closing", "421 4.3.2 Closing")):
        yield Example(name, Verdict.INCONCLUSIVE, (end, _samples.answers(parameter=text)))
    yield Example(
        "not offered",
        Verdict.NOT_APPLICABLE,
        (end, _samples.answers(clear_mail="250 2.1.0 Ok"), _samples.ended(Cause.DECLINED, Stage.EHLO)),
    )
    yield Example(
        "broken off",
        Verdict.INCONCLUSIVE,
        (end, _samples.answers(), _samples.ended(Cause.CLOSED, Stage.EHLO)),
    )
