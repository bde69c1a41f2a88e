"""TLS should begin with the first octet on this port, and the server speaks in clear instead.

Ports such as 465 are for implicit TLS: a mail program begins the handshake at once, meets a clear-text
greeting and reports an error that few users understand. Nobody can submit mail here as intended; a program
set to STARTTLS on the same port may work and hide the fault. The server's listener is simply not in TLS
mode. Said only where octets came that are no TLS; a server that keeps silent shows as
tls/handshake-stalled.
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
    title="A port for implicit TLS speaks in clear",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 8314 §3.3", "RFC 8314 §3"),
    remedy=Remedy(
        general="Switch the listener of this port to implicit TLS, or test it as a STARTTLS port if that is "
        "what it is meant to be.",
        postfix="master.cf: submissions inet n - y - - smtpd -o smtpd_tls_wrappermode=yes",
        exim="daemon_smtp_ports = 25 : 465 : 587; tls_on_connect_ports = 465",
        opensmtpd="listen on 0.0.0.0 port 465 smtps pki mx.example.org auth",
    ),
    rows=("B13",),
)
def judge(endpoint: Endpoint, attempt: DialogueAttempt, handshake: Handshake | None) -> Judgement:
    """Judge whether clear text came where TLS was due at once."""
    if endpoint.mode is TlsMode.STARTTLS:
        return not_applicable("TLS begins after STARTTLS here")
    seen = failure("tls/implicit-plaintext", endpoint, attempt, handshake)
    if not isinstance(seen, Failure):
        return seen
    return fail(
        "The server speaks in clear where TLS should begin with the first octet",
        *([seen.detail] if seen.detail else []),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    implicit = samples.endpoint(TlsMode.IMPLICIT)
    clear = samples.attempt(Cause.NOT_TLS, Stage.HANDSHAKE, detail="220 mx.example.org ESMTP")
    yield Example("a greeting in clear", Verdict.FAIL, (implicit, clear))
    yield Example("completed", Verdict.PASS, (implicit, samples.attempt(), samples.handshake()))
    yield Example("STARTTLS port", Verdict.NOT_APPLICABLE, (samples.endpoint(), samples.attempt()))
    yield Example(
        "no connection",
        Verdict.INCONCLUSIVE,
        (implicit, samples.attempt(Cause.REFUSED, Stage.CONNECT)),
    )
