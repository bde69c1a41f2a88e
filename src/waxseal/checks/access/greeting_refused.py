"""The server greets with a refusal: BYE in IMAP, -ERR in POP3, BYE or NO in ManageSieve.

It is overloaded or shutting down, has its limit of connections from this address, or does not want this
caller at all; its text mostly says which. Users meet the same while it lasts. As the reason may lie with the
address tested from, nothing was learned about TLS: this is not the same as "no STARTTLS". A refusal that
names another server is access/referral.
"""

from collections.abc import Iterator

from waxseal.checks.access import _samples as samples
from waxseal.checks.access._responses import not_of_the_protocol, referral, said, temporary
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    inconclusive,
    not_applicable,
    passed,
)
from waxseal.facts import AccessGreeting


@check(
    title="The server refuses at the greeting",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 9051 §7.1.5", "RFC 2449 §3", "RFC 5804 §1.2"),
    remedy=Remedy(
        general="If this was not meant, remove the rule that turns this caller away, or raise the limits of "
        "connections and processes.",
        dovecot="mail_max_userip_connections, and service imap-login { client_limit, process_limit }",
    ),
    rows=("K1", "K3", "P10"),
)
def judge(greeting: AccessGreeting) -> Judgement:
    """Judge the status of the greeting."""
    response = greeting.response
    if not response.status or response.status == "+":
        return not_of_the_protocol()
    if response.good:
        return passed("the server does not refuse at the greeting")
    if referral(response):
        return not_applicable("the server sends clients elsewhere, see access/referral")
    when = "for now" if temporary(response) else "at the greeting"
    return inconclusive(
        f"the server refuses this client {when} ({response.status}), so nothing more could be seen",
        said(response),
        advice="test again in a few minutes, and from an address that the server knows",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    refusals = {
        samples.IMAP: b"* BYE too many connections\r\n",
        samples.POP3: b"-ERR [SYS/TEMP] too busy\r\n",
        samples.SIEVE: b'BYE "go away"\r\n',
    }
    for protocol, octets in refusals.items():
        name = protocol.label
        yield Example(f"{name}, welcome", Verdict.PASS, (samples.greeting(protocol),))
        yield Example(f"{name}, refused", Verdict.INCONCLUSIVE, (samples.greeting(protocol, octets),))
    elsewhere = samples.greeting(samples.IMAP, b"* BYE [REFERRAL imap://other.example/] moved\r\n")
    yield Example("referral", Verdict.NOT_APPLICABLE, (elsewhere,))
    yield Example("SMTP", Verdict.INCONCLUSIVE, (samples.greeting(samples.POP3, b"220 mx\r\n"),))
