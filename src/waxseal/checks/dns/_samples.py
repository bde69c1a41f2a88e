"""Facts from which the examples of this folder are made, beside ``checks.samples``."""

from waxseal.checks import samples
from waxseal.checks.api import At, at
from waxseal.facts import DnsStatus, HostAddresses, MxTarget, ReverseName, ReverseNames

PUBLIC = "192.175.48.1"
"""A globally reachable address that is nobody's mail server (AS112, RFC 7534)."""
PUBLIC_V6 = "2620:4f:8000::1"


def mx_target(exchange: str = "mx.example.org", literal_address: str | None = None) -> MxTarget:
    """An MX record of preference 10 that names the host."""
    return MxTarget(exchange=exchange, preference=10, literal_address=literal_address)


def implicit(*addresses: str, status: DnsStatus = DnsStatus.NO_DATA) -> At:
    """The addresses of example.org as its own host; `status` is that of the families without any."""
    return at(no_addresses(status, host="example.org", v4=addresses), host="example.org")


def no_addresses(
    a: DnsStatus,
    aaaa: DnsStatus | None = None,
    host: str = "mx.example.org",
    v4: tuple[str, ...] = (),
    aliases: tuple[str, ...] = (),
) -> HostAddresses:
    """A host whose look-ups ended so; with `v4`, A was answered."""
    status_a = DnsStatus.ANSWERED if v4 else a
    return HostAddresses(
        a=samples.answer(host, "A", *v4, status=status_a, aliases=aliases),
        aaaa=samples.answer(host, "AAAA", status=aaaa or a, aliases=aliases),
        addresses=v4,
    )


def reverse(
    *names: ReverseName, status: DnsStatus = DnsStatus.ANSWERED, address: str = PUBLIC, unfollowed: int = 0
) -> At:
    """The PTR names of an address; `unfollowed` more were in the RRset than were looked up."""
    rdata = tuple(f"{name.name}." for name in names) + ("more.example.org.",) * unfollowed
    answer = samples.answer("1.48.175.192.in-addr.arpa", "PTR", *rdata, status=status)
    return at(ReverseNames(answer=answer, names=names), address=address)


def reverse_name(*addresses: str, status: DnsStatus = DnsStatus.ANSWERED) -> ReverseName:
    """One PTR name, ``mx.example.org``, and what it resolves to."""
    return ReverseName(name="mx.example.org", addresses=addresses, status=status)
