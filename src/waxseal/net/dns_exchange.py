"""One question to one resolver: over UDP, over TCP where the reply is truncated, without EDNS if need be.

From RFC 1035 §4.2, RFC 5452 (which replies to believe), RFC 6891 §7 (servers without EDNS), RFC 7766 (TCP).
Which resolver is asked next, aliases and the cache are in ``net.dns``; messages are in ``net.dns_message``.
"""

import asyncio
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from waxseal.facts import DnsStatus
from waxseal.net.dns_message import BADVERS, FORMERR, NOTIMP, Question, Reply, is_reply, read_reply
from waxseal.net.resolv_conf import Server

MAX_STRAYS = 32
"""Datagrams that do not fit the query are passed over, so many of them in one try."""
DATAGRAM_OCTETS = 4096
"""More than the payload size that we announce; what is longer than this arrives cut."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How asking one resolver ended.

    Attributes:
        status: The reply's, or why there is none.
        reply: The reply; None where none came that could be taken.
        server: The resolver that was asked, ``address:port``.
        over_tcp: Whether the question was repeated over TCP.
    """

    status: DnsStatus
    reply: Reply | None
    server: str
    over_tcp: bool = False


class Transport(Protocol):
    """A way to one resolver: datagrams and TCP (`PlainTransport`), or an authenticated channel."""

    def __str__(self) -> str:
        """The resolver, ``address:port``, IPv6 in brackets."""

    async def ask(
        self,
        question: Question,
        limit: float,
        *,
        dnssec_ok: bool = False,
        checking_disabled: bool = False,
    ) -> Outcome:
        """Ask the resolver one question.

        Args:
            question: What to ask.
            limit: Time of the running loop at which it ends at the latest.
            dnssec_ok: Whether DO is set (RFC 4035 §3.2.1).
            checking_disabled: Whether CD is set (RFC 4035 §3.2.2).

        Returns:
            How it ended, `server` being our own text form; nothing that the network does is raised.
        """


def read_outcome(octets: bytes, message_id: int, question: Question, server: str) -> Outcome:
    """What a message over a stream says to a question; `DnsStatus.MALFORMED` where it is no reply to it."""
    if not is_reply(octets, message_id, question):
        return Outcome(DnsStatus.MALFORMED, None, server)
    reply = read_reply(octets, question)
    return Outcome(reply.status, reply, server)


class PlainTransport:
    """One resolver over UDP, and TCP where the reply is truncated.

    Attributes:
        server: The resolver.
        timeout_s: Limit of each try over UDP and of each over TCP.
    """

    def __init__(self, server: Server, timeout_s: float) -> None:
        self.server = server
        self.timeout_s = timeout_s
        self._text = str(server)

    def __str__(self) -> str:
        return self._text

    async def ask(
        self,
        question: Question,
        limit: float,
        *,
        dnssec_ok: bool = False,
        checking_disabled: bool = False,
    ) -> Outcome:
        """As `Transport.ask`; `limit` is the end of all tries together."""
        return await exchange(
            self.server,
            question,
            self.timeout_s,
            limit,
            dnssec_ok=dnssec_ok,
            checking_disabled=checking_disabled,
        )


async def exchange(
    server: Server,
    question: Question,
    timeout_s: float,
    deadline: float,
    *,
    dnssec_ok: bool = False,
    checking_disabled: bool = False,
) -> Outcome:
    """Ask one resolver one question.

    A server that answers FORMERR, NOTIMP or BADVERS may know no EDNS and is asked once more without it
    (RFC 6891 §7); TCP after truncation (RFC 7766 §5) and each repetition have a time limit of their own.

    Args:
        server: Whom to ask.
        question: What to ask.
        timeout_s: Limit of each try over UDP and of each over TCP.
        deadline: Time of the running loop at which all ends.
        dnssec_ok: Whether DO is set, where there is EDNS.
        checking_disabled: Whether CD is set.

    Returns:
        How it ended; nothing that the network does is raised.

    Raises:
        OSError: This process can open no more sockets.
    """
    query = partial(question.query, edns=True, dnssec_ok=dnssec_ok, checking_disabled=checking_disabled)
    outcome = await _ask(server, question, query, timeout_s, deadline)
    if outcome.reply is not None and outcome.reply.rcode in (FORMERR, NOTIMP, BADVERS):
        query = partial(question.query, edns=False, checking_disabled=checking_disabled)
        return await _ask(server, question, query, timeout_s, deadline)
    return outcome


