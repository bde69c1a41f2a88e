"""Hostile resolvers and zones: each ends in a status of its own, within the time limit, and takes no more."""

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import dns.flags
import dns.message
import pytest

from tests.net.dns_peer import MX, SOA, Message, Peer, Script, asked, framed, response, run, wired
from waxseal.facts import DnsAnswer, DnsStatus
from waxseal.net.dns import DnsClient

LIMIT_S = 5.0


def cut(query: Message) -> list[bytes]:
    reply = response(query)
    reply.flags |= dns.flags.TC
    return [reply.to_wire()]


def bounded(script: Script, **how: object) -> tuple[DnsAnswer, list[Peer]]:
    began = time.monotonic()
    answer, peers = run(script, **how)  # type: ignore[arg-type]
    assert time.monotonic() - began < LIMIT_S
    return answer, peers


def test_sixty_four_kilobytes_and_thousands_of_records() -> None:
    def script(query: Message, tcp: bool) -> list[bytes]:
        if not tcp:
            return cut(query)
        head = response(query).to_wire()[:29]
        record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4"
        records = b"".join(record + number.to_bytes(4) for number in range((65_535 - 29) // 16))
        return [framed(head[:6] + (len(records) // 16).to_bytes(2) + bytes(4) + head[12:] + records)]

    answer, _ = bounded(script, rdtype="A")
    assert (answer.status, answer.over_tcp, len(answer.rdata)) == (DnsStatus.ANSWERED, True, 4094)


def test_a_count_that_no_message_could_hold() -> None:
    def script(query: Message, _: bool) -> list[bytes]:
        wire = response(query, MX).to_wire()
        return [wire[:6] + b"\xff\xff" + wire[8:]]

    assert bounded(script)[0].status is DnsStatus.MALFORMED


def bomb(query: Message) -> bytes:
    """As many MX records as fit, owner and exchange each a name of 114 labels behind 112 pointers."""
    head = bytearray(response(query).to_wire()[:29])
    head += b"\0" + struct.pack("!HHIH", 16, 1, 0, 4 * 112)
    before = 12
    for _ in range(112):
        at = len(head)
        head += b"\1a" + struct.pack("!H", 0xC000 | before)
        before = at
    name = struct.pack("!H", 0xC000 | before)
    head += b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, 0, 2) + name
    count = (65_535 - len(head)) // 16
    head[6:12] = struct.pack("!HHH", count + 2, 0, 0)
    record = name + struct.pack("!HHIH", 15, 1, 0, 4)
    return bytes(head) + b"".join(record + number.to_bytes(2) + name for number in range(count))


def test_a_compression_bomb() -> None:
    answer, _ = bounded(lambda q, tcp: [framed(bomb(q))] if tcp else cut(q))
    name = "a." * 112 + "example.org"
    assert (answer.status, answer.over_tcp, answer.aliases) == (DnsStatus.ANSWERED, True, (name,))
    assert len(answer.rdata) == 4064
    assert answer.rdata[7] == f"7 {name}."


@pytest.mark.parametrize(
    "rest", [b"\xc0\x0c" * 500, b"\xc0\x1d" + bytes(10), b"\x3f" + b"a" * 40, b"\x80\x01", b"\xff" * 4]
)
def test_pointers_that_lead_nowhere(rest: bytes) -> None:
    def script(query: Message, _: bool) -> list[bytes]:
        wire = response(query).to_wire()
        return [wire[:6] + b"\0\2\0\0\0\0" + wire[12:29] + rest]

    assert bounded(script)[0].status is DnsStatus.MALFORMED


@pytest.mark.parametrize(("length", "status"), [(16, DnsStatus.ANSWERED), (17, DnsStatus.CNAME_LOOP)])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_chain_of_seventeen_is_one_too_long(length: int, status: DnsStatus, at_once: bool) -> None:
    def script(query: Message, _: bool) -> list[bytes]:
        chain = [f"{number}.example. 9 CNAME {number + 1}.example." for number in range(length)]
        end = f"{length}.example. 9 MX 1 b.example."
        if at_once:
            return wired(query, *chain, end)
        first = int(asked(query).partition(".")[0])
        return wired(query, [*chain, end][first])

    answer, (peer,) = bounded(script, name="0.example")
    assert (answer.status, len(answer.aliases)) == (status, 16)
    assert len(peer.queries) == (1 if at_once else 17)


def test_a_flood_of_wrong_ids() -> None:
    def script(query: Message, _: bool) -> list[bytes]:
        forged = response(query, "example.org. 60 MX 66 evil.example.")
        flood = []
        for number in range(300):
            forged.id = (query.id + 1 + number) & 0xFFFF
            flood.append(forged.to_wire())
        return flood

    answer, (peer,) = bounded(script)
    assert (answer.status, answer.rdata) == (DnsStatus.MALFORMED, ())
    assert len(peer.queries) == 2
    assert len(peer.ports) == 2


@pytest.mark.parametrize("other", ["www.example.org. MX", "example.org. A", "example.org.evil. MX", ". MX"])
def test_answers_to_other_questions(other: str) -> None:
    def script(query: Message, _: bool) -> list[bytes]:
        name, kind = other.split()
        asked_instead = dns.message.make_query(name, kind)
        asked_instead.id = query.id
        rdata = "192.0.2.66" if kind == "A" else "66 evil.example."
        return wired(asked_instead, f"{name} 60 {kind} {rdata}", "example.org. 60 MX 66 evil.example.")

    answer, _ = bounded(script, timeout_s=0.1)
    assert (answer.status, answer.rdata) == (DnsStatus.MALFORMED, ())


def test_records_that_nobody_asked_for_are_not_taken() -> None:
    def script(query: Message, _: bool) -> list[bytes]:
        wanted = "example.org. 60 MX 66 evil.example."
        return wired(query, "victim.example. 60 MX 1 a.example.", authority=SOA, additional=(wanted,))

    assert bounded(script)[0].status is DnsStatus.NO_DATA


def test_lame_delegations() -> None:
    upward = (". 60 NS a.root.example.", ". 60 NS b.root.example.")
    assert bounded(lambda q, _: wired(q, rcode="REFUSED"))[0].status is DnsStatus.REFUSED
    assert bounded(lambda q, _: wired(q, authority=upward))[0].status is DnsStatus.MALFORMED
    answer, _ = bounded(lambda q, _: wired(q, authority=upward), validates=True)
    assert answer.dnssec == "indeterminate"


def test_endless_silence() -> None:
    answer, (peer,) = bounded(lambda q, _: [], timeout_s=0.2, attempts=50, total_s=0.7)
    assert answer.status is DnsStatus.TIMED_OUT
    assert 2 <= len(peer.queries) <= 4
    assert 0.6 < answer.elapsed_s < 2


def test_a_slow_chain_ends_with_the_look_up() -> None:
    def script(query: Message, _: bool) -> list[bytes]:
        time.sleep(0.1)
        return wired(query, f"{asked(query)} 9 CNAME x{asked(query)}")

    answer, (peer,) = bounded(script, total_s=0.5)
    assert answer.status is DnsStatus.TIMED_OUT
    assert len(peer.queries) < 8
    assert len(answer.aliases) < 8


def test_no_edns_and_always_cut() -> None:
    def script(query: Message, tcp: bool) -> list[bytes]:
        return [framed(one) for one in cut(query)] if tcp else cut(query)

    answer, (peer,) = bounded(script)
    assert (answer.status, answer.over_tcp) == (DnsStatus.MALFORMED, True)
    assert len(peer.queries) == 4
    _, (peer,) = bounded(lambda q, _: wired(q, rcode="FORMERR"))
    assert [query.edns for query, _ in peer.queries] == [0, -1]


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def cut_then(over_tcp: Handler) -> AsyncIterator[str]:
    """A resolver whose datagrams are all truncated, and whose TCP is something else."""
    tasks: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        tasks.extend([task] if task else [])
        try:
            await over_tcp(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async with Peer(lambda q, _: cut(q)) as peer:
        peer.server.close()
        await peer.server.wait_closed()
        server = await asyncio.start_server(serve, "127.0.0.1", peer.port)
        yield peer.name
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def stalls(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x02\x00" + bytes(100))
    await asyncio.sleep(60)


async def drips(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\xff\xff")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


async def never_ends(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(bytes(100_000))
        await writer.drain()


async def closes_midway(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x02\x00" + bytes(100))
    await writer.drain()


@pytest.mark.parametrize(
    ("over_tcp", "status"),
    [
        (stalls, DnsStatus.TIMED_OUT),
        (drips, DnsStatus.TIMED_OUT),
        (never_ends, DnsStatus.MALFORMED),
        (closes_midway, DnsStatus.MALFORMED),
    ],
)
def test_tcp_that_misbehaves(over_tcp: Handler, status: DnsStatus) -> None:
    async def main() -> DnsAnswer:
        async with cut_then(over_tcp) as name:
            return await DnsClient([name], timeout_s=0.3).query("example.org", "MX")

    began = time.monotonic()
    answer = asyncio.run(asyncio.wait_for(main(), 20))
    assert (answer.status, answer.over_tcp) == (status, True)
    assert time.monotonic() - began < LIMIT_S
