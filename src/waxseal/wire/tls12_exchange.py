"""The client's half of a key exchange up to TLS 1.2: ClientKeyExchange and the premain secret.

RSA (RFC 5246 §7.4.7.1, RFC 8017 §7.2.1), DHE (RFC 5246 §7.4.7.2, §8.1.2) and ECDHE (RFC 8422 §5.7, §5.10).
RSA and DHE are plain arithmetic, within bounds, so that the short keys of old servers work as well; nothing
that is secret here protects anything but the test itself. Curves that TLS 1.3 has are in
``wire.tls13_groups``.
"""

from functools import cache
from typing import Any, Final, NamedTuple

from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13_groups import Entropy, ShareError, available_groups, key_share
from waxseal.wire.tls_fields import number, vector
from waxseal.wire.tls_key_exchange import ServerKeyExchange

SSL_3_0: Final = 0x0300
MIN_MODULUS_BITS: Final = 472
"""The shortest RSA modulus that a premain secret of 48 octets fits into (RFC 8017 §7.2.1)."""
MIN_PRIME_BITS: Final = 512
MAX_MODULUS_BITS: Final = 16384
"""The longest modulus that is computed with, of RSA and of Diffie-Hellman."""
MAX_EXPONENT_BITS: Final = 64
"""The longest public exponent of RSA that is computed with."""
_PRIVATE_OCTETS: Final = 32
_RSA_ENCRYPTION: Final = bytes.fromhex("06092a864886f70d010101")

CURVES_OF_TLS12: Final = {
    19: "SECP192R1",
    21: "SECP224R1",
    22: "SECP256K1",
    26: "BrainpoolP256R1",
    27: "BrainpoolP384R1",
    28: "BrainpoolP512R1",
}
"""Curves that only versions before TLS 1.3 may use here, with their names in ``cryptography``."""


class ExchangeError(ValueError):
    """Keys cannot be exchanged with what the server sent.

    Attributes:
        rule: For a `Deviation`.
        source: The section, or that it is a limit of ours.
    """

    def __init__(self, rule: str, source: str) -> None:
        super().__init__(rule)
        self.rule = rule
        self.source = source


class RsaKey(NamedTuple):
    """An RSA public key."""

    modulus: int
    exponent: int


@cache
def exchange_groups() -> tuple[int, ...]:
    """Groups that ECDHE works with on this machine up to TLS 1.2, the usual ones first."""
    usual = tuple(group for group in available_groups() if group in _USUAL)
    return (*usual, *(group for group, name in CURVES_OF_TLS12.items() if _has_curve(name)))


_USUAL = frozenset({reg.X25519, reg.X448, reg.SECP256R1, reg.SECP384R1, reg.SECP521R1})


def exchange_ecdhe(seen: ServerKeyExchange, entropy: Entropy) -> tuple[bytes, bytes]:
    """ClientKeyExchange's body and the premain secret, on the server's curve.

    Raises:
        ExchangeError: The curve is not spoken here, or the point is none of it.
    """
    group = seen.group
    if group is None or group not in exchange_groups():
        raise ExchangeError("group-not-spoken", "limit of waxseal")
    try:
        if group in CURVES_OF_TLS12:
            public, secret = _exchange_on_curve(CURVES_OF_TLS12[group], seen.public, entropy)
        else:
            share = key_share(group, entropy)
            public, secret = share.public, share.secret(seen.public)
    except (ShareError, ValueError) as error:
        raise ExchangeError("public-point-unusable", "RFC 8422 §5.11") from error
    return vector(public, 1), secret


def exchange_dhe(seen: ServerKeyExchange, entropy: Entropy) -> tuple[bytes, bytes]:
    """ClientKeyExchange's body and the premain secret, in the server's Diffie-Hellman group.

    Raises:
        ExchangeError: The group is too short or too long to compute with, or its values are no public ones.
    """
    prime = int.from_bytes(seen.prime, "big")
    generator = int.from_bytes(seen.generator, "big")
    public = int.from_bytes(seen.public, "big")
    if not MIN_PRIME_BITS <= prime.bit_length() <= MAX_MODULUS_BITS:
        raise ExchangeError("prime-size-not-spoken", "limit of waxseal")
    # Values that give the secret away must be refused (RFC 7919 §5.1).
    if not 1 < public < prime - 1 or not 1 < generator < prime - 1:
        raise ExchangeError("public-value-unusable", "RFC 7919 §5.1")
    private = int.from_bytes(entropy(_PRIVATE_OCTETS), "big") | 1 << 8 * _PRIVATE_OCTETS - 1
    ours = pow(generator, private, prime)
    secret = pow(public, private, prime)
    # Leading zero octets are stripped (RFC 5246 §8.1.2).
    return vector(_octets(ours), 2), _octets(secret)


