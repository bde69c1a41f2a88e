"""Hellos as bare octets and what comes back, for proving what a test server is without any TLS library.

Written apart from the product's own hello writer and parser on purpose: these tests judge the servers that
the product's tests rely on.
"""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from .names import HOST_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .options import TlsServer

TLS12: Final = 0x0303
GROUPS: Final = bytes.fromhex("000a00080006001d00170018") + bytes.fromhex("000b00020100")
SIGNATURES: Final = bytes.fromhex("000d000a0008040104030804 0201".replace(" ", ""))
HEARTBEAT: Final = bytes.fromhex("000f000101")
TICKET: Final = bytes.fromhex("00230000")
SERVER_NAME: Final = (
    b"\0\0"
    + (len(HOST_NAME) + 5).to_bytes(2, "big")
    + (len(HOST_NAME) + 3).to_bytes(2, "big")
    + b"\0"
    + len(HOST_NAME).to_bytes(2, "big")
    + HOST_NAME.encode()
)

HANDSHAKE: Final = 22
ALERT: Final = 21
SERVER_HELLO: Final = 2
CERTIFICATE: Final = 11
KEY_EXCHANGE: Final = 12
HELLO_DONE: Final = 14


@dataclass(frozen=True)
class Flight:
    """What a server sent, taken apart.

    Attributes:
        octets: All of it.
        messages: Handshake messages as (type, body).
        alerts: As (level, number).
        ended: How it ended: "enough", or by the peer, or with nothing more in time.
    """

    octets: bytes
    messages: tuple[tuple[int, bytes], ...]
    alerts: tuple[tuple[int, int], ...]
    ended: Literal["enough", "eof", "reset", "silence"]

    def message(self, kind: int) -> bytes | None:
        """The body of the first one of a type."""
        return next((body for found, body in self.messages if found == kind), None)

    @property
    def hello(self) -> ServerHello | None:
        """The ServerHello."""
        body = self.message(SERVER_HELLO)
        return None if body is None else ServerHello.parse(body)


@dataclass(frozen=True)
class ServerHello:
    """The fields of one; extensions by number."""

    version: int
    random: bytes
    session_id: bytes
    suite: int
    compression: int
    extensions: dict[int, bytes]

    @classmethod
    def parse(cls, body: bytes) -> ServerHello:
        at = 35 + body[34]
        extensions, place = {}, at + 5
        while place + 4 <= len(body):
            size = int.from_bytes(body[place + 2 : place + 4], "big")
            extensions[int.from_bytes(body[place : place + 2], "big")] = body[place + 4 : place + 4 + size]
            place += 4 + size
        return cls(
            int.from_bytes(body[:2], "big"),
            body[2:34],
            body[35:at],
            int.from_bytes(body[at : at + 2], "big"),
            body[at + 2],
            extensions,
        )


def client_hello(
    suites: Iterable[int],
    *,
    version: int = TLS12,
    extensions: bytes = b"",
    compressions: bytes = b"\0",
    session_id: bytes = b"",
    random: bytes | None = None,
) -> bytes:
    """A ClientHello in one record."""
    listed = b"".join(suite.to_bytes(2, "big") for suite in suites)
    body = version.to_bytes(2, "big") + (random or os.urandom(32)) + bytes([len(session_id)]) + session_id
    body += len(listed).to_bytes(2, "big") + listed + bytes([len(compressions)]) + compressions
    if extensions:
        body += len(extensions).to_bytes(2, "big") + extensions
    return record(HANDSHAKE, b"\x01" + len(body).to_bytes(3, "big") + body, version=0x0301)


def record(kind: int, octets: bytes, *, version: int = TLS12) -> bytes:
    """One record."""
    return bytes([kind]) + version.to_bytes(2, "big") + len(octets).to_bytes(2, "big") + octets


def connect(server: TlsServer) -> socket.socket:
    """A connection to a server; the dialogue up to TLS is behind it (SMTP only)."""
    stream = socket.create_connection((server.host, server.port), timeout=10)
    if not server.implicit:
        for command in (b"", b"EHLO client.test\r\n", b"STARTTLS\r\n"):
            stream.sendall(command)
            answer = b""
            while not answer.endswith(b"\r\n") or answer.splitlines()[-1][3:4] == b"-":
                octets = stream.recv(4096)
                assert octets, answer
                answer += octets
            assert answer[:1] == b"2", answer
    return stream


def ask(server: TlsServer, hello: bytes, *, quiet_s: float = 5.0) -> Flight:
    """Sends a hello over a connection of its own, and reads up to ServerHelloDone, an alert, or the end."""
    with connect(server) as stream:
        stream.sendall(hello)
        return receive(stream, quiet_s=quiet_s)


def receive(
    stream: socket.socket, *, quiet_s: float = 5.0, enough: Callable[[Flight], bool] | None = None
) -> Flight:
    """Reads until it is enough: as a rule a ServerHelloDone or a fatal alert."""
    octets, until = b"", time.monotonic() + quiet_s
    while True:
        found = _flight(octets, "enough")
        fatal = any(level == 2 for level, _ in found.alerts)
        if enough(found) if enough else fatal or found.message(HELLO_DONE) is not None:
            return found
        stream.settimeout(max(0.01, until - time.monotonic()))
        try:
            more = stream.recv(16384)
        except TimeoutError:
            return _flight(octets, "silence")
        except ConnectionError:
            return _flight(octets, "reset")
        if not more:
            return _flight(octets, "eof")
        octets += more


def _flight(octets: bytes, ended: Literal["enough", "eof", "reset", "silence"]) -> Flight:
    handshake, alerts, at = b"", [], 0
    while at + 5 <= len(octets):
        size = int.from_bytes(octets[at + 3 : at + 5], "big")
        content = octets[at + 5 : at + 5 + size]
        if octets[at] == HANDSHAKE:
            handshake += content
        elif octets[at] == ALERT and len(content) == 2:
            alerts.append((content[0], content[1]))
        at += 5 + size
    messages, at = [], 0
    while at + 4 <= len(handshake):
        end = at + 4 + int.from_bytes(handshake[at + 1 : at + 4], "big")
        if end > len(handshake):
            break
        messages.append((handshake[at], handshake[at + 4 : end]))
        at = end
    return Flight(octets, tuple(messages), tuple(alerts), ended)
