"""The lab's DNS server: a `Zone` over UDP and TCP on one loopback port, as a recursive resolver would answer.

It looks authoritative for everything and sets RA, because the clients of the lab take it for their resolver.
"""

import asyncio
import contextlib
import socket
import struct
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode

from waxseal.lab.listener import LOOPBACK
from waxseal.lab.zone import Zone

_MAX_UDP_OCTETS = 1232
_TCP_READ_LIMIT_S = 10.0
_PORT_TRIES = 20


class DnsServer:
    """Answers from a zone.

    Attributes:
        zone: What it answers from; may be exchanged at any time.
        port: On 127.0.0.1, the same for UDP and TCP, once started.
        queries: How many it has received.
    """

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.port = 0
        self.queries = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """Where it answers, ``127.0.0.1:port``."""
        return f"{LOOPBACK}:{self.port}"

    async def start(self) -> None:
        """Open the port.

        Raises:
            OSError: No port is free for both UDP and TCP.
        """
        loop = asyncio.get_running_loop()
        tcp, udp = _pair_of_sockets()
        self.port = tcp.getsockname()[1]
        self._transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=udp)
        self._server = await asyncio.start_server(self._serve, sock=tcp)

    async def stop(self) -> None:
        """Close the port, and every connection."""
        if self._transport is not None:
            self._transport.close()
        if self._server is not None:
            self._server.close()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # The transports are taken down by callbacks of the loop.
        await asyncio.sleep(0)

    def respond(self, octets: bytes, *, over_tcp: bool) -> bytes | None:
        """The octets that answer a message; None where nothing is to be sent."""
        self.queries += 1
        try:
            query = dns.message.from_wire(octets)
        except (dns.exception.DNSException, ValueError):
            return None
        if query.opcode() != dns.opcode.QUERY or len(query.question) != 1:
            return dns.message.make_response(query, our_payload=_MAX_UDP_OCTETS).to_wire()
        response = self.zone.respond(query, over_tcp=over_tcp)
        if response is None:
            return None
        if over_tcp:
            return response.to_wire(max_size=65535)
        limit = min(query.payload, _MAX_UDP_OCTETS) if query.edns >= 0 else 512
        return _within(response, limit)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                while True:
                    async with asyncio.timeout(_TCP_READ_LIMIT_S):
                        (length,) = struct.unpack("!H", await reader.readexactly(2))
                        octets = await reader.readexactly(length)
                    answer = self.respond(octets, over_tcp=True)
                    if answer is not None:
                        writer.write(struct.pack("!H", len(answer)) + answer)
                        await writer.drain()
        except asyncio.CancelledError:
            pass  # asyncio's own stream server calls a cancelled handler an error; it is the end of the lab
        finally:
            writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._server.respond(data, over_tcp=False)
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


def _within(response: dns.message.Message, limit_octets: int) -> bytes:
    """A response as a datagram: cut to nothing, with TC, where it is too long (RFC 2181 §9)."""
    try:
        return response.to_wire(max_size=limit_octets)
    except dns.exception.TooBig:
        response.flags |= dns.flags.TC
        response.answer.clear()
        response.authority.clear()
        return response.to_wire(max_size=limit_octets)


def _pair_of_sockets() -> tuple[socket.socket, socket.socket]:
    """A listening TCP socket and a UDP socket on the same free port."""
    for attempt in range(_PORT_TRIES):
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            tcp.bind((LOOPBACK, 0))
            udp.bind(tcp.getsockname())
            tcp.setblocking(False)
            udp.setblocking(False)
        except OSError:
            tcp.close()
            udp.close()
            if attempt == _PORT_TRIES - 1:
                raise
        else:
            return tcp, udp
    raise AssertionError("unreachable")
