"""DNS over TLS against a real resolver, over HTTPS against a small front to one, both against bad peers."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.net.dns_peer import response
from tests.net.real_tree import TLS_NAME, Tree, real_tree
from waxseal.errors import UsageError
from waxseal.facts import Dnssec, DnsStatus, ValidatorKind
from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.orders import LeafOrder
from waxseal.net.dns import DnsClient
from waxseal.net.dns_channel import Channel, parse_channel
from waxseal.net.dns_encrypted import HttpsTransport, TlsTransport, transport
from waxseal.net.dns_exchange import Outcome
from waxseal.net.dns_message import Question
from waxseal.trust.anchors import RootStore
from waxseal.wire.dns_rdata import encode_name

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
TLS, HTTPS = ValidatorKind.TLS, ValidatorKind.HTTPS


@pytest.fixture(scope="module")
def tree() -> Iterator[Tree]:
    with real_tree() as running:
        yield running


@pytest.fixture(scope="module")
def ca() -> CertificateAuthority:
    return CertificateAuthority()


def roots_of(ca: CertificateAuthority) -> RootStore:
    return RootStore([ca.root_der], "lab")


def question(name: str, rdtype: int = 1) -> Question:
    wire = encode_name(name)
    assert wire is not None
    return Question(wire, rdtype)


async def ask(way: TlsTransport | HttpsTransport, name: str = "www.example.org", **flags: bool) -> Outcome:
    return await way.ask(question(name), asyncio.get_running_loop().time() + 3, **flags)


@asynccontextmanager
async def serving(talk: Talk, ca: CertificateAuthority, folder: Path, **order: Any) -> Any:
    """A TLS server on loopback that talks as it is told, with how many connections it had: port and list."""
    pem = folder / "server.pem"
    pem.write_bytes(ca.leaf(LeafOrder(**({"names": (TLS_NAME,)} | order))).pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    accepted: list[int] = []
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(1)
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await talk(reader, writer)
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], accepted
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def run(main: Awaitable[None]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(30):
            await main

    asyncio.run(limited())


def reply_to(octets: bytes) -> bytes:
    query = dns.message.from_wire(octets)
    return response(query, f"{query.question[0].name} 60 A 192.0.2.7").to_wire()


async def read_query(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(int.from_bytes(await reader.readexactly(2)))


def framed(octets: bytes) -> bytes:
    return len(octets).to_bytes(2) + octets


@pytest.mark.real
def test_real_resolver_over_tls(tree: Tree) -> None:
    """One connection for all questions, and what the resolver validates."""

    async def main() -> None:
        way = TlsTransport(parse_channel(f"tls://{tree.over_tls}#{TLS_NAME}"), roots_of(tree.ca))
        client = DnsClient(validates=True, transports=(way,))
        names = [f"host{number}.secure.test" for number in range(200)]
        answers = await asyncio.gather(*(client.query(name, "A") for name in names))
        assert {(a.status, a.dnssec) for a in answers} == {(DnsStatus.NXDOMAIN, Dnssec.SECURE)}
        assert (answers[0].server, answers[0].over_tcp) == (tree.over_tls, True)
        assert (await client.query("mx1.insecure.test", "A")).dnssec is Dnssec.INSECURE
        bogus = await client.query("mx1.bogus.test", "A")
        assert (bogus.status, bogus.dnssec) == (DnsStatus.SERVFAIL, Dnssec.BOGUS)
        assert len((await client.query("big.secure.test", "TXT")).rdata) == 60
        assert way.failure == ""
        way.close()

    run(main())


@pytest.mark.real
def test_real_resolver_of_another_name(tree: Tree) -> None:
    async def main() -> None:
        way = TlsTransport(parse_channel(f"tls://{tree.over_tls}#dns.example.org"), roots_of(tree.ca))
        outcome = await ask(way)
        assert (outcome.status, outcome.reply) == (DnsStatus.UNREACHABLE, None)
        assert "does not prove to be dns.example.org" in way.failure
        # Nor is anybody believed whose root is not in the store, or by an address that the certificate lacks.
        for text, roots in ((f"tls://{tree.over_tls}#{TLS_NAME}", []), (f"tls://{tree.over_tls}", [tree.ca])):
            way = TlsTransport(parse_channel(text), RootStore([ca.root_der for ca in roots], "lab"))
            assert (await ask(way)).status is DnsStatus.UNREACHABLE
            assert "does not prove" in way.failure

    run(main())


@pytest.mark.parametrize(
    "order", [{"to_days": -1}, {"names": ("other.test",)}, {"common_name_only": True}, {"issuer": None}]
)
def test_certificates_refused(order: dict[str, Any], ca: CertificateAuthority, tmp_path: Path) -> None:
    """Nothing is asked of who does not prove the name: out of date, another name, none, self-signed."""
    asked: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(100))

    async def main() -> None:
        async with serving(talk, ca, tmp_path, **order) as (port, _):
            for kind in (TLS, HTTPS):
                way = transport(Channel(kind, "127.0.0.1", port, TLS_NAME, "/"), roots_of(ca))
                assert (await ask(way)).status is DnsStatus.UNREACHABLE
                assert "does not prove" in way.failure

    run(main())
    assert not any(asked)


def test_answers_in_any_order(ca: CertificateAuthority, tmp_path: Path) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        queries = [await read_query(reader) for _ in range(20)]
        for query in reversed(queries):
            whole = framed(reply_to(query))
            writer.write(whole[:1])
            await writer.drain()
            writer.write(whole[1:])

    async def main() -> None:
        async with serving(talk, ca, tmp_path) as (port, accepted):
            way = TlsTransport(Channel(TLS, "127.0.0.1", port, TLS_NAME), roots_of(ca))
            outcomes = await asyncio.gather(*(ask(way, f"h{n}.example.org") for n in range(20)))
            assert {o.status for o in outcomes} == {DnsStatus.ANSWERED}
            assert len(accepted) == 1

    run(main())


def test_a_server_that_ends_connections(ca: CertificateAuthority, tmp_path: Path) -> None:
    """RFC 7858 §3.4: the question is asked once more on a fresh connection."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(framed(reply_to(await read_query(reader))))
        await writer.drain()
        writer.close()

    async def main() -> None:
        async with serving(talk, ca, tmp_path) as (port, accepted):
            way = TlsTransport(Channel(TLS, "127.0.0.1", port, TLS_NAME), roots_of(ca))
            for number in range(4):
                assert (await ask(way, f"h{number}.example.org")).status is DnsStatus.ANSWERED
            assert len(accepted) == 4

    run(main())


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("silent", DnsStatus.TIMED_OUT),
        ("end", DnsStatus.UNREACHABLE),
        ("strays", DnsStatus.UNREACHABLE),
        ("other-question", DnsStatus.MALFORMED),
        ("empty", DnsStatus.UNREACHABLE),
        ("cut", DnsStatus.UNREACHABLE),
    ],
)
def test_bad_peers_over_tls(kind: str, status: DnsStatus, ca: CertificateAuthority, tmp_path: Path) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = await read_query(reader)
        if kind == "silent":
            await reader.read()
        elif kind == "strays":
            while True:
                writer.write(framed(b"\xff\xff" + bytes(20)))
                await writer.drain()
        elif kind == "other-question":
            while True:
                other = dns.message.make_query("other.example.org", "A", id=int.from_bytes(query[:2]))
                writer.write(framed(response(other).to_wire()))
                query = await read_query(reader)
        elif kind == "empty":
            writer.write(bytes(2) * 100)
            await reader.read()
        elif kind == "cut":
            writer.write(framed(reply_to(query))[:20])
            await writer.drain()

    async def main() -> None:
        async with serving(talk, ca, tmp_path) as (port, _):
            way = TlsTransport(Channel(TLS, "127.0.0.1", port, TLS_NAME), roots_of(ca))
            began = time.monotonic()
            limit = asyncio.get_running_loop().time() + 1
            outcomes = await asyncio.gather(*(way.ask(question(f"h{n}.test"), limit) for n in range(3)))
            assert {o.status for o in outcomes} == {status}, way.failure
            assert time.monotonic() - began < 2
            way.close()

    run(main())


