"""A login of before TLS counts under TLS.

AUTH was taken in clear, and under TLS the server says that somebody is logged in already. So somebody on the
path can log in as himself before the client's STARTTLS, and the client then sends its mail through his
account. Tried with --active-auth, and with AUTH ANONYMOUS only, where the server offers that.
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
)
from waxseal.checks.starttls import _samples
from waxseal.checks.starttls._session import MAIL, Session, put_off, shown, taken, told_later
from waxseal.facts import Cause, MailProtocol, Stage


@check(
    title="A login of before TLS counts under TLS",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 3207 §4.2", "RFC 4954 §4"),
    remedy=Remedy(
        general="Offer AUTH under TLS only, and bring the server up to date.",
        postfix="smtpd_tls_auth_only = yes",
        exim="auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}",
        dovecot="disable_plaintext_auth = yes (2.3), auth_allow_cleartext = no (2.4)",
    ),
    rows=("F10", "J7"),
)
def judge(session: Session) -> Judgement:
    """Judge a second AUTH under TLS: 503 is due where a login stands (RFC 4954 §4)."""
    if (other := session.not_of(*MAIL)) is not None:
        return other
    first, second = session.answers.auth_in_clear, session.answers.kept_auth
    if first is None:
        return not_applicable("no login was tried in clear (--active-auth), or AUTH ANONYMOUS is not offered")
    if not taken(first):
        return not_applicable("AUTH ANONYMOUS is not taken in clear")
    if second is None:
        return session.unheard("the answer to AUTH under TLS")
    if put_off(second):
        return told_later(second)
    if second.status != "503":
        return passed("a login in clear is forgotten under TLS", shown(second))
    return fail(
        "The login of before TLS still stands under TLS",
        f"AUTH in clear: {shown(first)}",
        f"AUTH under TLS: {shown(second)}",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    end, ok = _samples.endpoint(), "235 2.7.0 Authentication successful"
    yield Example("forgotten", Verdict.PASS, (end, _samples.answers(auth_in_clear=ok, kept_auth=ok)))
    kept = _samples.answers(auth_in_clear=ok, kept_auth="503 5.5.1 already authenticated")
    yield Example("kept", Verdict.FAIL, (end, kept))
    yield Example("not offered", Verdict.NOT_APPLICABLE, (end, _samples.answers(again="503 5.5.1")))
    yield Example(
        "broken off",
        Verdict.INCONCLUSIVE,
        (end, _samples.answers(auth_in_clear=ok), _samples.ended(Cause.RESET, Stage.HANDSHAKE)),
    )
    yield Example("IMAP", Verdict.NOT_APPLICABLE, (_samples.endpoint(MailProtocol.IMAP), _samples.answers()))
