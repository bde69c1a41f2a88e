"""Key shares of TLS 1.3: curves (RFC 8446 §4.2.8.2, §7.4.2), hybrids (draft-ietf-tls-ecdhe-mlkem).

Private keys are made from octets that the caller draws; nothing here is random. ML-KEM needs ``cryptography``
48 with a library that has it: `available_groups` says what this machine can do. No secret shows in a repr.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from waxseal.wire import tls_registry as reg

Entropy = Callable[[int], bytes]
"""Gives so many octets that nobody can guess, such as ``os.urandom``; in tests, any."""

_CURVES: Final = {
    reg.SECP256R1: ("SECP256R1", 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551, 65),
    reg.SECP384R1: (
        "SECP384R1",
        2**384 - 0x389CB27E0BC8D220A7E5F24DB74F58851313E695333AD68D,
        97,
    ),
    reg.SECP521R1: (
        "SECP521R1",
        2**521 - 0x5AE79787C40D069948033FEB708F65A2FC44A36477663B851449048E16EC79BF7,
        133,
    ),
}
"""Name in ``cryptography``, order of the base point (FIPS 186-4 appendix D.1.2), octets of a point."""

_HYBRIDS: Final = {
    reg.X25519_MLKEM768: (reg.X25519, 768, True),
    reg.SECP256R1_MLKEM768: (reg.SECP256R1, 768, False),
    reg.SECP384R1_MLKEM1024: (reg.SECP384R1, 1024, False),
}
"""Curve, ML-KEM parameter set, and whether ML-KEM comes first in shares and secret."""

_CIPHERTEXT_OCTETS: Final = {768: 1088, 1024: 1568}
_SEED_OCTETS = 64


class ShareError(ValueError):
    """The peer's public value is none of its group."""


class KeyShare:
    """Our half of one key exchange.

    Attributes:
        group: Number of the group.
        public: What the ClientHello's key_share carries.
    """

    __slots__ = ("_keys", "group", "public")

    def __init__(self, group: int, public: bytes, keys: tuple[Any, ...]) -> None:
        self.group = group
        self.public = public
        self._keys = keys

    def __repr__(self) -> str:
        return f"KeyShare({reg.group_name(self.group)})"

    def secret(self, peer: bytes) -> bytes:
        """The shared secret with the server's public value.

        Raises:
            ShareError: `peer` is no public value of this group.
        """
        try:
            return self._agreed(peer)
        except ValueError as error:
            raise ShareError(str(error) or "the share is no public value of its group") from error

    def _agreed(self, peer: bytes) -> bytes:
        if self.group not in _HYBRIDS:
            return _agree(self.group, self._keys[0], peer)
        curve, size, kem_first = _HYBRIDS[self.group]
        cut = _CIPHERTEXT_OCTETS[size] if kem_first else _CURVES[curve][2]
        first, second = peer[:cut], peer[cut:]
        ciphertext, point = (first, second) if kem_first else (second, first)
        agreed = _agree(curve, self._keys[0], point)
        decapsulated = bytes(self._keys[1].decapsulate(ciphertext))
        return decapsulated + agreed if kem_first else agreed + decapsulated


def key_share(group: int, entropy: Entropy) -> KeyShare:
    """Make our half for a group.

    Raises:
        ValueError: The group is none of `available_groups`.
    """
    if group not in available_groups():
        raise ValueError(f"no key share for group {reg.group_name(group)}")
    if group not in _HYBRIDS:
        key, public = _private(group, entropy)
        return KeyShare(group, public, (key,))
    curve, size, kem_first = _HYBRIDS[group]
    key, public = _private(curve, entropy)
    kem = _kem_type(size).from_seed_bytes(entropy(_SEED_OCTETS))
    encapsulation = kem.public_key().public_bytes_raw()
    return KeyShare(group, encapsulation + public if kem_first else public + encapsulation, (key, kem))


@cache
def available_groups() -> tuple[int, ...]:
    """Groups that this machine can exchange keys in: curves first, then hybrids."""
    curves = (reg.X25519, reg.SECP256R1, reg.SECP384R1, reg.SECP521R1, reg.X448)
    return (*curves, *(group for group, (_, size, _) in _HYBRIDS.items() if _has_kem(size)))


def _has_kem(size: int) -> bool:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        _kem_type(size).from_seed_bytes(bytes(_SEED_OCTETS))
    except (ImportError, AttributeError, UnsupportedAlgorithm):
        return False
    return True


def _kem_type(size: int) -> Any:
    from cryptography.hazmat.primitives.asymmetric import mlkem

    return getattr(mlkem, f"MLKEM{size}PrivateKey")


def _private(group: int, entropy: Entropy) -> tuple[Any, bytes]:
    """Private key and public octets on a curve."""
    from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if group == reg.X25519:
        key = x25519.X25519PrivateKey.from_private_bytes(entropy(32))
        return key, key.public_key().public_bytes_raw()
    if group == reg.X448:
        key_448 = x448.X448PrivateKey.from_private_bytes(entropy(56))
        return key_448, key_448.public_key().public_bytes_raw()
    name, order, _ = _CURVES[group]
    # 64 bits more than the order has keep the remainder even (FIPS 186-4 appendix B.4.1).
    drawn = int.from_bytes(entropy((order.bit_length() + 7) // 8 + 8), "big")
    key_ec = ec.derive_private_key(drawn % (order - 1) + 1, getattr(ec, name)())
    return key_ec, key_ec.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _agree(group: int, key: Any, peer: bytes) -> bytes:
    """The shared secret on a curve; ValueError where the peer's point is none."""
    from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519

    if group == reg.X25519:
        return bytes(key.exchange(x25519.X25519PublicKey.from_public_bytes(peer)))
    if group == reg.X448:
        return bytes(key.exchange(x448.X448PublicKey.from_public_bytes(peer)))
    name, _, octets = _CURVES[group]
    if len(peer) != octets or peer[0] != 4:  # only the uncompressed form is allowed (RFC 8446 §4.2.8.2)
        raise ValueError("the share is no uncompressed point")
    return bytes(
        key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(getattr(ec, name)(), peer))
    )
