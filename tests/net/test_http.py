"""The HTTP client against a real server on loopback: what it fetches and refuses, and how it gives up."""

import asyncio

import pytest

from tests.net.http_server import Serve, heard, serving
from tests.probes.scripted import DialerTo
from waxseal.facts import Cause, DnsAnswer, DnsStatus, Stage
from waxseal.net.dial import NO_ROUTE, REFUSED, SILENT, MappedDialer
from waxseal.net.errors import NetError
from waxseal.net.guard import AddressGuard
from waxseal.net.http import MAX_ADDRESSES, Fetch, HttpClient, HttpResponse
from waxseal.net.network import Network
from waxseal.trust.anchors import RootStore
from waxseal.wire.http_message import HttpUrl


class Names:
    """Answers with the addresses that it is given, and counts the questions."""

    servers = ("192.0.2.53:53",)

    def __init__(self, *addresses: str, status: DnsStatus = DnsStatus.NO_DATA) -> None:
        self.addresses = addresses
        self.status = status

    async def query(self, name: str, rdtype: str) -> DnsAnswer:
        found = tuple(a for a in self.addresses if (":" in a) == (rdtype == "AAAA"))
        return DnsAnswer(name, rdtype, DnsStatus.ANSWERED if found else self.status, rdata=found)


def answering(*answers: bytes) -> tuple[Serve, list[bytes]]:
    """A server that gives these answers in turn, one a connection, and the requests that it heard."""
    requests: list[bytes] = []
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(b"".join(await heard(reader)))
        writer.write(left.pop(0))
        await writer.drain()

    return serve, requests


