"""A host that mail is sent to has an address that is no place on the public internet.

Private (10/8, 192.168/16, fc00::/7), documentation, link-local and other special addresses mean another
machine in every network, or none. Senders cannot deliver there, and may hand the mail to a stranger in
their own network. Mostly an internal view of the zone leaked out. Networks that were allowed for the run
are not judged; loopback addresses are reported by dns/mx-is-localhost.
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
from waxseal.checks.dns._hosts import barred, has_none, is_loopback, told_elsewhere
from waxseal.checks.dns._lookup import TRY_AGAIN, bounded
from waxseal.checks.dns._samples import PUBLIC, PUBLIC_V6, mx_target, no_addresses
from waxseal.facts import DnsStatus, HostAddresses, MxTarget, RunContext
from waxseal.wire.special_addresses import special_purpose


@check(
    title="A mail server has an address that is not public",
    level=Level.MUST,
    scope=Scope.HOST,
    cites=(
        "RFC 5321 §5.1",
        "RFC 3927 §2.9",
        "RFC 1918 §3",
        "RFC 4193 §4.4",
        "RFC 6890 §2.2.2",
        "RFC 6890 §2.2.3",
    ),
    remedy=Remedy(
        general="Publish only addresses that can be reached from the internet; keep internal ones to the "
        "internal view of the zone.",
        dns="delete the A or AAAA record with the special address from the public zone",
    ),
    rows=("A6",),
)
def judge(addresses: HostAddresses, target: MxTarget | None, context: RunContext) -> Judgement:
    """Judge each address by the registries of special-purpose addresses."""
    if target is None:
        return not_applicable("the host was named directly, not by an MX record")
    if elsewhere := told_elsewhere(target):
        return elsewhere
    if has_none(addresses):
        return not_applicable("the host has no address")
    if not addresses.addresses:
        return unreached("no address of the host is known", advice=TRY_AGAIN)
    special = [a for a in addresses.addresses if special_purpose(a) is not None and not is_loopback(a)]
    if not special:
        if all(is_loopback(a) for a in addresses.addresses):
            return not_applicable("the host has loopback addresses only; see dns/mx-is-localhost")
        return passed("every address of the host is a public one", bounded(", ".join(addresses.addresses)))
    found = [f"{a} is in {network}" for a in special if (network := barred(a, context.allowed_networks))]
    if not found:
        return not_applicable(f"{bounded(', '.join(special))}: allowed for this run")
    return fail("The host has an address that cannot be reached from the internet", *found)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("public", Verdict.PASS, (mx_target(), samples.host_addresses(PUBLIC, PUBLIC_V6)))
    yield Example("private", Verdict.FAIL, (mx_target(), samples.host_addresses("10.0.0.25")))
    yield Example("one of two", Verdict.FAIL, (mx_target(), samples.host_addresses(PUBLIC, "fd00::25")))
    yield Example(
        "allowed",
        Verdict.NOT_APPLICABLE,
        (
            samples.run_context(allowed_networks=("10.0.0.0/8",)),
            mx_target(),
            samples.host_addresses("10.0.0.25"),
        ),
    )
    yield Example("loopback", Verdict.NOT_APPLICABLE, (mx_target(), samples.host_addresses("127.0.0.1")))
    yield Example("no address", Verdict.NOT_APPLICABLE, (mx_target(), no_addresses(DnsStatus.NXDOMAIN)))
    yield Example("unknown", Verdict.INCONCLUSIVE, (mx_target(), no_addresses(DnsStatus.SERVFAIL)))
