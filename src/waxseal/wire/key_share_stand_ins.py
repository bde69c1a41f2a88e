"""Public values in the form of a group that this machine cannot exchange keys in.

Nobody holds their private keys: they show what a server would choose, and no handshake goes further. Real
shares are made in ``wire.tls13_groups``.
"""

from typing import Final

from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13_groups import Entropy, key_share

_MLKEM_MODULUS: Final = 3329
_MLKEM_SEED_OCTETS: Final = 32
_KEM_OCTETS: Final = {512: 800, 513: 1184, 514: 1568}
_HYBRID_PARTS: Final = {
    reg.X25519_MLKEM768: (513, reg.X25519),
    reg.SECP256R1_MLKEM768: (reg.SECP256R1, 513),
    reg.SECP384R1_MLKEM1024: (reg.SECP384R1, 514),
}
"""The groups whose public values stand one after the other in a hybrid's (draft-ietf-tls-ecdhe-mlkem)."""


def stand_in(group: int, octets: int, entropy: Entropy) -> bytes:
    """A public value of a group's form, made without its arithmetic where that is not needed for the form.

    An ML-KEM key is numbers below 3329 of 12 bits each, and a seed (FIPS 203 §7.2). A finite field's value is
    kept below the prime, whose highest bits are all set (RFC 7919 appendix A). Of other groups only the
    length is right.

    Args:
        group: Its number.
        octets: Length of the value, as the client's share has it.
        entropy: Gives random octets.
    """
    if group in _KEM_OCTETS:
        return _kem_stand_in(_KEM_OCTETS[group], entropy)
    if group in _HYBRID_PARTS:
        return b"".join(_part(part, entropy) for part in _HYBRID_PARTS[group])
    drawn = entropy(octets)
    return bytes([drawn[0] & 0x7F]) + drawn[1:] if 256 <= group <= 260 else drawn


def _part(group: int, entropy: Entropy) -> bytes:
    return (
        _kem_stand_in(_KEM_OCTETS[group], entropy)
        if group in _KEM_OCTETS
        else key_share(group, entropy).public
    )


def _kem_stand_in(octets: int, entropy: Entropy) -> bytes:
    made = bytearray()
    while len(made) < octets - _MLKEM_SEED_OCTETS:
        first, second = (int.from_bytes(entropy(4), "big") % _MLKEM_MODULUS for _ in range(2))
        made += (first | second << 12).to_bytes(3, "little")
    return bytes(made) + entropy(_MLKEM_SEED_OCTETS)
