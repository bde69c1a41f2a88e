"""IMAP's LOGIN command is open before TLS: the capabilities in clear do not list LOGINDISABLED.

LOGIN carries the password as it is. LOGINDISABLED tells mail programs not to try it before TLS; without it,
one that was not told to use TLS, or whose STARTTLS was stripped on the way, sends the password to whoever
listens. Where AUTH=PLAIN is offered in clear as well, the same setting of the server allows both, and
auth/offered-in-clear names it; this is said where LOGIN alone stands open.
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
from waxseal.checks.auth import _samples
from waxseal.checks.auth._offers import Offers
from waxseal.facts import AccessGreeting, MailProtocol, Response, TlsMode


@check(
    title="LOGIN is not disabled in clear",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 9051 §6.2.3", "RFC 8314 §4.1"),
    remedy=Remedy(
        general="Let the IMAP server refuse LOGIN before TLS and list LOGINDISABLED there.",
        dovecot="auth_allow_cleartext = no (disable_plaintext_auth = yes before 2.4)",
    ),
    rows=("K4", "B11"),
)
def judge(offers: Offers) -> Judgement:
    """Judge whether LOGINDISABLED is listed in clear."""
    if offers.protocol is not MailProtocol.IMAP:
        return not_applicable(f"{offers.protocol.label} is spoken here")
    found = offers.in_clear()
    if isinstance(found, Judgement):
        return found
    if "LOGINDISABLED" in found.names:
        return passed("LOGIN is disabled until TLS stands")
    if offers.greeting is not None and offers.greeting.response.status == "PREAUTH":
        return not_applicable("the server took the connection for logged in (PREAUTH), nobody logs in here")
    if found.plain:
        return not_applicable("passwords are allowed in clear altogether, see auth/offered-in-clear")
    unsure = found.unless_whole()
    if unsure is not None:
        return unsure
    return fail(
        "LOGIN is open in clear: mail programs may send the password where it can be read",
        "no LOGINDISABLED among the capabilities in clear",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("disabled", Verdict.PASS, _samples.imap("LOGINDISABLED"))
    yield Example("open", Verdict.FAIL, _samples.imap())
    yield Example("open, with SCRAM", Verdict.FAIL, _samples.imap("AUTH=SCRAM-SHA-256"))
    yield Example("PLAIN is offered too", Verdict.NOT_APPLICABLE, _samples.imap("AUTH=PLAIN"))
    greeted = AccessGreeting(response=Response("PREAUTH"))
    yield Example("PREAUTH", Verdict.NOT_APPLICABLE, (*_samples.imap(), greeted))
    yield Example("POP3", Verdict.NOT_APPLICABLE, _samples.pop3("USER"))
    refused = (_samples.endpoint(MailProtocol.IMAP), _samples.clear(good="BAD"))
    yield Example("not heard", Verdict.INCONCLUSIVE, refused)
    implicit = (_samples.endpoint(MailProtocol.IMAP, TlsMode.IMPLICIT), _samples.clear("AUTH=PLAIN"))
    yield Example("implicit TLS", Verdict.NOT_APPLICABLE, implicit)
