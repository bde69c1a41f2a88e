"""Record protection of SSL 3.0 to TLS 1.2: records sealed and opened under the keys of one direction.

RFC 5246 §6.2.3, RFC 4346 §6.2.3.2 and RFC 2246 §6.2.3.2 for CBC, RFC 6101 §5.2.3 for SSL 3.0's MAC and
padding, RFC 7366 for encrypt-then-MAC, RFC 5288, RFC 6655 and RFC 7905 for AEADs. A record can be spoilt on
order, for probes of how a server takes one that is wrong. Keys come from ``wire.tls12_keys``.
"""

import hashlib
import hmac
from collections.abc import Callable
from typing import Any, Final

from waxseal.wire.tls12_keys import SSL_3_0
from waxseal.wire.tls12_suites import AEADS, Mode, Suite12, aead_of, block_or_stream
from waxseal.wire.tls13_groups import Entropy
from waxseal.wire.tls_fields import number

TLS_1_0: Final = 0x0301
EXPLICIT_NONCE_OCTETS: Final = 8

Spoil = Callable[[bytes, bytes, bytes], bytes]
"""Puts together what a record holds, in place of the right way, which is to join the three: content (with
encrypt-then-MAC and AEADs the ciphertext), MAC or tag, and CBC padding with its length octet. What is to be
encrypted by a block cipher must stay a multiple of its block."""


def wrong_padding(content: bytes, mac: bytes, padding: bytes) -> bytes:
    """A `Spoil`: the right MAC, and the first padding octet changed, which SSL 3.0 does not look at.

    Where there is one padding octet, that is the length itself.

    Raises:
        ValueError: There is no padding: the cipher is no block cipher, or the MAC goes around it.
    """
    if not padding:
        raise ValueError("there is no padding to spoil")
    return content + mac + bytes([padding[0] ^ 1]) + padding[1:]


def wrong_mac(content: bytes, mac: bytes, padding: bytes) -> bytes:
    """A `Spoil`: the last octet of the MAC changed."""
    return content + mac[:-1] + bytes([mac[-1] ^ 1]) + padding


