"""A scripted TLS 1.2 server that answers heartbeats, as the patched code does or as the code before it did.

No release with patched heartbeats is to be had; this one is `tests.tls.flawed_tls` with the extension and the
records of RFC 6520 added, in a thread of the test.
"""

import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.tls.flawed_record import PeerError, Records
from tests.tls.flawed_tls import _Connection, _extension, _Hello, _Server

HEARTBEAT = 24
PADDING_OCTETS = 16


class HeartbeatRecords(Records):
    """Records with heartbeats among them.

    Attributes:
        asked: The requests that came.
    """

    def __init__(self, connection: socket.socket, *, patched: bool) -> None:
        super().__init__(connection, frozenset())
        self._patched = patched
        self.asked: list[bytes] = []

    def read(self, *, early: bool = False) -> tuple[int, bytes]:
        while True:
            header = self._take(5)
            if header[0] != HEARTBEAT:
                self._buffer = header + self._buffer
                return super().read(early=early)
            octets = self._take(int.from_bytes(header[3:], "big"))
            assert self.reading is not None
            self._answer(self.reading.open(HEARTBEAT, octets))

    def _answer(self, octets: bytes) -> None:
        self.asked.append(octets)
        size = int.from_bytes(octets[1:3], "big")
        if self._patched and 3 + size + PADDING_OCTETS > len(octets):
            return  # in silence (RFC 6520 §4)
        self.write(HEARTBEAT, b"\x02" + octets[1 : 3 + size] + bytes(PADDING_OCTETS))


class _HeartbeatConnection(_Connection):
    def __init__(self, server: _Server, connection: socket.socket, *, patched: bool) -> None:
        super().__init__(server, connection)
        self.records = HeartbeatRecords(connection, patched=patched)
        self._records = self.records

    def _server_hello(self, hello: _Hello, random: bytes, suite: int, *, resumed: bool) -> bytes:
        body = super()._server_hello(hello, random, suite, resumed=resumed)
        fixed = 35 + body[34] + 3
        added = body[fixed + 2 :] + _extension(15, b"\x01")
        return body[:fixed] + len(added).to_bytes(2, "big") + added


class HeartbeatServer:
    """Serves with implicit TLS on loopback; a context manager.

    Attributes:
        port: Where it listens.
        asked: The requests of all connections.
    """

    def __init__(self, pair: dict[str, str], dh: Path, *, patched: bool) -> None:
        orders: dict[str, Any] = {
            "flaws": (),
            "kinds": ["rsa"],
            "tickets": False,
            "identity": pair,
            "dh": str(dh),
        }
        self._server = _Server(orders)
        self._patched = patched
        self.asked: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(10)
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        made = _HeartbeatConnection(self._server, connection, patched=self._patched)
        with connection:
            try:
                made.shake_hands()
                made.write(b"220 mx.tls.test ESMTP\r\n")
                while made.read(4096):
                    made.write(b"250 mx.tls.test\r\n")
            except (PeerError, OSError):
                pass
            finally:
                self.asked += made.records.asked
