"""Asks a test server one thing alone, by the bare octets of its answer: the judge where tools differ."""

import contextlib
import os
import socket

from tests.tls.options import TlsServer
from waxseal.wire.tls_client_extensions import (
    key_shares,
    point_formats,
    renegotiation_info,
    server_name,
    signature_algorithms,
    supported_groups,
    supported_versions,
)
from waxseal.wire.tls_client_hello import ClientHello
from waxseal.wire.tls_registry import SCHEME_NAMES
from waxseal.wire.tls_server_hello import RETRY_RANDOM

GROUPS = (29, 23, 24, 25, 30, 22, 26, 27, 28, 256, 257, 258, 259, 260)
SCHEMES = (*SCHEME_NAMES, *(h << 8 | s for s in (1, 2, 3) for h in range(1, 7)))
_HANDSHAKE = 22
_TIME_LIMIT_S = 10.0


def selects(
    server: TlsServer,
    version: int,
    suites: tuple[int, ...],
    groups: tuple[int, ...] = GROUPS,
    schemes: tuple[int, ...] = SCHEMES,
) -> int | None:
    """The suite that the server selects of these in this version up to TLS 1.2; None for none."""
    extensions = [
        server_name(server.name),
        renegotiation_info(),
        supported_groups(groups),
        point_formats(),
    ]
    if version == 0x0303:
        extensions.append(signature_algorithms(tuple(dict.fromkeys(schemes))))
    hello = ClientHello(os.urandom(32), suites, tuple(extensions) if version > 0x0300 else None, version)
    answer = _first_record(server, hello.records(min(version, 0x0301)))
    if answer[:1] != bytes([_HANDSHAKE]) or int.from_bytes(answer[9:11], "big") != version:
        return None
    at = 44 + answer[43]  # behind record, message, version and random
    return int.from_bytes(answer[at : at + 2], "big")


def asks_for(server: TlsServer, group: int) -> bool:
    """Whether the server asks for a share of this group in TLS 1.3, where it is offered alone."""
    extensions = (
        server_name(server.name),
        supported_versions((0x0304,)),
        supported_groups((group,)),
        signature_algorithms(tuple(dict.fromkeys(SCHEMES))),
        key_shares(()),
    )
    hello = ClientHello(os.urandom(32), (0x1301, 0x1302, 0x1303), extensions, 0x0303, os.urandom(32))
    answer = _first_record(server, hello.records(0x0301))
    is_retry = answer[:1] == bytes([_HANDSHAKE]) and answer[11:43] == RETRY_RANDOM
    return is_retry and b"\x00\x33\x00\x02" + group.to_bytes(2, "big") in answer[43:]


def _first_record(server: TlsServer, hello: bytes) -> bytes:
    with socket.create_connection((server.host, server.port), _TIME_LIMIT_S) as stream:
        if not server.implicit:
            for command in (b"EHLO probe.test\r\n", b"STARTTLS\r\n"):
                _line(stream)
                stream.sendall(command)
            _line(stream)
        stream.sendall(hello)
        octets = b""
        with contextlib.suppress(ConnectionResetError):
            while len(octets) < 5 or len(octets) < 5 + int.from_bytes(octets[3:5], "big"):
                more = stream.recv(4096)
                if not more:
                    break
                octets += more
        return octets


def _line(stream: socket.socket) -> None:
    """Reads one reply: its last line has a space behind its code."""
    octets = b""
    while not octets.endswith(b"\n") or octets.splitlines()[-1][3:4] == b"-":
        more = stream.recv(4096)
        if not more:
            raise ConnectionError(f"closed after {octets!r}")
        octets += more
