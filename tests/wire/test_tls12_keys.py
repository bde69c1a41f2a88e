"""Known answers and arithmetic done again: PRFs, Finished, key block, MACs and padding up to TLS 1.2."""

import hashlib
import hmac
import os

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.wire.tls12_peer import octets_of
from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.orders import Key, LeafOrder
from waxseal.wire.tls12_exchange import ExchangeError, RsaKey, encrypt_rsa, rsa_key_of
from waxseal.wire.tls12_keys import Secrets12, prf
from waxseal.wire.tls12_protection import Tls12Protection, wrong_mac, wrong_padding
from waxseal.wire.tls12_suites import Suite12, parse_suite, spoken_suites, strength
from waxseal.wire.tls_key_exchange import KeyExchange
from waxseal.wire.tls_suites import SUITE_NAMES


def suite(number: int) -> Suite12:
    found = parse_suite(number)
    assert found is not None
    return found


def test_the_prf_of_tls12_by_its_known_answer() -> None:
    """Of the TLS working group's list ("Test vectors for TLS 1.2 PRF", 2009)."""
    secret = bytes.fromhex("9bbe436ba940f017b17652849a71db35")
    seed = bytes.fromhex("a0ba9f936cda311827a6f796ffd5198c")
    right = bytes.fromhex(
        "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af"
    )
    assert prf(0x0303, "sha256", secret, b"test label", seed, 48) == right


def test_the_prf_of_tls10_shares_the_middle_octet_of_an_odd_secret() -> None:
    """RFC 2246 §5, done again octet by octet."""

    def expand(name: str, secret: bytes, seed: bytes) -> bytes:
        first = hmac.new(secret, seed, name).digest()
        second = hmac.new(secret, first, name).digest()
        third = hmac.new(secret, second, name).digest()
        return b"".join(hmac.new(secret, a + seed, name).digest() for a in (first, second, third))

    for secret in (b"0123456789", b"0123456789A"):
        cut = len(secret) // 2
        left = expand("md5", secret[: len(secret) - cut], b"label" + b"seed")
        right = expand("sha1", secret[cut:], b"label" + b"seed")
        mixed = bytes(a ^ b for a, b in zip(left[:40], right[:40], strict=True))
        assert prf(0x0301, "sha256", secret, b"label", b"seed", 40) == mixed


def test_ssl3_derives_by_md5_over_sha1() -> None:
    """RFC 6101 §6.1, §6.2.2 and §5.6.9, done again."""

    def md5(octets: bytes) -> bytes:
        return hashlib.md5(octets, usedforsecurity=False).digest()

    def sha1(octets: bytes) -> bytes:
        return hashlib.sha1(octets, usedforsecurity=False).digest()

    secrets = Secrets12(0x0300, "sha256")
    premain, ours, theirs = b"p" * 48, b"c" * 32, b"s" * 32
    secrets.derive(premain, ours + theirs)
    main = b"".join(
        md5(premain + sha1(letters + premain + ours + theirs)) for letters in (b"A", b"BB", b"CCC")
    )
    assert secrets.main == main
    block = b"".join(md5(main + sha1(bytes([64 + n]) * n + main + theirs + ours)) for n in range(1, 9))
    client, server = secrets.key_block(suite(0x000A), theirs + ours)
    assert client + server == (
        block[:20],
        block[40:64],
        block[88:96],
        block[20:40],
        block[64:88],
        block[96:104],
    )
    said = b"messages"
    inner = md5(said + b"CLNT" + main + b"\x36" * 48), sha1(said + b"CLNT" + main + b"\x36" * 40)
    right = md5(main + b"\x5c" * 48 + inner[0]) + sha1(main + b"\x5c" * 40 + inner[1])
    assert secrets.finished(said, client=True) == right
    assert secrets.finished(said, client=False) != right


KEYS = (b"m" * 20, b"k" * 24, b"i" * 8)