def fetch(
    serve: Serve,
    url: str = "http://ocsp.example.test/x",
    *,
    names: Names | None = None,
    guard: AddressGuard | None = None,
    body: bytes | None = None,
    size_limit: int = 1000,
    time_limit_s: float = 5.0,
) -> HttpResponse:
    """Fetch from a server on loopback that stands for every address."""

    async def work() -> HttpResponse:
        async with serving(serve) as port:
            network = Network(
                resolver=names or Names("192.0.2.7"),
                roots=RootStore((), "none"),
                dialer=DialerTo(port),
                guard=guard or AddressGuard(allow_all=True),
            )
            client = HttpClient(network, time_limit_s=time_limit_s)
            try:
                return await client.fetch(
                    url, size_limit=size_limit, body=body, content_type="application/ocsp-request"
                )
            finally:
                assert client.connections >= len(client.streams)

    return asyncio.run(work())


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def moved(to: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


def test_get_and_post() -> None:
    serve, requests = answering(OK, OK)
    assert fetch(serve).body == b"ok"
    assert requests[0].startswith(b"GET /x HTTP/1.1\r\nHost: ocsp.example.test\r\n")
    assert fetch(serve, body=b"question").body == b"ok"
    assert requests[1].startswith(b"POST /x HTTP/1.1\r\n")
    assert requests[1].endswith(b"\r\n\r\nquestion")


def test_redirections_are_followed_three_times() -> None:
    serve, requests = answering(moved("/a"), moved("http://b.example.test/b"), moved("/c"), OK)
    assert fetch(serve).body == b"ok"
    assert [line.split(b" ")[1] for line in requests] == [b"/x", b"/a", b"/b", b"/c"]


def test_a_post_is_repeated_only_where_it_may_be() -> None:
    serve, requests = answering(moved("/a", 307), OK)
    assert fetch(serve, body=b"question").body == b"ok"
    assert all(request.endswith(b"question") for request in requests)
    with pytest.raises(NetError, match="HTTP status 302"):
        fetch(answering(moved("/a", 302))[0], body=b"question")


@pytest.mark.parametrize(
    ("answer", "cause", "words"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", Cause.DECLINED, "HTTP status 404"),
        (b"220 mx ESMTP\r\n", Cause.NOT_HTTP, "first octets b'220"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", Cause.CLOSED, "closed connection"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + bytes(1001), Cause.LIMIT, "more than 1000"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + bytes(1001), Cause.LIMIT, "more than 1000 octets"),
        (moved("https://b.example.test/"), Cause.NOT_ALLOWED, "not plain http"),
        (b"", Cause.CLOSED, "the stream ended"),
    ],
)
def test_what_is_no_answer(answer: bytes, cause: Cause, words: str) -> None:
    with pytest.raises(NetError, match=words) as caught:
        fetch(answering(answer)[0])
    assert caught.value.cause is cause


def test_four_redirections_are_too_many() -> None:
    with pytest.raises(NetError, match="more than 3 redirections"):
        fetch(answering(*[moved("/a")] * 5)[0])


@pytest.mark.parametrize("url", ["https://a.example/", "ldap://a.example/", "", "http://a.example/\r\n"])
def test_only_plain_http(url: str) -> None:
    with pytest.raises(NetError) as caught:
        fetch(answering()[0], url)
    assert caught.value.cause is Cause.NOT_ALLOWED


@pytest.mark.parametrize("url", ["http://ocsp.example.test/", "http://127.0.0.1/", "http://[::1]/"])
def test_the_guard_is_asked_for_names_and_addresses(url: str) -> None:
    serve, requests = answering(OK)
    with pytest.raises(NetError) as caught:
        fetch(serve, url, names=Names("127.0.0.1", "::1", "10.0.0.1"), guard=AddressGuard())
    assert (caught.value.cause, caught.value.phase) == (Cause.NOT_ALLOWED, Stage.CONNECT)
    assert requests == []


def test_the_guard_is_asked_again_after_a_redirection() -> None:
    serve, requests = answering(moved("http://127.0.0.1/admin"), OK)
    with pytest.raises(NetError) as caught:
        fetch(serve, names=Names("9.9.9.9"), guard=AddressGuard())
    assert caught.value.cause is Cause.NOT_ALLOWED
    assert len(requests) == 1


@pytest.mark.parametrize("status", [DnsStatus.NXDOMAIN, DnsStatus.SERVFAIL])
def test_a_name_without_addresses(status: DnsStatus) -> None:
    with pytest.raises(NetError, match=status.value) as caught:
        fetch(answering()[0], names=Names(status=status))
    assert (caught.value.cause, caught.value.phase) == (Cause.DNS, Stage.RESOLVE)


def test_silence_ends_at_the_limit() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    with pytest.raises(NetError) as caught:
        fetch(silent, time_limit_s=0.3)
    assert caught.value.cause is Cause.TIMED_OUT
    assert caught.value.elapsed_s >= 0.25


def ask_at(
    place: dict[str, str],
    *addresses: str,
    limit_s: float = 5.0,
    status: DnsStatus = DnsStatus.NO_DATA,
) -> tuple[Fetch, int]:
    """Ask a host of these addresses, of which `place` says what becomes of connecting; and count the tries.

    "here" stands for a server that answers.
    """

    async def work() -> tuple[Fetch, int]:
        async with serving(answering(OK)[0]) as port:
            table = {(a, 80): ("127.0.0.1", port) if what == "here" else what for a, what in place.items()}
            network = Network(
                resolver=Names(*addresses, status=status),
                roots=RootStore((), "none"),
                dialer=MappedDialer(table),
                guard=AddressGuard(),
            )
            client = HttpClient(network, time_limit_s=limit_s)
            found = await client.ask(HttpUrl("http", "a.example.test", 80, "/"), size_limit=10)
            return found, client.connections

    return asyncio.run(work())


V4, V6 = "9.9.9.9", "2620:fe::fe"


@pytest.mark.parametrize(
    ("place", "addresses", "address", "connections"),
    [
        ({V4: "here"}, (V4,), V4, 1),
        ({V4: REFUSED, V6: "here"}, (V4, V6), V6, None),
        ({V4: "here", V6: NO_ROUTE}, (V4, V6), V4, None),
        ({V4: "here", V6: SILENT}, (V6, V4), V4, None),
        ({V4: "here"}, ("10.0.0.1", V4), V4, 1),
        ({V6: "here"}, (V4, "149.112.112.112", "8.8.8.8", "8.8.4.4", V6), V6, None),
    ],
)
def test_the_families_take_turns(
    place: dict[str, str], addresses: tuple[str, ...], address: str, connections: int | None
) -> None:
    found, tries = ask_at(place, *addresses)
    assert (found.ended.cause, found.address) == (Cause.COMPLETED, address)
    assert found.exchange.body == b"ok"
    assert connections in (None, tries)


@pytest.mark.parametrize(
    ("place", "addresses", "cause", "tries"),
    [
        ({V4: REFUSED, V6: NO_ROUTE}, (V4, V6), Cause.REFUSED, 2),
        ({V6: NO_ROUTE}, (V6,), Cause.NO_ROUTE, 1),
        ({V4: SILENT, V6: NO_ROUTE}, (V4, V6), Cause.TIMED_OUT, 2),
        ({}, ("10.0.0.1", "127.0.0.1"), Cause.NOT_ALLOWED, 0),
        ({}, ("8.8.8.8", "8.8.4.4", V4, V6, "1.1.1.1"), Cause.UNREACHABLE, MAX_ADDRESSES),
    ],
)
def test_what_no_address_gave(
    place: dict[str, str], addresses: tuple[str, ...], cause: Cause, tries: int
) -> None:
    """What this machine cannot do says less than what the host did."""
    found, connections = ask_at(place, *addresses, limit_s=0.9)
    assert (found.ended.cause, found.ended.stage) == (cause, Stage.CONNECT)
    assert connections == tries
    assert found.elapsed_s < 0.9


def test_no_address() -> None:
    found, connections = ask_at({}, status=DnsStatus.SERVFAIL)
    assert (found.ended.cause, found.ended.stage, connections) == (Cause.DNS, Stage.RESOLVE, 0)
    assert found.ended.detail == "A of a.example.test: servfail"


def test_a_resolver_that_never_answers() -> None:
    class Deaf(Names):
        async def query(self, name: str, rdtype: str) -> DnsAnswer:
            await asyncio.Event().wait()
            raise AssertionError

    async def work() -> Fetch:
        network = Network(resolver=Deaf(), roots=RootStore((), "none"))
        client = HttpClient(network, time_limit_s=0.2)
        found = await client.ask(HttpUrl("https", "a.example.test", 443, "/"), size_limit=10)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return found

    found = asyncio.run(work())
    assert (found.ended.cause, found.ended.stage) == (Cause.TIMED_OUT, Stage.RESOLVE)
