"""The server sends clients to another server (a REFERRAL) before anybody has logged in.

In clear nobody can tell who says so: whoever is on the path can name a server of his own, and a mail program
that follows logs in there with the user's password. No sound server needs it before TLS stands. Under TLS it
is allowed, and everything then rests on the other server: it must be tested too, and the address in the
referral says nothing about TLS. A login that is referred is auth/referral's.
"""

from collections.abc import Iterator

from waxseal.checks.access import _samples as samples
from waxseal.checks.access._responses import (
    Heard,
    heard,
    not_of_the_protocol,
    referral,
    shown,
)
from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, passed, warn
from waxseal.facts import (
    AccessGreeting,
    AccessStarttls,
    CapabilitiesClear,
    CapabilitiesTls,
    Endpoint,
)


@check(
    title="Clients are sent to another server",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 9051 §11.3", "RFC 2221 §6", "RFC 5804 §1.3"),
    remedy=Remedy(
        general="Send no referral before TLS stands; better pass connections on to the right server behind "
        "the scenes (a proxy), so that users see one name with one certificate.",
        dovecot="a passdb whose extra fields say proxy, in place of a referral",
    ),
    rows=("K4",),
)
def judge(
    endpoint: Endpoint,
    greeting: AccessGreeting,
    listed: CapabilitiesClear | None,
    starttls: AccessStarttls | None,
    listed_tls: CapabilitiesTls | None,
) -> Judgement:
    """Judge the codes of all responses."""
    before = heard(endpoint.protocol, greeting, listed, starttls, None, None)
    if not before:
        return not_of_the_protocol()
    behind = [] if listed_tls is None else [Heard("the capabilities under TLS", listed_tls.response)]
    clear = () if greeting.in_tls else before
    if in_clear := [found for found in clear if referral(found.response)]:
        return fail("The server sends clients to another server, in clear", *_lines(in_clear))
    sealed = [*(before if greeting.in_tls else ()), *behind]
    if under_tls := [found for found in sealed if referral(found.response)]:
        return warn("The server sends clients to another server, under TLS", *_lines(under_tls))
    return passed("no response sends the client elsewhere")


def _lines(found: list[Heard]) -> list[str]:
    return [f"{what}: {shown(referral(response).encode())}"[:200] for what, response in found]


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    bye = {
        samples.IMAP: b"* BYE [REFERRAL imap://user;AUTH=*@other.example/] moved\r\n",
        samples.SIEVE: b'BYE (REFERRAL "sieve://other.example") "moved"\r\n',
    }
    for protocol, octets in bye.items():
        start, name = samples.endpoint(protocol), protocol.label
        yield Example(f"{name}, none", Verdict.PASS, (start, samples.greeting(protocol)))
        yield Example(f"{name}, in clear", Verdict.FAIL, (start, samples.greeting(protocol, octets)))
    start = samples.endpoint()
    sealed = samples.greeting(samples.IMAP, bye[samples.IMAP], in_tls=True)
    yield Example("under TLS", Verdict.WARN, (start, sealed))
    garbage = samples.greeting(samples.IMAP, b"220 mx\r\n")
    yield Example("no IMAP", Verdict.INCONCLUSIVE, (start, garbage))
