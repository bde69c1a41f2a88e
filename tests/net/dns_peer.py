"""A scripted resolver over UDP and TCP on loopback, and replies from records as in a zone file."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import dns.message
import dns.rcode
import dns.rrset

from waxseal.facts import DnsAnswer, DnsStatus
from waxseal.net.dns import DnsClient

Message = dns.message.Message
Script = Callable[[Message, bool], Iterable[bytes]]


NOTHING: tuple[bytes, ...] = ()


class Peer(asyncio.DatagramProtocol):
    """A resolver on loopback that answers as its script says; the script may return any octets."""

    def __init__(self, script: Script, tcp: bool = True) -> None:
        self.script = script
        self.tcp = tcp
        self.queries: list[tuple[Message, bool]] = []
        self.ports: set[int] = set()
        self.strangers: list[bytes] = []
        self.serving: list[asyncio.Task[Any]] = []
        self.transport: asyncio.DatagramTransport

    async def __aenter__(self) -> "Peer":
        loop = asyncio.get_running_loop()
        while True:
            self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
            self.port = self.server.sockets[0].getsockname()[1]
            place = ("127.0.0.1", self.port)
            try:
                self.transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=place)
            except OSError:  # the port is taken for UDP
                self.server.close()
                continue
            break
        if not self.tcp:
            self.server.close()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.transport.close()
        self.server.close()
        await asyncio.gather(*self.serving, return_exceptions=True)

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"

    def answers(self, octets: bytes, over_tcp: bool) -> Iterable[bytes]:
        query = dns.message.from_wire(octets)
        self.queries.append((query, over_tcp))
        return self.script(query, over_tcp)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.ports.add(addr[1])
        for octets in self.answers(data, False):
            if octets in self.strangers:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                    stranger.sendto(octets, addr)
            else:
                self.transport.sendto(octets, addr)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self.serving += [task] if task else []
        query = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        for octets in self.answers(query, True):
            for at in range(0, len(octets), 7000):
                writer.write(octets[at : at + 7000])
                await writer.drain()
        writer.close()
        await writer.wait_closed()


def framed(octets: bytes) -> bytes:
    return len(octets).to_bytes(2) + octets


def response(query: Message, *records: str, rcode: str = "NOERROR", **sections: Any) -> Message:
    """A reply to a query; each record as ``owner ttl type rdata / rdata ...``."""
    reply = dns.message.make_response(query, recursion_available=True)
    reply.request_payload = 65_535  # or dnspython refuses to write more
    reply.set_rcode(dns.rcode.from_text(rcode))
    for section, lines in (("answer", records), *sections.items()):
        for line in lines:
            owner, ttl, kind, rdata = line.split(" ", 3)
            for one in rdata.split(" / "):  # dnspython shuffles the records of an RRset
                getattr(reply, section).append(dns.rrset.from_text(owner, int(ttl), "IN", kind, one))
    return reply


def wired(query: Message, *records: str, **how: Any) -> list[bytes]:
    return [response(query, *records, **how).to_wire()]


def asked(query: Message) -> str:
    return query.question[0].name.to_text()


def run(
    *scripts: Script, name: str = "example.org", rdtype: str = "MX", timeout_s: float = 2.0, **options: Any
) -> tuple[DnsAnswer, list[Peer]]:
    """One look-up of a client that knows one peer for each script."""

    async def main() -> tuple[DnsAnswer, list[Peer]]:
        peers = [Peer(script) for script in scripts]
        for peer in peers:
            await peer.__aenter__()
        client = DnsClient([peer.name for peer in peers], timeout_s=timeout_s, **options)
        try:
            return await asyncio.wait_for(client.query(name, rdtype), 20), peers
        finally:
            for peer in peers:
                await peer.__aexit__()

    return asyncio.run(main())


def only(answer: DnsAnswer) -> tuple[DnsStatus, tuple[str, ...]]:
    return answer.status, answer.rdata


def client_run(script: Script, use: Callable[[DnsClient, Peer], Awaitable[None]], **options: Any) -> None:
    async def main() -> None:
        async with Peer(script) as peer:
            await asyncio.wait_for(use(DnsClient([peer.name], **options), peer), 20)

    asyncio.run(main())


MX = "example.org. 300 MX 20 b.example.org. / 10 A.example.org."
SOA = ("example.org. 60 SOA ns.example.org. root.example.org. 1 2 3 4 5",)
