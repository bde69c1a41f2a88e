"""Ways to a server on loopback: a SOCKS5 proxy in this process, and a program as ``ssh -W`` would be one."""

import asyncio
import contextlib
import ipaddress
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from tests.net.loopback import LOOPBACK

RELAY = """
import os, socket, sys, threading
host, port = sys.argv[1].strip("[]"), int(sys.argv[2])
try:
    peer = socket.create_connection((host, port), 5)
except OSError as error:
    sys.exit(f"relay: {error.strerror}")
peer.settimeout(None)
def up():
    while data := os.read(0, 65536):
        peer.sendall(data)
    peer.shutdown(socket.SHUT_WR)
threading.Thread(target=up, daemon=True).start()
while data := peer.recv(65536):
    os.write(1, data)
"""


Rewrite = Callable[[bytes], bytes]


def relay_command(folder: Path) -> str:
    """What ``--via`` takes for a program that connects to a server and passes octets on."""
    path = folder / "relay.py"
    path.write_text(RELAY)
    return f"command:{sys.executable} {path} %h %p"


class Socks5Proxy:
    """A SOCKS5 proxy without credentials.

    Args:
        rewrite: What becomes of octets on their way from the server to the client.

    Attributes:
        asked: Where clients wanted to go.
    """

    def __init__(self, rewrite: Rewrite = bytes) -> None:
        self._rewrite = rewrite
        self.asked: list[tuple[str, int]] = []
        self._writers: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client."""
        self._writers.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            _, count = await reader.readexactly(2)
            await reader.readexactly(count)
            writer.write(b"\x05\x00")
            *_, kind = await reader.readexactly(4)
            address = str(ipaddress.ip_address(await reader.readexactly({1: 4, 4: 16}[kind])))
            port = int.from_bytes(await reader.readexactly(2), "big")
            self.asked.append((address, port))
            try:
                there, back = await asyncio.open_connection(address, port)
            except OSError:
                writer.write(b"\x05\x05\x00\x01" + bytes(6))
            else:
                self._writers.add(back)
                writer.write(b"\x05\x00\x00\x01" + bytes(6))
                await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer, self._rewrite))
        writer.close()

    def stop(self) -> None:
        """Let go of every connection."""
        for writer in self._writers:
            writer.transport.abort()


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rewrite: Rewrite = bytes
) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(rewrite(data))
        writer.write_eof()


@asynccontextmanager
async def socks5(rewrite: Rewrite = bytes) -> AsyncIterator[tuple[Socks5Proxy, int]]:
    """A proxy and its port."""
    proxy = Socks5Proxy(rewrite)
    server = await asyncio.start_server(proxy.serve, LOOPBACK, 0)
    try:
        yield proxy, int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        proxy.stop()


@contextmanager
def socks5_beside(rewrite: Rewrite = bytes) -> Iterator[tuple[Socks5Proxy, str]]:
    """A proxy in a thread of its own, and its URL."""
    loop = asyncio.new_event_loop()
    over = asyncio.Event()
    started: Future[tuple[Socks5Proxy, int]] = Future()

    async def serve() -> None:
        async with socks5(rewrite) as found:
            started.set_result(found)
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        proxy, port = started.result(10)
        yield proxy, f"socks5://user:sesame@{LOOPBACK}:{port}"
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.close()


def without_starttls(octets: bytes) -> bytes:
    """What somebody on the path makes of an EHLO answer who wants to read along."""
    return octets.replace(b"250-STARTTLS\r\n", b"").replace(b"250 STARTTLS\r\n", b"250 HELP\r\n")
