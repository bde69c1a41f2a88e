"""Reading certificates: the same as the library where it reads them, and the rest where it refuses."""

import hashlib
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trust import pki
from tests.trust.pki import CA, NOW, Wish, encode, extension, issue, leaf_wish, rebuilt, with_extensions
from tests.trust.scenarios import INTER, LEAF, ROOT, spelled_out
from waxseal.facts import Certificate, Deviation
from waxseal.facts.address import canonical
from waxseal.trust.certificate import parse


def rules(certificate: Certificate) -> list[str]:
    return [each.rule for each in certificate.deviations]


def test_an_ordinary_leaf() -> None:
    wish = leaf_wish(
        "mx.example.org", "*.example.org", "192.0.2.1", "2001:db8::1", caissuers="http://a.example/i"
    )
    leaf = issue("CN=mx.example.org,O=Sealed\\, Inc.,C=NL", wish, INTER, own=pki.key("leaf"))
    library, spki = leaf.x509, leaf.key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    identifier = x509.SubjectKeyIdentifier.from_public_key
    assert parse(leaf.der) == Certificate(
        der=leaf.der,
        sha256=hashlib.sha256(leaf.der).hexdigest(),
        spki_sha256=hashlib.sha256(spki).hexdigest(),
        subject="CN=mx.example.org,O=Sealed\\, Inc.,C=NL",
        issuer="CN=Inter",
        serial="1234567890",
        not_before=library.not_valid_before_utc,
        not_after=library.not_valid_after_utc,
        dns_names=("mx.example.org", "*.example.org"),
        ip_names=("192.0.2.1", "2001:db8::1"),
        common_names=("mx.example.org",),
        has_san=True,
        key_type="ec",
        key_bits=256,
        curve="secp256r1",
        signature_algorithm="ecdsa-with-SHA256",
        signature_hash="sha256",
        ca=False,
        key_usage=("digitalSignature",),
        extended_key_usage=("1.3.6.1.5.5.7.3.1",),
        subject_key_id=identifier(leaf.key.public_key()).digest.hex(),
        authority_key_id=identifier(INTER.key.public_key()).digest.hex(),
        issuer_urls=("http://a.example/i",),
    )


def test_a_bare_certificate() -> None:
    bare = parse(issue("Bare", Wish(key_ids=False)).der)
    assert bare.ca is None
    assert bare.path_length is None
    assert bare.key_usage is None
    assert bare.extended_key_usage is None
    assert not bare.has_san
    assert bare.subject_key_id == bare.authority_key_id == ""
    assert bare.deviations == ()


@pytest.mark.parametrize(
    ("kind", "fields", "signed"),
    [
        ("rsa", ("rsa", 2048, ""), ("sha256WithRSAEncryption", "sha256")),
        ("ec384", ("ec", 384, "secp384r1"), ("ecdsa-with-SHA256", "sha256")),
        ("ed25519", ("ed25519", None, ""), ("ed25519", "")),
        ("ed448", ("ed448", None, ""), ("ed448", "")),
        ("dsa", ("dsa", 1024, ""), ("dsa-with-sha256", "sha256")),
    ],
)
def test_keys_and_signatures(kind: str, fields: tuple[object, ...], signed: tuple[str, str]) -> None:
    read = parse(issue("Root", CA, own=pki.key("reading", kind)).der)
    assert (read.key_type, read.key_bits, read.curve) == fields
    assert (read.signature_algorithm, read.signature_hash) == signed


def test_rsassa_pss_names_its_hash() -> None:
    pss = padding.PSS(padding.MGF1(hashes.SHA512()), 64)
    root = issue("Root", CA, own=pki.key("reading", "rsa"), rsa_padding=pss, digest=hashes.SHA512())
    assert (root.fact.signature_algorithm, root.fact.signature_hash) == ("rsassaPss", "sha512")
    bare = encode(0x30, pki.encode_oid("1.2.840.113549.1.1.10"))
    defaults = rebuilt(root, root.key, lambda fields: fields, algorithm=bare)
    assert (defaults.fact.signature_algorithm, defaults.fact.signature_hash) == ("rsassaPss", "sha1")


def test_path_length_and_usages() -> None:
    read = parse(issue("Root", Wish(ca=True, path_length=3, key_usage=pki.CA_USAGE)).der)
    assert (read.ca, read.path_length, read.key_usage) == (True, 3, ("keyCertSign", "cRLSign"))


