"""HTTP messages: responses cut anywhere, every framing, every limit, and URLs that are no plain http ones."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.cuts import cut_places, pieces
from waxseal.wire import http_message
from waxseal.wire.http_message import (
    MAX_FIELDS,
    MAX_HEAD_OCTETS,
    HttpResponse,
    HttpUrl,
    ResponseReader,
    parse_url,
    redirected,
    request,
)

BY_LENGTH = b"HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nTrailer: 1\r\n\r\n"
)
TO_THE_END = b"HTTP/1.0 200 OK\r\nServer: x\r\n\r\nhello"
BARE_LF = b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"
AFTER_INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n" + BY_LENGTH


def read(*parts: bytes, limit: int = 100, end: bool = True) -> ResponseReader:
    reader = ResponseReader(limit)
    for part in parts:
        reader.feed(part)
    if end:
        reader.end()
    return reader


def body(*parts: bytes) -> HttpResponse:
    found = read(*parts).response
    assert found is not None
    return found


@pytest.mark.parametrize("octets", [BY_LENGTH, CHUNKED, TO_THE_END, BARE_LF, AFTER_INTERIM])
def test_every_framing(octets: bytes) -> None:
    found = body(octets)
    assert (found.status, found.body, found.deviations) == (200, b"hello", ())


@given(st.sampled_from([BY_LENGTH, CHUNKED, TO_THE_END, BARE_LF, AFTER_INTERIM]), cut_places)
def test_cut_anywhere(octets: bytes, cuts: list[int]) -> None:
    assert body(*pieces(octets, cuts)) == body(octets)


@pytest.mark.parametrize("octets", [BY_LENGTH, CHUNKED])
def test_is_done_without_an_end(octets: bytes) -> None:
    assert read(octets, end=False).done
    assert not read(octets[:-1], end=False).done
    assert read(octets[:-1]).failure == "the stream ended within the response"


class Searching:
    """Counts the octets that a search goes over."""

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        self.pattern = pattern
        self.octets = 0

    def search(self, octets: bytearray, at: int = 0) -> re.Match[bytes] | None:
        self.octets += len(octets) - at
        return self.pattern.search(octets, at)


def test_a_head_that_comes_octet_by_octet_is_gone_over_once(monkeypatch: pytest.MonkeyPatch) -> None:
    searching = Searching(http_message._HEAD_END)
    monkeypatch.setattr(http_message, "_HEAD_END", searching)
    reader = ResponseReader(10)
    for octet in b"HTTP/1.1 200 OK\r\n" + b"x" * MAX_HEAD_OCTETS:
        reader.feed(bytes([octet]))
    assert reader.over_limit
    assert searching.octets < 5 * MAX_HEAD_OCTETS


def test_what_follows_is_left_aside() -> None:
    assert body(BY_LENGTH + b"more").body == b"hello"


@pytest.mark.parametrize(
    ("octets", "over_limit"),
    [
        (b"220 mx.example.org ESMTP\r\n", False),
        (b"HTTP/1.1 999 x\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0" * 300, False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n", True),
        (b"HTTP/1.1 200 OK\r\n\r\n" + bytes(101), True),
        (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * MAX_HEAD_OCTETS, True),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * MAX_HEAD_OCTETS + b"\r\n\r\n", True),
    ],
)
def test_failures(octets: bytes, over_limit: bool) -> None:
    reader = read(octets, end=False)
    assert reader.done
    assert reader.response is None
    assert reader.failure
    assert reader.over_limit == over_limit


def test_a_malformed_field_is_a_deviation() -> None:
    found = body(b"HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 0\r\n\r\n")
    assert [deviation.rule for deviation in found.deviations] == ["field-malformed"]
    many = b"a: b\r\n" * (MAX_FIELDS + 1)
    found = body(b"HTTP/1.1 204 No Content\r\n" + many + b"\r\n")
    assert [deviation.rule for deviation in found.deviations] == ["fields-too-many"]


def test_fields_by_name() -> None:
    found = body(b"HTTP/1.1 301 Moved\r\nLocation:  /there \r\nContent-Length: 0\r\n\r\n")
    assert found.field("location") == "/there"
    assert found.field("server") == ""


@given(st.binary(max_size=300), st.booleans())
def test_never_raises(octets: bytes, head: bool) -> None:
    reader = read((b"HTTP/1.1 200 OK\r\n" if head else b"") + octets)
    assert reader.done
    assert (reader.response is None) == bool(reader.failure)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://ocsp.example.net", HttpUrl("ocsp.example.net", 80, "/")),
        ("HTTP://OCSP.example.net/a?b=c", HttpUrl("ocsp.example.net", 80, "/a?b=c")),
        ("http://ocsp.example.net:8080/", HttpUrl("ocsp.example.net", 8080, "/")),
        ("http://192.0.2.1/x", HttpUrl("192.0.2.1", 80, "/x")),
        ("http://[2001:db8::1]:81?q", HttpUrl("2001:db8::1", 81, "/?q")),
        ("http://a.example/x#part", HttpUrl("a.example", 80, "/x")),
        ("https://a.example/", None),
        ("ldap://a.example/", None),
        ("http://user@a.example/", None),
        ("http://a.example/\r\nX: y", None),
        ("http://a.example/a b", None),
        ("http://a.example/\xe4", None),
        ("http://a.example:0/", None),
        ("http://a.example:99999/", None),
        ("http:///x", None),
        ("http://a.example/" + "x" * 3000, None),
    ],
)
def test_urls(text: str, url: HttpUrl | None) -> None:
    assert parse_url(text) == url


def test_redirections() -> None:
    url = HttpUrl("a.example", 81, "/x")
    assert redirected(url, "/y") == HttpUrl("a.example", 81, "/y")
    assert redirected(url, "http://b.example/z") == HttpUrl("b.example", 80, "/z")
    for other in ("https://b.example/", "//b.example/", "y", ""):
        assert redirected(url, other) is None


def test_requests() -> None:
    url = HttpUrl("2001:db8::1", 81, "/x")
    got = request(url)
    assert got.startswith(b"GET /x HTTP/1.1\r\nHost: [2001:db8::1]:81\r\n")
    assert got.endswith(b"Connection: close\r\n\r\n")
    posted = request(url, body=b"abc", content_type="application/ocsp-request")
    assert posted.startswith(b"POST /x HTTP/1.1\r\n")
    assert posted.endswith(b"Content-Type: application/ocsp-request\r\nContent-Length: 3\r\n\r\nabc")
