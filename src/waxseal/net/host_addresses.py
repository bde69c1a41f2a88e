"""The A and AAAA look-ups of one host side by side, and its addresses as soon as each of them is known.

Whoever connects need not wait for the slower look-up, and a family without a way there is not tried again and
again: behind the first address, both look-ups are waited for, and the families take turns.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from waxseal.facts import DnsAnswer, DnsStatus
from waxseal.facts.address import canonical
from waxseal.wire.dns_rdata import address_records

if TYPE_CHECKING:
    from waxseal.net.dns import Resolver

_FAMILIES = ("AAAA", "A")
_DENIALS = (DnsStatus.NO_DATA, DnsStatus.NXDOMAIN)


class HostLookup:
    """Both look-ups under way; made by `looking_up`.

    Attributes:
        host: The host.
    """

    def __init__(self, resolver: "Resolver", host: str) -> None:
        self.host = host
        self._literal = _literal(host)
        self._tried: list[str] = []
        kinds = () if self._literal is not None else _FAMILIES
        self._tasks = {kind: asyncio.ensure_future(resolver.query(host, kind)) for kind in kinds}

    def answer(self, rdtype: str) -> DnsAnswer | None:
        """The answer to ``A`` or ``AAAA``; None before it came, and for an address, which is not looked up.

        Raises:
            OSError: This process could open no more sockets.
        """
        task = self._tasks.get(rdtype)
        return task.result() if task is not None and task.done() else None

    async def settle(self, limit_s: float) -> None:
        """Wait until both answers are there, at most so many seconds."""
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=limit_s)

    async def next_address(self) -> str | None:
        """The next address that was not given yet, IPv6 first where both are known; None where there is none.

        Raises:
            OSError: As in `answer`.
        """
        if self._tried and self._tasks:
            await asyncio.wait(self._tasks.values())
        elif not await self.found():
            return None
        left = [address for address in self._known() if address not in self._tried]
        if not left:
            return None
        last_was_ipv6 = bool(self._tried) and ":" in self._tried[-1]
        other = [address for address in left if (":" in address) != last_was_ipv6]
        chosen = (other if self._tried and other else left)[0]
        self._tried.append(chosen)
        return chosen

    def failure(self) -> str:
        """In words, why there is no address: the first failure of a look-up, or else the denial."""
        answers = [found for kind in reversed(_FAMILIES) if (found := self.answer(kind)) is not None]
        failed = [found for found in answers if found.status not in (*_DENIALS, DnsStatus.ANSWERED)]
        chosen = (failed or answers)[:1]
        return "".join(f"{found.rdtype} of {self.host}: {found.status.value}" for found in chosen)

    def let_go(self) -> None:
        """Call off what is still under way."""
        for task in self._tasks.values():
            if not task.done():
                task.cancel()
            elif not task.cancelled():
                task.exception()  # it was seen, or nobody needed it

    async def found(self) -> bool:
        """Wait until an address is known; False where both look-ups have ended without one."""
        while not self._known():
            pending = [task for task in self._tasks.values() if not task.done()]
            if not pending:
                return False
            await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        return True

    def _known(self) -> list[str]:
        if self._literal is not None:
            return [self._literal]
        answers = [self.answer(kind) for kind in _FAMILIES]
        return [address for answer in answers if answer is not None for address in address_records(answer)]


@asynccontextmanager
async def looking_up(resolver: "Resolver", host: str) -> AsyncIterator[HostLookup]:
    """Begin to look a host up; what is still under way at the end is called off.

    Args:
        resolver: Whom to ask.
        host: A-label, or an address, which is given as it is.
    """
    lookup = HostLookup(resolver, host)
    try:
        yield lookup
    finally:
        lookup.let_go()


def is_address(host: str) -> bool:
    """Whether a host is given as an address, which is not looked up."""
    return _literal(host) is not None


def _literal(host: str) -> str | None:
    try:
        return canonical(host)
    except ValueError:
        return None
