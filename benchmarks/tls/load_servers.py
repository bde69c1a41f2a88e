"""Servers for measuring what a client costs: cheap ones with canned answers, and real TLS 1.3, in processes.

Several forked processes share one listening socket each, so that the client under test is what is busy. The
canned answers are what a real server sent once; only the echo of the session id is put in (RFC 8446 §4.1.3).
"""

import asyncio
import os
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from benchmarks.tls.servers import NAME, Front
from tests.real.pki import Pki

GREETING = f"220 {NAME} ESMTP\r\n".encode()
EHLO = f"250-{NAME}\r\n250-SIZE 10240000\r\n250 STARTTLS\r\n".encode()
GO_AHEAD = b"220 2.0.0 Ready to start TLS\r\n"
SESSION_ID = slice(44, 76)  # behind record header, handshake header, version, random and its own length
PROCESSES = 2


class Canned(asyncio.Protocol):
    """Speaks SMTP up to STARTTLS, answers the first record with the flight, and ends when the client does."""

    def __init__(self, flight: bytes) -> None:
        self._flight = flight
        self._buffer = b""
        self._in_tls = False
        self._told = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(GREETING)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._buffer += data
        if self._in_tls:
            hello = self._buffer
            if len(hello) >= 5 + int.from_bytes(hello[3:5], "big") and not self._told:
                self._told = True
                echo = hello[43] == 32 == self._flight[43]
                flight = self._flight
                if echo:
                    flight = flight[: SESSION_ID.start] + hello[SESSION_ID] + flight[SESSION_ID.stop :]
                self._transport.write(flight)
        elif self._buffer.endswith(b"\r\n"):
            self._in_tls = self._buffer[:8].upper() == b"STARTTLS"
            self._buffer = b""
            self._transport.write(GO_AHEAD if self._in_tls else EHLO)


@contextmanager
def canned(flight: bytes) -> Iterator[int]:
    """A server whose answer to every ClientHello is this flight; gives its port on 127.0.0.1."""

    async def serve(listener: socket.socket) -> None:
        server = await asyncio.get_running_loop().create_server(lambda: Canned(flight), sock=listener)
        await server.serve_forever()

    with _forked(lambda listener: asyncio.run(serve(listener))) as port:
        yield port


@contextmanager
def real_tls() -> Iterator[int]:
    """TLS by the standard library, ECDSA P-256, behind STARTTLS; gives its port on 127.0.0.1."""
    with TemporaryDirectory(prefix="waxseal-bench-pki-") as folder:
        identity = Pki(Path(folder)).leaf("ec", [NAME], key_type="ec-p256")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity.chain_pem, identity.key_pem)

        def serve(listener: socket.socket) -> None:
            Front(context, listener).wait()

        with _forked(serve) as port:
            yield port


@contextmanager
def _forked(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        children = []
        for _ in range(PROCESSES):
            pid = os.fork()
            if not pid:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                try:
                    serve(listener)
                finally:
                    os._exit(0)
            children.append(pid)
        try:
            yield int(listener.getsockname()[1])
        finally:
            for pid in children:
                os.kill(pid, signal.SIGTERM)
                os.waitpid(pid, 0)


def record_flight(port: int, hello: bytes) -> bytes:
    """What a real server answers to a hello behind STARTTLS, until it is silent."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.settimeout(5)
        for command in (b"", b"EHLO bench.test\r\n", b"STARTTLS\r\n"):
            sock.sendall(command)
            sock.recv(4096)
        sock.sendall(hello)
        flight = sock.recv(65536)
        sock.settimeout(0.3)
        try:
            while data := sock.recv(65536):
                flight += data
        except TimeoutError:
            pass
        return flight
