"""Names of cipher suites, what they are made of, and that an installed OpenSSL says the same."""

import re
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass
from functools import cache

import pytest

from waxseal.wire import tls_suite_table as table
from waxseal.wire.tls_key_exchange import KeyExchange, key_exchange_of
from waxseal.wire.tls_openssl_names import openssl_name
from waxseal.wire.tls_suite_properties import (
    SUITE_CLASSES,
    SuiteProperties,
    suite_class,
    suite_properties,
    suites_of_version,
)
from waxseal.wire.tls_suites import SIGNALLING_SUITES, SUITE_NAMES, is_registered, suite_name

VERSIONS = {"SSLv3": 0x0300, "TLSv1": 0x0301, "TLSv1.2": 0x0303, "TLSv1.3": 0x0304}
BLOCKS = (  # first and last number of each unbroken run in the registry
    (0x0000, 0x001B),
    (0x001E, 0x0046),
    (0x0067, 0x006D),
    (0x0084, 0x00C7),
    (0x00FF, 0x00FF),
    (0x1301, 0x1307),
    (0x5600, 0x5600),
    (0xC001, 0xC0B5),
    (0xC100, 0xC106),
    (0xCCA8, 0xCCAE),
    (0xD001, 0xD003),
    (0xD005, 0xD005),
)


@dataclass(frozen=True)
class Listed:
    """A line of ``openssl ciphers -V -stdname``."""

    number: int
    name: str
    openssl: str
    version: str
    exchange: str
    authentication: str
    bits: int
    mac: str


@cache
def installed_suites() -> tuple[Listed, ...]:
    """What the installed OpenSSL has."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl command")
    command = [openssl, "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]
    text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
    line = re.compile(
        r"0x(\w\w),0x(\w\w) - (\S+)\s+- (\S+)\s+(\S+)\s+Kx=(\S+)\s+Au=(\S+)\s+"
        r"Enc=\w+(?:/\w+)?(?:\((\d+)\))?\s+Mac=(\S+)"
    )
    found = tuple(
        Listed(int(a + b, 16), name, own, version, exchange, authentication, int(bits or 0), mac)
        for a, b, name, own, version, exchange, authentication, bits, mac in line.findall(text)
    )
    assert len(found) == len(text.splitlines()) > 100
    return found


def all_properties() -> list[SuiteProperties]:
    """Every suite that is one."""
    return [suite for suite in map(suite_properties, SUITE_NAMES) if suite is not None]


def properties(number: int) -> SuiteProperties:
    """A suite's, known to be there."""
    suite = suite_properties(number)
    assert suite is not None
    return suite


def test_the_registry_is_whole() -> None:
    assert list(table.SUITE_NAMES) == [n for first, last in BLOCKS for n in range(first, last + 1)]
    assert len(table.SUITE_NAMES) == 352
    assert not set(table.SUITE_NAMES) & set(table.UNREGISTERED_SUITES)
    assert len(set(SUITE_NAMES.values())) == len(SUITE_NAMES)


def test_names() -> None:
    assert suite_name(0xC02F) == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    assert suite_name(0x0062) == "TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA"
    assert suite_name(0xC0FF) == "0xC0FF"
    assert is_registered(0xC02F)
    assert not is_registered(0x0062)


def test_installed_openssl_has_the_same_names() -> None:
    for listed in installed_suites():
        if not listed.name.startswith("UNKNOWN"):
            assert suite_name(listed.number) == listed.name
        assert openssl_name(listed.number) == listed.openssl


