"""What is said to a proxy: octet for octet, cut anywhere, and no answer breaks it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.cuts import cut_places, pieces
from waxseal.facts import Cause
from waxseal.wire.proxy_dialogue import MAX_ANSWER_OCTETS, HttpConnect, ProxyDialogue, Socks5

GREETING = b"220 mx.example.test ESMTP\r\n"


def _socks_reply(code: int = 0) -> bytes:
    return bytes((5, code, 0, 1, 127, 0, 0, 1, 0x1F, 0x90))


def test_connect_goes_out_with_credentials() -> None:
    made = HttpConnect("2001:db8::1", 25, "Aladdin", "open sesame")
    # The credentials of RFC 7617 §2.
    assert made.start() == (
        b"CONNECT [2001:db8::1]:25 HTTP/1.1\r\nHost: [2001:db8::1]:25\r\n"
        b"Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"
    )


def test_socks_dialogue_with_password_and_name() -> None:
    made = Socks5("mx.example.test", 25, "user", "secret")
    assert made.start() == b"\x05\x02\x00\x02"
    assert made.receive(b"\x05\x02") == b"\x01\x04user\x06secret"
    assert made.receive(b"\x01\x00") == b"\x05\x01\x00\x03\x0fmx.example.test\x00\x19"
    assert made.receive(_socks_reply() + GREETING) == b""
    assert made.done
    assert made.leftover == GREETING


@pytest.mark.parametrize(
    ("host", "octets"),
    [("192.0.2.1", b"\x01\xc0\x00\x02\x01"), ("2001:db8::1", b"\x04\x20\x01\x0d\xb8" + bytes(11) + b"\x01")],
)
def test_socks_asks_by_address(host: str, octets: bytes) -> None:
    made = Socks5(host, 587)
    assert made.start() == b"\x05\x01\x00"
    assert made.receive(b"\x05\x00") == b"\x05\x01\x00" + octets + b"\x02\x4b"


ANSWERS: list[tuple[bytes, Cause, str]] = [
    (b"HTTP/1.1 407 secret\r\n\r\n", Cause.BLOCKED_HERE, "it answered 407 Proxy Authentication Required"),
    (b"HTTP/1.0 403\r\n\r\n", Cause.BLOCKED_HERE, "it answered 403 Forbidden"),
    (b"HTTP/1.1 100 go on\r\n\r\nHTTP/1.1 502 x\r\n\r\n", Cause.UNREACHABLE, "it answered 502 Bad Gateway"),
    (b"HTTP/1.1 504 x\nA: b\n\n", Cause.TIMED_OUT, "it answered 504 Gateway Timeout"),
    (b"HTTP/1.1 299\r\n", Cause.BLOCKED_HERE, ""),
    (b"220 mx.example.test ESMTP\r\n", Cause.BLOCKED_HERE, "it does not speak HTTP"),
]
SOCKS_ANSWERS: list[tuple[bytes, Cause, str]] = [
    (b"\x05\xff", Cause.BLOCKED_HERE, "it wants credentials"),
    (b"\x05\x00" + _socks_reply(2), Cause.BLOCKED_HERE, "it answered: not allowed by its rules"),
    (b"\x05\x00" + _socks_reply(4), Cause.UNREACHABLE, "it answered: host unreachable"),
    (b"\x05\x00" + _socks_reply(5), Cause.REFUSED, "it answered: connection refused"),
    (b"\x05\x00\x05\x63", Cause.BLOCKED_HERE, "it answered: reply 99"),
    (b"\x05\x00\x05\x00\x00\x09\x00", Cause.BLOCKED_HERE, "it does not speak SOCKS5"),
    (b"\x04\x5a", Cause.BLOCKED_HERE, "it does not speak SOCKS5"),
]


@pytest.mark.parametrize(("octets", "cause", "text"), ANSWERS)
def test_http_proxy_refuses(octets: bytes, cause: Cause, text: str) -> None:
    made = HttpConnect("mx.example.test", 25, "user", "secret")
    made.receive(octets)
    assert not made.done
    assert made.refusal == ((cause, text) if text else None)


@pytest.mark.parametrize(("octets", "cause", "text"), SOCKS_ANSWERS)
def test_socks_proxy_refuses(octets: bytes, cause: Cause, text: str) -> None:
    made = Socks5("mx.example.test", 25)
    made.receive(octets)
    assert not made.done
    assert made.refusal == (cause, text)


def test_socks_password_is_not_taken() -> None:
    made = Socks5("mx.example.test", 25, "user", "secret")
    made.receive(b"\x05\x02\x01\x01")
    assert made.refusal == (Cause.BLOCKED_HERE, "it does not take the user name and password")


@pytest.mark.parametrize("user", ["", "x" * 256])
def test_socks_user_name_has_a_length(user: str) -> None:
    with pytest.raises(ValueError, match="255 octets"):
        Socks5("mx.example.test", 25, user, "secret")


def test_an_answer_without_an_end_is_given_up() -> None:
    made = HttpConnect("mx.example.test", 25)
    made.receive(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * MAX_ANSWER_OCTETS)
    assert made.refusal == (Cause.BLOCKED_HERE, "its answer has no end")


def _whole(socks: bool) -> ProxyDialogue:
    return Socks5("a.test", 25, "user", "secret") if socks else HttpConnect("a.test", 25, "user", "secret")


WORDS = [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 \r\n", b"A: b\r\n", b"\r\n", b"\n", b"\x05\x02", b"\x01\x00",
         b"\x05\x00\x00\x01" + bytes(6), b"\x05\x00\x00\x03\x01a\x00\x19", GREETING]  # fmt: skip


@given(
    socks=st.booleans(),
    octets=st.lists(st.sampled_from(WORDS) | st.binary(max_size=3), max_size=8).map(b"".join),
    cuts=cut_places,
)
def test_answers_come_cut_anywhere(socks: bool, octets: bytes, cuts: list[int]) -> None:
    whole, cut = _whole(socks), _whole(socks)
    assert b"".join(cut.receive(piece) for piece in pieces(octets, cuts)) == whole.receive(octets)
    assert (cut.done, cut.refusal, cut.leftover) == (whole.done, whole.refusal, whole.leftover)
