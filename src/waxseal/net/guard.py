"""The address guard: which addresses waxseal may connect to (DESIGN §7).

Special-purpose addresses (``wire.special_addresses``) are refused unless the caller allows their network: a
name that a stranger controls must not lead a tester into the network that it stands in. The guard judges an
address, never a name; who resolves must connect to the address that was judged. Of UNIX sockets, only those
whose paths the user named may be connected to; no word of a peer ever becomes a path.
"""

import copy
import ipaddress
import os
import stat
from collections.abc import Iterable
from typing import Self

from waxseal.errors import UsageError
from waxseal.facts.address import UNIX
from waxseal.wire.special_addresses import Address, Network, special_purposes


class AddressGuard:
    """Says of an address why it may not be connected to."""

    def __init__(self, allowed: Iterable[str | Network] = (), allow_all: bool = False) -> None:
        """Refuse special-purpose addresses but the allowed ones.

        Args:
            allowed: Networks or single addresses that may be connected to although they are special-purpose.
                Of an IPv6 address that holds an IPv4 address, both have to be allowed.
            allow_all: Refuse nothing that is an address.

        Raises:
            UsageError: One of `allowed` is no network.
        """
        self._allowed = tuple(map(_network, allowed))
        self._allow_all = allow_all
        self._sockets: frozenset[str] = frozenset()

    def naming(self, sockets: Iterable[str]) -> Self:
        """A guard like this one that lets these UNIX sockets through as well, and no others.

        Args:
            sockets: Addresses, ``unix:/path`` each, as the user named them.
        """
        guard = copy.copy(self)
        guard._sockets = frozenset(sockets)
        return guard

    @property
    def allowed_networks(self) -> tuple[str, ...]:
        """The networks that were allowed, in the order given; the two that hold everything for all."""
        return ("0.0.0.0/0", "::/0") if self._allow_all else tuple(map(str, self._allowed))

    def refusal(self, address: str) -> str | None:
        """Why an address may not be connected to.

        Args:
            address: IPv4 or IPv6 address in text form, with or without a scope id; ``unix:/path`` of a
                socket.

        Returns:
            None where it may; else the fragment of a sentence, such as ``10.0.0.1 is in 10.0.0.0/8
            (private use, RFC 1918)``.
        """
        if address.startswith(UNIX):
            return self._refusal_of_socket(address)
        try:
            found = special_purposes(address)
        except ValueError:
            return f"{address!r} is not an IP address"
        for special in found:
            if not self._allows(special.address):
                inner = f"{address} holds {special.address}, which" if special.embedded else address
                return f"{inner} is in {special.network}"
        return None

    def _refusal_of_socket(self, address: str) -> str | None:
        path = address.removeprefix(UNIX)
        if address not in self._sockets:
            return f"{path} was not named as a target"
        try:
            mode = os.lstat(path).st_mode
        except OSError as error:
            return f"{path} cannot be looked at: {error.strerror}"
        except ValueError:
            return f"{path!r} is no path"
        return None if stat.S_ISSOCK(mode) else f"{path} is no socket"

    def _allows(self, address: Address) -> bool:
        return self._allow_all or any(address in network for network in self._allowed)


def _network(given: str | Network) -> Network:
    if not isinstance(given, str):
        return given
    try:
        return ipaddress.ip_network(given, strict=False)
    except ValueError:
        raise UsageError(
            f"{given!r} is not a network or an address",
            "give an address with an optional prefix length, such as 10.0.0.0/8 or fd00::/8",
        ) from None
