"""What the checks of one MX host share: which faults of it have a check of their own, and its addresses.

Keeps one fault one finding: a host that is named by an address, or that is ``localhost``, is judged by the
check of that name only.
"""

import ipaddress
from functools import lru_cache

from waxseal.checks.api import Each, Judgement, not_applicable
from waxseal.checks.dns._lookup import EMPTY, bounded
from waxseal.facts import HostAddresses, MxTarget
from waxseal.wire.special_addresses import SpecialNetwork, special_purposes

_LOCALHOST = ("localhost", "localhost.localdomain")


def is_localhost_name(name: str) -> bool:
    """Whether a name means the machine that asks, wherever it is asked (RFC 6761 §6.3)."""
    return name.lower() in _LOCALHOST or name.lower().endswith(".localhost")


def told_elsewhere(target: MxTarget | None) -> Judgement | None:
    """NOT-APPLICABLE for an MX host whose one fault another check reports; else None."""
    if target is None:
        return None
    if target.literal_address is not None:
        return not_applicable("the exchange is an address, not a name; see dns/mx-is-address-literal")
    if is_localhost_name(target.exchange):
        return not_applicable("the exchange is no host of its own; see dns/mx-is-localhost")
    return None


def unless_named_by_mx(target: MxTarget | None) -> Judgement | None:
    """NOT-APPLICABLE for a host that no MX record names: tested directly, or an implicit MX; else None."""
    if target is None:
        return not_applicable("the host was named directly, not by an MX record")
    if target.preference is None:
        return not_applicable("no MX record names the host: it is the domain itself")
    return None


def is_loopback(address: str) -> bool:
    """Whether an address, or the IPv4 address inside it, never leaves the machine that uses it."""
    return any(special.network.name == "loopback" for special in special_purposes(address))


def barred(address: str, allowed: tuple[str, ...]) -> SpecialNetwork | None:
    """The special-purpose network that an address is in and that the caller did not allow; else None.

    Args:
        address: IPv4 or IPv6 address.
        allowed: `RunContext.allowed_networks`.
    """
    networks = _networks(allowed)
    for special in special_purposes(address):
        if not any(special.address in network for network in networks):
            return special.network
    return None


@lru_cache(maxsize=64)
def _networks(texts: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def by_host(hosts: Each[HostAddresses]) -> dict[str, HostAddresses]:
    """The newest addresses of each host, by its name."""
    return {subject.host or "": addresses for subject, addresses in hosts}


def has_none(addresses: HostAddresses) -> bool:
    """Whether DNS answered for both families, and there is no address of either."""
    answers = (addresses.a, addresses.aaaa)
    return all(answer is not None and answer.status in EMPTY for answer in answers)


def resolved(name: str, addresses: HostAddresses) -> str:
    """One line of evidence: a name, and what it resolves to all the same."""
    found = ", ".join(addresses.addresses)
    return bounded(f"{name} resolves to {found}" if found else f"{name} has no address that is known")


def reachable(addresses: HostAddresses, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """The addresses of a host that are places on the public internet, or were allowed."""
    return tuple(address for address in addresses.addresses if barred(address, allowed) is None)
