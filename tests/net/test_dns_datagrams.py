"""The pool of UDP sockets: what is matched, what is passed over, and what is left open."""

import asyncio
import gc
import socket
import warnings
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tests.net.dns_peer import MX, NOTHING, Message, Peer, Script, response, wired
from waxseal.facts import DnsStatus
from waxseal.net.dns_datagrams import MAX_STRAYS, DatagramClient, Received
from waxseal.net.dns_message import Question
from waxseal.net.resolv_conf import Server
from waxseal.wire.dns_rdata import encode_name

NAME = b"\7example\3org\0"
QUESTION = Question(NAME, 15)


def numbered(number: int) -> Question:
    return Question(encode_name(f"n{number}.example.org") or b"", 1)


def nothing(query: Message, _: bool) -> list[bytes]:
    return wired(query, rcode="NXDOMAIN")


def with_peer(
    script: Script, use: Callable[[DatagramClient, Peer], Coroutine[Any, Any, None]], **options: int
) -> None:
    async def main() -> None:
        async with Peer(script) as peer:
            await asyncio.wait_for(use(DatagramClient(Server("127.0.0.1", peer.port), **options), peer), 20)

    asyncio.run(main())


def soon(seconds: float = 2.0) -> float:
    return asyncio.get_running_loop().time() + seconds


def test_the_octets_come_as_they_are_and_are_read_on_demand() -> None:
    async def use(client: DatagramClient, peer: Peer) -> None:
        octets = await client.ask(QUESTION, soon())
        assert isinstance(octets, bytes)
        assert octets[12 : 12 + len(NAME)] == NAME
        received = await client.receive(QUESTION, soon())
        assert isinstance(received, Received)
        assert (received.rcode, received.answers, received.truncated) == (0, 2, False)
        assert not received.authenticated
        assert received.reply.rdata == ("20 b.example.org.", "10 A.example.org.")
        assert received.reply is received.reply

    with_peer(lambda q, _: wired(q, MX), use)


def test_ports_differ_and_sockets_are_replaced() -> None:
    async def use(client: DatagramClient, peer: Peer) -> None:
        await asyncio.gather(*(client.ask(numbered(i), soon()) for i in range(120)))
        assert len(peer.queries) == 120
        assert 120 / 10 <= len(peer.ports) <= 120
        assert len({query.id for query, _ in peer.queries}) > 100

    with_peer(nothing, use, sockets=4, queries_per_socket=10)


def test_one_query_for_each_socket() -> None:
    async def use(client: DatagramClient, peer: Peer) -> None:
        for number in range(30):
            await client.ask(numbered(number), soon())
        assert len(peer.ports) >= 27  # the kernel may choose one again

    with_peer(nothing, use, queries_per_socket=1)


def test_an_id_is_used_once_on_a_socket() -> None:
    async def use(client: DatagramClient, peer: Peer) -> None:
        client._random = b"\0\1" * 40  # chance that gives the same again and again
        await asyncio.gather(*(client.ask(numbered(i), soon()) for i in range(20)))
        assert len(peer.ports) == 1
        assert len({query.id for query, _ in peer.queries}) == 20

    with_peer(nothing, use, sockets=1)


def test_replies_in_any_order_find_their_queries() -> None:
    held: list[bytes] = []

    def script(query: Message, _: bool) -> list[bytes]:
        held.append(response(query, f"{query.question[0].name} 60 A 192.0.2.1").to_wire())
        return list(reversed(held)) if len(held) == 50 else []

    async def use(client: DatagramClient, peer: Peer) -> None:
        found = await asyncio.gather(*(client.ask(numbered(i), soon()) for i in range(50)))
        for number, octets in enumerate(found):
            assert isinstance(octets, bytes)
            assert octets.startswith(numbered(number).octets, 12)

    with_peer(script, use, sockets=1)


def test_second_and_late_replies_are_no_strays() -> None:
    late: list[bytes] = []

    def script(query: Message, _: bool) -> list[bytes]:
        wire = response(query, MX).to_wire()
        if not late:
            late.append(wire)
            return []
        return [late[0], wire, wire, wire]

    async def use(client: DatagramClient, peer: Peer) -> None:
        holder = asyncio.create_task(client.ask(numbered(0), soon(1.0)))  # keeps the socket open
        await asyncio.sleep(0.05)
        assert await client.ask(QUESTION, soon(0.1)) != DnsStatus.TIMED_OUT
        await asyncio.sleep(0.1)
        await holder
        assert client.strays == 0

    with_peer(script, use, sockets=1)


