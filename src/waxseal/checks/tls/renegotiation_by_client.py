"""Clients may renegotiate as often as they like.

A renegotiation costs the server many times what it costs the client, so a stranger can keep the processor
busy over a single connection, past every limit on new connections. No mail program needs it. A server that
allows a few and then ends the connection is well protected.
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
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import FULL, accepted_below_13, spoken, unknown_below_13
from waxseal.facts import Cause, Renegotiation, TlsVersions


@check(
    title="Clients may renegotiate without limit",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 5746 §5",),
    remedy=Remedy(
        general="Forbid renegotiation by the client.",
        postfix="tls_ssl_options = no_renegotiation (from 3.4 on)",
        exim="openssl_options = +no_sslv2 +no_sslv3 +no_renegotiation",
    ),
    rows=("C5",),
)
def judge(versions: TlsVersions, tried: Renegotiation | None) -> Judgement:
    """Judge how often renegotiation was completed."""
    if tried is None:
        if accepted_below_13(versions) or unknown_below_13(versions):
            return unreached("renegotiation was not tried", advice=FULL)
        return not_applicable("there is no renegotiation in TLS 1.3, and no older version is spoken")
    line = f"{spoken(tried.version)}: {tried.completed} of {tried.attempted} completed"
    if not tried.attempted:
        return unreached("renegotiation was not tried", advice=FULL)
    if tried.completed and tried.completed >= tried.attempted:
        return warn("The server renegotiated each time that it was asked to", line)
    if tried.completed:
        return passed("The server renegotiates a few times only", line)
    how = tried.reaction
    if how is not None and how.cause not in (Cause.ALERT, Cause.CLOSED, Cause.RESET, Cause.TIMED_OUT):
        return unreached(f"how the server takes renegotiation was not seen: {how.cause.value}", advice=FULL)
    return passed("The server refuses renegotiation by the client", line)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""

    def tried(completed: int) -> Renegotiation:
        return Renegotiation(version="TLSv1.2", info_sent=True, attempted=11, completed=completed)

    both = _samples.versions("TLSv1.2", "TLSv1.3")
    yield Example("without limit", Verdict.WARN, (both, tried(11)))
    yield Example("a few", Verdict.PASS, (both, tried(3)))
    yield Example("refused", Verdict.PASS, (both, tried(0)))
    yield Example("not tried", Verdict.INCONCLUSIVE, (both,))
    yield Example("TLS 1.3 alone", Verdict.NOT_APPLICABLE, (_samples.versions("TLSv1.3"),))
