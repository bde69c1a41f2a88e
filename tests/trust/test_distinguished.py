"""Names as text and for comparing."""

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trust.pki import encode, encode_oid
from waxseal.trust import distinguished
from waxseal.trust.der import DerError

KINDS = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.LOCALITY_NAME, NameOID.STREET_ADDRESS)
CHARACTERS = st.characters(min_codepoint=0x20, max_codepoint=0x2FFF).filter(str.isprintable)
VALUES = st.text(CHARACTERS, min_size=1, max_size=20)


def one(kind: str, tag: int, value: bytes) -> bytes:
    """A Name of one attribute."""
    return encode(0x30, encode(0x31, encode(0x30, encode_oid(kind) + encode(tag, value))))


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(KINDS), VALUES), max_size=4))
def test_text_is_that_of_the_library(pairs: list[tuple[x509.ObjectIdentifier, str]]) -> None:
    name = x509.Name([x509.NameAttribute(kind, value) for kind, value in pairs])
    assert distinguished.text(name.public_bytes()) == name.rfc4514_string()


def test_what_cannot_be_printed_is_escaped() -> None:
    name = one("2.5.4.3", 0x0C, "a\u202eb\u200bc\x1b[0m".encode())
    assert distinguished.text(name) == "CN=a\\E2\\80\\AEb\\E2\\80\\8Bc\\1B[0m"


def test_an_rdn_of_two_attributes() -> None:
    country, common, organisation = (
        encode(0x30, encode_oid(kind) + encode(0x0C, value))
        for kind, value in (("2.5.4.6", b"NL"), ("2.5.4.3", b"a"), ("2.5.4.10", b"b"))
    )
    name = encode(0x30, encode(0x31, country) + encode(0x31, common + organisation))
    assert distinguished.text(name) == "CN=a+O=b,C=NL"
    assert distinguished.common_names(name) == ("a",)


@pytest.mark.parametrize(
    ("kind", "tag", "value", "text"),
    [
        ("2.5.4.3", 0x0C, b"a", "CN=a"),
        ("2.5.4.3", 0x0C, b"", "CN="),
        ("2.5.4.3", 0x0C, b" a ", r"CN=\ a\ "),
        ("2.5.4.3", 0x0C, b"#a#", r"CN=\#a#"),
        ("2.5.4.3", 0x0C, b'a,b+c"\\;<>', r"CN=a\,b\+c\"\\\;\<\>"),
        ("2.5.4.3", 0x0C, b"a\x00\x1b[2J", r"CN=a\00\1B[2J"),
        ("2.5.4.3", 0x1E, "é".encode("utf-16-be"), "CN=é"),
        ("2.5.4.3", 0x0C, b"\xff", "CN=#0c01ff"),
        ("2.5.4.3", 0x1E, b"\xd8\x00", "CN=#1e02d800"),
        ("1.2.3.4", 0x0C, b"a", "1.2.3.4=#0c0161"),
        ("1.2.840.113549.1.9.1", 0x16, b"a@b.org", "emailAddress=a@b.org"),
        ("2.5.4.3", 0x30, b"", "CN=#3000"),
        ("2.5.4.3", 0x04, b"a" * 200, "CN=#0481c8" + "61" * 200),
    ],
)
def test_text_of_odd_values(kind: str, tag: int, value: bytes, text: str) -> None:
    assert distinguished.text(one(kind, tag, value)) == text


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ((0x0C, b"A b"), (0x13, b"  a   B "), True),
        ((0x0C, "É".encode()), (0x0C, "é".encode()), False),
        ((0x0C, "é".encode()), (0x1E, "é".encode("utf-16-be")), True),
        ((0x0C, b"a"), (0x0C, b"b"), False),
        ((0x0C, b"\xff"), (0x0C, b"\xff"), True),
        ((0x04, b"a"), (0x04, b"A"), False),
    ],
)
def test_comparing(left: tuple[int, bytes], right: tuple[int, bytes], same: bool) -> None:
    names = [distinguished.canonical(one("2.5.4.3", *side)) for side in (left, right)]
    assert (names[0] == names[1]) is same


def test_the_order_inside_an_rdn_does_not_count() -> None:
    pairs = [encode(0x30, encode_oid(kind) + b"\x0c\x01a") for kind in ("2.5.4.3", "2.5.4.10")]
    forward, back = (encode(0x30, encode(0x31, b"".join(order))) for order in (pairs, pairs[::-1]))
    assert distinguished.canonical(forward) == distinguished.canonical(back)


@pytest.mark.parametrize("octets", ["", "3100", "30023100", "3003310100", "30043102300005"])
def test_what_is_not_a_name(octets: str) -> None:
    with pytest.raises(DerError):
        distinguished.text(bytes.fromhex(octets))
