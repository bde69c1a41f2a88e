"""The key schedule of TLS 1.3 (RFC 8446 §7.1) and what is derived from it, for the suites of appendix B.4.

Plain computation on octets; the transcript and the shared secret are arguments. Records are protected in
``wire.tls13_protection``, shared secrets come from ``wire.tls13_groups``. No secret shows in a repr.
"""

import hashlib
import hmac
from dataclasses import dataclass
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
    info = _label(label, octets, len(context)) + context
    output = block = hmac.digest(secret, info + b"\x01", hash_name)
    step = 2
    while len(output) < octets:
        block = hmac.digest(secret, block + info + bytes([step]), hash_name)
        output += block
        step += 1
    return output if len(output) == octets else output[:octets]


@cache
def _label(label: str, octets: int, context_octets: int) -> bytes:
    """The part of HkdfLabel before the context (RFC 8446 §7.1)."""
    return number(octets, 2) + vector(b"tls13 " + label.encode("ascii"), 1) + number(context_octets, 1)


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


_HASHES: Final = {"sha256": hashlib.sha256, "sha384": hashlib.sha384}


def hash_of(hash_name: str, octets: bytes) -> "hashlib._Hash":
    """A running hash that begins with these octets, for a transcript (RFC 8446 §4.4.1)."""
    return _HASHES[hash_name](octets)


@cache
def _empty(hash_name: str) -> bytes:
    """Hash of no messages at all."""
    return _HASHES[hash_name](b"").digest()


@cache
def _without_psk(hash_name: str) -> tuple[bytes, bytes]:
    """Early secret without a pre-shared key, and the salt that follows from it: the same for everyone."""
    zeros = bytes(len(_empty(hash_name)))
    early = extract(hash_name, zeros, zeros)
    return early, expand_label(hash_name, early, "derived", _empty(hash_name), len(early))


class KeySchedule:
    """The secrets of one connection, each derived when it is asked for (RFC 8446 §7.1).

    Attributes:
        hash_name: The suite's hash.
        early: Early secret.
    """

    __slots__ = (
        "_at_finished",
        "_at_hello",
        "_client_handshake",
        "_handshake",
        "_main",
        "_remembered",
        "_salt",
        "_server_handshake",
        "early",
        "hash_name",
    )

    def __init__(self, hash_name: str, early: bytes, salt: bytes = b"") -> None:
        self.hash_name = hash_name
        self.early = early
        self._salt = salt
        self._handshake = self._main = b""
        self._client_handshake = self._server_handshake = b""
        self._at_hello = self._at_finished = self._remembered = b""

    def __repr__(self) -> str:
        return f"KeySchedule({self.hash_name})"

    @classmethod
    def begin(cls, hash_name: str, psk: bytes = b"") -> "KeySchedule":
        """Start from a pre-shared key, or from none."""
        if not psk:
            return cls(hash_name, *_without_psk(hash_name))
        return cls(hash_name, extract(hash_name, bytes(len(_empty(hash_name))), psk))

    def derive(self, secret: bytes, label: str, transcript_hash: bytes) -> bytes:
        """Derive-Secret, with the hash of the messages in place of the messages."""
        return expand_label(self.hash_name, secret, label, transcript_hash, len(secret))

    def binder(self, transcript_hash: bytes, *, external: bool = False) -> bytes:
        """The binder over a hello cut before its binders (RFC 8446 §4.2.11.2)."""
        key = self.derive(self.early, "ext binder" if external else "res binder", _empty(self.hash_name))
        return finished(self.hash_name, key, transcript_hash)

    def client_early(self, transcript_hash: bytes) -> bytes:
        """client_early_traffic_secret; the transcript is the first ClientHello."""
        return self.derive(self.early, "c e traffic", transcript_hash)

    def meet(self, shared: bytes, transcript_hash: bytes) -> None:
        """Take in the shared secret, b"" for a PSK alone; the transcript ends with ServerHello."""
        salt = self._salt or self.derive(self.early, "derived", _empty(self.hash_name))
        self._handshake = extract(self.hash_name, salt, shared or bytes(len(self.early)))
        self._at_hello = transcript_hash

    def complete(self, transcript_hash: bytes) -> None:
        """Take in the transcript that ends with the server's Finished."""
        self._at_finished = transcript_hash
        salt = self.derive(self._handshake, "derived", _empty(self.hash_name))
        self._main = extract(self.hash_name, salt, bytes(len(self.early)))

    def remember(self, transcript_hash: bytes) -> None:
        """Take in the transcript that ends with the client's Finished."""
        self._remembered = transcript_hash

    @property
    def client_handshake(self) -> bytes:
        """client_handshake_traffic_secret; b"" before ServerHello."""
        if not self._client_handshake and self._at_hello:
            self._client_handshake = self.derive(self._handshake, "c hs traffic", self._at_hello)
        return self._client_handshake

    @property
    def server_handshake(self) -> bytes:
        """server_handshake_traffic_secret; b"" before ServerHello."""
        if not self._server_handshake and self._at_hello:
            self._server_handshake = self.derive(self._handshake, "s hs traffic", self._at_hello)
        return self._server_handshake

    @property
    def client_application(self) -> bytes:
        """client_application_traffic_secret_0; b"" before the server's Finished."""
        return self.derive(self._main, "c ap traffic", self._at_finished) if self._main else b""

    @property
    def server_application(self) -> bytes:
        """server_application_traffic_secret_0; b"" before the server's Finished."""
        return self.derive(self._main, "s ap traffic", self._at_finished) if self._main else b""

    @property
    def exporter(self) -> bytes:
        """exporter_master_secret; b"" before the server's Finished."""
        return self.derive(self._main, "exp master", self._at_finished) if self._main else b""

    @property
    def resumption(self) -> bytes:
        """resumption_master_secret; b"" before the client's Finished."""
        return self.derive(self._main, "res master", self._remembered) if self._remembered else b""
