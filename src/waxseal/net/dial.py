"""How a connection is made. A dialer is injected, so that the lab is the same engine elsewhere (DESIGN §2).

An address is one of IPv4 or IPv6, or ``unix:/path`` of a socket of this machine. Which addresses may be
dialled at all is decided in ``net.guard``.
"""

import asyncio
import math
import socket
from collections.abc import Mapping
from typing import Protocol

from waxseal.facts import Cause, Stage
from waxseal.facts.address import UNIX
from waxseal.net.errors import NetError, from_os_error
from waxseal.net.stream import ByteStream, SocketStream


class Dialer(Protocol):
    """Opens one connection to one address."""

    async def dial(self, address: str, port: int) -> ByteStream:
        """Connect to an address (no name) and port, 0 for a socket; the caller sets the time limit.

        Raises:
            NetError: At `Stage.CONNECT`.
        """
        ...


class TcpDialer:
    """Dials TCP from this machine, and sockets of it."""

    async def dial(self, address: str, port: int) -> ByteStream:
        """See `Dialer.dial`."""
        return await self.dial_within(address, port, math.inf)

    async def dial_within(self, address: str, port: int, limit_s: float) -> ByteStream:
        """Connect as `dial` does, and wait for so many seconds at most.

        Raises:
            TimeoutError: It took longer.
            NetError: At `Stage.CONNECT`.
        """
        family = _family(address)
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            raise from_os_error(error, Stage.CONNECT) from error
        try:
            sock.setblocking(False)
            if family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream = SocketStream(sock)
        except OSError as error:
            sock.close()
            raise from_os_error(error, Stage.CONNECT) from error
        try:
            await stream.connect(address, port, limit_s)
        except OSError as error:
            stream.abort()
            if isinstance(error, TimeoutError) and error.errno is None:
                raise
            raise from_os_error(error, Stage.CONNECT) from error
        except BaseException:
            stream.abort()
            raise
        return stream


def _family(address: str) -> socket.AddressFamily:
    if address.startswith(UNIX):
        return socket.AF_UNIX
    return socket.AF_INET6 if ":" in address else socket.AF_INET


async def dial_within(dialer: Dialer, address: str, port: int, limit_s: float) -> ByteStream:
    """Connect by any dialer, and wait for so many seconds at most.

    Raises:
        TimeoutError: It took longer.
        NetError: At `Stage.CONNECT`.
    """
    if isinstance(dialer, TcpDialer):
        return await dialer.dial_within(address, port, limit_s)
    async with asyncio.timeout(limit_s):
        return await dialer.dial(address, port)


SILENT = "silent"
REFUSED = "refused"
UNREACHABLE = "unreachable"
NO_ROUTE = "no-route"


class MappedDialer:
    """Dials other addresses than it is told, by a map; what is not in the map cannot be reached.

    Args:
        table: ``(address, port)`` to ``(address, port)``, or to one of the words `SILENT` (nothing ever
            answers), `REFUSED`, `UNREACHABLE` or `NO_ROUTE`.
        inner: The dialer that makes the real connection.
    """

    def __init__(
        self, table: Mapping[tuple[str, int], tuple[str, int] | str], inner: Dialer | None = None
    ) -> None:
        self._table = table
        self._inner = inner or TcpDialer()

    def over(self, inner: Dialer) -> "MappedDialer":
        """The same map, over another dialer."""
        return MappedDialer(self._table, inner)

    async def dial(self, address: str, port: int) -> ByteStream:
        """See `Dialer.dial`."""
        place = self._table.get((address, port), UNREACHABLE)
        if not isinstance(place, str):
            return await self._inner.dial(*place)
        if place == SILENT:
            await asyncio.Event().wait()
        cause = {REFUSED: Cause.REFUSED, NO_ROUTE: Cause.NO_ROUTE}.get(place, Cause.UNREACHABLE)
        raise NetError(cause, f"{address}:{port} by the dial map", phase=Stage.CONNECT)
