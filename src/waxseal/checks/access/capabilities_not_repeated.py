"""Behind STARTTLS the ManageSieve server does not list its capabilities again by itself.

It must, so that the client forgets the list that came in clear, which anyone on the path could have changed.
A client that waits for the list stands still here, and one that does not goes on with the list in clear: it
may believe in login mechanisms that the server never offered. IMAP and POP3 clients ask for the list
themselves.
"""

from collections.abc import Iterator

from waxseal.checks.access import _samples as samples
from waxseal.checks.access._responses import unclear, whole
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
from waxseal.facts import CapabilitiesTls, Endpoint, MailProtocol


@check(
    title="The capabilities are not said again under TLS",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5804 §2.2", "RFC 5804 §1.7"),
    remedy=Remedy(
        general="Bring the ManageSieve server, or the proxy before it, up to date: once TLS stands it has to "
        "send its capabilities and OK without being asked.",
    ),
    rows=("B8", "K3"),
)
def judge(endpoint: Endpoint, listed: CapabilitiesTls) -> Judgement:
    """Judge whether the list under TLS came by itself."""
    if endpoint.protocol is not MailProtocol.SIEVE:
        return not_applicable(f"an {endpoint.protocol.label} client asks for them itself")
    if listed.asked:
        return fail("The server waits to be asked for its capabilities under TLS, where it has to send them")
    if not whole(listed.response):
        return unclear(listed.response, "nothing, the list that comes by itself under TLS,")
    return passed("the server listed its capabilities again by itself")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    start = samples.endpoint(samples.SIEVE)
    yield Example("by itself", Verdict.PASS, (start, samples.listed_tls(samples.SIEVE)))
    yield Example("asked", Verdict.FAIL, (start, samples.listed_tls(samples.SIEVE, asked=True)))
    cut = samples.listed_tls(samples.SIEVE, b'"SASL" "PL')
    yield Example("cut short", Verdict.INCONCLUSIVE, (start, cut))
    yield Example("IMAP", Verdict.NOT_APPLICABLE, (samples.endpoint(), samples.listed_tls()))
