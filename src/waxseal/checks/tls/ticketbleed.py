"""The server fills up a short session id from its memory (Ticketbleed, CVE-2016-9244).

Some load balancers answer a session ticket that comes with a short session id with one of 32 octets: ours,
and behind it up to 31 octets of memory for each connection. The test sends one ticket with an id of 16
octets. Only a server that takes the ticket shows anything, since it has to send the id back as it came.
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
    unreached,
)
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import FULL, accepted_below_13, unknown_below_13
from waxseal.facts import Resumption, TicketEcho, TlsSessions, TlsVersions


@check(
    title="Ticketbleed: session ids are filled up from memory",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5246 §7.4.1.3",),
    remedy=Remedy(
        general="Upgrade the device that ends TLS (F5 BIG-IP), or switch session tickets off there."
    ),
    rows=("F6",),
)
def judge(versions: TlsVersions, sessions: TlsSessions | None, echo: TicketEcho | None) -> Judgement:
    """Judge the session id that came back."""
    if echo is None:
        if not accepted_below_13(versions) and not unknown_below_13(versions):
            return not_applicable("the flaw is in TLS up to 1.2, and none of it is spoken")
        ticket = sessions.by("ticket") if sessions is not None else None
        if ticket is not None and ticket.given is False:
            return not_applicable("no session tickets are given up to TLS 1.2")
        return unreached("a ticket with a short session id was not tried", advice=FULL)
    sent, received = echo.sent, echo.received
    line = f"sent {len(sent)} octets, received {len(received)}"
    if len(received) > len(sent) > 0 and received.startswith(sent):
        return fail("The server sends octets of its memory behind the session id", line)
    if received == sent:
        return passed("The session id comes back as it was sent", line)
    return unreached(
        "the server did not take the ticket, so the test shows nothing", line, advice="test again"
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""

    def echoed(received: bytes) -> TicketEcho:
        return TicketEcho(version="TLSv1.2", sent=b"0123", received=received, reaction=_samples.DONE)

    old = _samples.versions("TLSv1.2")
    yield Example("filled up", Verdict.FAIL, (old, echoed(b"0123" + bytes(28))))
    yield Example("as it was", Verdict.PASS, (old, echoed(b"0123")))
    yield Example("not taken", Verdict.INCONCLUSIVE, (old, echoed(bytes(32))))
    yield Example("not tried", Verdict.INCONCLUSIVE, (old,))
    none = TlsSessions(resumptions=(Resumption("ticket", False),))
    yield Example("no tickets", Verdict.NOT_APPLICABLE, (old, none))
    yield Example("TLS 1.3 alone", Verdict.NOT_APPLICABLE, (_samples.versions("TLSv1.3"),))
