"""Ends of streams on loopback: a pair of them, and a server's side that is told what to do."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from waxseal.lab.listener import LabStream, Listener
from waxseal.net.dial import TcpDialer
from waxseal.net.stream import ByteStream

LOOPBACK = "127.0.0.1"


@asynccontextmanager
async def connected(talk: Callable[[LabStream], Awaitable[None]]) -> AsyncIterator[ByteStream]:
    """A stream to a server that does as told and then closes."""
    server = Listener(talk)
    server.start()
    stream = await TcpDialer().dial(LOOPBACK, server.port)
    try:
        yield stream
    finally:
        stream.abort()
        await server.stop()


async def read_to_end(stream: ByteStream, limit_octets: int = 65536) -> bytes:
    """All that comes until the end of the stream."""
    octets = b""
    while data := await stream.read(limit_octets):
        octets += data
    return octets


async def nothing(stream: LabStream) -> None:
    """Say nothing until the client goes."""
    await stream.swallow()


def free_port(family: socket.AddressFamily = socket.AF_INET) -> int:
    """A port at which nothing listens."""
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.bind(("::1" if family == socket.AF_INET6 else LOOPBACK, 0))
        return int(sock.getsockname()[1])


def has_ipv6() -> bool:
    """Whether this machine has an IPv6 loopback."""
    try:
        free_port(socket.AF_INET6)
    except OSError:
        return False
    return True


class FakeClock:
    """A clock that goes on when it is told."""

    def __init__(self) -> None:
        self.time_s = 1000.0
        self._start = datetime(2026, 11, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.time_s)

    def monotonic(self) -> float:
        return self.time_s
