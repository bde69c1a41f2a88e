"""Users cannot log in: under TLS the server offers no way to.

A submission port (587, 465) is there for users who log in and hand in mail; IMAP, POP3 and ManageSieve are
for nothing else. Without a mechanism under TLS, mail programs report a wrong password or an unknown server,
or log in in clear where that is open. A submission server that knows its users by their addresses needs
none, which cannot be seen from here. Other SMTP ports are not asked.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    At,
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    at,
    check,
    not_applicable,
    passed,
    warn,
)
from waxseal.checks.auth import _samples
from waxseal.checks.auth._mechanisms import listed
from waxseal.checks.auth._offers import Listed, Offers
from waxseal.facts import Fact, MailProtocol


@check(
    title="No login is offered under TLS",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 8314 §3.3", "RFC 6409 §4.3", "RFC 9051 §7.2.2", "RFC 5804 §1.7"),
    remedy=Remedy(
        general="Switch logins on for this service, and offer at least PLAIN under TLS.",
        postfix="-o smtpd_sasl_auth_enable=yes for submission in master.cf",
        exim="server_advertise_condition = ${if def:tls_in_cipher} in each authenticator",
        dovecot="auth_mechanisms = plain",
    ),
    rows=("J7",),
)
def judge(offers: Offers) -> Judgement:
    """Judge whether anything is left to log in with under TLS."""
    if offers.protocol is MailProtocol.LMTP:
        return not_applicable("mail is handed over to LMTP without a login")
    if offers.protocol is MailProtocol.SMTP and not offers.is_submission:
        return not_applicable("no submission port: other servers hand in mail without a login")
    found = offers.under_tls()
    if isinstance(found, Judgement):
        return found
    if offers.greeting is not None and offers.greeting.response.status == "PREAUTH":
        return not_applicable("the server took the connection for logged in (PREAUTH)")
    way = _way_in(offers.protocol, found)
    if way:
        return passed(f"users can log in under TLS with {way}")
    return found.unless_whole() or warn("Under TLS the server offers no way to log in", found.line)


def _way_in(protocol: MailProtocol, found: Listed) -> str:
    """What a user could log in with; "" for nothing."""
    if found.mechanisms:
        return listed(found.mechanisms)
    if protocol is MailProtocol.IMAP and "LOGINDISABLED" not in found.names:
        return "LOGIN"
    if protocol is MailProtocol.POP3 and "USER" in found.names:
        return "USER and PASS"
    return ""


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("submission without", Verdict.WARN, _on_587(_samples.smtp()))
    yield Example("submission with", Verdict.PASS, _on_587(_samples.smtp(under_tls="PLAIN")))
    yield Example("relay", Verdict.NOT_APPLICABLE, _samples.smtp())
    imap = (*_samples.imap("LOGINDISABLED"), samples.handshake())
    yield Example("IMAP, LOGIN left", Verdict.PASS, (*imap, _samples.sealed("IMAP4REV1")))
    yield Example("IMAP, nothing left", Verdict.WARN, (*imap, _samples.sealed("LOGINDISABLED")))
    pop3 = (*_samples.pop3(), samples.handshake())
    yield Example("POP3, nothing left", Verdict.WARN, (*pop3, _samples.sealed("TOP", good="+OK")))
    yield Example("TLS not reached", Verdict.INCONCLUSIVE, _samples.imap("LOGINDISABLED"))


def _on_587(facts: tuple[Fact, ...]) -> tuple[At, ...]:
    return tuple(at(fact, port=587) for fact in facts)
