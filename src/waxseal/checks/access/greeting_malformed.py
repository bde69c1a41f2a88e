"""What the server says first is no greeting of the protocol that is due on the port.

IMAP begins with "* OK" (or PREAUTH or BYE), POP3 with "+OK" (or -ERR), ManageSieve with a list of
capabilities and OK. Here something else came: another service answers on the port (an SMTP or web server, a
proxy, TLS from the first octet), or the server is broken. No mail program can use it. A greeting that was
begun and never finished is access/greeting-missing.
"""

from collections.abc import Iterator

from waxseal.checks.access import _samples as samples
from waxseal.checks.access._responses import broken, shown
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    fail,
    passed,
    unreached,
)
from waxseal.facts import AccessGreeting, Endpoint

_TLS_RECORDS = (b"\x15\x03", b"\x16\x03")


@check(
    title="The greeting is not of the protocol",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9051 §9", "RFC 2449 §3", "RFC 5804 §4"),
    remedy=Remedy(
        general="See which program listens on this port, and put the mail server there; if the port begins "
        "with TLS, or speaks another protocol, name it so in the test (imaps://, pop3s://).",
        dovecot="the inet_listener blocks of service imap-login, pop3-login and managesieve-login",
    ),
    rows=("K1", "K3"),
)
def judge(endpoint: Endpoint, greeting: AccessGreeting) -> Judgement:
    """Judge whether the first response is one that may open a session."""
    response = greeting.response
    received = f"received: {shown(response.raw)}"
    label = endpoint.protocol.label
    if response.status and response.status != "+":
        return passed(f"the greeting is one of {label} ({response.status})")
    if response.raw.startswith(_TLS_RECORDS):
        return fail("The server sends TLS records where its greeting is due", received)
    if response.status or "not-a-response" in broken(response):
        return fail(f"What the server says first is no greeting of {label}", received)
    return unreached(
        "the greeting was begun and never finished", received, advice="see access/greeting-missing"
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    for protocol, octets in (
        (samples.IMAP, b"220 mx.example.org ESMTP\r\n"),
        (samples.POP3, b"* OK IMAP4rev1 ready\r\n"),
        (samples.SIEVE, b"+OK POP3 server ready\r\n"),
    ):
        start, name = samples.endpoint(protocol), protocol.label
        yield Example(f"{name}", Verdict.PASS, (start, samples.greeting(protocol)))
        yield Example(f"{name}, another", Verdict.FAIL, (start, samples.greeting(protocol, octets)))
    start = samples.endpoint()
    alert = samples.greeting(samples.IMAP, b"\x15\x03\x03\x00\x02\x02\x0a")
    yield Example("a TLS alert", Verdict.FAIL, (start, alert))
    yield Example("broke off", Verdict.INCONCLUSIVE, (start, samples.greeting(samples.IMAP, b"* OK IM")))