def test_installed_openssl_takes_suites_apart_alike() -> None:
    for listed in installed_suites():
        suite = properties(listed.number)
        assert suite.key_bits == listed.bits, listed
        assert (suite.mac == "AEAD") == (listed.mac == "AEAD"), listed
        anonymous = listed.authentication == "None"
        assert (suite.authentication == "anon") == anonymous, listed
        if not anonymous:
            assert suite.authentication == listed.authentication, listed
        exchange = suite.key_exchange.replace("_", "").replace("anon", "").replace("ECDHE", "ECDH")
        assert exchange.replace("DHE", "DH") == listed.exchange.replace("DHE", "DH"), listed
        # ECC is defined from TLS 1.0 on (RFC 8422), and was nevertheless spoken in SSL 3.0.
        elliptic = suite.key_exchange.startswith("ECDH") and suite.lowest_version == 0x0300
        assert suite.lowest_version == VERSIONS[listed.version] or elliptic, listed


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        (0xC02F, ("ECDHE", "RSA", "AES_128_GCM", "AEAD", "AEAD", 128, 128, True, 0x0303, 0x0303, None)),
        (0x0035, ("RSA", "RSA", "AES_256_CBC", "SHA", "CBC", 256, 128, False, 0x0300, 0x0303, None)),
        (0x000A, ("RSA", "RSA", "3DES_EDE_CBC", "SHA", "CBC", 168, 64, False, 0x0300, 0x0303, None)),
        (0x0003, ("RSA_EXPORT", "RSA", "RC4_40", "MD5", "stream", 40, 0, False, 0x0300, 0x0303, 0x0300)),
        (0x0006, ("RSA_EXPORT", "RSA", "RC2_CBC_40", "MD5", "CBC", 40, 64, False, 0x0300, 0x0303, 0x0302)),
        (0x0014, ("DHE_EXPORT", "RSA", "DES40_CBC", "SHA", "CBC", 40, 64, True, 0x0300, 0x0303, 0x0302)),
        (0x0026, ("KRB5_EXPORT", "KRB5", "DES_CBC_40", "SHA", "CBC", 40, 64, False, 0x0300, 0x0303, 0x0302)),
        (0x0062, ("RSA_EXPORT", "RSA", "DES_CBC", "SHA", "CBC", 56, 64, False, 0x0300, 0x0303, 0x0303)),
        (0x0018, ("DH_anon", "anon", "RC4_128", "MD5", "stream", 128, 0, True, 0x0300, 0x0303, 0x0300)),
        (0x0009, ("RSA", "RSA", "DES_CBC", "SHA", "CBC", 56, 64, False, 0x0300, 0x0303, 0x0303)),
        (0x003B, ("RSA", "RSA", "NULL", "SHA256", "NULL", 0, 0, False, 0x0303, 0x0303, None)),
        (0x0000, ("NULL", "NULL", "NULL", "NULL", "NULL", 0, 0, False, 0x0300, 0x0303, None)),
        (0xC0AB, ("DHE_PSK", "PSK", "AES_256_CCM_8", "AEAD", "AEAD", 256, 128, True, 0x0303, 0x0303, None)),
        (0xC01E, ("SRP", "RSA", "AES_128_CBC", "SHA", "CBC", 128, 128, True, 0x0300, 0x0303, None)),
        (0x0081, ("GOST", "GOST01", "28147_CNT", "IMIT", "stream", 256, 64, False, 0x0300, 0x0303, None)),
        (0xC100, ("GOST", "GOST12", "KUZNYECHIK_CTR", "OMAC", "stream", 256, 128, False, 0x303, 0x303, None)),
        (0xC103, ("any", "any", "KUZNYECHIK_MGM_L", "AEAD", "AEAD", 256, 128, True, 0x0304, 0x0304, None)),
        (0x1303, ("any", "any", "CHACHA20_POLY1305", "AEAD", "AEAD", 256, 0, True, 0x0304, 0x0304, None)),
        (0xC0B4, ("any", "any", "NULL", "SHA256", "NULL", 0, 0, True, 0x0304, 0x0304, None)),
    ],
)
def test_properties(number: int, wanted: tuple[object, ...]) -> None:
    suite = properties(number)
    assert wanted == (
        suite.key_exchange,
        suite.authentication,
        suite.cipher,
        suite.mac,
        suite.mode,
        suite.key_bits,
        suite.block_bits,
        suite.forward_secret,
        suite.lowest_version,
        suite.highest_version,
        suite.retired_from,
    )


@pytest.mark.parametrize(
    ("number", "prf_hash", "export_bits"),
    [
        (0x002F, "SHA256", 0),
        (0xC030, "SHA384", 0),
        (0xC0AD, "SHA256", 0),
        (0x1302, "SHA384", 0),
        (0x0003, "SHA256", 512),
        (0x0060, "SHA256", 1024),
        (0x00C6, "SM3", 0),
        (0xC102, "GOSTR3411", 0),
    ],
)
def test_prf_hash_and_export(number: int, prf_hash: str, export_bits: int) -> None:
    suite = properties(number)
    assert (suite.prf_hash, suite.export_bits) == (prf_hash, export_bits)
    assert suite.export == (export_bits > 0)


def test_numbers_that_are_no_suites() -> None:
    for number in (*SIGNALLING_SUITES, 0xC0FF, 0x0A0A, -1, 1 << 16):
        assert suite_properties(number) is None
        assert openssl_name(number) is None


def test_every_field_is_filled_for_every_suite() -> None:
    for suite in all_properties():
        assert suite.mode in {"AEAD", "CBC", "stream", "NULL"}, suite
        assert (suite.mac == "AEAD") == (suite.mode == "AEAD"), suite
        assert (suite.key_bits == 0) == (suite.mode == "NULL"), suite
        assert suite.block_bits in {64, 128} or suite.mode != "CBC", suite
        assert suite.export == ("EXPORT" in suite.name), suite
        assert suite.lowest_version <= suite.highest_version, suite