async def _ask(
    server: Server, question: Question, query: Callable[[int], bytes], timeout_s: float, deadline: float
) -> Outcome:
    loop = asyncio.get_running_loop()
    try:
        address = server.socket_address()
    except OSError:  # no such interface
        return Outcome(DnsStatus.UNREACHABLE, None, str(server))
    family = server.family
    found = await _over_udp(family, address, question, query, min(loop.time() + timeout_s, deadline))
    over_tcp = isinstance(found, Reply) and found.truncated
    if over_tcp:
        limit = min(loop.time() + timeout_s, deadline)
        found = await _over_tcp(family, address, question, query, limit)
    if isinstance(found, Reply):
        return Outcome(found.status, found, str(server), over_tcp)
    return Outcome(found, None, str(server), over_tcp)


async def _over_udp(
    family: socket.AddressFamily,
    address: tuple[object, ...],
    question: Question,
    query: Callable[[int], bytes],
    limit: float,
) -> Reply | DnsStatus:
    """One datagram out, the first that fits it back in.

    Each query has its own socket, so that the kernel gives it an unpredictable source port (RFC 5452 §9.2);
    it is connected, so that datagrams from elsewhere never arrive and a closed port is heard of at once.
    """
    loop = asyncio.get_running_loop()
    message_id = secrets.randbits(16)
    strays = 0
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        try:
            async with asyncio.timeout_at(limit):
                sock.connect(address)
                sock.send(query(message_id))
                while strays < MAX_STRAYS:
                    octets = await loop.sock_recv(sock, DATAGRAM_OCTETS)
                    if is_reply(octets, message_id, question):
                        return read_reply(octets, question)
                    strays += 1
        except TimeoutError:
            return DnsStatus.MALFORMED if strays else DnsStatus.TIMED_OUT
        except OSError:
            return DnsStatus.MALFORMED if strays else DnsStatus.UNREACHABLE
    return DnsStatus.MALFORMED


async def _over_tcp(
    family: socket.AddressFamily,
    address: tuple[object, ...],
    question: Question,
    query: Callable[[int], bytes],
    limit: float,
) -> Reply | DnsStatus:
    """One message each way, each behind its length in two octets (RFC 1035 §4.2.2), so 65,535 at most."""
    loop = asyncio.get_running_loop()
    message_id = secrets.randbits(16)
    octets_out = query(message_id)
    received = bytearray()
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        try:
            async with asyncio.timeout_at(limit):
                await loop.sock_connect(sock, address)
                # Length and message in one write (RFC 7766 §8).
                await loop.sock_sendall(sock, len(octets_out).to_bytes(2) + octets_out)
                while len(received) < 2 or len(received) < 2 + int.from_bytes(received[:2]):
                    octets = await loop.sock_recv(sock, 65_537 - len(received))
                    if not octets:
                        return DnsStatus.MALFORMED if received else DnsStatus.UNREACHABLE
                    received += octets
        except TimeoutError:
            return DnsStatus.TIMED_OUT
        except OSError:
            return DnsStatus.MALFORMED if received else DnsStatus.UNREACHABLE
    message = bytes(received[2 : 2 + int.from_bytes(received[:2])])
    if not is_reply(message, message_id, question):
        return DnsStatus.MALFORMED
    return read_reply(message, question)
