"""A mail host has no address: DNS answers, and there is neither an A nor an AAAA record.

Senders cannot connect to it. They try the other MX hosts; where there is none, the mail waits or is
returned. As a rule the host was renamed or switched off and the MX record was left behind. It is said only
when both look-ups were answered; errors are told by dns/mx-host-lookup-failed, and a domain without any MX
record by dns/no-mail-destination.
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
from waxseal.checks.dns._hosts import has_none, told_elsewhere
from waxseal.checks.dns._lookup import TRY_AGAIN, bounded, shown
from waxseal.checks.dns._samples import mx_target, no_addresses
from waxseal.facts import DnsStatus, HostAddresses, MxTarget


@check(
    title="A mail server has no address",
    level=Level.MUST,
    scope=Scope.HOST,
    cites=("RFC 5321 §5.1", "RFC 2181 §10.3"),
    remedy=Remedy(
        general="Publish the host's A and AAAA records, or take the MX record that names it out of the zone.",
        dns="mx.example.org. A 192.0.2.25",
    ),
    rows=("A6",),
)
def judge(addresses: HostAddresses, target: MxTarget | None) -> Judgement:
    """Judge whether either family has an address."""
    if elsewhere := told_elsewhere(target):
        return elsewhere
    if addresses.addresses:
        return passed("the host has an address", bounded(", ".join(addresses.addresses)))
    if target is not None and target.preference is None:
        return not_applicable("the host is the domain itself; see dns/no-mail-destination")
    answers = [answer for answer in (addresses.a, addresses.aaaa) if answer is not None]
    evidence = tuple(shown(answer) for answer in answers)
    if has_none(addresses):
        return fail("The host has neither an IPv4 nor an IPv6 address: nobody can connect to it", *evidence)
    return unreached("whether the host has an address was not seen", *evidence, advice=TRY_AGAIN)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("one family", Verdict.PASS, (mx_target(), samples.host_addresses("192.0.2.25")))
    yield Example("no such name", Verdict.FAIL, (mx_target(), no_addresses(DnsStatus.NXDOMAIN)))
    yield Example("no address", Verdict.FAIL, (mx_target(), no_addresses(DnsStatus.NO_DATA)))
    yield Example("named directly", Verdict.FAIL, (no_addresses(DnsStatus.NXDOMAIN),))
    yield Example(
        "one family unknown",
        Verdict.INCONCLUSIVE,
        (mx_target(), no_addresses(DnsStatus.NO_DATA, DnsStatus.SERVFAIL)),
    )
    yield Example(
        "implicit MX",
        Verdict.NOT_APPLICABLE,
        (MxTarget(exchange="mx.example.org"), no_addresses(DnsStatus.NO_DATA)),
    )
