"""The server answered 220 to STARTTLS and then sent something that is not TLS.

Often the server, or a program between it and the sender, goes on speaking SMTP in clear: an error line
after the 220, a proxy that passes STARTTLS through without understanding it, or virus scanning of mail on
a firewall. Every sender that tries TLS fails here; the careful ones do not deliver, the others send in
clear. Said only of octets that came in place of the handshake and are no TLS record, on ports where TLS
follows STARTTLS.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    DialogueAttempt,
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    fail,
    not_applicable,
)
from waxseal.checks.tls._handshake import Failure, failure
from waxseal.facts import Cause, Endpoint, Handshake, Stage, TlsMode


@check(
    title="What follows STARTTLS is not TLS",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 3207 §4", "RFC 8446 §5.1"),
    remedy=Remedy(
        general="See what stands between the Internet and the server. Switch off inspection and proxying of "
        "SMTP on firewalls, and see in the server's log why it did not begin TLS after its go-ahead.",
        postfix="journalctl -u postfix, for 'TLS library problem' and 'SSL_accept error'",
    ),
    rows=("B4", "B7"),
)
def judge(endpoint: Endpoint, attempt: DialogueAttempt, handshake: Handshake | None) -> Judgement:
    """Judge whether other octets came in place of TLS records."""
    if endpoint.mode is TlsMode.IMPLICIT:
        return not_applicable("TLS begins with the first octet here, see tls/implicit-plaintext")
    seen = failure("tls/not-tls", endpoint, attempt, handshake)
    if not isinstance(seen, Failure):
        return seen
    return fail(
        "After its go-ahead to STARTTLS the server sends something that is not TLS",
        *([seen.detail] if seen.detail else []),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    clear = samples.attempt(Cause.NOT_TLS, Stage.HANDSHAKE, detail="554 5.7.0 error")
    yield Example("clear text after 220", Verdict.FAIL, (samples.endpoint(), clear))
    yield Example("completed", Verdict.PASS, (samples.endpoint(), samples.attempt(), samples.handshake()))
    yield Example("implicit TLS", Verdict.NOT_APPLICABLE, (samples.endpoint(TlsMode.IMPLICIT), clear))
    yield Example(
        "refused at the greeting",
        Verdict.INCONCLUSIVE,
        (samples.endpoint(), samples.attempt(Cause.DECLINED, Stage.GREETING, code=554)),
    )
