"""Rules about named groups, finite fields and the hash of the key exchange."""

import pytest

from tests.grading.rules.judged import said, verdict
from waxseal.checks import samples
from waxseal.checks.tls import _samples as tls
from waxseal.facts import NumberList, SuiteList, TlsGroups, TlsSchemes, TlsSuites

GROUPS = 'good = ["x25519", "secp256r1"]\nphase_out = ["secp224r1"]\nignored = ["ffdhe*"]'
PRIMES = 'phase_out = ["ffdhe2048"]\n'
HASHES = 'good = ["sha256", "eddsa"]\nphase_out = ["sha224"]'
BOTH = (samples.endpoint(), samples.handshake(), tls.versions("TLSv1.2", "TLSv1.3"))
DHE = (*BOTH, TlsSuites(lists=(SuiteList("TLSv1.2", (tls.DHE,)), SuiteList("TLSv1.3", (tls.AES_13,)))))


def groups(*of_12: int, undecided: tuple[int, ...] = (), of_13: tuple[int, ...] = (29,)) -> TlsGroups:
    return TlsGroups(
        lists=(NumberList("TLSv1.2", of_12, undecided), NumberList("TLSv1.3", of_13, listed=True))
    )


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (groups(29, 23), "pass"),
        (groups(29, 21), "warn"),
        (groups(29, 19), "fail"),
        (groups(29, undecided=(21,)), "inconclusive"),
        (groups(29, undecided=(23,)), "pass"),
        (groups(29, of_13=(29, 256)), "pass"),
        (groups(29, of_13=(4588,)), "fail"),
        (TlsGroups(lists=(NumberList("TLSv1.3", (29,)),)), "inconclusive"),
    ],
)
def test_groups(seen: TlsGroups, expected: str) -> None:
    assert verdict("groups", GROUPS, *BOTH, seen) == expected


def test_groups_of_tls_13_alone() -> None:
    keys = 'phase_out = ["ffdhe2048"]\notherwise = "ignored"\nversions = ["TLSv1.3"]'
    assert verdict("groups", keys, *BOTH, groups(19, of_13=(29, 256))) == "warn"
    assert verdict("groups", keys, *BOTH, groups(19, of_13=(29,))) == "not-applicable"


def test_no_suite_with_curves() -> None:
    static = TlsSuites(lists=(SuiteList("TLSv1.2", (tls.STATIC,)),))
    facts = (samples.endpoint(), samples.handshake(), tls.versions("TLSv1.2"), static, TlsGroups(lists=()))
    assert verdict("groups", GROUPS, *facts) == "not-applicable"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (PRIMES, "warn"),
        ('good = ["ffdhe2048"]', "pass"),
        ("", "fail"),
        ("min_bits_good = 2048", "pass"),
        ("min_bits_good = 3072\nmin_bits_phase_out = 2048", "warn"),
        ("min_bits_good = 3072", "fail"),
    ],
)
def test_finite_fields(keys: str, expected: str) -> None:
    assert verdict("finite-field", keys, *DHE, tls.exchange()) == expected


def test_a_known_prime_with_another_generator_is_a_group_of_its_own() -> None:
    found = said("finite-field", PRIMES, *DHE, tls.exchange(generator=b"\x05"))
    assert found.verdict.value == "fail"
    assert "a group of its own (2048 bits)" in found.summary


def test_finite_fields_that_were_not_seen() -> None:
    assert verdict("finite-field", PRIMES, *DHE) == "inconclusive"
    without = TlsSuites(lists=(SuiteList("TLSv1.2", (tls.GCM,)),))
    assert verdict("finite-field", PRIMES, *BOTH, without) == "not-applicable"
    open_ = TlsSuites(lists=(SuiteList("TLSv1.2", (tls.DHE,), (0x009F,)),))
    assert verdict("finite-field", 'good = ["ffdhe2048"]', *BOTH, open_, tls.exchange()) == "inconclusive"


@pytest.mark.parametrize(
    ("accepted", "undecided", "expected"),
    [
        ((0x0804, 0x0401, 0x0807), (), "pass"),
        ((0x0804, 0x0301), (), "warn"),
        ((0x0804, 0x0201), (), "fail"),
        ((0x0804, 0x0805), (), "fail"),
        ((0x0804,), (0x0203,), "inconclusive"),
        ((0x0804,), (0x0403,), "pass"),
    ],
)
def test_hashes(accepted: tuple[int, ...], undecided: tuple[int, ...], expected: str) -> None:
    schemes = TlsSchemes(lists=(NumberList("TLSv1.2", accepted, undecided),))
    assert verdict("key-exchange-hash", HASHES, *BOTH, schemes) == expected


def test_hashes_where_nothing_is_signed() -> None:
    static = TlsSuites(lists=(SuiteList("TLSv1.2", (tls.STATIC,)),))
    nothing = TlsSchemes(lists=())
    assert verdict("key-exchange-hash", HASHES, *BOTH, nothing, static) == "not-applicable"
    assert verdict("key-exchange-hash", HASHES, *BOTH, nothing) == "inconclusive"
    new = (samples.endpoint(), samples.handshake(), tls.versions("TLSv1.3"), nothing)
    assert verdict("key-exchange-hash", HASHES, *new) == "not-applicable"