def exchange_rsa(key: RsaKey, version: int, offered: int, entropy: Entropy) -> tuple[bytes, bytes]:
    """ClientKeyExchange's body and the premain secret, encrypted to the server's key.

    Args:
        key: Of the server's certificate.
        version: The negotiated version; SSL 3.0 writes no length before the ciphertext (RFC 6101 §5.6.7.1).
        offered: The hello's version, with which the secret begins (RFC 5246 §7.4.7.1).
        entropy: For the secret and the padding.

    Raises:
        ExchangeError: The key is too short or too long to compute with.
    """
    premain = number(offered, 2) + entropy(46)
    ciphertext = encrypt_rsa(key, premain, entropy)
    return ciphertext if version == SSL_3_0 else vector(ciphertext, 2), premain


def encrypt_rsa(key: RsaKey, secret: bytes, entropy: Entropy) -> bytes:
    """RSAES-PKCS1-v1_5 (RFC 8017 §7.2.1).

    Raises:
        ExchangeError: The key is too short or too long to compute with.
    """
    size = (key.modulus.bit_length() + 7) // 8
    short = key.modulus.bit_length() < MIN_MODULUS_BITS or size < len(secret) + 11
    if short or key.modulus.bit_length() > MAX_MODULUS_BITS or key.exponent.bit_length() > MAX_EXPONENT_BITS:
        raise ExchangeError("rsa-key-not-spoken", "limit of waxseal")
    padding = bytes(octet or 1 for octet in entropy(size - 3 - len(secret)))
    block = b"\x00\x02" + padding + b"\x00" + secret
    return pow(int.from_bytes(block, "big"), key.exponent, key.modulus).to_bytes(size, "big")


def rsa_key_of(certificate: bytes) -> RsaKey | None:
    """The RSA key of a certificate (RFC 5280 §4.1, RFC 3279 §2.3.1); None where it has none to be read.

    Args:
        certificate: DER. Nothing but the way to its key is looked at, since odd ones serve keys as well.
    """
    fields = _elements(certificate, 2)
    if fields and fields[0][0] == 0xA0:  # the version, which version 1 leaves out
        del fields[0]
    if len(fields) < 6:
        return None
    parts = _elements(fields[5][1], 0)
    if len(parts) < 2 or not parts[0][1].startswith(_RSA_ENCRYPTION):
        return None
    numbers = _elements(parts[1][1][1:], 1)
    if len(numbers) < 2 or any(tag != 2 for tag, _ in numbers[:2]):
        return None
    modulus, exponent = (int.from_bytes(octets, "big") for _, octets in numbers[:2])
    return RsaKey(modulus, exponent) if modulus > 0 and exponent > 0 else None


def _elements(octets: bytes, depth: int) -> list[tuple[int, bytes]]:
    """Tags and contents of DER elements in a row, `depth` sequences deep, always the first; [] if broken."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at + 2 <= len(octets) and len(found) < 16:
        tag, size = octets[at], octets[at + 1]
        at += 2
        if size & 0x80:
            count = size & 0x7F
            size = int.from_bytes(octets[at : at + count], "big")
            at += count
        if not size <= len(octets) - at:
            break
        found.append((tag, octets[at : at + size]))
        at += size
    if not depth:
        return found
    return _elements(found[0][1], depth - 1) if found and found[0][0] == 0x30 else []


def _octets(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _exchange_on_curve(name: str, peer: bytes, entropy: Entropy) -> tuple[bytes, bytes]:
    """Our point and the shared secret; the private value stays below the order, its top bit unset."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    curve = getattr(ec, name)()
    bits = curve.key_size - 1
    drawn = int.from_bytes(entropy(curve.key_size // 8), "big") & ((1 << bits) - 1)
    key = ec.derive_private_key(drawn | 1, curve)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(curve, peer)
    public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return public, bytes(key.exchange(ec.ECDH(), theirs))


def _has_curve(name: str) -> bool:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        curve: Any = getattr(ec, name)()
        ec.derive_private_key(3, curve)
    except (AttributeError, UnsupportedAlgorithm, ValueError):
        return False
    return True
