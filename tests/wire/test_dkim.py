"""DKIM key records, the keys that messages name, and the lists and headers that both are read from."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from waxseal.checks.dkim._keys import rsa_bits
from waxseal.wire.dkim import DkimKeyRecord, key_name, read_key, read_keys, selectors_of
from waxseal.wire.mail_message import MAX_FIELDS, header_fields
from waxseal.wire.tag_list import MAX_TAGS, read_tag_list

RSA = rsa.generate_private_key(65537, 1024).public_key()
SPKI = base64.b64encode(RSA.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
PKCS1 = base64.b64encode(RSA.public_bytes(Encoding.DER, PublicFormat.PKCS1)).decode()
ED25519 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # RFC 8463 §A.2


def key(text: str) -> DkimKeyRecord:
    record = read_key(text.encode())
    assert record is not None
    return record


def rules(text: str) -> list[str]:
    return [problem.rule for problem in key(text).problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"v=DKIM1; k=rsa; p={SPKI}", []),  # RFC 6376 §3.6.1
        (f"p={SPKI}", []),  # v is RECOMMENDED only (RFC 6376 §3.6.1)
        (f"p={SPKI};", []),
        (f"v=DKIM1; p={SPKI[:40]}\r\n {SPKI[40:]}", []),  # blanks may stand in base64
        (f"v=DKIM1; h=sha1:sha256; s=email:*; t=y:s; n=a note; x=y; p={SPKI}", []),
        (f"v=DKIM1; k=ed25519; p={ED25519}", []),  # RFC 8463 §4.2
        ("v=DKIM1; p=", []),
        ("v=DKIM1; k=rsa", ["key-missing"]),
        ("v=DKIM1; p=a", ["key-base64"]),
        (f"p={SPKI}; v=DKIM1", ["version-not-first"]),
        (f"v=DKIM1; k=dsa; p={SPKI}", ["key-type"]),
        (f"v=DKIM1; k=RSA; p={SPKI}", ["key-type"]),  # values are case-sensitive (RFC 6376 §3.2)
        (f"v=DKIM1; k=ed25519; p={SPKI}", ["key-size"]),
        (f"v=DKIM1; s=tlsrpt; p={SPKI}", ["service"]),
        (f"v=DKIM1; h=sha1; p={SPKI}", ["hash"]),  # RFC 8301 §3.1
        (f"v=DKIM1; p={SPKI}; p=", ["tag-twice"]),  # RFC 6376 §3.2
        (f"v=DKIM1;; p={SPKI}", ["no-pair"]),
        (f"v=DKIM1; t=; p={SPKI}", ["name-empty"]),
        (f"v=DKIM1; n=ü; p={SPKI}", ["value-octets"]),
    ],
)
def test_key_records(text: str, expected: list[str]) -> None:
    assert rules(text) == expected


@pytest.mark.parametrize(
    "text", ["v=DKIM2; p=x", "v=DKIM1.0; p=x", "v=spf1 -all", "V=DKIM1; p=x", "hello", "k=rsa", ""]
)
def test_other_records_are_none(text: str) -> None:
    assert read_key(text.encode()) is None
    assert read_keys([text.encode(), b"p="]).others == (text.encode(),)


def test_an_empty_key_is_not_a_missing_one() -> None:
    assert key("v=DKIM1; p= ").revoked
    assert not key("v=DKIM1").revoked
    assert not key("v=DKIM1; p=!").revoked
    assert (key("p=; t=s:y").testing, key("p=; t=s").testing) == (True, False)


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        (f"p={SPKI}", 1024),
        (f"p={PKCS1}", 1024),
        (f"k=ed25519; p={SPKI}", None),
        ("p=", None),
        ("p=AAAA", None),
        ("p=MAA=", None),
        (f"p={SPKI[:100]}", None),
    ],
)
def test_rsa_bits(text: str, bits: int | None) -> None:
    assert rsa_bits(key(text)) == bits


def test_where_a_key_stands() -> None:
    assert key_name("S1.mail", "Example.ORG.") == "s1.mail._domainkey.example.org"


def test_a_message_names_its_keys() -> None:
    message = (
        b"From postmaster Mon Nov  2 10:00:00 2026\r\n"
        b"Received: from a\r\n\tby b; now\r\n"
        b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
        b"\td=Example.ORG; s=sel1;\r\n h=from:to; bh=x; b=y=z\r\n"
        b"dkim-signature : v=1; d=example.net; s=a.b; b=\r\n"
        b"DKIM-Signature: v=1; d=example.org; s=sel1; b=second\r\n"
        b"DKIM-Signature: v=1; d=localhost; s=one-label\r\n"
        b"DKIM-Signature: v=1; s=no-domain\r\n"
        b"DKIM-Signature: v=1; d=..; s=x\r\n"
        b"no field at all\r\n of any kind: d=lost.example; s=x\r\n"
        b"X-DKIM-Signature: v=1; d=other.example; s=x\r\n"
        b"Subject: hello\r\n"
        b"\r\n"
        b"DKIM-Signature: v=1; d=body.example; s=x\r\n"
    )
    expected = (("sel1", "example.org"), ("a.b", "example.net"))
    assert selectors_of(message) == expected
    assert selectors_of(message.replace(b"\r\n", b"\n")) == expected


def test_headers_are_bounded() -> None:
    assert len(header_fields(b"A: b\n" * 5000)) == MAX_FIELDS
    assert header_fields(b"A: " + b"x" * 10_000_000)[0][0] == "a"
    assert len(selectors_of(b"".join(b"DKIM-Signature: d=a.b; s=s%d\n" % n for n in range(99)))) == 50


def test_lists_are_bounded() -> None:
    tags = read_tag_list(b"a=b;" * 5000)
    assert len(tags.tags) == MAX_TAGS
    assert tags.problems[0].rule == "too-many-tags"


@given(st.binary(max_size=300))
def test_anything_can_be_read(octets: bytes) -> None:
    read_key(octets)
    record = read_key(b"v=DKIM1;" + octets)
    assert record is not None
    rsa_bits(record)
    for selector, domain in selectors_of(octets) + selectors_of(b"DKIM-Signature:" + octets):
        assert selector
        assert "." in domain


@given(st.binary(max_size=300))
def test_an_rsa_key_can_be_anything(octets: bytes) -> None:
    assert (rsa_bits(DkimKeyRecord("rsa", octets)) or 0) >= 0
