"""The server does not list its capabilities when it is asked to (CAPABILITY, CAPA), or lists none.

From this list a mail program learns that there is TLS, and how it may log in. Without it a program set to
"TLS if available" sends the password in clear, and one that demands TLS may give up. Where the answer says
"not now", or hangs up with BYE, the reason may be this caller, and nothing was learned. A POP3 server may be
without CAPA; what that means for TLS is access/starttls-missing.
"""

from collections.abc import Iterator

from waxseal.checks.absence import lists_whole, unknown_capa
from waxseal.checks.access import _samples as samples
from waxseal.checks.access._responses import said, temporary, unclear, whole
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    fail,
    inconclusive,
    not_applicable,
    passed,
)
from waxseal.facts import Capabilities, CapabilitiesClear, CapabilitiesTls, Endpoint, MailProtocol, TlsMode


@check(
    title="The capabilities are not listed",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9051 §6.1.1", "RFC 2595 §4", "RFC 5804 §1.7"),
    remedy=Remedy(
        general="Let the server, or the proxy before it, answer CAPABILITY (CAPA in POP3) at any time, in "
        "clear and under TLS; see its log for why it refuses.",
    ),
    rows=("K1", "K3"),
)
def judge(endpoint: Endpoint, first: CapabilitiesClear, second: CapabilitiesTls | None) -> Judgement:
    """Judge the answers to the requests for capabilities."""
    for listed in (first, second):
        under = " under TLS" if listed is second or endpoint.mode is TlsMode.IMPLICIT else ""
        if listed is not None and (answer := _amiss(endpoint.protocol, listed, under)) is not None:
            return answer
    return passed("the server lists its capabilities")


def _amiss(protocol: MailProtocol, listed: Capabilities, under: str) -> Judgement | None:
    """What is wrong with one list; None where nothing is."""
    response = listed.response
    if not whole(response):
        return unclear(response, f"the request for capabilities{under}")
    if response.status == "BYE" or (not response.good and temporary(response)):
        return inconclusive(
            f"the server does not list its capabilities{under} for now, so nothing more could be seen",
            said(response),
            advice="test again in a few minutes, and from an address that the server knows",
        )
    if not response.good:
        if not under and unknown_capa(protocol, response):
            return not_applicable("a POP3 server need not know CAPA")
        return fail(f"The server refuses to list its capabilities{under} ({response.status})", said(response))
    if listed.keywords or protocol is MailProtocol.POP3:
        return None
    if not lists_whole(listed):
        return unclear(response, f"the request for capabilities{under}")
    return fail(f"The server says {response.status} and lists no capability{under}", said(response))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    imap, pop3, sieve = samples.IMAP, samples.POP3, samples.SIEVE
    for protocol in (imap, pop3, sieve):
        lists = (samples.listed(protocol), samples.listed_tls(protocol))
        yield Example(protocol.label, Verdict.PASS, (samples.endpoint(protocol), *lists))
    refused, empty = samples.listed(imap, b"a1 BAD what?\r\n"), samples.listed(imap, b"a1 OK\r\n")
    yield Example("BAD", Verdict.FAIL, (samples.endpoint(), refused))
    yield Example("OK and nothing", Verdict.FAIL, (samples.endpoint(), empty))
    yield Example(
        "ManageSieve, nothing", Verdict.FAIL, (samples.endpoint(sieve), samples.listed(sieve, b"OK\r\n"))
    )
    inside = samples.listed_tls(pop3, b"-ERR what?\r\n")
    yield Example("CAPA under TLS", Verdict.FAIL, (samples.endpoint(pop3), samples.listed(pop3), inside))
    for name, octets, verdict in (
        ("POP3 without CAPA", b"-ERR what?\r\n", Verdict.NOT_APPLICABLE),
        ("POP3, not now", b"-ERR [SYS/TEMP] busy\r\n", Verdict.INCONCLUSIVE),
        ("POP3, an error inside", b"-ERR [SYS/PERM] no\r\n", Verdict.FAIL),
        ("POP3, cut short", b"+OK\r\nUI", Verdict.INCONCLUSIVE),
    ):
        yield Example(name, verdict, (samples.endpoint(pop3), samples.listed(pop3, octets)))
    bye = samples.listed(imap, b"* BYE shutting down\r\n")
    yield Example("BYE", Verdict.INCONCLUSIVE, (samples.endpoint(), bye))
