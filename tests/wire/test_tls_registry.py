"""Names of numbers."""

import pytest

from waxseal.wire import tls_registry as reg


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (reg.X25519, "x25519"),
        (reg.X25519_MLKEM768, "X25519MLKEM768"),
        (reg.SECP256R1_MLKEM768, "SecP256r1MLKEM768"),
        (256, "ffdhe2048"),
        (0x4A4A, "0x4A4A"),
    ],
)
def test_groups(number: int, name: str) -> None:
    assert reg.group_name(number) == name


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0x0804, "rsa_pss_rsae_sha256"),
        (0x0403, "ecdsa_secp256r1_sha256"),
        (0x0101, "rsa_pkcs1_md5"),
        (0x0402, "dsa_sha256"),
        (0x0303, "ecdsa_sha224"),
        (0x0000, "0x0000"),
        (0x4A4A, "0x4A4A"),
    ],
)
def test_schemes(number: int, name: str) -> None:
    assert reg.scheme_name(number) == name


def test_extensions() -> None:
    assert reg.extension_name(reg.KEY_SHARE) == "key_share"
    assert reg.extension_name(reg.RENEGOTIATION_INFO) == "renegotiation_info"
    assert reg.extension_name(0x0A0A) == "0x0A0A"


def test_names_are_not_given_twice() -> None:
    for table in (reg.GROUP_NAMES, reg.SCHEME_NAMES, reg.EXTENSION_NAMES):
        assert len(set(table.values())) == len(table)


def test_grease() -> None:
    assert tuple(int(f"{digit}a{digit}a", 16) for digit in "0123456789abcdef") == reg.GREASE
    assert not set(reg.GREASE) & {*reg.GROUP_NAMES, *reg.SCHEME_NAMES, *reg.EXTENSION_NAMES}


def test_schemes_by_key_type_have_names_of_it() -> None:
    for schemes, start in (
        (reg.RSA_SCHEMES, "rsa_pss_"),
        (reg.ECDSA_SCHEMES, "ecdsa_"),
        (reg.EDDSA_SCHEMES, "ed"),
    ):
        assert all(reg.scheme_name(scheme).startswith(start) for scheme in schemes)
