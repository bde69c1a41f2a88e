"""The server agreed to begin TLS and then refused the handshake with a TLS alert.

Senders that demand TLS cannot deliver to it; the others fall back to clear text or try again later, so
mail is late, lost or readable. The usual causes are a certificate or key that the server could not load
(handshake_failure, internal_error) and a policy of versions or cipher suites so narrow that nothing is
left in common (protocol_version, handshake_failure, insufficient_security). The number of the alert is
read from the octets on the wire. Said only where an alert came; silence, a closed connection and octets
that are no TLS have findings of their own.
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
)
from waxseal.checks.tls._handshake import Failure, failure
from waxseal.facts import Cause, Endpoint, Handshake, Stage
from waxseal.wire.tls_record import alert_name


@check(
    title="The server refuses the TLS handshake",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9325 §3.1.1", "RFC 3207 §3", "RFC 8446 §6.2", "RFC 5246 §7.2.2"),
    remedy=Remedy(
        general="Look in the server's log for the reason of the alert. See that certificate and key can be "
        "read and belong together, and that TLS 1.2 and 1.3 with common suites are allowed.",
        postfix="postconf smtpd_tls_chain_files smtpd_tls_protocols smtpd_tls_exclude_ciphers",
        exim="tls_certificate, tls_privatekey (readable by the Exim user), tls_require_ciphers",
        dovecot="doveconf ssl ssl_min_protocol ssl_cipher_list",
    ),
    rows=("B4",),
)
def judge(endpoint: Endpoint, attempt: DialogueAttempt, handshake: Handshake | None) -> Judgement:
    """Judge whether an alert ended the handshake."""
    seen = failure("tls/handshake-refused", endpoint, attempt, handshake)
    if not isinstance(seen, Failure):
        return seen
    if seen.alert is None:
        return fail("The server refuses the TLS handshake with an alert", seen.detail)
    name = alert_name(seen.alert)
    return fail(f"The server refuses the TLS handshake with alert {seen.alert} ({name})", *_lines(seen))


def _lines(seen: Failure) -> tuple[str, ...]:
    return (f"alert {seen.alert} in place of a completed handshake", *([seen.detail] if seen.detail else []))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    at_handshake = samples.attempt(Cause.ALERT, Stage.HANDSHAKE, alert=40)
    yield Example("alert 40", Verdict.FAIL, (samples.endpoint(), at_handshake))
    yield Example(
        "completed", Verdict.PASS, (samples.endpoint(), samples.attempt(), samples.handshake("TLSv1.2"))
    )
    yield Example(
        "stalled instead",
        Verdict.NOT_APPLICABLE,
        (samples.endpoint(), samples.attempt(Cause.TIMED_OUT, Stage.HANDSHAKE)),
    )
    yield Example(
        "454 to STARTTLS",
        Verdict.INCONCLUSIVE,
        (samples.endpoint(), samples.attempt(Cause.DECLINED, Stage.STARTTLS, code=454)),
    )
    yield Example("no TLS offered", Verdict.NOT_APPLICABLE, (samples.endpoint(), samples.attempt()))
