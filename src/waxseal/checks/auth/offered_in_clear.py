"""A login that sends the password itself is offered before TLS.

With PLAIN and LOGIN the password crosses the network as it is, with OAUTHBEARER and XOAUTH2 a token that
is as good; anyone on the path can pick it up, read the user's mail and send in the user's name. It is enough
that the server offers this in clear: a program that does not ask for TLS, or one whose STARTTLS was
stripped on the way, will log in. Mechanisms that keep the password to themselves (SCRAM, CRAM-MD5,
GSSAPI) are not meant here. Where IMAP's LOGIN or POP3's USER stand open beside it, the same setting lets
them, so they are named here and not as faults of their own.
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
    passed,
)
from waxseal.checks.auth import _samples
from waxseal.checks.auth._mechanisms import listed
from waxseal.checks.auth._offers import Offers
from waxseal.facts import MailProtocol, TlsMode


@check(
    title="Passwords are asked for in clear",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 4954 §4", "RFC 8314 §4.1", "RFC 4616 §5"),
    remedy=Remedy(
        general="Offer logins that send the password only under TLS, and no login at all on port 25.",
        postfix="smtpd_tls_auth_only = yes; smtpd_sasl_auth_enable = yes only for submission in master.cf",
        exim="server_advertise_condition = ${if def:tls_in_cipher} in each authenticator",
        sendmail="define(`confAUTH_OPTIONS', `A p')",
        exchange="Set-ReceiveConnector -AuthMechanism Tls,BasicAuth,BasicAuthRequireTLS",
        dovecot="auth_allow_cleartext = no (disable_plaintext_auth = yes before 2.4)",
    ),
    rows=("B11", "J7", "K4"),
)
def judge(offers: Offers) -> Judgement:
    """Judge the mechanisms listed in clear."""
    found = offers.in_clear()
    if isinstance(found, Judgement):
        return found
    if found.plain:
        names = " and ".join(found.plain)
        beside = "; LOGIN is not disabled either" if offers.login_is_open else ""
        beside += "; USER is offered too" if offers.user_is_open else ""
        return fail(
            f"The server offers {names} in clear: passwords can be read on the way{beside}", found.line
        )
    unsure = found.unless_whole()
    if unsure is not None:
        return unsure
    if found.mechanisms:
        return passed(
            f"only mechanisms that keep the password hidden are offered in clear: {listed(found.mechanisms)}"
        )
    return passed("no login is offered in clear")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    start = samples.endpoint()
    yield Example("none", Verdict.PASS, (start, samples.ehlo()))
    yield Example("PLAIN", Verdict.FAIL, (start, samples.ehlo("STARTTLS", "AUTH PLAIN LOGIN")))
    yield Example("old form", Verdict.FAIL, (start, samples.ehlo("STARTTLS", "AUTH= LOGIN")))
    yield Example("SCRAM", Verdict.PASS, (start, samples.ehlo("STARTTLS", "AUTH SCRAM-SHA-256")))
    yield Example("IMAP", Verdict.FAIL, _samples.imap("AUTH=PLAIN"))
    yield Example("IMAP, LOGIN open alone", Verdict.PASS, _samples.imap())
    yield Example("POP3", Verdict.FAIL, _samples.pop3("SASL PLAIN", "USER"))
    sieve = _samples.endpoint(MailProtocol.SIEVE)
    yield Example("ManageSieve", Verdict.PASS, (sieve, _samples.clear("SASL", "STARTTLS")))
    yield Example("masked", Verdict.INCONCLUSIVE, (start, samples.ehlo("XXXA")))
    busy = samples.ehlo(reply=samples.reply(421, "busy"), keywords=())
    yield Example("not heard", Verdict.INCONCLUSIVE, (start, busy))
    implicit = samples.endpoint(TlsMode.IMPLICIT)
    yield Example("implicit TLS", Verdict.NOT_APPLICABLE, (implicit, samples.ehlo("AUTH PLAIN")))
