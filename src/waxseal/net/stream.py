"""Streams of octets with nothing read ahead: what has not been asked for stays in the kernel.

A stream counts its octets and raises `NetError` without a phase; the conversation that uses it knows the
stage and the deadline (``net.peer``). TLS over a stream is in ``net.tls``.
"""

import asyncio
import contextlib
import socket
from typing import Protocol

from waxseal.net.errors import from_os_error

READ_OCTETS = 65536


class ByteStream(Protocol):
    """A connected, ordered stream of octets."""

    @property
    def octets_in(self) -> int:
        """Octets read."""
        ...

    @property
    def octets_out(self) -> int:
        """Octets written."""
        ...

    @property
    def local_address(self) -> str:
        """The address that we speak from; "" where there is none."""
        ...

    async def read(self, limit_octets: int = READ_OCTETS) -> bytes:
        """What is there, at most so many octets, at least one; empty at the end of the stream.

        Raises:
            NetError: RESET and other causes, without a phase.
        """
        ...

    async def write(self, data: bytes) -> None:
        """Hand all of it over in one call, so that it goes out in one segment where it fits.

        Raises:
            NetError: RESET and other causes, without a phase.
        """
        ...

    async def close_writing(self) -> None:
        """End our side in order; what the peer still sends can be read. Never raises."""
        ...

    async def close(self) -> None:
        """End in order. Never raises; may be called twice."""
        ...

    def abort(self) -> None:
        """Let go at once. Never raises."""
        ...


class SocketStream:
    """A `ByteStream` over a connected, non-blocking TCP socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self.octets_in = 0
        self.octets_out = 0
        try:
            self._local_address = str(sock.getsockname()[0])
        except OSError:
            self._local_address = ""

    @property
    def local_address(self) -> str:
        """The address that we speak from."""
        return self._local_address

    async def read(self, limit_octets: int = READ_OCTETS) -> bytes:
        """See `ByteStream.read`."""
        # A peer that is faster than we are must not keep time limits from striking.
        await asyncio.sleep(0)
        try:
            data = await asyncio.get_running_loop().sock_recv(self._socket, limit_octets)
        except OSError as error:
            raise from_os_error(error) from error
        self.octets_in += len(data)
        return data

    async def write(self, data: bytes) -> None:
        """See `ByteStream.write`."""
        try:
            await asyncio.get_running_loop().sock_sendall(self._socket, data)
        except OSError as error:
            raise from_os_error(error) from error
        self.octets_out += len(data)

    async def close_writing(self) -> None:
        """See `ByteStream.close_writing`."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    async def close(self) -> None:
        """See `ByteStream.close`."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        self._socket.close()

    def abort(self) -> None:
        """See `ByteStream.abort`."""
        self._socket.close()
