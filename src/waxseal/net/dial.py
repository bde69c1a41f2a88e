"""How a connection is made. A dialer is injected, so that the lab is the same engine elsewhere (DESIGN §2).

Which addresses may be dialled at all is decided in ``net.guard``.
"""

import asyncio
import socket
from collections.abc import Mapping
from typing import Protocol

from waxseal.facts import Cause, Stage
from waxseal.net.errors import NetError, from_os_error
from waxseal.net.stream import ByteStream, SocketStream


class Dialer(Protocol):
    """Opens one connection to one address."""

    async def dial(self, address: str, port: int) -> ByteStream:
        """Connect to an address (no name) and port; the caller sets the time limit.

        Raises:
            NetError: At `Stage.CONNECT`.
        """
        ...


class TcpDialer:
    """Dials TCP from this machine."""

    async def dial(self, address: str, port: int) -> ByteStream:
        """See `Dialer.dial`."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            raise from_os_error(error, Stage.CONNECT) from error
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().sock_connect(sock, (address, port))
        except OSError as error:
            sock.close()
            raise from_os_error(error, Stage.CONNECT) from error
        except BaseException:
            sock.close()
            raise
        return SocketStream(sock)


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

    async def dial(self, address: str, port: int) -> ByteStream:
        """See `Dialer.dial`."""
        place = self._table.get((address, port), UNREACHABLE)
        if not isinstance(place, str):
            return await self._inner.dial(*place)
        if place == SILENT:
            await asyncio.Event().wait()
        cause = {REFUSED: Cause.REFUSED, NO_ROUTE: Cause.NO_ROUTE}.get(place, Cause.UNREACHABLE)
        raise NetError(cause, f"{address}:{port} by the dial map", phase=Stage.CONNECT)
