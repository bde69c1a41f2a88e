"""No MX host of the domain has an IPv6 address.

Mail still arrives, for nearly every sender can speak IPv4. A sender that has IPv6 only cannot deliver
without a translator in between, and such senders grow more. It is said once for the whole domain, and only
when every MX host answered that it has no AAAA record; hosts that cannot be reached in public at all are
left out, they have findings of their own.
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
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.checks.dns._hosts import by_host, reachable
from waxseal.checks.dns._lookup import EMPTY, TRY_AGAIN, bounded, shown
from waxseal.checks.dns._samples import PUBLIC, PUBLIC_V6, no_addresses
from waxseal.facts import DnsStatus, HostAddresses, RunContext


@check(
    title="No mail server has an IPv6 address",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 5321 §5.2", "RFC 3974 §4.1"),
    remedy=Remedy(
        general="Give at least one MX host an IPv6 address, let the server listen on it, and publish an "
        "AAAA record with a matching PTR record.",
        postfix="inet_protocols = all",
        exim="disable_ipv6 = false; local_interfaces = <; 0.0.0.0 ; ::0",
        dns="mx.example.org. AAAA 2001:db8::25",
    ),
    rows=("A12",),
)
def judge(hosts: Each[HostAddresses], context: RunContext) -> Judgement:
    """Judge whether any MX host has an AAAA record."""
    named = by_host(hosts)
    with_v6 = [f"{name}: {a}" for name, host in named.items() for a in host.addresses if ":" in a]
    if with_v6:
        return passed("at least one mail server has an IPv6 address", bounded("; ".join(with_v6)))
    asked = [host for host in named.values() if host.a is not None or host.aaaa is not None]
    open_answers = [host.aaaa for host in asked if host.aaaa is None or host.aaaa.status not in EMPTY]
    if open_answers:
        return unreached(
            "whether a mail server has an IPv6 address was not seen: an AAAA look-up was not answered",
            *(shown(answer) for answer in open_answers if answer is not None),
            advice=TRY_AGAIN,
        )
    if not any(reachable(host, context.allowed_networks) for host in asked):
        return not_applicable("no mail server has a public address of either family")
    return warn(
        "No mail server of the domain has an IPv6 address: senders without IPv4 cannot deliver",
        *(shown(host.aaaa) for host in asked if host.aaaa is not None),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("both families", Verdict.PASS, (samples.host_addresses(PUBLIC, PUBLIC_V6),))
    yield Example("IPv4 only", Verdict.WARN, (samples.host_addresses(PUBLIC),))
    yield Example(
        "one of two hosts",
        Verdict.PASS,
        (
            samples.host_addresses(PUBLIC),
            at(samples.host_addresses(PUBLIC_V6, host="mx2.example.org"), host="mx2.example.org"),
        ),
    )
    yield Example(
        "AAAA unknown",
        Verdict.INCONCLUSIVE,
        (no_addresses(DnsStatus.NO_DATA, DnsStatus.SERVFAIL, v4=(PUBLIC,)),),
    )
    yield Example("private only", Verdict.NOT_APPLICABLE, (samples.host_addresses("10.0.0.25"),))
