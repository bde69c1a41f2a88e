"""The domain names several MX hosts, and they all have the same address.

The second name looks like a second server but is none: when the one machine is down, mail has no other way.
No mail is lost by it, senders wait and try again. It is said only where every MX host has that one IPv4
address, or IPv6 address, or one of each, and nothing else; one host with another address is enough not to
say it.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Each,
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    at,
    check,
    inconclusive,
    not_applicable,
    passed,
    warn,
)
from waxseal.checks.dns._hosts import by_host
from waxseal.checks.dns._lookup import TRY_AGAIN, bounded
from waxseal.checks.dns._samples import no_addresses
from waxseal.facts import DnsStatus, HostAddresses, MxRecords


@check(
    title="All MX hosts are one address",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 5321 §5.1",),
    remedy=Remedy(
        general="Give the second MX host a machine and an address of its own, or drop the record that "
        "only repeats the first.",
    ),
    rows=("A3",),
)
def judge(mx: MxRecords, hosts: Each[HostAddresses]) -> Judgement:
    """Judge whether the MX hosts have any address that they do not all share."""
    named = by_host(hosts)
    if len(named) < 2:
        return not_applicable("mail goes to one host only")
    sets = {frozenset(host.addresses) for host in named.values()} - {frozenset()}
    if not sets:
        return not_applicable("no MX host has an address")
    if len(sets) > 1:
        return passed("the MX hosts have different addresses")
    shared = next(iter(sets))
    if len({":" in address for address in shared}) < len(shared):
        return passed("the MX hosts share several addresses", ", ".join(sorted(shared)))
    without = sorted(name for name, host in named.items() if not host.addresses)
    if without:
        return inconclusive(
            "the MX hosts that resolve have the same address; the others have none",
            bounded(", ".join(without)),
            advice=TRY_AGAIN,
        )
    return warn(
        f"All {len(named)} MX hosts have the same address, so the domain has one mail server only",
        bounded(f"{', '.join(named)}: {', '.join(sorted(shared))}"),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    mx = samples.mx_records((10, "mx.example.org"), (20, "mx2.example.org"))
    first = samples.host_addresses("192.0.2.25")
    yield Example(
        "two", Verdict.PASS, (mx, first, at(samples.host_addresses("192.0.2.26"), host="mx2.example.org"))
    )
    yield Example(
        "one", Verdict.WARN, (mx, first, at(samples.host_addresses("192.0.2.25"), host="mx2.example.org"))
    )
    yield Example(
        "the second does not resolve",
        Verdict.INCONCLUSIVE,
        (mx, first, at(no_addresses(DnsStatus.SERVFAIL), host="mx2.example.org")),
    )
    yield Example("one host", Verdict.NOT_APPLICABLE, (samples.mx_records((10, "mx.example.org")), first))
