"""Channel binding is offered before TLS, where there is no channel to bind to.

A mechanism whose name ends in -PLUS ties the login to the TLS connection, so that nobody in between can pass
it on. In clear there is no such connection. A client that knows channel binding has to use it where it sees
the name, and its login then fails; and one that compares the lists before and after TLS is misled about who
struck what. Only the offer under TLS means anything.
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
    warn,
)
from waxseal.checks.auth import _samples
from waxseal.checks.auth._mechanisms import binds, listed
from waxseal.checks.auth._offers import Offers


@check(
    title="Channel binding is offered in clear",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5802 §4", "RFC 5802 §6"),
    remedy=Remedy(
        general="Offer mechanisms with channel binding (-PLUS) under TLS only.",
        postfix="smtpd_tls_auth_only = yes",
        exim="server_advertise_condition = ${if def:tls_in_cipher} in each authenticator",
    ),
    rows=("J7",),
)
def judge(offers: Offers) -> Judgement:
    """Judge whether a -PLUS mechanism is listed in clear."""
    found = offers.in_clear()
    if isinstance(found, Judgement):
        return found
    names = tuple(name for name in found.mechanisms if binds(name))
    if names:
        return warn(f"{listed(names)} is offered in clear, where there is no TLS to bind to", found.line)
    return found.unless_whole() or passed("no channel binding is offered in clear")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    both = "SCRAM-SHA-256 SCRAM-SHA-256-PLUS"
    yield Example("in clear", Verdict.WARN, _samples.smtp(both, both))
    yield Example("under TLS only", Verdict.PASS, _samples.smtp("SCRAM-SHA-256", both))
    yield Example("IMAP", Verdict.WARN, _samples.imap("AUTH=SCRAM-SHA-1-PLUS", "LOGINDISABLED"))
    refused = (_samples.pop3()[0], _samples.clear(good="-ERR"))
    yield Example("not heard", Verdict.INCONCLUSIVE, refused)