GOOD = extension("2.5.29.19", b"\x30\x00", critical=True)


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (extension("2.5.29.15", b"\x03\x02\x09\x80"), "keyUsage-unreadable"),
        (extension("2.5.29.37", b"\x30\x00"), "extKeyUsage-unreadable"),
        (extension("2.5.29.17", b"\x30\x02\x02\x00"), "subjectAltName-unreadable"),
        (extension("2.5.29.14", b"\x04\x05ab"), "subjectKeyIdentifier-unreadable"),
        (extension("2.5.29.35", b"\x30\x02\x83\x00"), "authorityKeyIdentifier-unreadable"),
        (extension("2.5.29.30", b"\x30\x02\xa2\x00"), "nameConstraints-unreadable"),
        (extension("2.5.29.30", b"\x30\x00"), "name-constraints-empty"),
        (extension("1.3.6.1.5.5.7.1.1", b"\x30\x02\x30\x00"), "authorityInfoAccess-unreadable"),
        (extension("2.5.29.17", b"\x30\x00"), "san-empty"),
        (extension("2.5.29.17", b"\x30\x04\x82\x02\xc3\xa9"), "san-not-ascii"),
        (extension("2.5.29.17", b"\x30\x07\x87\x05abcde"), "san-address-length"),
        (encode(0x30, b"\x06\x03\x55\x1d\x11"), "extension-unreadable"),
        (encode(0x30, b"\x06\x03\x55\x1d\x11\x01\x01\x05\x04\x00"), "extension-unreadable"),
        (GOOD, "extension-duplicate"),
    ],
)
def test_one_bad_extension_loses_no_other(broken: bytes, rule: str) -> None:
    purpose = extension("2.5.29.37", encode(0x30, pki.encode_oid("1.3.6.1.5.5.7.3.2")))
    rest = () if b"\x55\x1d\x25" in broken else (purpose,)
    read = with_extensions(LEAF, INTER.key, GOOD, broken, *rest).fact
    assert rules(read) == [rule]
    assert read.ca is False
    assert read.subject == "CN=mx.example.org"
    assert read.extended_key_usage == (("1.3.6.1.5.5.7.3.2",) if rest else None)


def test_odd_names_are_shown_as_sent() -> None:
    names = b"\x82\x05a\x00b.c" + b"\x82\x02\xc3\xa9" + b"\x87\x05abcde" + b"\x87\x04\xc0\x00\x02\x01"
    read = with_extensions(LEAF, INTER.key, extension("2.5.29.17", encode(0x30, names))).fact
    assert read.dns_names == ("a\x00b.c", "\\xc3\\xa9")
    assert read.ip_names == ("192.0.2.1",)
    assert read.has_san


def test_critical_extensions_that_cannot_be_processed() -> None:
    unknown = extension("1.2.3.4", b"\x05\x00", critical=True)
    read = with_extensions(LEAF, INTER.key, GOOD, unknown, extension("1.2.3.5", b"")).fact
    assert read.unknown_critical == ("1.2.3.4",)


@pytest.mark.parametrize(
    ("serial", "text", "found"),
    [
        (b"\x02\x01\x01", "1", []),
        (b"\x02\x01\x00", "0", ["serial-not-positive"]),
        (b"\x02\x01\xf0", "10", ["serial-not-positive"]),
        (encode(2, b"\x01" * 21), "1" + "01" * 20, ["serial-too-long"]),
        (b"\x02\x00", "", ["serialNumber-unreadable"]),
        (b"\x04\x01\x01", "", ["serialNumber-unreadable"]),
    ],
)
def test_serial_numbers(serial: bytes, text: str, found: list[str]) -> None:
    read = rebuilt(LEAF, INTER.key, lambda fields: [fields[0], serial, *fields[2:]]).fact
    assert (read.serial, rules(read)) == (text, found)
    assert read.subject == "CN=mx.example.org"


