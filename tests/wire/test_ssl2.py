"""SSL 2.0 hellos by hand: the octets of the draft, answers cut anywhere, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxseal.wire.ssl2 import (
    CIPHER_KINDS,
    NotSsl2,
    Ssl2ClientHello,
    Ssl2Error,
    Ssl2ServerHello,
    parse_ssl2_answer,
)

KINDS = b"\x01\x00\x80\x07\x00\xc0"
BODY = b"\x04\x00\x01\x00\x02\x00\x05\x00\x06\x00\x10" + b"CERT!" + KINDS + b"i" * 16


def short(body: bytes) -> bytes:
    return (0x8000 | len(body)).to_bytes(2, "big") + body


def long(body: bytes, padding: int) -> bytes:
    return (len(body) + padding).to_bytes(2, "big") + bytes([padding]) + body + bytes(padding)


def test_a_client_hello() -> None:
    octets = Ssl2ClientHello(b"c" * 16, (0x010080, 0x0700C0)).record()
    assert octets == b"\x80\x1f\x01\x00\x02\x00\x06\x00\x00\x00\x10" + KINDS + b"c" * 16
    everything = Ssl2ClientHello(b"c" * 32, session_id=b"s" * 16).record()
    assert everything[:2] == (0x8000 | len(everything) - 2).to_bytes(2, "big")
    assert len(everything) == 2 + 9 + 3 * len(CIPHER_KINDS) + 16 + 32


@pytest.mark.parametrize("octets", [short(BODY), short(BODY) + b"more", long(BODY, 5)])
def test_a_server_hello(octets: bytes) -> None:
    hello = parse_ssl2_answer(octets)
    assert isinstance(hello, Ssl2ServerHello)
    assert (hello.version, hello.session_hit, hello.certificate_type) == (2, False, 1)
    assert (hello.certificate, hello.connection_id) == (b"CERT!", b"i" * 16)
    assert hello.kinds == (0x010080, 0x0700C0)
    assert hello.deviations == ()


def test_an_error() -> None:
    assert parse_ssl2_answer(short(b"\x00\x00\x01")) == Ssl2Error(b"\x00\x00\x01", 1)


def test_a_server_hello_that_breaks_the_rules() -> None:
    hello = parse_ssl2_answer(short(BODY[:3] + b"\x03\x01" + BODY[5:] + b"!"))
    assert isinstance(hello, Ssl2ServerHello)
    assert [deviation.rule for deviation in hello.deviations] == ["trailing-octets", "ssl2-version"]


@pytest.mark.parametrize(
    "octets",
    [
        b"\x15\x03\x01\x00\x02\x02\x28",
        b"\x16\x03\x01\x00\x05\x02",
        b"220 mx\r\n",
        b"\x80\x02\x04\x00",
        short(BODY[:20]),
        short(b"\x01\x00\x02"),
    ],
)
def test_what_is_no_ssl2(octets: bytes) -> None:
    assert isinstance(parse_ssl2_answer(octets), NotSsl2)


@given(st.integers(min_value=0, max_value=len(BODY) + 2))
def test_an_answer_that_is_not_whole_yet(cut: int) -> None:
    octets = short(BODY)
    answer = parse_ssl2_answer(octets[:cut])
    assert (answer is None) == (cut < len(octets))


@given(
    st.binary(max_size=80), st.sampled_from([b"", b"\x80", b"\x80\x20\x04", b"\x00\x20\x01\x04", BODY[:9]])
)
def test_no_octets_raise(octets: bytes, start: bytes) -> None:
    parse_ssl2_answer(start + octets)
    parse_ssl2_answer(short(start + octets))
