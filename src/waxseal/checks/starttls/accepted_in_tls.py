"""STARTTLS is taken inside TLS.

A server has to know whether TLS stands, and has to turn STARTTLS down then. One that says the go-ahead once
more has not taken notice of the handshake: mostly a proxy ends TLS in front of it. Its rules for sealed mail,
such as no login in clear, then rest on wrong knowledge. No second handshake was tried. A server that lists
STARTTLS inside TLS as well is told of once, where that is judged.
"""

from collections.abc import Iterator

from waxseal.checks import samples
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
from waxseal.checks.starttls._session import GO_AHEAD, Session, shown, taken
from waxseal.facts import CapabilitiesTls, Cause, EhloTls, MailProtocol, Stage


@check(
    title="STARTTLS is taken inside TLS",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 3207 §4.2", "RFC 9051 §6.2.1"),
    remedy=Remedy(
        general="Let the program that ends TLS answer STARTTLS, or switch it off in the server behind that.",
        postfix="behind a TLS proxy: smtpd_tls_security_level = none for that line of master.cf",
        exim="behind a TLS proxy: let tls_advertise_hosts expand to nothing for its $received_port",
    ),
    rows=("B8", "F10"),
)
def judge(session: Session, ehlo: EhloTls | None, capabilities: CapabilitiesTls | None) -> Judgement:
    """Judge the answer to STARTTLS inside TLS."""
    answer = session.answers.again
    if answer is None:
        return session.unheard("the answer to STARTTLS inside TLS")
    inside = ehlo or capabilities
    if (
        answer.status in GO_AHEAD
        and inside is not None
        and (inside.keyword("STARTTLS") or inside.keyword("STLS"))
    ):
        topic = "smtp" if ehlo is not None else "access"
        return not_applicable(
            f"it is listed inside TLS, and taken as listed, see {topic}/starttls-offered-in-tls"
        )
    if answer.status in GO_AHEAD:
        return fail("The server answers STARTTLS inside TLS with its go-ahead", shown(answer))
    if taken(answer) or answer.status in ("421", "BYE", "+", ""):
        return unreached(
            "the answer to STARTTLS inside TLS is neither the go-ahead nor a refusal",
            shown(answer),
            advice="test again; see --transcript for what was heard",
        )
    return passed("STARTTLS is turned down inside TLS", shown(answer))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    end, pop3 = _samples.endpoint(), _samples.endpoint(MailProtocol.POP3)
    yield Example("turned down", Verdict.PASS, (end, _samples.answers(again="554 5.5.1 TLS already active")))
    yield Example("taken", Verdict.FAIL, (end, _samples.answers(again="220 2.0.0 Ready to start TLS")))
    again = _samples.answers(again="220 2.0.0 Ready to start TLS")
    listed = samples.ehlo_tls("STARTTLS")
    yield Example("listed too", Verdict.NOT_APPLICABLE, (end, again, listed))
    yield Example("taken in POP3", Verdict.FAIL, (pop3, _samples.answers(again="+OK Begin TLS")))
    for name, text in (("neither", "250 2.0.0 Ok"), ("closing", "421 4.3.2 Closing")):
        yield Example(name, Verdict.INCONCLUSIVE, (end, _samples.answers(again=text)))
    later = _samples.answers(turned_down="454 4.7.0 TLS not available", recovery_hello="250 mx.example.org")
    yield Example("TLS not available", Verdict.INCONCLUSIVE, (end, later))
    yield Example(
        "not offered",
        Verdict.NOT_APPLICABLE,
        (end, _samples.answers(clear_mail="250 2.1.0 Ok"), _samples.ended(Cause.DECLINED, Stage.EHLO)),
    )
