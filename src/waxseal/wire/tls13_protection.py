"""Record protection of TLS 1.3 (RFC 8446 §5.2 and §5.3): records sealed and opened under one traffic secret.

The AEADs are those of ``cryptography``, loaded when the first record needs one. Secrets come from
``wire.tls13_keys`` and show in no repr.
"""

from functools import cache
from typing import Any, Final

from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13_keys import Suite, expand_label, finished, next_secret
from waxseal.wire.tls_fields import number

MAX_PLAINTEXT_OCTETS: Final = 2**14
"""The longest fragment of one record (RFC 8446 §5.1)."""
MAX_CIPHERTEXT_OCTETS: Final = 2**14 + 256
"""The longest payload of a protected record (RFC 8446 §5.2)."""
_NONCE_OCTETS = 12


class RecordProtection:
    """One direction of a connection under one traffic secret and its successors.

    Attributes:
        suite: The suite.
        updates: How often the secret was followed by its successor.
    """

    __slots__ = ("_aead", "_iv", "_secret", "_sequence", "suite", "updates")

    def __init__(self, suite: Suite, secret: bytes) -> None:
        self.suite = suite
        self.updates = 0
        self._take(secret)

    def __repr__(self) -> str:
        return f"RecordProtection(suite={self.suite.number:#06x}, sequence={self._sequence})"

    def _take(self, secret: bytes) -> None:
        """Begin to count anew under a secret; its key is made when the first record needs it."""
        self._secret = secret
        self._sequence = 0
        self._aead: Any = None
        self._iv = 0

    def _keys(self) -> Any:
        """The AEAD under the secret's key, with the IV at hand (RFC 8446 §7.3)."""
        hash_name, secret = self.suite.hash_name, self._secret
        key = expand_label(hash_name, secret, "key", b"", self.suite.key_octets)
        self._iv = int.from_bytes(expand_label(hash_name, secret, "iv", b"", _NONCE_OCTETS), "big")
        self._aead = _aead(self.suite, key)
        return self._aead

    def update(self) -> None:
        """Go on to the next secret, as a KeyUpdate says (RFC 8446 §7.2)."""
        self._take(next_secret(self.suite.hash_name, self._secret))
        self.updates += 1

    def finished(self, transcript_hash: bytes) -> bytes:
        """verify_data of a Finished under this secret (RFC 8446 §4.4.4)."""
        return finished(self.suite.hash_name, self._secret, transcript_hash)

    def _nonce(self) -> bytes:
        """The IV with the record's number mixed in (RFC 8446 §5.3)."""
        nonce = (self._iv ^ self._sequence).to_bytes(_NONCE_OCTETS, "big")
        self._sequence += 1
        return nonce

    def seal(self, kind: int, fragment: bytes, padding_octets: int = 0) -> bytes:
        """One protected record with its header; the fragment has at most `MAX_PLAINTEXT_OCTETS`."""
        aead = self._aead or self._keys()
        inner = fragment + bytes([kind]) + bytes(padding_octets)
        header = bytes([reg.APPLICATION_DATA, 3, 3]) + number(len(inner) + self.suite.tag_octets, 2)
        return header + bytes(aead.encrypt(self._nonce(), inner, header))

    def open(self, header: bytes, payload: bytes) -> tuple[int, bytes] | None:
        """Content type and fragment of a protected record; None where it does not open.

        A record of nothing but padding, which RFC 8446 §5.4 forbids, gives content type 0.
        """
        if len(payload) < self.suite.tag_octets:
            return None
        aead = self._aead or self._keys()
        try:
            inner: bytes = aead.decrypt(self._nonce(), payload, header)
        except _library()[1]:
            return None
        fragment = inner.rstrip(b"\x00")
        return (fragment[-1], fragment[:-1]) if fragment else (0, b"")


@cache
def _library() -> tuple[Any, type[Exception]]:
    """The AEADs, and what they raise where a tag is wrong; loaded once."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import aead

    return aead, InvalidTag


def _aead(suite: Suite, key: bytes) -> Any:
    aead = _library()[0]
    if suite.aead == "chacha20":
        return aead.ChaCha20Poly1305(key)
    if suite.aead == "ccm":
        return aead.AESCCM(key, tag_length=suite.tag_octets)
    return aead.AESGCM(key)
