"""The key schedule of TLS 1.3 (RFC 8446 §7.1) and what is derived from it, for the suites of appendix B.4.

Plain computation on octets; the transcript and the shared secret are arguments. Records are protected in
``wire.tls13_protection``, shared secrets come from ``wire.tls13_groups``. No secret shows in a repr.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from waxseal.wire.tls_fields import number, vector


@dataclass(frozen=True, slots=True)
class Suite:
    """A TLS 1.3 suite (RFC 8446 appendix B.4).

    Attributes:
        number: In the registry.
        hash_name: As ``hashlib`` names it.
        aead: ``gcm``, ``chacha20`` or ``ccm``.
        key_octets: Size of the AEAD's key.
        tag_octets: Size of the AEAD's tag.
    """

    number: int
    hash_name: str
    aead: str
    key_octets: int
    tag_octets: int = 16

    @property
    def hash_octets(self) -> int:
        """Size of the hash."""
        return 48 if self.hash_name == "sha384" else 32


SUITES: Final = {
    suite.number: suite
    for suite in (
        Suite(0x1301, "sha256", "gcm", 16),
        Suite(0x1302, "sha384", "gcm", 32),
        Suite(0x1303, "sha256", "chacha20", 32),
        Suite(0x1304, "sha256", "ccm", 16),
        Suite(0x1305, "sha256", "ccm", 16, 8),
    )
}
"""The suites that this version can speak, by number."""


def extract(hash_name: str, salt: bytes, secret: bytes) -> bytes:
    """HKDF-Extract (RFC 5869 §2.2)."""
    return hmac.digest(salt, secret, hash_name)


def expand_label(hash_name: str, secret: bytes, label: str, context: bytes, octets: int) -> bytes:
    """HKDF-Expand-Label (RFC 8446 §7.1)."""
    info = _label(label, octets) + bytes([len(context)]) + context
    block, output = b"", b""
    step = 1
    while len(output) < octets:
        block = hmac.digest(secret, block + info + bytes([step]), hash_name)
        output += block
        step += 1
    return output[:octets]


@cache
def _label(label: str, octets: int) -> bytes:
    """The part of HkdfLabel that is always the same (RFC 8446 §7.1)."""
    return number(octets, 2) + vector(b"tls13 " + label.encode("ascii"), 1)


def next_secret(hash_name: str, secret: bytes) -> bytes:
    """The traffic secret after a KeyUpdate (RFC 8446 §7.2)."""
    return expand_label(hash_name, secret, "traffic upd", b"", len(secret))


def finished(hash_name: str, secret: bytes, transcript_hash: bytes) -> bytes:
    """verify_data of a Finished, and a PSK binder (RFC 8446 §4.4.4)."""
    key = expand_label(hash_name, secret, "finished", b"", len(secret))
    return hmac.digest(key, transcript_hash, hash_name)


def ticket_secret(hash_name: str, resumption_secret: bytes, nonce: bytes) -> bytes:
    """The pre-shared key that belongs to a ticket (RFC 8446 §4.6.1)."""
    return expand_label(hash_name, resumption_secret, "resumption", nonce, len(resumption_secret))


@dataclass(slots=True)
class KeySchedule:
    """The secrets of one connection, filled in as the handshake goes on (RFC 8446 §7.1).

    Attributes:
        hash_name: The suite's hash.
        early: Early secret.
        client_handshake, server_handshake: Handshake traffic secrets; b"" before ServerHello.
        client_application, server_application: First application traffic secrets; b"" before Finished.
    """

    hash_name: str
    early: bytes = field(repr=False)
    client_handshake: bytes = field(default=b"", repr=False)
    server_handshake: bytes = field(default=b"", repr=False)
    client_application: bytes = field(default=b"", repr=False)
    server_application: bytes = field(default=b"", repr=False)
    _completed: bytes = b""
    _remembered: bytes = b""
    _main: bytes = field(default=b"", repr=False)

    @classmethod
    def begin(cls, hash_name: str, psk: bytes = b"") -> "KeySchedule":
        """Start from a pre-shared key, or from none."""
        zeros = bytes(hashlib.new(hash_name).digest_size)
        return cls(hash_name, extract(hash_name, zeros, psk or zeros))

    def derive(self, secret: bytes, label: str, transcript_hash: bytes) -> bytes:
        """Derive-Secret, with the hash of the messages in place of the messages."""
        return expand_label(self.hash_name, secret, label, transcript_hash, len(secret))

    def _after(self, secret: bytes, added: bytes) -> bytes:
        """The next extracted secret: Derive-Secret(., "derived", "") is its salt."""
        empty = hashlib.new(self.hash_name).digest()
        return extract(self.hash_name, self.derive(secret, "derived", empty), added)

    def binder(self, transcript_hash: bytes, *, external: bool = False) -> bytes:
        """The binder over a hello cut before its binders (RFC 8446 §4.2.11.2)."""
        empty = hashlib.new(self.hash_name).digest()
        key = self.derive(self.early, "ext binder" if external else "res binder", empty)
        return finished(self.hash_name, key, transcript_hash)

    def meet(self, shared: bytes, transcript_hash: bytes) -> None:
        """Take in the shared secret, b"" for a PSK alone; the transcript ends with ServerHello."""
        handshake = self._after(self.early, shared or bytes(len(self.early)))
        self.client_handshake = self.derive(handshake, "c hs traffic", transcript_hash)
        self.server_handshake = self.derive(handshake, "s hs traffic", transcript_hash)
        self._main = self._after(handshake, bytes(len(self.early)))

    def complete(self, transcript_hash: bytes) -> None:
        """Derive the application secrets; the transcript ends with the server's Finished."""
        self.client_application = self.derive(self._main, "c ap traffic", transcript_hash)
        self.server_application = self.derive(self._main, "s ap traffic", transcript_hash)
        self._completed = transcript_hash

    def remember(self, transcript_hash: bytes) -> None:
        """Take in the transcript that ends with the client's Finished."""
        self._remembered = transcript_hash

    @property
    def exporter(self) -> bytes:
        """exporter_master_secret; b"" before the server's Finished."""
        return self.derive(self._main, "exp master", self._completed) if self._completed else b""

    @property
    def resumption(self) -> bytes:
        """resumption_master_secret; b"" before the client's Finished."""
        return self.derive(self._main, "res master", self._remembered) if self._remembered else b""
