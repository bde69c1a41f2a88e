"""An MX record leads every sender back to itself: to ``localhost``, or to a loopback address.

Each sender that follows it would talk to its own machine; most see this and return the mail, some deliver
it to themselves. Where the record was meant to say that no mail is taken, a null MX says it properly.
Nothing is connected to here, and so no other finding about the host is made.
"""

from collections.abc import Iterator

from waxseal.checks import samples
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
from waxseal.checks.dns._hosts import barred, has_none, is_localhost_name, is_loopback
from waxseal.checks.dns._lookup import TRY_AGAIN, bounded
from waxseal.checks.dns._samples import mx_target, no_addresses
from waxseal.facts import DnsStatus, HostAddresses, MxTarget, RunContext


@check(
    title="An MX record leads to localhost",
    level=Level.MUST,
    scope=Scope.HOST,
    cites=("RFC 5321 §5.1", "RFC 6761 §6.3", "RFC 1122 §3.2.1.3"),
    remedy=Remedy(
        general="Let the MX record name the public mail server, or publish a null MX if the domain takes "
        "no mail.",
        dns="example.org. MX 10 mx.example.org. (or, for no mail: example.org. MX 0 .)",
    ),
    rows=("A6",),
)
def judge(target: MxTarget, addresses: HostAddresses | None, context: RunContext) -> Judgement:
    """Judge the host's name, and whether its addresses are loopback addresses."""
    if target.literal_address is not None:
        return not_applicable("the exchange is an address, not a name; see dns/mx-is-address-literal")
    if is_localhost_name(target.exchange):
        return fail("The host is localhost: every sender is led back to itself", bounded(target.exchange))
    if addresses is not None and has_none(addresses):
        return not_applicable("the host has no address")
    if addresses is None or not addresses.addresses:
        return unreached("where the host leads was not seen: no address of it is known", advice=TRY_AGAIN)
    loopback = [address for address in addresses.addresses if is_loopback(address)]
    if not loopback:
        return passed("the host leads to no loopback address", ", ".join(addresses.addresses))
    if all(barred(address, context.allowed_networks) is None for address in loopback):
        return not_applicable("loopback addresses were allowed for this run")
    return fail(
        "The host has a loopback address: every sender is led back to itself",
        bounded(f"{target.exchange}: {', '.join(loopback)}"),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("elsewhere", Verdict.PASS, (mx_target(), samples.host_addresses("192.0.2.25")))
    yield Example("localhost", Verdict.FAIL, (mx_target("localhost"),))
    yield Example("127.0.0.1", Verdict.FAIL, (mx_target(), samples.host_addresses("127.0.0.1")))
    yield Example("::1", Verdict.FAIL, (mx_target(), samples.host_addresses("192.0.2.25", "::1")))
    yield Example(
        "loopback allowed",
        Verdict.NOT_APPLICABLE,
        (
            samples.run_context(allowed_networks=("127.0.0.0/8",)),
            mx_target(),
            samples.host_addresses("127.0.0.2"),
        ),
    )
    yield Example("no address", Verdict.NOT_APPLICABLE, (mx_target(), no_addresses(DnsStatus.NXDOMAIN)))
    yield Example("unknown", Verdict.INCONCLUSIVE, (mx_target(), no_addresses(DnsStatus.SERVFAIL)))