def opened(number: int, version: int, record: bytes, keys: tuple[bytes, bytes, bytes]) -> bytes:
    """A record decrypted by `cryptography` alone."""
    from cryptography.hazmat.decrepit.ciphers import algorithms
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    if number == 0x0005:
        return Cipher(algorithms.ARC4(keys[1]), None).decryptor().update(record[5:])
    decryptor = Cipher(algorithms.TripleDES(keys[1]), modes.CBC(keys[2])).decryptor()
    return decryptor.update(record[5:])[8 if version > 0x0301 else 0 :]


@pytest.mark.parametrize("version", [0x0300, 0x0301, 0x0302, 0x0303])
@pytest.mark.parametrize("number", [0x0005, 0x000A])
def test_what_stands_in_a_record(number: int, version: int) -> None:
    keys = (b"m" * 20, b"k" * 16, b"") if number == 0x0005 else (b"m" * 20, bytes(range(24)), b"i" * 8)
    ours = Tls12Protection(suite(number), version, keys, octets_of)
    record = ours.seal(23, b"EHLO x\r\n")
    head = bytes(8) + b"\x17"
    if version == 0x0300:
        inner = hashlib.sha1(b"m" * 20 + b"\x36" * 40 + head + b"\x00\x08EHLO x\r\n", usedforsecurity=False)
        mac = hashlib.sha1(b"m" * 20 + b"\x5c" * 40 + inner.digest(), usedforsecurity=False).digest()
    else:
        mac = hmac.new(b"m" * 20, head + version.to_bytes(2, "big") + b"\x00\x08EHLO x\r\n", "sha1").digest()
    padded = b"" if number == 0x0005 else b"\x03" * 4
    assert record[:3] == b"\x17" + version.to_bytes(2, "big")
    assert opened(number, version, record, keys) == b"EHLO x\r\n" + mac + padded


def test_padding_of_ssl3_may_be_any_octets_but_not_a_block_too_many() -> None:
    def sealed(version: int, padding_octets: bytes) -> bytes | None:
        ours = Tls12Protection(suite(0x000A), version, KEYS, octets_of)
        record = ours.seal(23, b"EHLO x\r\n", spoil=lambda content, mac, _: content + mac + padding_octets)
        return Tls12Protection(suite(0x000A), version, KEYS, octets_of).open(23, record[5:])

    assert sealed(0x0300, b"abc\x03") == b"EHLO x\r\n"
    assert sealed(0x0301, b"abc\x03") is None
    assert sealed(0x0301, b"\x03\x03\x03\x03") == b"EHLO x\r\n"
    assert sealed(0x0300, b"\x0b" * 12) is None
    assert sealed(0x0301, b"\x0b" * 12) == b"EHLO x\r\n"
    assert sealed(0x0301, b"\xff" * 4) is None


def protection(number: int, version: int = 0x0303, *, etm: bool = False) -> Tls12Protection:
    found = suite(number)
    mac = hashlib.new(found.mac).digest_size if found.mac else 0
    cipher = found.cipher
    keys = (b"m" * mac, bytes(range(1, cipher.key_octets + 1)), b"i" * cipher.iv_octets)
    return Tls12Protection(found, version, keys, os.urandom, encrypt_then_mac=etm)


@pytest.mark.parametrize("version", [0x0300, 0x0301, 0x0302, 0x0303])
@pytest.mark.parametrize("etm", [False, True])
def test_records_open_as_they_were_sealed_and_spoilt_ones_do_not(version: int, etm: bool) -> None:
    for number in spoken_suites():
        ours, theirs = (protection(number, version, etm=etm) for _ in range(2))
        for size in (0, 1, 15, 16, 300):
            content = os.urandom(size)
            record = ours.seal(23, content)
            assert theirs.open(23, record[5:]) == content
        spoilt = protection(number, version, etm=etm).seal(23, b"x", spoil=wrong_mac)
        assert protection(number, version, etm=etm).open(23, spoilt[5:]) is None
        fresh = protection(number, version, etm=etm).seal(23, b"x")
        assert protection(number, version, etm=etm).open(22, fresh[5:]) is None
        assert protection(number, version, etm=etm).open(23, fresh[5:-1]) is None
        assert protection(number, version, etm=etm).open(23, b"") is None