def test_no_tls_and_nobody_there(ca: CertificateAuthority) -> None:
    async def main() -> None:
        async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 mail.example.org ESMTP\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(plain, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        way = TlsTransport(Channel(TLS, "127.0.0.1", port, TLS_NAME), roots_of(ca))
        assert (await ask(way)).status is DnsStatus.UNREACHABLE
        assert way.failure.startswith("no TLS")
        server.close()
        await server.wait_closed()
        assert (await ask(way)).status is DnsStatus.UNREACHABLE
        assert way.failure.startswith("no connection")
        nameless = TlsTransport(Channel(TLS, "dns.example.org", port, "dns.example.org"), roots_of(ca))
        assert (await ask(nameless)).status is DnsStatus.UNREACHABLE
        assert nameless.failure == "dns.example.org has no address"

    run(main())


@pytest.mark.real
def test_a_resolver_given_by_name(tree: Tree, ca: CertificateAuthority, tmp_path: Path) -> None:
    """The plain resolver gives its address; the certificate decides (RFC 8310 §7.2)."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(framed(reply_to(await read_query(reader))))

    async def main() -> None:
        async with serving(talk, ca, tmp_path, names=("ns.test",)) as (port, _):
            plain = DnsClient([tree.plain])
            way = TlsTransport(parse_channel(f"tls://ns.test:{port}"), roots_of(ca), plain)
            assert (await ask(way)).status is DnsStatus.ANSWERED, way.failure

    run(main())


class Front:
    """HTTP/1.1 in front of a resolver's UDP port; `how` says what is wrong with it."""

    def __init__(self, resolver: str, how: str = "") -> None:
        self.host, port = resolver.split(":")
        self.port = int(port)
        self.how = how
        self.heads: list[bytes] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            length = next(
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            )
            query = await reader.readexactly(length)
            writer.write(self.answer(await self.forward(query)))
            await writer.drain()
            if self.how == "closing":
                return

    async def forward(self, query: bytes) -> bytes:
        if not self.port:
            return reply_to(query)
        reader, writer = await asyncio.open_connection(self.host, self.port)
        writer.write(framed(query))
        octets = await read_query(reader)
        writer.transport.abort()
        return octets

    def answer(self, message: bytes) -> bytes:
        size = len(message)
        ok = b"HTTP/1.1 200 OK\r\nContent-Type: application/dns-message\r\n"
        sized = ok + b"Content-Length: %d\r\n\r\n" % size + message
        chunks = b"".join(b"1\r\n%c\r\n" % octet for octet in message)
        return {
            "redirect": b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
            "not-found": b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "web-page": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi",
            "huge": ok + b"Content-Length: 10000000\r\n\r\n" + bytes(10_000_000),
            "garbage": b"\0\0\x12\x04\0\0\0\0\0" + bytes(40),
            "endless-head": b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 20_000,
            "other-message": ok + b"Content-Length: 12\r\n\r\n" + bytes(12),
            "chunked": ok + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n",
            "interim": b"HTTP/1.1 103 Early Hints\r\n\r\n"
            + ok
            + b"Content-Length: %d\r\n\r\n" % size
            + message,
        }.get(self.how, sized)


@pytest.mark.real
def test_real_resolver_over_https(tree: Tree, ca: CertificateAuthority, tmp_path: Path) -> None:
    front = Front(tree.validator)

    async def main() -> None:
        async with serving(front.talk, ca, tmp_path) as (port, accepted):
            way = HttpsTransport(Channel(HTTPS, "127.0.0.1", port, TLS_NAME, "/dns-query"), roots_of(ca))
            client = DnsClient(validates=True, transports=(way,))
            names = [f"host{number}.secure.test" for number in range(100)]
            answers = await asyncio.gather(*(client.query(name, "A") for name in names))
            assert {(a.status, a.dnssec) for a in answers} == {(DnsStatus.NXDOMAIN, Dnssec.SECURE)}
            assert (await client.query("mx1.insecure.test", "A")).dnssec is Dnssec.INSECURE
            assert (await client.query("mx1.bogus.test", "A")).dnssec is Dnssec.BOGUS
            assert len((await client.query("big.secure.test", "TXT")).rdata) == 60
            assert len(accepted) <= 8
            way.close()

    run(main())
    head = front.heads[0].decode()
    assert head.startswith("POST /dns-query HTTP/1.1\r\n")
    assert "content-type: application/dns-message" in head.lower()


@pytest.mark.parametrize(
    ("how", "status", "said"),
    [
        ("", DnsStatus.ANSWERED, ""),
        ("chunked", DnsStatus.ANSWERED, ""),
        ("interim", DnsStatus.ANSWERED, ""),
        ("closing", DnsStatus.ANSWERED, ""),
        ("redirect", DnsStatus.MALFORMED, "HTTP status 302"),
        ("not-found", DnsStatus.MALFORMED, "HTTP status 404"),
        ("web-page", DnsStatus.MALFORMED, "text/html"),
        ("huge", DnsStatus.MALFORMED, "more than 65535"),
        ("garbage", DnsStatus.MALFORMED, "no HTTP/1.1"),
        ("endless-head", DnsStatus.MALFORMED, "no HTTP/1.1"),
        ("other-message", DnsStatus.MALFORMED, ""),
    ],
)
def test_peers_over_https(
    how: str, status: DnsStatus, said: str, ca: CertificateAuthority, tmp_path: Path
) -> None:
    async def main() -> None:
        async with serving(Front("127.0.0.1:0", how).talk, ca, tmp_path) as (port, _):
            way = HttpsTransport(Channel(HTTPS, "127.0.0.1", port, TLS_NAME, "/dns-query"), roots_of(ca))
            for number in range(3):
                assert (await ask(way, f"h{number}.example.org")).status is status, way.failure
            assert said in way.failure
            way.close()

    run(main())


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        ("tls://9.9.9.9#dns.quad9.net", Channel(TLS, "9.9.9.9", 853, "dns.quad9.net")),
        ("tls://9.9.9.9", Channel(TLS, "9.9.9.9", 853, "9.9.9.9")),
        ("TLS://Dns.Quad9.net:8853", Channel(TLS, "dns.quad9.net", 8853, "dns.quad9.net")),
        ("tls://[2620:FE::fe]:853#dns.quad9.net", Channel(TLS, "2620:fe::fe", 853, "dns.quad9.net")),
        ("https://dns.google/dns-query{?dns}", Channel(HTTPS, "dns.google", 443, "dns.google", "/dns-query")),
        ("https://dns.google", Channel(HTTPS, "dns.google", 443, "dns.google", "/dns-query")),
        ("https://[::1]:8443/q?x=1", Channel(HTTPS, "::1", 8443, "::1", "/q?x=1")),
    ],
)
def test_channels(text: str, channel: Channel) -> None:
    assert parse_channel(text) == channel
    assert parse_channel(str(channel)) == channel


@pytest.mark.parametrize(
    "text",
    [
        "tls://",
        "tls://9.9.9.9#",
        "tls://9.9.9.9:53#dns.quad9.net",
        "tls://9.9.9.9:0#dns.quad9.net",
        "tls://9.9.9.9:99999#dns.quad9.net",
        "tls://9.9.9.9/x#dns.quad9.net",
        "https://user@dns.google/dns-query",
        "https://dns.google/dns query",
        "https://dns.google/\r\nHost: x",
        "http://dns.google/dns-query",
        "quic://9.9.9.9",
    ],
)
def test_no_channels(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_channel(text)
    assert caught.value.hint


@given(st.text(max_size=60) | st.from_regex(r"(tls|https)://[0-9a-z\[\]:.#/?@ -]{0,40}", fullmatch=True))
def test_any_text(text: str) -> None:
    try:
        channel = parse_channel(text)
    except UsageError:
        return
    assert parse_channel(str(channel)) == channel
