"""Bleichenbacher's oracle in RSA key exchange (ROBOT, CVE-2017-13099): five ciphertexts, replies compared.

A server must treat a ClientKeyExchange with wrong padding as one with a right one of another secret (RFC
5246 §7.4.7.1). Each ciphertext here is a fresh one made with the server's public key; nothing is decrypted,
and no recorded one is ever sent. The flows and the five blocks are those of H. Böck, J. Somorovsky, C.
Young, "Return Of Bleichenbacher's Oracle Threat" (USENIX Security 2018), §5.
"""

from typing import Final

from waxseal.facts import Cause, Reaction
from waxseal.probes.tls.flaws.clear import ClearTalk
from waxseal.probes.tls.flaws.series import Trial
from waxseal.probes.tls.question import HelloTalk, entropy
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls12_exchange import (
    MAX_EXPONENT_BITS,
    MAX_MODULUS_BITS,
    MIN_MODULUS_BITS,
    RsaKey,
    rsa_key_of,
)
from waxseal.wire.tls12_keys import SSL_3_0
from waxseal.wire.tls_fields import message, number, records, vector
from waxseal.wire.tls_suite_properties import suite_properties

RIGHT: Final = "right"
WRONG_START: Final = "wrong-start"
NO_ZERO: Final = "no-zero"
ZERO_ELSEWHERE: Final = "zero-elsewhere"
WRONG_VERSION: Final = "wrong-version"
BLOCKS: Final = (RIGHT, WRONG_START, NO_ZERO, ZERO_ELSEWHERE, WRONG_VERSION)
"""Right; not 00 02 in front; no 00 before the secret; 00 before its last octet alone; another version."""

SECRET_OCTETS: Final = 48
_FINISHED_OCTETS: Final = 96
"""A multiple of every block, with room for IV and MAC: what is wrong with it is its content alone."""
_NO_CERTIFICATE: Final = b"\x01\x29"
"""The warning that stands for no certificate in SSL 3.0 (RFC 6101 §5.6.6)."""


def with_rsa(suite: int) -> bool:
    """Whether a suite's key exchange is RSA with the key of the certificate."""
    properties = suite_properties(suite)
    return properties is not None and (properties.key_exchange, properties.authentication) == ("RSA", "RSA")


def usable_key(talk: HelloTalk) -> RsaKey | None:
    """The RSA key of the certificate that a flight showed; None where the blocks cannot be made for it."""
    shown = talk.flight.certificates
    key = rsa_key_of(shown.certificates[0]) if shown is not None and shown.certificates else None
    if key is None or not MIN_MODULUS_BITS <= key.modulus.bit_length() <= MAX_MODULUS_BITS:
        return None
    if key.exponent.bit_length() > MAX_EXPONENT_BITS:
        return None
    return key if (key.modulus.bit_length() + 7) // 8 >= SECRET_OCTETS + 11 else None


def block(variant: str, size: int, offered: int, *, whole_octets: bool = True) -> bytes:
    """An encryption block of RSAES-PKCS1-v1_5 (RFC 8017 §7.2.1), right or spoilt in one way.

    Args:
        variant: One of `BLOCKS`.
        size: Octets of the modulus.
        offered: The ClientHello's version, with which the secret begins (RFC 5246 §7.4.7.1).
        whole_octets: Whether the modulus fills its first octet, so that a block may begin with 41.

    Raises:
        ValueError: There is no such variant.
    """
    if variant not in BLOCKS:
        raise ValueError(f"no block is called {variant!r}")
    start, before, secret = b"\x00\x02", b"\x00", number(offered, 2) + _nonzero(SECRET_OCTETS - 2)
    if variant == WRONG_START:
        start = b"\x41\x17" if whole_octets else b"\x00\x17"
    elif variant == NO_ZERO:
        before = b"\x11"
    elif variant == ZERO_ELSEWHERE:
        before, secret = b"\x11", secret[:-2] + b"\x00" + secret[-1:]
    elif variant == WRONG_VERSION:
        secret = b"\x02\x02" + secret[2:]
    return start + _nonzero(size - 3 - SECRET_OCTETS) + before + secret


def _nonzero(size: int) -> bytes:
    return bytes(octet or 1 for octet in entropy(size))


def encrypted(octets: bytes, key: RsaKey) -> bytes:
    """The block under the public key, with no padding added."""
    size = (key.modulus.bit_length() + 7) // 8
    return pow(int.from_bytes(octets, "big"), key.exponent, key.modulus).to_bytes(size, "big")


def key_exchange(variant: str, talk: HelloTalk, key: RsaKey, *, finished: bool) -> bytes:
    """The records that answer a flight: ClientKeyExchange, and a Finished of noise where that is wanted.

    A server that asks for a certificate is told first that there is none (RFC 5246 §7.4.6).
    """
    version = talk.flight.version or talk.hello.legacy_version
    bits = key.modulus.bit_length()
    made = block(variant, (bits + 7) // 8, talk.hello.legacy_version, whole_octets=bits % 8 == 0)
    body = encrypted(made, key)
    messages = message(reg.CLIENT_KEY_EXCHANGE, body if version == SSL_3_0 else vector(body, 2))
    octets = b""
    if talk.flight.request is not None:
        if version == SSL_3_0:
            octets = records(reg.ALERT, _NO_CERTIFICATE, version)
        else:
            messages = message(reg.CERTIFICATE, vector(b"", 3)) + messages
    octets += records(reg.HANDSHAKE, messages, version)
    if finished:
        octets += records(reg.CHANGE_CIPHER_SPEC, b"\x01", version)
        octets += records(reg.HANDSHAKE, entropy(_FINISHED_OCTETS), version)
    return octets


class RsaTalk(ClearTalk, Trial):
    """One ciphertext behind a flight, and the reply to it."""

    def __init__(self, variant: str, talk: HelloTalk, key: RsaKey, quiet_s: float, *, finished: bool) -> None:
        super().__init__(key_exchange(variant, talk, key, finished=finished), quiet_s)
        self.variant = variant
        self.version = talk.flight.version or 0
        self.suite = talk.flight.suite or 0

    def reply(self) -> Reaction | None:
        """What came; None where the test could not be ended."""
        return None if self.cause is Cause.NOT_TLS else ClearTalk.reply(self)
