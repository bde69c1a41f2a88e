"""Dialling through a proxy on loopback: what the server says first arrives; no secret is in an error."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.net.loopback import LOOPBACK, free_port, read_to_end
from waxseal.errors import UsageError
from waxseal.facts import Cause, Stage
from waxseal.net.dial import TcpDialer
from waxseal.net.errors import NetError
from waxseal.net.proxy import Proxy, ProxyDialer, parse_proxy

GREETING = b"220 mx.example.test ESMTP\r\n"
Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


async def _http_proxy(reader: Reader, writer: Writer) -> None:
    """Ask for credentials, and play the server behind it too: greet in the same segment, then echo."""
    head = await reader.readuntil(b"\r\n\r\n")
    if b"Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n" not in head:
        writer.write(b"HTTP/1.1 407 secret " + head.split(b"\r\n")[2][:100] + b"\r\n\r\n")
    else:
        writer.write(b"HTTP/1.1 200 OK\r\nVia: x\r\n\r\n" + GREETING + head.split(b" ")[1] + b"\r\n")
        writer.write(await reader.readline())
    writer.close()


async def _socks_proxy(reader: Reader, writer: Writer) -> None:
    await reader.readexactly(4)
    writer.write(b"\x05\x02")
    if await reader.readexactly(13) != b"\x01\x04user\x06secret":
        writer.write(b"\x01\x01")
    else:
        writer.write(b"\x01\x00")
        asked = await reader.readexactly(5)
        name = await reader.readexactly(asked[4])
        port = int.from_bytes(await reader.readexactly(2), "big")
        writer.write(b"\x05\x00\x00\x01" + bytes(6) + GREETING + name + b":%d\r\n" % port)
        writer.write(await reader.readline())
    writer.close()


async def _hang_up(reader: Reader, writer: Writer) -> None:
    await reader.readexactly(3)
    writer.close()


@asynccontextmanager
async def _serving(talk: object) -> AsyncIterator[int]:
    server = await asyncio.start_server(talk, LOOPBACK, 0)  # type: ignore[arg-type]
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


def _dialer(kind: str, port: int, password: str = "secret") -> ProxyDialer:
    return ProxyDialer(TcpDialer(), Proxy(kind, "proxy.test", port, "user", password), LOOPBACK)


@pytest.mark.parametrize(("kind", "talk"), [("http", _http_proxy), ("socks5", _socks_proxy)])
def test_server_is_reached_by_name(kind: str, talk: object) -> None:
    async def run() -> tuple[bytes, int]:
        async with _serving(talk) as port:
            stream = await _dialer(kind, port).dial("mx.example.test", 25)
            first = await stream.read(3)
            counted = stream.octets_in
            await stream.write(b"QUIT\r\n")
            rest = await read_to_end(stream, 5)
            assert stream.octets_out > len(b"QUIT\r\n")
            assert stream.local_address == LOOPBACK
            await stream.close()
            return first + rest, stream.octets_in - counted

    octets, counted = asyncio.run(run())
    assert octets == GREETING + b"mx.example.test:25\r\nQUIT\r\n"
    assert counted == len(octets) - 3


@pytest.mark.parametrize(
    ("kind", "talk", "text"),
    [
        ("http", _http_proxy, "it answered 407 Proxy Authentication Required"),
        ("socks5", _socks_proxy, "it does not take the user name and password"),
        ("http", _hang_up, "it closed the connection"),
        ("socks5", _hang_up, "it closed the connection"),
    ],
)
def test_refusal_is_the_proxy_s_and_shows_no_secret(kind: str, talk: object, text: str) -> None:
    async def run() -> NetError:
        async with _serving(talk) as port:
            with pytest.raises(NetError) as caught:
                await _dialer(kind, port, "secre!").dial("mx.example.test", 25)
            return caught.value

    error = asyncio.run(run())
    assert error.cause is Cause.BLOCKED_HERE
    assert error.phase is Stage.CONNECT
    assert error.detail.startswith(f"the proxy {kind}://proxy.test:")
    assert error.detail.endswith(text)
    assert "secre" not in str(error)


def test_a_proxy_that_is_not_there_is_not_the_server_s_fault() -> None:
    with pytest.raises(NetError) as caught:
        asyncio.run(_dialer("http", free_port()).dial("192.0.2.1", 25))
    assert caught.value.cause is Cause.BLOCKED_HERE
    assert "no connection to it: refused" in caught.value.detail


@pytest.mark.parametrize(
    ("url", "shown", "user", "password"),
    [
        ("http://proxy.test:3128", "http://proxy.test:3128", None, ""),
        ("socks5://u%40x:p%3Aq@[2001:db8::1]", "socks5://[2001:db8::1]:1080", "u@x", "p:q"),
        ("SOCKS5H://127.0.0.1:9050/", "socks5://127.0.0.1:9050", None, ""),
    ],
)
def test_url_is_read(url: str, shown: str, user: str | None, password: str) -> None:
    proxy = parse_proxy(url)
    assert str(proxy) == shown
    assert (proxy.user, proxy.password) == (user, password)
    assert "p:q" not in repr(proxy)


@pytest.mark.parametrize(
    "url",
    ["", "proxy.test:3128", "https://secret@proxy.test:1", "http://a:secret@proxy.test", "http://a:1/secret",
     "http://a:99999/secret", "socks5://:secret@a:1", "socks5://u:" + "secret" * 99 + "@a:1", "http://:secret@:1"],
)  # fmt: skip
def test_url_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_proxy(url)
    assert "secret" not in caught.value.message + caught.value.hint