@pytest.mark.parametrize(
    ("tag", "text", "time", "found"),
    [
        (0x17, b"490101000000Z", datetime(2049, 1, 1, tzinfo=UTC), []),
        (0x17, b"500101000000Z", datetime(1950, 1, 1, tzinfo=UTC), []),
        (0x18, b"20500101000000Z", datetime(2050, 1, 1, tzinfo=UTC), []),
        (0x18, b"99991231235959Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), []),
        (0x18, b"20490101000000Z", datetime(2049, 1, 1, tzinfo=UTC), ["time-type"]),
        (0x17, b"4901010000Z", None, ["notAfter-unreadable"]),
        (0x17, b"490101000000+0100", None, ["notAfter-unreadable"]),
        (0x18, b"20500101000000.5Z", None, ["notAfter-unreadable"]),
        (0x17, b"490231000000Z", None, ["notAfter-unreadable"]),
        (0x17, b"490101000060Z", None, ["notAfter-unreadable"]),
        (0x18, b"00000101000000Z", None, ["notAfter-unreadable"]),
        (0x16, b"490101000000Z", None, ["notAfter-unreadable"]),
        (0x17, b"", None, ["notAfter-unreadable"]),
    ],
)
def test_times(tag: int, text: bytes, time: datetime | None, found: list[str]) -> None:
    validity = encode(0x30, b"\x17\x0d250101000000Z" + encode(tag, text))
    read = rebuilt(LEAF, INTER.key, lambda fields: [*fields[:4], validity, *fields[5:]]).fact
    assert (read.not_after, rules(read)) == (time, found)
    assert read.not_before == datetime(2025, 1, 1, tzinfo=UTC)


def test_other_breaches_of_the_form() -> None:
    assert rules(parse(LEAF.der + b"\x00")) == ["trailing-octets"]
    outer = bytes.fromhex("300a06082a8648ce3d040303")
    assert rules(rebuilt(LEAF, INTER.key, list, outer=outer).fact) == ["signature-algorithm-mismatch"]
    assert rules(spelled_out().fact) == ["curve-not-named"]
    assert (spelled_out().fact.key_type, spelled_out().fact.key_bits, spelled_out().fact.curve) == (
        "ec",
        256,
        "",
    )
    nameless = rebuilt(LEAF, INTER.key, lambda fields: [*fields[:3], b"\x30\x00", *fields[4:]])
    assert rules(nameless.fact) == ["issuer-empty"]
    short = rebuilt(LEAF, INTER.key, lambda fields: fields[:5])
    assert rules(short.fact) == ["fields-missing"]
    old = rebuilt(LEAF, INTER.key, lambda fields: fields[1:])
    assert rules(old.fact) == ["extensions-without-version-3"]
    future = rebuilt(LEAF, INTER.key, lambda fields: [bytes.fromhex("a003020103"), *fields[1:]])
    assert rules(future.fact) == ["version-unknown", "extensions-without-version-3"]
    lax = extension("2.5.29.19", b"\x30\x03\x01\x01\xff")
    assert rules(with_extensions(LEAF, INTER.key, lax).fact) == ["basic-constraints-not-critical"]
    cut = Deviation("certificate-unreadable", "RFC 5280 §4.1", LEAF.der[:64])
    assert parse(LEAF.der[:-1]).deviations == (cut,)


def test_a_key_that_cannot_be_read() -> None:
    odd = encode(0x30, encode(0x30, pki.encode_oid("1.2.840.113549.1.1.1")) + b"\x03\x01\x00")
    read = rebuilt(LEAF, INTER.key, lambda fields: [*fields[:6], odd, *fields[7:]]).fact
    assert (read.key_type, read.spki_sha256, rules(read)) == ("", "", ["subjectPublicKeyInfo-unreadable"])
    assert read.dns_names == ("mx.example.org",)
    other = encode(0x30, encode(0x30, pki.encode_oid("1.2.3.4")) + b"\x03\x02\x00\x01")
    unknown = rebuilt(LEAF, INTER.key, lambda fields: [*fields[:6], other, *fields[7:]]).fact
    assert unknown.key_type == "1.2.3.4"
    assert unknown.spki_sha256 == hashlib.sha256(other).hexdigest()


HOSTS = st.from_regex(r"([a-z]{1,9}\.){1,3}[a-z]{2,5}", fullmatch=True)


@settings(deadline=None)
@given(
    st.lists(HOSTS, min_size=1, max_size=5),
    st.lists(st.ip_addresses(), max_size=3),
    st.integers(1, 2**159 - 1),
    st.datetimes(datetime(1951, 1, 1), datetime(2300, 1, 1)),  # noqa: DTZ001
    st.integers(0, 2**20),
)
def test_what_the_library_writes_is_read_back(
    hosts: list[str], addresses: list[object], serial: int, start: datetime, length: int
) -> None:
    begin = start.replace(microsecond=0, tzinfo=UTC)
    names = [pki.general(str(each)) for each in (*hosts, *addresses)]
    wish = leaf_wish(
        alt_names=names, serial=serial, not_before=begin, not_after=begin + length * pki.DAY / 10**4
    )
    read = issue("a", wish, ROOT).fact
    assert read.dns_names == tuple(hosts)
    assert read.ip_names == tuple(canonical(str(each)) for each in addresses)
    assert int(read.serial, 16) == serial
    assert read.not_before == begin
    assert read.not_after == wish.not_after.replace(microsecond=0)
    assert read.deviations == ()


def test_the_same_octets_give_the_same_fact() -> None:
    assert parse(LEAF.der) == parse(bytes(bytearray(LEAF.der)))
    assert LEAF.fact.not_after is not None
    assert LEAF.fact.not_after > NOW
