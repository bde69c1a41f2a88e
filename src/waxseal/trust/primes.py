"""Whether a number is prime, and what a finite-field group's prime and generator are good for.

Miller-Rabin (Rabin, "Probabilistic algorithm for testing primality", 1980) with bases made of the number
itself, so that a judgement can be repeated. "Composite" is proved. "Prime" is likelihood: of all bases at
most a quarter let a composite pass, and so few rounds fit the time of a scan that a number which somebody
has built to pass is not excluded; `PrimeFacts.rounds` says how many there were. Groups that are known by
name are in `waxseal.wire.dh_primes`.
"""

import math
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

MAX_BITS: Final = 16384
"""Larger numbers are not examined: one round would take minutes."""
MAX_KIND_BITS: Final = 8192
"""Of larger moduli `prime_kind` looks for small factors only."""

PrimeKind = Literal["composite", "prime", "safe-prime", "not-examined"]

_SMALL: Final = tuple(n for n in range(2, 2000) if all(n % d for d in range(2, math.isqrt(n) + 1)))
_SMALL_PRODUCT: Final = math.prod(_SMALL)
_ROUNDS: Final = ((512, 24), (1024, 12), (2048, 3), (4096, 2), (MAX_BITS, 1))
"""Bits up to which so many rounds are made by default. With p's own: 0.1 s at 2048 bits, 2 s at 8192."""


@dataclass(frozen=True, slots=True)
class PrimeFacts:
    """What a modulus and its generator are.

    Attributes:
        bits: Of the modulus.
        kind: ``composite``; ``prime``, where (p - 1) / 2 is composite; ``safe-prime``, where it is prime; or
            ``not-examined``.
        factor: The smallest prime below 2000 that divides the modulus; None where there is none.
        rounds: Rounds of Miller-Rabin that (p - 1) / 2 has passed, or p itself where it is no safe prime.
        generator_order: Order of g modulo p: ``1``, ``2``, ``q`` or ``2q`` with q = (p - 1) / 2; ``0`` where
            g is a multiple of p; None where p is not known for a safe prime, and the order was not sought.
        not_examined: What was left out for its cost: ``modulus``, ``cofactor`` ((p - 1) / 2).
    """

    bits: int
    kind: PrimeKind
    factor: int | None
    rounds: int
    generator_order: Literal["0", "1", "2", "q", "2q"] | None
    not_examined: tuple[str, ...] = ()


def is_probable_prime(n: int, *, rounds: int | None = None) -> bool | None:
    """Whether a number is prime: False is proved, True is likely.

    Args:
        n: Any integer.
        rounds: Of Miller-Rabin, the first with base 2; by default from 24 (512 bits) down to 1 (8192 bits).

    Returns:
        None for a number above `MAX_BITS` without a small factor, which is not examined.
    """
    if n < 2:
        return False
    if n <= _SMALL[-1] ** 2:
        return all(n % prime or n == prime for prime in _SMALL)
    if math.gcd(n, _SMALL_PRODUCT) > 1:
        return False
    if n.bit_length() > MAX_BITS:
        return None
    return all(_passes(n, base) for base in _bases(n, rounds or default_rounds(n)))


def default_rounds(n: int) -> int:
    """Rounds of Miller-Rabin that `is_probable_prime` makes for a number of this size."""
    return next(rounds for bits, rounds in _ROUNDS if n.bit_length() <= bits)


def prime_kind(p: int, g: int) -> PrimeFacts:
    """What a finite-field group's modulus and generator are.

    A safe prime costs one round for p and the rounds for q = (p - 1) / 2: with q prime, base 2 proves p prime
    (Pocklington's theorem).
    """
    factor = next((prime for prime in _SMALL if p > prime and p % prime == 0), None)
    bits = p.bit_length()
    if p < 2 or factor:
        return PrimeFacts(bits, "composite", factor, 0, None)
    if bits > MAX_KIND_BITS:
        return PrimeFacts(bits, "not-examined", None, 0, None, ("modulus", "cofactor"))
    if is_probable_prime(p, rounds=1) is False:
        return PrimeFacts(bits, "composite", None, 0, None)
    q = (p - 1) // 2
    if p > 3 and is_probable_prime(q):
        return PrimeFacts(bits, "safe-prime", None, default_rounds(q), _order_in_safe_group(p, g))
    if is_probable_prime(p) is False:
        return PrimeFacts(bits, "composite", None, 0, None)
    return PrimeFacts(bits, "prime", None, default_rounds(p), None)


def jacobi(a: int, n: int) -> int:
    """The Jacobi symbol (a/n) of an odd positive n.

    For a prime n it is 1 where a is a square modulo n, -1 where it is none, 0 where n divides a.
    """
    a %= n
    sign = 1
    while a:
        twos = (a & -a).bit_length() - 1
        a >>= twos
        if twos % 2 and n % 8 in {3, 5}:
            sign = -sign
        if a % 4 == 3 and n % 4 == 3:
            sign = -sign
        a, n = n % a, a
    return sign if n == 1 else 0


def _order_in_safe_group(p: int, g: int) -> Literal["0", "1", "2", "q", "2q"]:
    """The order of g modulo a safe prime, whose only divisors are 1, 2, q and 2q."""
    g %= p
    if g <= 1:
        return "1" if g else "0"
    if g == p - 1:
        return "2"
    return "q" if jacobi(g, p) == 1 else "2q"


def _bases(n: int, rounds: int) -> list[int]:
    """2, then bases from 3 to n - 2 made of the number's hash."""
    octets = n.to_bytes((n.bit_length() + 7) // 8, "big")
    seeds = (sha256(b"%d:" % number + octets).digest() for number in range(1, rounds))
    return [2, *(3 + int.from_bytes(seed, "big") % (n - 4) for seed in seeds)]


def _passes(n: int, base: int) -> bool:
    """Whether an odd n is a strong probable prime to a base."""
    twos = ((n - 1) & -(n - 1)).bit_length() - 1
    power = pow(base, (n - 1) >> twos, n)
    if power in {1, n - 1}:
        return True
    for _ in range(twos - 1):
        power = power * power % n
        if power == n - 1:
            return True
    return False
