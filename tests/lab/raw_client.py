"""A client that decides on every octet and every segment, for showing what the lab's servers do."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any, TypeVar

from tests.lab.handshakes import curious_context
from waxseal.facts import MailProtocol
from waxseal.lab.access_behaviour import AccessBehaviour
from waxseal.lab.access_server import AccessServer
from waxseal.lab.behaviour import Behaviour
from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.listener import Listener
from waxseal.lab.smtp_server import SmtpServer

T = TypeVar("T")
HOST = "mx.example.test"
CA = CertificateAuthority()
QUIET_S = 0.15


class RawClient:
    """One connection, whose greeting has been read."""

    def __init__(self, port: int, *, implicit: bool = False) -> None:
        self.plain = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket: socket.socket = self.plain
        self.closed = False
        if implicit:
            self.start_tls()
        self.greeting = self.hear()

    def send(self, octets: bytes) -> None:
        """One segment, or one TLS record."""
        self.socket.sendall(octets)

    def hear(self, quiet_s: float = QUIET_S) -> bytes:
        """Whatever comes until it is quiet, or the server closes."""
        heard = b""
        self.socket.settimeout(5.0)
        try:
            while data := self.socket.recv(65536):
                heard += data
                self.socket.settimeout(quiet_s)
        except TimeoutError:
            return heard
        except ConnectionError:
            pass
        self.closed = True
        return heard

    def anything(self, quiet_s: float = QUIET_S) -> bytes:
        """The same, where nothing at all may come."""
        self.socket.settimeout(quiet_s)
        heard = b""
        try:
            while data := self.socket.recv(65536):
                heard += data
        except TimeoutError:
            return heard
        self.closed = True
        return heard

    def ask(self, octets: bytes, quiet_s: float = QUIET_S) -> bytes:
        """Send, and hear what is answered."""
        self.send(octets)
        return self.hear(quiet_s)

    def start_tls(self, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
        """The handshake."""
        sealed = (context or curious_context()).wrap_socket(self.plain)
        self.socket = sealed
        return sealed

    def __enter__(self) -> "RawClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


Server = TypeVar("Server", bound=Listener)


def with_listener(server: Callable[[], Server], work: Callable[[Server], T]) -> T:
    """Run a blocking client in a thread against a server, which is stopped behind it."""

    async def run() -> T:
        running = server()
        running.start()
        try:
            return await asyncio.wait_for(asyncio.to_thread(work, running), 20)
        finally:
            await running.stop()

    return asyncio.run(run())


def server_of(protocol: MailProtocol, **changes: Any) -> Listener:
    """A server of any protocol, sound but for the changes."""
    if protocol in (MailProtocol.SMTP, MailProtocol.LMTP):
        return SmtpServer(Behaviour(host=HOST, protocol=protocol, **changes), CA)
    return AccessServer(AccessBehaviour(host=HOST, protocol=protocol, **changes), CA)


def talk(protocol: MailProtocol, work: Callable[[RawClient], T], **changes: Any) -> T:
    """Let a client work on a connection to such a server."""

    def on(server: Listener) -> T:
        with RawClient(server.port, implicit=bool(changes.get("implicit"))) as client:
            return work(client)

    return with_listener(lambda: server_of(protocol, **changes), on)
