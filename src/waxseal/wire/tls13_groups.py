"""Key shares of TLS 1.3: curves (RFC 8446 §4.2.8.2, §7.4.2; RFC 8734), hybrids (draft-ietf-tls-ecdhe-mlkem).

Private keys are made from octets that the caller draws; nothing here is random. ML-KEM needs ``cryptography``
48 with a library that has it: `available_groups` says what this machine can do. No secret shows in a repr.
The arithmetic of finite field groups is in ``wire.tls13_ffdhe``.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Final, NamedTuple

from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13_ffdhe import FFDHE_GROUPS, exponent_octets, public_value, shared_secret

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
    31: (
        "BrainpoolP256R1",
        0xA9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7,
        65,
    ),
    32: (
        "BrainpoolP384R1",
        0x8CB91E82A3386D280F5D6F7E50E641DF152F7109ED5456B31F166E6CAC0425A7CF3AB6AF6B7FC3103B883202E9046565,
        97,
    ),
    33: (
        "BrainpoolP512R1",
        0xAADD9DB8DBE9C48B3FD4E6AE33C9FC07CB308DB3B3C9D20ED6639CCA70330870553E5C414CA92619418661197FAC1047
        << 128
        | 0x1DB1D381085DDADDB58796829CA90069,
        129,
    ),
}
"""Name in ``cryptography``, order of the base point, octets of a point.

Sources: FIPS 186-4 appendix D.1.2; RFC 5639 §3.4, §3.6 and §3.7 for the groups of RFC 8734 §2.
"""

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
        if self.group in FFDHE_GROUPS:
            return shared_secret(self.group, self._keys[0], peer)
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
    if group in FFDHE_GROUPS:
        exponent = entropy(exponent_octets(group))
        return KeyShare(group, public_value(group, exponent), (exponent,))
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
    """Groups that this machine can exchange keys in: curves first, then finite fields, then hybrids."""
    curves = (reg.X25519, reg.SECP256R1, reg.SECP384R1, reg.SECP521R1, reg.X448)
    further = tuple(group for group in _CURVES if group not in curves)
    hybrids = tuple(group for group, (_, size, _) in _HYBRIDS.items() if _has_kem(size))
    return (*curves, *(group for group in further if _has_curve(group)), *FFDHE_GROUPS, *hybrids)


def _has_curve(group: int) -> bool:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        _library().ec.derive_private_key(1, _curve(group))
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


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


class _Library(NamedTuple):
    """The parts of ``cryptography`` that curves need."""

    ec: Any
    x25519: Any
    x448: Any
    uncompressed: tuple[Any, Any]


@cache
def _library() -> _Library:
    """Loaded once, when the first share is made: that takes its time."""
    from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return _Library(ec, x25519, x448, (Encoding.X962, PublicFormat.UncompressedPoint))


@cache
def _curve(group: int) -> Any:
    return getattr(_library().ec, _CURVES[group][0])()


def _private(group: int, entropy: Entropy) -> tuple[Any, bytes]:
    """Private key and public octets on a curve."""
    library = _library()
    if group == reg.X25519:
        key = library.x25519.X25519PrivateKey.from_private_bytes(entropy(32))
        return key, key.public_key().public_bytes_raw()
    if group == reg.X448:
        key = library.x448.X448PrivateKey.from_private_bytes(entropy(56))
        return key, key.public_key().public_bytes_raw()
    order = _CURVES[group][1]
    # 64 bits more than the order has keep the remainder even (FIPS 186-4 appendix B.4.1).
    drawn = int.from_bytes(entropy((order.bit_length() + 7) // 8 + 8), "big")
    key = library.ec.derive_private_key(drawn % (order - 1) + 1, _curve(group))
    return key, key.public_key().public_bytes(*library.uncompressed)


def _agree(group: int, key: Any, peer: bytes) -> bytes:
    """The shared secret on a curve; ValueError where the peer's point is none."""
    library = _library()
    if group == reg.X25519:
        return bytes(key.exchange(library.x25519.X25519PublicKey.from_public_bytes(peer)))
    if group == reg.X448:
        return bytes(key.exchange(library.x448.X448PublicKey.from_public_bytes(peer)))
    if len(peer) != _CURVES[group][2] or peer[0] != 4:
        # Only the uncompressed form is allowed (RFC 8446 §4.2.8.2).
        raise ValueError("the share is no uncompressed point")
    ec = library.ec
    return bytes(key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_curve(group), peer)))
