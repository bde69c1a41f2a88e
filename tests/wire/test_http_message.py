"""HTTP exchanges: requests, responses cut anywhere, every framing, every limit; and URLs."""

import importlib.util
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.cuts import cut_places, pieces
from waxseal.facts import Cause
from waxseal.wire.http_message import (
    MAX_BLANKS,
    MAX_CHUNK_LINE,
    MAX_FRAMING_OCTETS,
    MAX_HEAD_OCTETS,
    MAX_INTERIM,
    HttpExchange,
    HttpUrl,
    parse_url,
    redirected,
)

URL = HttpUrl("https", "mta-sts.example.test", 443, "/.well-known/mta-sts.txt")
BY_LENGTH = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nTrailer: 1\r\n\r\n"
)
TO_THE_END = b"HTTP/1.0 200 OK\r\nServer: x\r\n\r\nhello"
BARE_LF = b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"
AFTER_INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + BY_LENGTH
FRAMINGS = [BY_LENGTH, CHUNKED, TO_THE_END, BARE_LF, AFTER_INTERIM]
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKS = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def read(*parts: bytes, limit: int = 100, end: bool = True, method: str = "GET") -> HttpExchange:
    exchange = HttpExchange(URL, limit, method=method)
    for part in parts:
        exchange.feed(part)
    if end:
        exchange.end()
    return exchange


def seen(exchange: HttpExchange) -> tuple[object, ...]:
    return exchange.done, exchange.failure, exchange.status, exchange.fields, exchange.body


def test_requests() -> None:
    got = HttpExchange(URL, 0, fields=[("Accept", "text/plain")]).request
    assert got == (
        b"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.example.test\r\nUser-Agent: waxseal\r\n"
        b"Accept-Encoding: identity\r\nConnection: close\r\nAccept: text/plain\r\n\r\n"
    )
    posted = HttpExchange(HttpUrl("http", "2001:db8::1", 81, "/x"), 0, method="POST", content=b"abc").request
    assert posted.startswith(b"POST /x HTTP/1.1\r\nHost: [2001:db8::1]:81\r\n")
    assert posted.endswith(b"Content-Length: 3\r\n\r\nabc")


@pytest.mark.parametrize("octets", FRAMINGS)
def test_every_framing(octets: bytes) -> None:
    found = read(octets)
    assert (found.done, found.failure, found.status, found.body) == (True, None, 200, b"hello")
    assert found.body_octets == 5


@given(st.sampled_from(FRAMINGS), cut_places)
def test_cut_anywhere(octets: bytes, cuts: list[int]) -> None:
    assert seen(read(*pieces(octets, cuts))) == seen(read(octets))


@pytest.mark.parametrize("octets", [BY_LENGTH, CHUNKED])
def test_is_done_without_an_end(octets: bytes) -> None:
    assert read(octets, end=False).done
    assert not read(octets[:-1], end=False).done
    assert read(octets[:-1]).failure is Cause.CLOSED


@pytest.mark.parametrize("octets", [BY_LENGTH, CHUNKED, BARE_LF, AFTER_INTERIM])
def test_an_early_end_keeps_what_came(octets: bytes) -> None:
    for length in range(len(octets)):
        found = read(octets[:length])
        assert found.failure is Cause.CLOSED
        assert b"hello".startswith(found.body)
        assert (found.status == 200) == (found.fields != ())


def test_what_follows_is_left_aside() -> None:
    assert read(BY_LENGTH + b"more").body == b"hello"


def test_a_head_alone_answers_head() -> None:
    found = read(OK + b"Content-Length: 1000\r\n\r\n", end=False, method="HEAD")
    assert (found.done, found.failure, found.status, found.body) == (True, None, 200, b"")


def test_a_content_coding_stays_as_it_came() -> None:
    octets = b"\x1f\x8b\x08\x00 anything"
    found = read(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(octets) + octets)
    assert found.body == octets
    assert ("content-encoding", "gzip") in found.fields


