"""Finite-field groups that are known by name: those of RFCs, and those built into widespread programs.

A modulus that many servers share is worth an attacker's one great computation (Adrian et al., "Imperfect
Forward Secrecy", 2015), and one that is known need not be tested. The table is
`waxseal.wire.dh_prime_table`; whether any other number is prime, `waxseal.trust.primes` finds out.
"""

from dataclasses import dataclass
from hashlib import sha256

from waxseal.wire.dh_prime_table import GROUPS


@dataclass(frozen=True, slots=True)
class KnownPrime:
    """A modulus that is known by name.

    Attributes:
        name: Such as ``ffdhe2048``, ``MODP group 14``, ``Postfix 3.7``.
        bits: Of the modulus.
        generator: That belongs to it; None where none is known, or it is a long number.
        source: The RFC and its section, or where the modulus was found.
    """

    name: str
    bits: int
    generator: int | None
    source: str

    @property
    def standard(self) -> bool:
        """Whether an RFC defines the group."""
        return self.source.startswith("RFC ")


def known_prime(p: int) -> KnownPrime | None:
    """The group whose modulus this is; None where it is none of the table."""
    if p <= 0:
        return None
    found = GROUPS.get(sha256(p.to_bytes((p.bit_length() + 7) // 8, "big")).hexdigest())
    if found is None:
        return None
    bits, generator, name, source = found
    return KnownPrime(name, bits, generator, source)