def test_padding_is_spoilt_and_the_mac_stays_right() -> None:
    ours = protection(0xC013)
    seen: list[tuple[bytes, bytes, bytes]] = []

    def look(content: bytes, mac: bytes, padding_octets: bytes) -> bytes:
        seen.append((content, mac, padding_octets))
        return wrong_padding(content, mac, padding_octets)

    record = ours.seal(23, b"x", spoil=look)
    assert protection(0xC013).open(23, record[5:]) is None
    assert seen[0][2] == b"\x0a" * 11
    with pytest.raises(ValueError, match="no padding"):
        protection(0xC02F).seal(23, b"x", spoil=wrong_padding)
    assert wrong_padding(*seen[0])[-11:] == b"\x0b" + b"\x0a" * 10


def test_suites_by_their_names() -> None:
    assert suite(0xC02F).exchange is KeyExchange.ECDHE
    assert (suite(0xC030).hash_name, suite(0xC030).mac) == ("sha384", "")
    assert (suite(0xC028).hash_name, suite(0xC028).mac) == ("sha384", "sha384")
    assert (suite(0x0004).mac, suite(0x0004).authentication) == ("md5", "RSA")
    assert (suite(0x0018).authentication, suite(0x0018).exchange) == ("", KeyExchange.DHE)
    assert (suite(0xC0AE).cipher.tag_octets, suite(0xC0AC).cipher.tag_octets) == (8, 16)
    assert (suite(0xCCA8).cipher.iv_octets, suite(0xC02F).cipher.iv_octets) == (12, 4)
    for number in (0x0003, 0x008C, 0x1301, 0x00FF, 0xC001, 0xFFFF):  # EXPORT, PSK, 1.3, SCSV, ECDH, none
        assert parse_suite(number) is None
    assert [n for n in SUITE_NAMES if parse_suite(n)]


def test_the_strongest_come_first() -> None:
    order = spoken_suites()
    assert order[0] == 0xC02C
    ranked = [
        0xC02C,
        0xC030,
        0xCCA9,
        0xC02B,
        0xC02F,
        0xC0AE,
        0xC013,
        0x009D,
        0x002F,
        0x000A,
        0x0005,
        0x0002,
        0x00A7,
    ]
    assert sorted(ranked, key=order.index) == ranked
    assert sorted(ranked, key=lambda number: strength(suite(number)), reverse=True) == ranked


def test_rsa_encryption_is_that_of_cryptography() -> None:
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_numbers()
    sent = encrypt_rsa(RsaKey(public.n, public.e), b"s" * 48, octets_of)
    assert len(sent) == 256
    assert key.decrypt(sent, padding.PKCS1v15()) == b"s" * 48
    for modulus, exponent in ((2**470, 3), (2**16384, 3), (2**1023 + 1, 2**64)):
        with pytest.raises(ExchangeError):
            encrypt_rsa(RsaKey(modulus, exponent), b"s" * 48, octets_of)


def test_the_rsa_key_of_a_certificate() -> None:
    authority = CertificateAuthority()
    leaf = authority.leaf(LeafOrder(names=("a.test",), key=Key.RSA_2048))
    assert isinstance(leaf.key, rsa.RSAPrivateKey)
    public = leaf.key.public_key().public_numbers()
    assert rsa_key_of(leaf.der) == (public.n, public.e)
    assert rsa_key_of(authority.leaf(LeafOrder(names=("a.test",))).der) is None
    for end in range(len(leaf.der)):
        found = rsa_key_of(leaf.der[:end])
        assert found is None or found == (public.n, public.e)