def test_every_suite_is_of_exactly_one_class() -> None:
    for suite in all_properties():
        assert [name for name, holds in SUITE_CLASSES.items() if holds(suite)] == [suite_class(suite)]
    counts = Counter(map(suite_class, all_properties()))
    assert set(counts) == set(SUITE_CLASSES)
    assert counts.total() == len(SUITE_NAMES) - len(SIGNALLING_SUITES)


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0x0001, "null"),
        (0xC0B5, "null"),
        (0x001B, "anonymous"),
        (0x0017, "anonymous"),
        (0x0014, "export"),
        (0x0015, "single-des"),
        (0xC011, "rc4"),
        (0x0007, "rc2-idea"),
        (0x0016, "3des"),
        (0x0081, "national"),
        (0x00C6, "national"),
        (0x008D, "psk-srp-krb5"),
        (0x000F, "single-des"),
        (0x0037, "static-dh"),
        (0xC004, "static-dh"),
        (0x002F, "static-rsa-cbc"),
        (0x009C, "static-rsa-aead"),
        (0x0039, "dhe-cbc"),
        (0x009F, "dhe-aead"),
        (0xC014, "ecdhe-cbc"),
        (0xCCA8, "ecdhe-aead"),
        (0xC076, "ecdhe-cbc"),
        (0x1301, "tls13"),
    ],
)
def test_classes(number: int, name: str) -> None:
    assert suite_class(properties(number)) == name


def test_suites_of_a_version() -> None:
    assert set(suites_of_version(0x0304)).isdisjoint(suites_of_version(0x0303))
    assert set(suites_of_version(0x0301)) == set(suites_of_version(0x0302)) < set(suites_of_version(0x0303))
    assert set(suites_of_version(0x0300)) < set(suites_of_version(0x0301))
    every = {number for version in range(0x0300, 0x0305) for number in suites_of_version(version)}
    assert every == set(SUITE_NAMES) - SIGNALLING_SUITES - {0}
    assert suites_of_version(0x0200) == suites_of_version(0x0305) == ()


def test_suites_of_a_version_come_strongest_first() -> None:
    for version in range(0x0300, 0x0305):
        numbers = suites_of_version(version)
        assert len(set(numbers)) == len(numbers)
        classes = [suite_class(properties(number)) for number in numbers]
        ranks = [list(SUITE_CLASSES).index(name) for name in classes]
        assert ranks == sorted(ranks, reverse=True)
    assert suites_of_version(0x0304)[:2] == (0x1302, 0x1303)
    assert suites_of_version(0x0303)[:2] == (0xC02C, 0xC030)


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0x0003, "EXP-RC4-MD5"),
        (0x0014, "EXP-EDH-RSA-DES-CBC-SHA"),
        (0x0016, "DHE-RSA-DES-CBC3-SHA"),
        (0x0019, "EXP-ADH-DES-CBC-SHA"),
        (0x0063, "EXP1024-DHE-DSS-DES-CBC-SHA"),
        (0x0021, "KRB5-IDEA-CBC-SHA"),
        (0xC061, "ECDHE-ARIA256-GCM-SHA384"),
        (0xC048, None),
        (0x1306, None),
        (0x0000, None),
        (0xFEFE, None),
    ],
)
def test_openssl_names(number: int, name: str | None) -> None:
    assert openssl_name(number) == name


def test_openssl_names_are_not_given_twice() -> None:
    names = [name for name in map(openssl_name, SUITE_NAMES) if name]
    assert len(set(names)) == len(names) > 250


def test_reading_of_server_key_exchange_agrees() -> None:
    """For every suite whose ServerKeyExchange has the ECDHE or DHE form (RFC 8422 §5.4, RFC 5246 §7.4.3)."""
    forms = {
        "ECDHE": KeyExchange.ECDHE,
        "ECDH_anon": KeyExchange.ECDHE,
        "DHE": KeyExchange.DHE,
        "DHE_EXPORT": KeyExchange.DHE,
        "DH_anon": KeyExchange.DHE,
        "DH_anon_EXPORT": KeyExchange.DHE,
    }
    compared = 0
    for suite in all_properties():
        if suite.key_exchange in forms:
            assert key_exchange_of(suite.number) is forms[suite.key_exchange], suite
            compared += 1
        elif suite.key_exchange not in {"RSA", "RSA_EXPORT", "DH_EXPORT"}:
            assert key_exchange_of(suite.number) is KeyExchange.OTHER, suite
    assert compared > 100