def test_a_flood_ends_what_waits_on_its_socket_and_no_more() -> None:
    async def use(client: DatagramClient, peer: Peer) -> None:
        found = await asyncio.gather(*(client.ask(numbered(i), soon(0.5)) for i in range(3)))
        assert sorted(map(str, found)).count(DnsStatus.MALFORMED) == 1
        assert sum(isinstance(one, bytes) for one in found) == 2
        assert client.strays == MAX_STRAYS

    def script(query: Message, _: bool) -> list[bytes]:
        return [b"x" * 50] * 100 if b"n1" in query.question[0].name.labels else nothing(query, _)

    with_peer(script, use)


def test_time_limits_are_kept_and_never_early() -> None:
    async def use(client: DatagramClient, peer: Peer) -> None:
        loop = asyncio.get_running_loop()

        async def wait(seconds: float) -> float:
            began = loop.time()
            assert await client.ask(numbered(int(seconds * 100)), began + seconds) is DnsStatus.TIMED_OUT
            return loop.time() - began - seconds

        late = await asyncio.gather(*(wait(number / 100) for number in (0, 1, 5, 13, 40)))
        assert all(0 <= seconds < 0.5 for seconds in late), late

    with_peer(lambda q, _: NOTHING, use)


def test_a_closed_port_is_heard_of_by_all_that_wait() -> None:
    async def main() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as placeholder:
            placeholder.bind(("127.0.0.1", 0))
            port = placeholder.getsockname()[1]
        client = DatagramClient(Server("127.0.0.1", port), sockets=2)
        began = asyncio.get_running_loop().time()
        found = await asyncio.gather(*(client.ask(numbered(i), soon(5)) for i in range(20)))
        assert set(found) == {DnsStatus.UNREACHABLE}
        assert asyncio.get_running_loop().time() - began < 3

    asyncio.run(main())


def test_no_way_there() -> None:
    async def main() -> DnsStatus | bytes:
        return await DatagramClient(Server("fe80::1", 53, "nosuchif0")).ask(QUESTION, soon())

    assert asyncio.run(main()) is DnsStatus.UNREACHABLE


def test_nothing_stays_open() -> None:
    """Neither after answers, nor time-outs, nor being called off; no loop's socket is left to another."""

    async def use(client: DatagramClient, peer: Peer) -> None:
        await asyncio.gather(*(client.ask(numbered(i), soon(0.1)) for i in range(20)))
        task = asyncio.create_task(client.ask(numbered(99), soon()))
        await asyncio.sleep(0.05)
        opened = [owner.sock for owner in client._sockets]
        assert [sock.fileno() >= 0 for sock in opened] == [True] * len(opened) != []
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.05)
        assert [sock.fileno() for sock in opened] == [-1] * len(opened)
        assert not client._sockets

    def script(query: Message, _: bool) -> list[bytes]:
        return [] if query.question[0].name.labels[0] in (b"n7", b"n99") else nothing(query, _)

    with_peer(script, use, sockets=8)

    async def once() -> None:
        async with Peer(nothing) as peer:
            client.server = Server("127.0.0.1", peer.port)
            assert isinstance(await client.ask(QUESTION, soon()), bytes)

    client = DatagramClient(Server("127.0.0.1", 9))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        asyncio.run(once())
        asyncio.run(once())
        gc.collect()


def test_closing_ends_what_is_under_way() -> None:
    async def use(client: DatagramClient, peer: Peer) -> None:
        task = asyncio.create_task(client.ask(QUESTION, soon()))
        await asyncio.sleep(0.05)
        client.close()
        assert await task is DnsStatus.UNREACHABLE

    with_peer(lambda q, _: NOTHING, use)


def test_without_sockets_to_spare_one_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[socket.socket] = []
    real = DatagramClient._open  # the system's limit cannot be lowered for one process's test alone

    def scarce(client: DatagramClient) -> Any:
        if len(opened) == 1:
            raise OSError(24, "Too many open files")
        owner = real(client)
        opened.append(owner.sock)
        return owner

    async def use(client: DatagramClient, peer: Peer) -> None:
        found = await asyncio.gather(*(client.ask(numbered(i), soon()) for i in range(5)))
        assert all(isinstance(one, bytes) for one in found)
        assert len(peer.ports) == 1

    monkeypatch.setattr(DatagramClient, "_open", scarce)
    with_peer(nothing, use)
