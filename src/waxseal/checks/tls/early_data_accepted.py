"""The server takes data before the handshake is over (0-RTT).

What comes so early can be sent again by whoever recorded it, and the server acts on it a second time. A
protocol must not use it before a standard says which of its commands bear that, and for mail protocols there
is none. No known sender does, so the switch is as a rule on by accident.
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
from waxseal.checks.tls._offer import FULL
from waxseal.facts import Resumption, TlsSessions, TlsVersions


@check(
    title="Early data (0-RTT) is accepted",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 8446 §E.5", "RFC 9325 §3.10"),
    remedy=Remedy(general="Switch early data off in the server, or in the device before it that ends TLS."),
    rows=("C7",),
)
def judge(versions: TlsVersions, sessions: TlsSessions) -> Judgement:
    """Judge what the tickets of TLS 1.3 allow, and what was tried."""
    new = versions.of("TLSv1.3")
    if new is not None and new.accepted is False:
        return not_applicable("there is no early data before TLS 1.3")
    allowed = sessions.early_data_octets or 0
    line = f"the ticket allows {allowed} octets"
    if sessions.early_data_accepted:
        reply = sessions.early_data_reply.decode("ascii", "backslashreplace").strip()[:80]
        return warn("The server accepted early data", line, *([f"answered with: {reply}"] if reply else []))
    if allowed:
        if sessions.early_data_accepted is False:
            return passed("Early data is announced, and was not accepted", line)
        return warn("The server announces that it accepts early data", line)
    tickets = sessions.by("psk")
    if tickets is None or tickets.given is None:
        return unreached("no ticket of TLS 1.3 was waited for, so what it allows is not known", advice=FULL)
    return passed("No ticket allows early data")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""

    def sessions(octets: int | None, accepted: bool | None = None) -> TlsSessions:
        ticket = Resumption("psk", True, tickets=2)
        return TlsSessions(resumptions=(ticket,), early_data_octets=octets, early_data_accepted=accepted)

    both = _samples.versions("TLSv1.2", "TLSv1.3")
    yield Example("accepted", Verdict.WARN, (both, sessions(16384, accepted=True)))
    yield Example("announced", Verdict.WARN, (both, sessions(16384)))
    yield Example("announced, not accepted", Verdict.PASS, (both, sessions(16384, accepted=False)))
    yield Example("not allowed", Verdict.PASS, (both, sessions(None)))
    yield Example("no ticket seen", Verdict.INCONCLUSIVE, (both, TlsSessions(resumptions=())))
    yield Example("TLS 1.2", Verdict.NOT_APPLICABLE, (_samples.versions("TLSv1.2"), sessions(None)))
