"""Known finite-field groups, against OpenSSL's and against arithmetic."""

import base64
import importlib.util
import shutil
import subprocess
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from waxseal.trust.primes import is_probable_prime, prime_kind
from waxseal.wire.dh_prime_table import GROUPS
from waxseal.wire.dh_primes import known_prime

ROOT = Path(__file__).resolve().parents[2]
NO_SAFE_PRIME = ("Java SUN", "RFC 5114", "weakdh.org common prime 1", "socat 1.7.3.0")


@cache
def generator() -> ModuleType:
    """``tools/dh_primes.py`` as a module."""
    spec = importlib.util.spec_from_file_location("dh_primes", ROOT / "tools" / "dh_primes.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def openssl_modulus(group: str) -> int:
    """The modulus of a group that the installed OpenSSL knows by name."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl command")
    command = [openssl, "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", f"group:{group}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode:
        pytest.skip(f"this openssl has no group {group}")
    der = base64.b64decode("".join(done.stdout.splitlines()[1:-1]))
    at = 4 if der[1] == 0x82 else 3  # SEQUENCE, then the modulus as its first INTEGER
    octets = der[at + 1] & 0x7F
    length, start = (int.from_bytes(der[at + 2 : at + 2 + octets], "big"), at + 2 + octets)
    return int.from_bytes(der[start : start + length], "big")


@pytest.mark.parametrize(
    ("group", "name", "bits"),
    [
        *((f"ffdhe{bits}", f"ffdhe{bits}", bits) for bits in (2048, 3072, 4096, 6144, 8192)),
        ("modp_1536", "MODP group 5", 1536),
        ("modp_2048", "MODP group 14", 2048),
        ("modp_3072", "MODP group 15", 3072),
        ("modp_4096", "MODP group 16", 4096),
        ("modp_6144", "MODP group 17", 6144),
        ("modp_8192", "MODP group 18", 8192),
        ("dh_1024_160", "RFC 5114 group 22", 1024),
        ("dh_2048_224", "RFC 5114 group 23", 2048),
        ("dh_2048_256", "RFC 5114 group 24", 2048),
    ],
)
def test_openssls_groups(group: str, name: str, bits: int) -> None:
    known = known_prime(openssl_modulus(group))
    assert known is not None
    assert (known.name, known.bits, known.standard) == (name, bits, True)


def test_oakley_groups() -> None:
    """Group 2 as printed in RFC 2409 §6.2; OpenSSL has no name for it."""
    p = int(
        "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
        "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
        "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF",
        16,
    )
    known = known_prime(p)
    assert known is not None
    assert (known.name, known.bits, known.generator) == ("MODP group 2", 1024, 2)


def test_constants_of_the_computed_groups() -> None:
    assert generator().pi(64) == 0x3243F6A8885A308D3
    assert generator().euler(64) == 0x2B7E151628AED2A6A


def test_numbers_that_are_not_known() -> None:
    for p in (-1, 0, 1, 23, 2**2048 - 1):
        assert known_prime(p) is None


def test_every_group_of_the_table_is_found_by_its_modulus() -> None:
    groups = generator().groups()
    assert len(groups) == len(GROUPS) > 70
    for p, name, generator_number, source in groups:
        known = known_prime(p)
        assert known is not None
        assert known.bits == p.bit_length()
        assert (known.name, known.generator, known.source) == (name, generator_number, source)
        assert known_prime(p + 2) is None


def test_small_groups_are_what_they_are_said_to_be() -> None:
    for p, name, _, _ in generator().groups():
        if p.bit_length() <= 1536:
            kind = prime_kind(p, 2).kind
            if name.startswith("socat 1.7.3.0"):
                assert kind == "composite"
            elif name.startswith(NO_SAFE_PRIME) and name != "weakdh.org common prime 10":
                assert kind == "prime", name
            else:
                assert kind == "safe-prime", name


def test_large_groups_pass_one_round() -> None:
    for p, name, _, _ in generator().groups():
        if 1536 < p.bit_length() <= 4096:
            assert is_probable_prime(p, rounds=1), name
            if not name.startswith("RFC 5114"):
                assert is_probable_prime((p - 1) // 2, rounds=1), name
