"""POP3's USER and PASS are open before TLS: the capabilities in clear list USER.

PASS carries the password as it is. A server that lists USER in clear invites mail programs to log in so;
one that was not told to use TLS, or whose STLS was stripped on the way, sends the password to whoever
listens. Where SASL PLAIN is offered in clear as well, the same setting of the server allows both, and
auth/offered-in-clear names it; this is said where USER alone stands open.
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
from waxseal.facts import MailProtocol, TlsMode


@check(
    title="USER and PASS are offered in clear",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 8314 §4.1", "RFC 1939 §13"),
    remedy=Remedy(
        general="Let the POP3 server refuse USER and PASS before TLS, and list USER only under TLS.",
        dovecot="auth_allow_cleartext = no (disable_plaintext_auth = yes before 2.4)",
    ),
    rows=("K4", "B11"),
)
def judge(offers: Offers) -> Judgement:
    """Judge whether USER is listed in clear."""
    if offers.protocol is not MailProtocol.POP3:
        return not_applicable(f"{offers.protocol.label} is spoken here")
    found = offers.in_clear()
    if isinstance(found, Judgement):
        return found
    if found.plain:
        return not_applicable("passwords are allowed in clear altogether, see auth/offered-in-clear")
    if offers.user_is_open:
        return fail(
            "USER and PASS are open in clear: mail programs may send the password where it can be read",
            "USER is among the capabilities in clear",
        )
    return found.unless_whole() or passed("USER is not offered until TLS stands")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("not listed", Verdict.PASS, _samples.pop3("TOP", "SASL"))
    yield Example("listed", Verdict.FAIL, _samples.pop3("TOP", "USER"))
    yield Example("PLAIN is offered too", Verdict.NOT_APPLICABLE, _samples.pop3("USER", "SASL PLAIN"))
    yield Example("IMAP", Verdict.NOT_APPLICABLE, _samples.imap())
    refused = (_samples.endpoint(MailProtocol.POP3), _samples.clear(good="-ERR"))
    yield Example("CAPA unknown", Verdict.INCONCLUSIVE, refused)
    implicit = (_samples.endpoint(MailProtocol.POP3, TlsMode.IMPLICIT), _samples.clear("USER", good="+OK"))
    yield Example("implicit TLS", Verdict.NOT_APPLICABLE, implicit)
