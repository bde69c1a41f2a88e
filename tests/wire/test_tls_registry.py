"""Names of numbers, and the generator of the tables."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from waxseal.wire import tls_registry as reg

ROOT = Path(__file__).resolve().parents[2]


def load_generator() -> ModuleType:
    """``tools/iana_tables.py`` as a module."""
    spec = importlib.util.spec_from_file_location("iana_tables", ROOT / "tools" / "iana_tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["iana_tables"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (reg.X25519, "x25519"),
        (reg.X25519_MLKEM768, "X25519MLKEM768"),
        (reg.SECP256R1_MLKEM768, "SecP256r1MLKEM768"),
        (256, "ffdhe2048"),
        (25497, "X25519Kyber768Draft00"),
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
        (0x0911, "slhdsa_sha2_128s"),
        (0x0101, "rsa_pkcs1_md5"),
        (0x0402, "dsa_sha256"),
        (0x0303, "ecdsa_sha224"),
        (0x0000, "0x0000"),
        (0x0400, "0x0400"),
        (0x0440, "0x0440"),
        (0x4A4A, "0x4A4A"),
    ],
)
def test_schemes(number: int, name: str) -> None:
    assert reg.scheme_name(number) == name


def test_extensions() -> None:
    assert reg.extension_name(reg.KEY_SHARE) == "key_share"
    assert reg.extension_name(reg.RENEGOTIATION_INFO) == "renegotiation_info"
    assert reg.extension_name(13172) == "next_protocol_negotiation"
    assert reg.extension_name(0x0A0A) == "0x0A0A"


def test_names_are_not_given_twice() -> None:
    for table in (reg.GROUP_NAMES, reg.SCHEME_NAMES, reg.EXTENSION_NAMES, reg.ALERT_NAMES):
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


def test_constants_agree_with_the_tables() -> None:
    named = {name: number for name, number in vars(reg).items() if name.isupper() and isinstance(number, int)}
    tables = (reg.EXTENSION_NAMES, reg.HANDSHAKE_TYPES, reg.GROUP_NAMES)
    numbers = [{_plain(name): number for number, name in table.items()} for table in tables]
    agreeing = [
        name for name, number in named.items() if any(table.get(_plain(name)) == number for table in numbers)
    ]
    others = {"ALPN", "HEARTBEAT_RECORD", "EMPTY_RENEGOTIATION_INFO_SCSV", "FALLBACK_SCSV", "ZLIB"}
    records = {"CHANGE_CIPHER_SPEC", "ALERT", "HANDSHAKE", "APPLICATION_DATA"}
    assert set(named) - set(agreeing) == others | records


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


def test_registries_of_tls_1_2() -> None:
    assert reg.CLIENT_CERTIFICATE_TYPES[1] == "rsa_sign"
    assert reg.CLIENT_CERTIFICATE_TYPES[64] == "ecdsa_sign"
    assert reg.POINT_FORMATS[0] == "uncompressed"
    assert reg.ALPN_IDS[b"imap"] == "IMAP"


@pytest.mark.parametrize("tool", ["iana_tables.py", "dh_primes.py"])
def test_tables_are_what_their_generator_makes(tool: str) -> None:
    command = [sys.executable, str(ROOT / "tools" / tool), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_check_notices_another_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = load_generator()
    monkeypatch.setattr(generator, "WIRE", tmp_path)
    assert generator.main([]) == 0
    assert generator.main(["--check"]) == 0
    changed = tmp_path / "tls_suite_table.py"
    changed.write_text(changed.read_text(encoding="utf-8").replace("0x0001", "0x0010"), encoding="utf-8")
    assert generator.main(["--check"]) == 1


def test_reading_ianas_own_form() -> None:
    text = (
        "Value,Description,DTLS-OK,Recommended,Reference\n"
        '"0x00,0x0A",TLS_RSA_WITH_3DES_EDE_CBC_SHA,Y,N,[RFC5246]\n'
        '"0x00,0x1C-1D",Reserved to avoid conflicts with SSLv3,,,[RFC5246]\n'
        '"0x00,0x47-4F","Reserved to avoid conflicts with         \ndeployed implementations",,,[P]\n'
        '"0x01-09,*",Unassigned,,,\n'
        '"0x0A,0x0A",Reserved,Y,N,[RFC8701]\n'
    )
    generator = load_generator()
    kept = [("0x00,0x0A", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "[RFC5246]")]
    assert generator.reduce(text, generator.SUITES[0]) == kept
    assert generator.number("0x00,0x0A") == 10


def test_reading_alpn_ids_in_ianas_form() -> None:
    text = (
        "Protocol,Identification Sequence,Reference\n"
        'IMAP,"0x69 0x6d 0x61 0x70 (""imap"")",[RFC2595]\n'
        'TURN,"0x73 0x74 0x2d (""st-"")",[RFC7443]\n'
        "Reserved,0x0A 0x0A,[RFC8701]\n"
    )
    generator = load_generator()
    alpn = next(table for table in generator.REGISTRIES if table.name == "ALPN_IDS")
    rows = generator.reduce(text, alpn)
    assert [(generator.number(value), name) for value, name, _ in rows] == [
        (b"imap", "IMAP"),
        (b"st-", "TURN"),
    ]