@pytest.mark.parametrize(
    ("octets", "cause"),
    [
        (b"220 mx.example.org ESMTP\r\n", Cause.NOT_HTTP),
        (b"<html>hello", Cause.NOT_HTTP),
        (b"HTTP/2.0 200\r\n\r\n", Cause.NOT_HTTP),
        (b"HTTP/1.1 20 x\r\n\r\n", Cause.NOT_HTTP),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", Cause.NOT_HTTP),
        (OK + b"no colon\r\nContent-Length: 0\r\n\r\n", Cause.NOT_HTTP),
        (OK + b"Content-Length: -5\r\n\r\nhello", Cause.NOT_HTTP),
        (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", Cause.NOT_HTTP),
        (OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", Cause.NOT_HTTP),
        (OK + b"Transfer-Encoding: gzip\r\n\r\nhello", Cause.NOT_HTTP),
        (CHUNKS + b"x\r\n", Cause.NOT_HTTP),
        (CHUNKS + b"2\r\nhello\r\n", Cause.NOT_HTTP),
        (CHUNKS + b"0" * 300 + b"\r\n", Cause.NOT_HTTP),
        (CHUNKS + b"1;" + b"x" * (MAX_CHUNK_LINE + 1024), Cause.LIMIT),
        (CHUNKS + b"0\r\n" + b"x: y\r\n" * MAX_CHUNK_LINE, Cause.LIMIT),
        (CHUNKS + (b"1;" + b"e" * 3000 + b"\r\na\r\n") * (MAX_FRAMING_OCTETS // 3000 + 2), Cause.LIMIT),
        (CHUNKS + b"65\r\n" + bytes(101), Cause.LIMIT),
        (OK + b"Content-Length: 101\r\n\r\n" + bytes(101), Cause.LIMIT),
        (OK + b"\r\n" + bytes(101), Cause.LIMIT),
        (OK + b"x: y\r\n" * MAX_HEAD_OCTETS, Cause.LIMIT),
        (OK + b"x: " + b"y" * MAX_HEAD_OCTETS + b"\r\n\r\n", Cause.LIMIT),
        (OK + b"x:" + b" " * (MAX_BLANKS + 1) + b"\x00\r\n\r\n", Cause.LIMIT),
        (OK + b"x:" + b"\r\n " * MAX_BLANKS + b"\x00\r\n\r\n", Cause.LIMIT),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * (MAX_INTERIM + 1), Cause.LIMIT),
        (b"", Cause.CLOSED),
        (b"HTTP/1.1 100 Continue\r\n\r\n", Cause.CLOSED),
    ],
)
def test_failures(octets: bytes, cause: Cause) -> None:
    """The same at once and octet by octet, and nothing is read or kept behind a failure."""
    found = read(octets, end=cause is Cause.CLOSED)
    assert (found.done, found.failure) == (True, cause)
    assert found.detail
    assert len(found.detail) <= 120
    assert len(found.body) <= 101
    slowly = read(*(octets[at : at + 1] for at in range(len(octets))), end=cause is Cause.CLOSED)
    assert seen(slowly)[:3] == seen(found)[:3]


def test_one_octet_over_the_limit_is_kept() -> None:
    found = read(OK + b"\r\n" + b"x" * 5000, end=False)
    assert (found.failure, len(found.body), found.status) == (Cause.LIMIT, 101, 200)
    assert found.body_octets > 100


@pytest.mark.parametrize("head", [OK + b"a:", CHUNKS + b"0\r\na:"])
def test_hostile_blanks_cost_little(head: bytes) -> None:
    """h11 alone takes seconds over 32 KiB of them; the time is far below a tenth of that."""
    began = time.process_time()
    assert read(head + b" " * MAX_HEAD_OCTETS + b"\x00\r\n\r\n").failure is Cause.LIMIT
    assert time.process_time() - began < 1


@given(st.binary(max_size=300), st.sampled_from([b"", OK, CHUNKS, BY_LENGTH[:-5]]), cut_places)
def test_never_raises(octets: bytes, head: bytes, cuts: list[int]) -> None:
    whole, parts = read(head + octets), read(*pieces(head + octets, cuts))
    assert whole.done
    assert seen(whole) == seen(parts)
    assert (whole.failure is None) == (whole.detail == "")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://ocsp.example.net", HttpUrl("http", "ocsp.example.net", 80, "/")),
        ("HTTP://OCSP.example.net/a?b=c", HttpUrl("http", "ocsp.example.net", 80, "/a?b=c")),
        ("http://ocsp.example.net:8080/", HttpUrl("http", "ocsp.example.net", 8080, "/")),
        ("http://192.0.2.1/x", HttpUrl("http", "192.0.2.1", 80, "/x")),
        ("http://[2001:db8::1]:81?q", HttpUrl("http", "2001:db8::1", 81, "/?q")),
        ("http://a.example/x#part", HttpUrl("http", "a.example", 80, "/x")),
        ("https://a.example/", HttpUrl("https", "a.example", 443, "/")),
        ("HTTPS://a.example:80/", HttpUrl("https", "a.example", 80, "/")),
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
    found = parse_url(text)
    assert found == url
    assert found is None or parse_url(str(found)) == found


def test_redirections() -> None:
    url = HttpUrl("http", "a.example", 81, "/x")
    assert redirected(url, "/y") == HttpUrl("http", "a.example", 81, "/y")
    assert redirected(url, "http://b.example/z") == HttpUrl("http", "b.example", 80, "/z")
    assert redirected(url, "https://b.example/z") == HttpUrl("https", "b.example", 443, "/z")
    for other in ("ftp://b.example/", "//b.example/", "y", ""):
        assert redirected(url, other) is None


def test_the_fuzz_target_without_its_engine() -> None:
    path = Path(__file__).parents[2] / "fuzz" / "fuzz_http_message.py"
    spec = importlib.util.spec_from_file_location("fuzz_http_message", path)
    assert spec is not None
    assert spec.loader is not None
    target = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(target)
    for kind in range(4):
        for octets in (*FRAMINGS, b"", b"\x00", b"https://a.example/x?y#z"):
            target.fuzz_one(bytes((kind,)) + octets)
