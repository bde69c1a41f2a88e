"""The server lists what it can do, and STARTTLS (STLS in POP3) is not among it.

On this port users' passwords and mail travel in clear, and anyone on the path can read and change them. A
mail program that is set to "TLS if available" logs in without a word of warning. It is said only of a list
that came whole, and of a POP3 server that does not know CAPA, which one with STLS must. A server may still
offer TLS on another port (993, 995).
"""

from collections.abc import Iterator

from waxseal.checks.absence import is_local, lists_whole, unknown_capa
from waxseal.checks.access import _samples as samples
from waxseal.checks.access._responses import (
    keywords,
    said,
    starting,
    unclear,
    whole,
)
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Subject,
    Verdict,
    check,
    fail,
    not_applicable,
    passed,
    unreached,
)
from waxseal.facts import CapabilitiesClear, Endpoint, MailProtocol, TlsMode


@check(
    title="STARTTLS is not offered",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 8314 §4", "RFC 9051 §11.2", "RFC 2595 §4", "RFC 5804 §2.2"),
    remedy=Remedy(
        general="Give the server a certificate and switch TLS on; or close this port, and let users connect "
        "where TLS comes first (993 for IMAP, 995 for POP3).",
        dovecot="ssl = required; ssl_cert = </path/fullchain.pem; ssl_key = </path/key.pem (from 2.4 on: "
        "ssl_server_cert_file, ssl_server_key_file, without the <)",
    ),
    rows=("K1", "K3"),
)
def judge(subject: Subject, endpoint: Endpoint, listed: CapabilitiesClear) -> Judgement:
    """Judge the capabilities listed in clear."""
    if endpoint.mode is TlsMode.IMPLICIT:
        return not_applicable("TLS begins with the first octet here")
    if is_local(subject):
        return not_applicable("a socket of this machine: nothing crosses a network")
    command = starting(endpoint.protocol)
    if listed.keyword(command) is not None:
        return passed(f"{command} is offered")
    response = listed.response
    if not whole(response):
        return unclear(response, "the request for capabilities")
    if unknown_capa(endpoint.protocol, response):
        return fail("The server does not know CAPA, and so it offers no STLS", f"CAPA: {said(response)}")
    if not response.good or (not listed.keywords and endpoint.protocol is not MailProtocol.POP3):
        return unreached(
            "the server did not list its capabilities",
            said(response),
            advice="see access/capabilities-failed, and test again",
        )
    if not lists_whole(listed):
        return unclear(response, "the request for capabilities")
    return fail(
        f"The server lists its capabilities, and {command} is not among them: logins and mail go in clear",
        f"listed: {keywords(listed)}",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    imap, pop3, sieve = samples.IMAP, samples.POP3, samples.SIEVE
    bare = {
        imap: b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na1 OK done\r\n",
        pop3: b"+OK\r\nUSER\r\nUIDL\r\n.\r\n",
        sieve: b'"IMPLEMENTATION" "Sieved"\r\n"SASL" "PLAIN"\r\nOK\r\n',
    }
    for protocol, octets in bare.items():
        start, name = samples.endpoint(protocol), protocol.label
        yield Example(f"{name}, offered", Verdict.PASS, (start, samples.listed(protocol)))
        yield Example(f"{name}, not offered", Verdict.FAIL, (start, samples.listed(protocol, octets)))
    no_capa = samples.listed(pop3, b"-ERR unknown command\r\n")
    yield Example("POP3 without CAPA", Verdict.FAIL, (samples.endpoint(pop3), no_capa))
    later = samples.listed(pop3, b"-ERR [SYS/TEMP] not now\r\n")
    yield Example("POP3, not now", Verdict.INCONCLUSIVE, (samples.endpoint(pop3), later))
    refused = samples.listed(imap, b"a1 NO not to you\r\n")
    yield Example("IMAP, refused", Verdict.INCONCLUSIVE, (samples.endpoint(), refused))
    cut = samples.listed(pop3, b"+OK\r\nUSER\r\nUI")
    yield Example("cut short", Verdict.INCONCLUSIVE, (samples.endpoint(pop3), cut))
    implicit = samples.endpoint(imap, TlsMode.IMPLICIT)
    yield Example("implicit TLS", Verdict.NOT_APPLICABLE, (implicit, samples.listed(imap, bare[imap])))
