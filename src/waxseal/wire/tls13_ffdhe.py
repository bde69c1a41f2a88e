"""Finite field groups ffdhe2048 to ffdhe8192 (RFC 7919, RFC 8446 §4.2.8.1): plain arithmetic on numbers.

Which group a connection uses is decided in ``wire.tls13_groups``. Public values and shared secrets have
the size of the prime, with zeros to the left.
"""

from functools import cache
from typing import Final

GENERATOR: Final = 2

_PARAMETERS: Final = {
    256: (2048, 560316, 225),
    257: (3072, 2625351, 275),
    258: (4096, 5736041, 325),
    259: (6144, 15705020, 375),
    260: (8192, 10965728, 400),
}
"""Bits of the prime, the number that makes it one, least bits of an exponent (RFC 7919 appendix A)."""

FFDHE_GROUPS: Final = tuple(_PARAMETERS)
"""Numbers of the groups in the registry."""


@cache
def prime(group: int) -> int:
    """The group's prime, 2^b - 2^(b-64) + (floor(2^(b-130) e) + x) 2^64 - 1 (RFC 7919 appendix A)."""
    bits, offset, _ = _PARAMETERS[group]
    return (1 << bits) - (1 << bits - 64) + ((_e(bits - 130) + offset) << 64) - 1


def _e(bits: int) -> int:
    """Whole part of 2^bits e, by the series of 1/n!, with octets to spare for what the terms lose."""
    spare = 64
    term = total = 1 << bits + spare
    step = 1
    while term:
        term //= step
        total += term
        step += 1
    return total >> spare


def size_octets(group: int) -> int:
    """Octets of a public value and of a shared secret."""
    return _PARAMETERS[group][0] // 8


def exponent_octets(group: int) -> int:
    """Octets to draw for a private exponent: whole ones, for at least the bits of RFC 7919 appendix A."""
    return (_PARAMETERS[group][2] + 7) // 8


def public_value(group: int, exponent: bytes) -> bytes:
    """Our public value; an exponent of 0 or 1, which chance does not draw, counts as 2."""
    value = pow(GENERATOR, _whole(exponent), prime(group))
    return value.to_bytes(size_octets(group), "big")


def shared_secret(group: int, exponent: bytes, peer: bytes) -> bytes:
    """The secret that we share with the peer (RFC 8446 §7.4.1).

    Raises:
        ValueError: The peer's value has another size than the prime, or is not within 1 < Y < p - 1
            (RFC 8446 §4.2.8.1).
    """
    value = int.from_bytes(peer, "big")
    if len(peer) != size_octets(group):
        raise ValueError("the share has not the size of the prime")
    if not 1 < value < prime(group) - 1:
        raise ValueError("the share is not within 1 < Y < p - 1")
    return pow(value, _whole(exponent), prime(group)).to_bytes(size_octets(group), "big")


def _whole(exponent: bytes) -> int:
    return max(2, int.from_bytes(exponent, "big"))