class Tls12Protection:
    """One direction of a connection under one set of keys.

    Attributes:
        suite: The suite.
        version: The negotiated version.
        encrypt_then_mac: Whether the MAC is over the ciphertext (RFC 7366 §3); with CBC only.
    """

    __slots__ = (
        "_context",
        "_entropy",
        "_iv",
        "_key",
        "_mac_key",
        "_sequence",
        "_sizes",
        "encrypt_then_mac",
        "suite",
        "version",
    )

    def __init__(
        self,
        suite: Suite12,
        version: int,
        keys: tuple[bytes, bytes, bytes],
        entropy: Entropy,
        *,
        encrypt_then_mac: bool = False,
    ) -> None:
        """Prepare a direction.

        Args:
            suite: The suite; its cipher has to work on this machine.
            version: The negotiated version.
            keys: MAC key, key and IV, as `Secrets12.key_block` gives them.
            entropy: Gives the explicit IVs of CBC from TLS 1.1 on.
            encrypt_then_mac: Whether the server agreed to it.
        """
        self.suite = suite
        self.version = version
        self.encrypt_then_mac = encrypt_then_mac and suite.cipher.mode is Mode.CBC
        self._mac_key, self._key, self._iv = keys
        self._entropy = entropy
        self._sequence = 0
        self._context: Any = None
        mac_octets = hashlib.new(suite.mac).digest_size if suite.mac else 0
        self._sizes = (mac_octets, suite.cipher.block_octets)

    def __repr__(self) -> str:
        return f"Tls12Protection(suite={self.suite.number:#06x}, sequence={self._sequence})"

    def seal(self, kind: int, octets: bytes, *, spoil: Spoil | None = None) -> bytes:
        """One protected record with its header.

        Args:
            kind: Content type.
            octets: The content, at most 2**14 octets.
            spoil: Puts the parts together another way than the right one.
        """
        join = spoil or _joined
        mode = self.suite.cipher.mode
        if mode in AEADS:
            payload = self._seal_aead(kind, octets, join)
        elif mode is Mode.STREAM:
            payload = self._encrypted(join(octets, self._mac(kind, octets), b""))
        else:
            payload = self._seal_cbc(kind, octets, join)
        self._sequence += 1
        return bytes([kind]) + number(self.version, 2) + number(len(payload), 2) + payload

    def open(self, kind: int, payload: bytes) -> bytes | None:
        """Content of a protected record; None where it does not open, whatever was wrong."""
        mode = self.suite.cipher.mode
        if mode in AEADS:
            content = self._open_aead(kind, payload)
        elif mode is Mode.STREAM:
            content = self._without_mac(kind, self._decrypted(payload))
        else:
            content = self._open_cbc(kind, payload)
        self._sequence += 1
        return content

    def _seal_cbc(self, kind: int, octets: bytes, join: Spoil) -> bytes:
        """CBC with the MAC inside (RFC 5246 §6.2.3.2), or around the ciphertext (RFC 7366 §3)."""
        mac_octets, block_octets = self._sizes
        inside = len(octets) + (0 if self.encrypt_then_mac else mac_octets)
        size = block_octets - inside % block_octets
        padding = bytes([size - 1]) * size
        # From TLS 1.1 on each record begins with a random block, which serves as its IV (RFC 4346 §6.2.3.2).
        first = self._entropy(block_octets) if self.version > TLS_1_0 else b""
        if not self.encrypt_then_mac:
            return self._encrypted(first + join(octets, self._mac(kind, octets), padding))
        ciphertext = self._encrypted(first + octets + padding)
        return join(ciphertext, self._mac(kind, ciphertext), b"")

    def _open_cbc(self, kind: int, payload: bytes) -> bytes | None:
        block_octets = self._sizes[1]
        if self.encrypt_then_mac:
            ciphertext = self._without_mac(kind, payload)
            if ciphertext is None:
                return None
            payload = ciphertext
        if not payload or len(payload) % block_octets:
            return None
        plain = self._decrypted(payload)[block_octets if self.version > TLS_1_0 else 0 :]
        size = plain[-1] + 1 if plain else 0
        if not 0 < size <= len(plain):
            return None
        # In SSL 3.0 padding is shorter than a block, and its octets may be any (RFC 6101 §5.2.3.2).
        any_octets = self.version == SSL_3_0 and size <= block_octets
        if not any_octets and (self.version == SSL_3_0 or plain[-size:] != bytes([size - 1]) * size):
            return None
        return plain[:-size] if self.encrypt_then_mac else self._without_mac(kind, plain[:-size])

    def _without_mac(self, kind: int, octets: bytes) -> bytes | None:
        """What stands before the MAC, where that is right."""
        size = self._sizes[0]
        cut = len(octets) - size
        if cut < 0 or not hmac.compare_digest(octets[cut:], self._mac(kind, octets[:cut])):
            return None
        return octets[:cut]

    def _mac(self, kind: int, octets: bytes) -> bytes:
        """MAC of a record (RFC 5246 §6.2.3.1, RFC 6101 §5.2.3.1)."""
        head = number(self._sequence, 8) + bytes([kind])
        if self.version > SSL_3_0:
            head += number(self.version, 2)
            return hmac.digest(self._mac_key, head + number(len(octets), 2) + octets, self.suite.mac)
        fill = 48 if self.suite.mac == "md5" else 40
        inner = self._mac_key + b"\x36" * fill + head + number(len(octets), 2) + octets
        outer = self._mac_key + b"\x5c" * fill + hashlib.new(self.suite.mac, inner).digest()
        return hashlib.new(self.suite.mac, outer).digest()

    def _seal_aead(self, kind: int, octets: bytes, join: Spoil) -> bytes:
        nonce, explicit = self._nonce(number(self._sequence, EXPLICIT_NONCE_OCTETS))
        sealed = bytes(self._aead().encrypt(nonce, octets, self._associated(kind, len(octets))))
        cut = len(sealed) - self.suite.cipher.tag_octets
        return explicit + join(sealed[:cut], sealed[cut:], b"")

    def _open_aead(self, kind: int, payload: bytes) -> bytes | None:
        from cryptography.exceptions import InvalidTag

        cipher = self.suite.cipher
        skip = 0 if cipher.mode is Mode.CHACHA20 else EXPLICIT_NONCE_OCTETS
        size = len(payload) - skip - cipher.tag_octets
        if size < 0:
            return None
        nonce, _ = self._nonce(payload[:skip])
        try:
            return bytes(self._aead().decrypt(nonce, payload[skip:], self._associated(kind, size)))
        except InvalidTag:
            return None

    def _nonce(self, explicit: bytes) -> tuple[bytes, bytes]:
        """Nonce, and the part of it that is sent: with ChaCha20 none of it (RFC 7905 §2, RFC 5288 §3)."""
        if self.suite.cipher.mode is Mode.CHACHA20:
            return (int.from_bytes(self._iv, "big") ^ self._sequence).to_bytes(12, "big"), b""
        return self._iv + explicit, explicit

    def _associated(self, kind: int, size: int) -> bytes:
        """The additional data of an AEAD (RFC 5246 §6.2.3.3)."""
        return number(self._sequence, 8) + bytes([kind]) + number(self.version, 2) + number(size, 2)

    def _aead(self) -> Any:
        if self._context is None:
            self._context = aead_of(self.suite.cipher, self._key)
        return self._context

    def _encrypted(self, octets: bytes) -> bytes:
        return self._moved(octets, "encryptor")

    def _decrypted(self, octets: bytes) -> bytes:
        return self._moved(octets, "decryptor")

    def _moved(self, octets: bytes, direction: str) -> bytes:
        """Through the cipher, whose state goes on from record to record.

        With CBC in SSL 3.0 and TLS 1.0 that is the standard (RFC 2246 §6.2.3.2); from TLS 1.1 on the first
        block is thrown away, so what it is chained to does not matter.
        """
        if not self.suite.cipher.algorithm:
            return octets
        if self._context is None:
            whole = block_or_stream(self.suite.cipher, self._key, self._iv)
            self._context = getattr(whole, direction)()
        return bytes(self._context.update(octets))


def _joined(content: bytes, mac: bytes, padding: bytes) -> bytes:
    return content + mac + padding
