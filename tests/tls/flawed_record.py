"""Records of the small flawed TLS 1.2 server: reading, writing, AES-CBC with HMAC, and its flaws.

RFC 5246 §6.2. Which flaw is which, says `flawed_tls.FLAWS`.
"""

from __future__ import annotations

import hmac
import os
import zlib
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

CHANGE_CIPHER_SPEC: Final = 20
ALERT: Final = 21
HANDSHAKE: Final = 22
APPLICATION: Final = 23

_VERSION: Final = b"\x03\x03"
_BLOCK: Final = 16
_MOST_OCTETS: Final = 16384 + 2048
_MOST_PLAIN: Final = 16384


class PeerError(OSError):
    """The connection is over."""


def prf(secret: bytes, label: bytes, seed: bytes, size: int) -> bytes:
    """P_SHA256 (RFC 5246 §5)."""
    seed = label + seed
    stretched, link = b"", seed
    while len(stretched) < size:
        link = hmac.digest(secret, link, "sha256")
        stretched += hmac.digest(secret, link + seed, "sha256")
    return stretched[:size]


class _UndoError(Exception):
    """A record that cannot be opened, and the alert for it."""

    def __init__(self, alert: int) -> None:
        super().__init__(alert)
        self.alert = alert


class Protection:
    """One direction's keys."""

    def __init__(
        self,
        mac_key: bytes,
        key: bytes,
        digest: Callable[..., Any],
        flaws: frozenset[str],
        *,
        compress: bool,
    ) -> None:
        self._mac_key = mac_key
        self._key = key
        self._digest = digest
        self._mac_octets = int(digest().digest_size)
        self._flaws = flaws
        self._count = 0
        self._deflate = zlib.compressobj() if compress else None
        self._inflate = zlib.decompressobj() if compress else None

    def protect(self, kind: int, plain: bytes) -> bytes:
        if self._deflate is not None:
            plain = self._deflate.compress(plain) + self._deflate.flush(zlib.Z_SYNC_FLUSH)  # RFC 3749 §2
        content = plain + self.mac(kind, plain)
        missing = _BLOCK - len(content) % _BLOCK
        return self.encrypt(content + bytes([missing - 1]) * missing)

    def encrypt(self, content: bytes) -> bytes:
        """Whole blocks, with a fresh vector before them."""
        vector = os.urandom(_BLOCK)
        encryptor = Cipher(algorithms.AES(self._key), modes.CBC(vector)).encryptor()
        return vector + encryptor.update(content) + encryptor.finalize()

    def open(self, kind: int, octets: bytes) -> bytes:
        """Raises _UndoError; sound servers tell bad padding and a bad MAC by nothing (RFC 5246 §6.2.3.2)."""
        if len(octets) % _BLOCK or len(octets) < 2 * _BLOCK:
            raise _UndoError(20)
        decryptor = Cipher(algorithms.AES(self._key), modes.CBC(octets[:_BLOCK])).decryptor()
        content = decryptor.update(octets[_BLOCK:]) + decryptor.finalize()
        size = content[-1] + 1
        if size + self._mac_octets > len(content):
            if "padding-overflow" in self._flaws and set(content) == {content[-1]}:
                raise _UndoError(22)
            raise _UndoError(21 if "padding-alert" in self._flaws else 20)
        if set(content[-size:]) != {content[-1]} and "padding-unchecked" not in self._flaws:
            raise _UndoError(21 if "padding-alert" in self._flaws else 20)
        content = content[:-size]
        plain, mac = content[: -self._mac_octets], content[-self._mac_octets :]
        if not hmac.compare_digest(mac, self.mac(kind, plain)):
            raise _UndoError(80 if "zero-length" in self._flaws and not plain else 20)
        return self._inflate.decompress(plain, _MOST_PLAIN) if self._inflate is not None else plain

    def mac(self, kind: int, plain: bytes) -> bytes:
        """Over the next record."""
        header = self._count.to_bytes(8, "big") + bytes([kind]) + _VERSION + len(plain).to_bytes(2, "big")
        self._count += 1
        return hmac.digest(self._mac_key, header + plain, self._digest)


class Records:
    """The record layer of one connection.

    Attributes:
        reading, writing: The protections in force; None in the clear.
    """

    def __init__(self, connection: socket.socket, flaws: frozenset[str]) -> None:
        self._connection = connection
        self._flaws = flaws
        self._buffer = b""
        self._was_early = False
        self.reading: Protection | None = None
        self.writing: Protection | None = None

    def write(self, kind: int, plain: bytes) -> None:
        """As many records as it takes."""
        for at in range(0, len(plain), _MOST_PLAIN):
            octets = plain[at : at + _MOST_PLAIN]
            if self.writing is not None:
                octets = self.writing.protect(kind, octets)
            self._connection.sendall(bytes([kind]) + _VERSION + len(octets).to_bytes(2, "big") + octets)

    def read(self, *, early: bool = False) -> tuple[int, bytes]:
        """Content type and content of the next record.

        Args:
            early: Where a ChangeCipherSpec would come too early.

        Raises:
            PeerError: The peer is gone or has sent what ends the connection.
        """
        while True:
            header = self._take(5)
            kind, size = header[0], int.from_bytes(header[3:], "big")
            if size > _MOST_OCTETS or kind not in (CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION):
                raise self.alert(22 if size > _MOST_OCTETS else 10)
            octets = self._take(size)
            if self.reading is not None:
                try:
                    octets = self.reading.open(kind, octets)
                except _UndoError as error:
                    raise self.alert(error.alert) from None
            if early and kind == CHANGE_CIPHER_SPEC and "early-ccs" in self._flaws and not self._was_early:
                self._was_early = True  # the first is taken in silence, the second ends the connection
                continue
            if kind == ALERT and octets[:1] == b"\x02":
                raise PeerError(f"the client sent alert {octets[1:].hex()}")
            return kind, octets

    def expect_change_cipher_spec(self) -> None:
        if self.read() != (CHANGE_CIPHER_SPEC, b"\x01"):
            raise self.alert(10)

    def alert(self, number: int) -> PeerError:
        """Sends a fatal alert; to be raised."""
        self.write(ALERT, bytes([2, number]))
        return PeerError(f"sent alert {number}")

    def swallow(self) -> None:
        """Reads until the peer goes."""
        while self._connection.recv(4096):
            pass

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            octets = self._connection.recv(16384)
            if not octets:
                raise PeerError("the client has gone")
            self._buffer += octets
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken
