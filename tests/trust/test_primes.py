"""Primality, and what a group's modulus and generator are."""

import math
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxseal.trust.primes import (
    MAX_BITS,
    MAX_KIND_BITS,
    default_rounds,
    is_probable_prime,
    jacobi,
    prime_kind,
)

MERSENNE: Final = (13, 17, 19, 31, 61, 89, 107, 127, 521, 607, 1279, 2203)
"""Exponents of Mersenne primes."""
CARMICHAEL: Final = (561, 1105, 1729, 2465, 2821, 6601, 8911, 41041, 825265, 321197185, 9746347772161)
STRONG_TO_2: Final = (2047, 3277, 4033, 4681, 8321, 15841, 29341, 42799, 49141, 52633, 65281, 74665, 80581)
"""Strong pseudoprimes to base 2 (OEIS A001262)."""
STRONG_TO_MANY: Final = (
    3215031751,
    3474749660383,
    341550071728321,
    3825123056546413051,
    318665857834031151167461,
    3317044064679887385961981,
)
"""The smallest strong pseudoprimes to the first 4, 6, 7, 9, 12 and 13 primes (OEIS A014233)."""


def by_division(n: int) -> bool:
    """Whether n is prime, the slow way."""
    return n > 1 and all(n % divisor for divisor in range(2, math.isqrt(n) + 1))


def test_small_numbers() -> None:
    for n in range(-5, 6000):
        assert is_probable_prime(n) is by_division(n), n


@pytest.mark.parametrize("exponent", MERSENNE)
def test_mersenne_primes(exponent: int) -> None:
    assert is_probable_prime(2**exponent - 1) is True
    assert is_probable_prime((2**exponent - 1) * (2**127 - 1)) is False


@pytest.mark.parametrize("n", [*CARMICHAEL, *STRONG_TO_2, *STRONG_TO_MANY])
def test_pseudoprimes_are_composite(n: int) -> None:
    assert is_probable_prime(n) is False


def test_a_large_carmichael_number_is_composite() -> None:
    """(6k+1)(12k+1)(18k+1) with all factors prime and large: no small factor helps (Chernick, 1939)."""
    k = next(
        k
        for k in range(10**30, 10**30 + 10**6)
        if all(is_probable_prime(m * k + 1, rounds=2) for m in (6, 12, 18))
    )
    n = (6 * k + 1) * (12 * k + 1) * (18 * k + 1)
    assert pow(2, n - 1, n) == 1
    assert is_probable_prime(n) is False


def test_the_same_bases_each_time() -> None:
    n = 2**607 - 1
    assert [is_probable_prime(n) for _ in range(3)] == [True, True, True]


def test_what_is_too_large_is_not_examined() -> None:
    even, odd = 1 << MAX_BITS, (1 << MAX_BITS + 1) + 1
    assert is_probable_prime(even) is False
    coprime = next(n for n in range(odd, odd + 20000, 2) if is_probable_prime(n) is None)
    assert coprime.bit_length() > MAX_BITS
    assert prime_kind(coprime, 2).kind == "not-examined"
    assert prime_kind(coprime, 2).not_examined == ("modulus", "cofactor")


def test_fewer_rounds_for_larger_numbers() -> None:
    rounds = [default_rounds(1 << bits - 1) for bits in (512, 1024, 2048, 4096, MAX_KIND_BITS)]
    assert rounds == sorted(rounds, reverse=True)
    assert min(rounds) >= 1


def test_kinds() -> None:
    assert prime_kind(23, 5).kind == "safe-prime"
    assert prime_kind(23, 5).generator_order == "2q"
    assert prime_kind(23, 2).generator_order == "q"
    assert prime_kind(23, 22).generator_order == "2"
    assert prime_kind(23, 24).generator_order == "1"
    assert prime_kind(23, 46).generator_order == "0"
    assert prime_kind(2**521 - 1, 2).kind == "prime"
    assert prime_kind(2**521 - 1, 2).generator_order is None
    assert prime_kind(15, 2).factor == 3
    assert prime_kind((2**89 - 1) * (2**107 - 1), 2).kind == "composite"
    assert prime_kind((2**89 - 1) * (2**107 - 1), 2).factor is None
    for p in (-7, 0, 1):
        assert prime_kind(p, 2).kind == "composite"


def test_every_small_modulus() -> None:
    for p in range(2, 3000):
        facts = prime_kind(p, 2)
        safe = p > 3 and by_division(p) and by_division((p - 1) // 2)
        assert facts.kind == ("safe-prime" if safe else "prime" if by_division(p) else "composite"), p
        if safe:
            order = next(k for k in range(1, p) if pow(2, k, p) == 1)
            assert {"1": 1, "2": 2, "q": (p - 1) // 2, "2q": p - 1}[facts.generator_order or "0"] == order


def test_jacobi_against_squares() -> None:
    for p in (3, 5, 7, 11, 101, 997):
        squares = {x * x % p for x in range(1, p)}
        for a in range(2 * p):
            assert jacobi(a, p) == (0 if a % p == 0 else 1 if a % p in squares else -1)


@given(st.integers(), st.integers())
def test_never_raises(p: int, g: int) -> None:
    assert prime_kind(p, g).bits == p.bit_length()


@given(st.integers(min_value=2, max_value=2**40), st.integers(min_value=2, max_value=2**40))
def test_products_are_composite(a: int, b: int) -> None:
    assert is_probable_prime(a * b) is False
