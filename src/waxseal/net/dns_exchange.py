"""One question to one resolver: over UDP, over TCP where the reply is truncated, without EDNS if need be.

From RFC 1035 §4.2, RFC 6891 §7 (servers without EDNS), RFC 7766 (TCP). Datagrams and their replies are in
``net.dns_datagrams``, messages in ``net.dns_message``; which resolver is asked next, aliases and the cache
are in ``net.dns``.
"""

import asyncio
import secrets
import socket
from typing import Protocol

from msgspec import Struct

from waxseal.facts import DnsStatus
from waxseal.net.dns_datagrams import DatagramClient
from waxseal.net.dns_message import BADVERS, FORMERR, NOTIMP, Question, Reply, is_reply, read_reply
from waxseal.net.resolv_conf import Server


class Outcome(Struct, frozen=True):
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


def read_outcome(
    octets: bytes, message_id: int, question: Question, server: str, *, over_tcp: bool = False
) -> Outcome:
    """What a message over a stream says to a question; `DnsStatus.MALFORMED` where it is no reply to it."""
    if not is_reply(octets, message_id, question):
        return Outcome(DnsStatus.MALFORMED, None, server, over_tcp)
    reply = read_reply(octets, question)
    return Outcome(reply.status, reply, server, over_tcp)


class PlainTransport:
    """One resolver over UDP, and over TCP where the reply is truncated.

    Attributes:
        server: The resolver.
        timeout_s: Limit of each try over UDP and of each over TCP.
    """

    def __init__(self, server: Server, timeout_s: float) -> None:
        self.server = server
        self.timeout_s = timeout_s
        self._text = str(server)
        self._datagrams = DatagramClient(server)

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
        """As `Transport.ask`; `limit` is the end of all tries together.

        A server that answers FORMERR, NOTIMP or BADVERS may know no EDNS and is asked once more without it
        (RFC 6891 §7); TCP after truncation (RFC 7766 §5) and each repetition have a time limit of their own.

        Raises:
            OSError: This process can open no more sockets.
        """
        outcome = await self._try(question, limit, True, dnssec_ok, checking_disabled)
        if outcome.reply is not None and outcome.reply.rcode in (FORMERR, NOTIMP, BADVERS):
            return await self._try(question, limit, False, False, checking_disabled)
        return outcome

    async def _try(
        self, question: Question, limit: float, edns: bool, dnssec_ok: bool, checking_disabled: bool
    ) -> Outcome:
        loop = asyncio.get_running_loop()
        octets = await self._datagrams.ask(
            question,
            min(loop.time() + self.timeout_s, limit),
            edns=edns,
            dnssec_ok=dnssec_ok,
            checking_disabled=checking_disabled,
        )
        if isinstance(octets, DnsStatus):
            return Outcome(octets, None, self._text)
        reply = read_reply(octets, question)
        if not reply.truncated:
            return Outcome(reply.status, reply, self._text)
        message_id = secrets.randbits(16)
        query = question.query(
            message_id, edns=edns, dnssec_ok=dnssec_ok, checking_disabled=checking_disabled
        )
        found = await over_tcp(self.server, query, min(loop.time() + self.timeout_s, limit))
        if isinstance(found, DnsStatus):
            return Outcome(found, None, self._text, True)
        return read_outcome(found, message_id, question, self._text, over_tcp=True)


async def over_tcp(server: Server, query: bytes, limit: float) -> bytes | DnsStatus:
    """One message each way over TCP, each behind its length in two octets (RFC 1035 §4.2.2): 65,535 at most.

    Args:
        server: Whom to ask.
        query: The message to send.
        limit: Time of the running loop at which it ends.

    Returns:
        The message that came, not compared with the query; or why there is none.

    Raises:
        OSError: This process can open no more sockets.
    """
    loop = asyncio.get_running_loop()
    received = bytearray()
    with socket.socket(server.family, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        try:
            async with asyncio.timeout_at(limit):
                await loop.sock_connect(sock, server.socket_address())
                # Length and message in one write (RFC 7766 §8).
                await loop.sock_sendall(sock, len(query).to_bytes(2) + query)
                while len(received) < 2 or len(received) < 2 + int.from_bytes(received[:2]):
                    octets = await loop.sock_recv(sock, 65_537 - len(received))
                    if not octets:
                        return DnsStatus.MALFORMED if received else DnsStatus.UNREACHABLE
                    received += octets
        except TimeoutError:
            return DnsStatus.TIMED_OUT
        except OSError:
            return DnsStatus.MALFORMED if received else DnsStatus.UNREACHABLE
    return bytes(received[2 : 2 + int.from_bytes(received[:2])])
