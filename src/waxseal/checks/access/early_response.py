"""The server talks out of turn: octets came although no command was waiting for an answer.

A server that sends two greetings, or two answers to one command, is mostly two programs in one (a proxy and
the server behind it both answer). From then on a client of POP3 or ManageSieve takes each answer for that to
the next command, and an answer in clear may be taken for one under TLS. IMAP's untagged data, and BYE, are
allowed at any time; an answer with a tag that nobody used, or with none, is not. Octets behind the go-ahead
to STARTTLS are access/starttls-extra-octets.
"""

from collections.abc import Iterator

from waxseal.checks.access import _samples as samples
from waxseal.checks.access._responses import not_of_the_protocol, shown, spoke_early, starting
from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, passed
from waxseal.facts import AccessGreeting, AccessStarttls, CapabilitiesClear, CapabilitiesTls, Endpoint


@check(
    title="The server talks out of turn",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9051 §7", "RFC 1939 §3", "RFC 5804 §1.2"),
    remedy=Remedy(
        general="See which program adds the second answer: a proxy, a filter or a load balancer before the "
        "server.",
    ),
    rows=("K1", "K3"),
)
def judge(
    endpoint: Endpoint,
    greeting: AccessGreeting,
    listed: CapabilitiesClear | None,
    starttls: AccessStarttls | None,
    listed_tls: CapabilitiesTls | None,
) -> Judgement:
    """Judge the octets between the responses."""
    if not greeting.response.status:
        return not_of_the_protocol()
    between = [("the greeting", greeting.extra)]
    if listed is not None and listed.asked:
        between.append(("the capabilities", listed.extra))
    if starttls is not None and not starttls.response.good:
        between.append((f"the answer to {starting(endpoint.protocol)}", starttls.extra))
    if listed_tls is not None:
        between.append(("the capabilities under TLS", listed_tls.extra))
    early = [(what, extra) for what, extra in between if spoke_early(endpoint.protocol, extra)]
    if early:
        return fail(
            f"The server goes on talking after {early[0][0]} without being asked",
            *(f"after {what}: {shown(extra)}" for what, extra in early),
        )
    return passed("the server spoke only when it was its turn")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    for protocol, extra in (
        (samples.IMAP, b"a9 OK what I was to say\r\n"),
        (samples.POP3, b"+OK POP3 server ready\r\n"),
        (samples.SIEVE, b"OK\r\n"),
    ):
        start, name = samples.endpoint(protocol), protocol.label
        lists = (samples.listed(protocol), samples.listed_tls(protocol))
        yield Example(f"{name}, in turn", Verdict.PASS, (start, samples.greeting(protocol), *lists))
        twice = samples.greeting(protocol, extra=extra)
        yield Example(f"{name}, out of turn", Verdict.FAIL, (start, twice))
    start = samples.endpoint()
    for name, extra in (
        ("untagged data", b"* OK [ALERT] maintenance tonight\r\n* 3 EX"),
        ("BYE", b"* BYE\r\n"),
    ):
        yield Example(f"IMAP, {name}", Verdict.PASS, (start, samples.greeting(extra=extra)))
    garbage = samples.greeting(samples.IMAP, b"220 mx\r\n", extra=b"250 ok\r\n")
    yield Example("no IMAP", Verdict.INCONCLUSIVE, (start, garbage))
