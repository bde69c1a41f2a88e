"""DNS queries to one resolver over UDP, many at once: sent, matched with their replies, and timed out.

From RFC 1035 §4.2.1 and RFC 5452 §9 (which replies to believe). A reply is matched by its header and question
alone; what it says is read when somebody wants to know (`Received`, and ``net.dns_message``). Truncation,
servers without EDNS and TCP are in ``net.dns_exchange``, which resolver is asked next in ``net.dns``.
"""

import asyncio
import errno
import secrets
import socket

from waxseal.facts import DnsStatus
from waxseal.net.dns_message import Question, Reply, is_reply, read_reply
from waxseal.net.resolv_conf import Server

MAX_STRAYS = 32
"""Datagrams that fit no query are passed over, so many of them on one socket; then it is given up."""
DATAGRAM_OCTETS = 4096
"""More than the payload size that we announce; what is longer than this arrives cut."""
DEFAULT_SOCKETS = 64
QUERIES_PER_SOCKET = 128
TICK_S = 0.02
"""A time limit is noticed so much too late at most, and never early."""

_BURST = 64
_RANDOM_OCTETS = 4096
# Turns of the event loop in which a new query may come before the sockets of an idle client are closed.
_IDLE_TURNS = 5
_NO_ROOM = (errno.ENOBUFS, errno.ENOMEM)


class Received:
    """A reply that fits its query, read as far as it is asked for.

    Attributes:
        octets: The whole message.
        question: What it replies to.
    """

    __slots__ = ("_reply", "octets", "question")

    def __init__(self, octets: bytes, question: Question) -> None:
        self.octets = octets
        self.question = question
        self._reply: Reply | None = None

    @property
    def rcode(self) -> int:
        """The response code of the header, without what an OPT record adds to it."""
        return self.octets[3] & 15

    @property
    def truncated(self) -> bool:
        """The TC bit."""
        return bool(self.octets[2] & 2)

    @property
    def authenticated(self) -> bool:
        """The AD bit."""
        return bool(self.octets[3] & 0x20)

    @property
    def answers(self) -> int:
        """The number of records that the answer section is said to have."""
        return int.from_bytes(self.octets[6:8])

    @property
    def reply(self) -> Reply:
        """The sections, read when first asked for."""
        if self._reply is None:
            self._reply = read_reply(self.octets, self.question)
        return self._reply


class _Waiting:
    """One query under way; `future` is None when it has ended."""

    __slots__ = ("asked", "due", "future", "message_id", "octets", "owner", "question", "strays")

    def __init__(self, question: Question, octets: bytes, owner: "_Socket") -> None:
        self.question = question
        self.message_id = octets[:2]
        self.asked = octets[12 : 16 + len(question.name)]
        self.owner = owner
        self.strays = owner.strays
        self.octets = octets
        self.future: asyncio.Future[bytes | DnsStatus] | None = None
        self.due: set[_Waiting]


class _Socket:
    """One connected socket: its queries by id, how many it may still send, and what it asked before.

    What was asked stays known, so that a late or second reply is not taken for a stray.
    """

    __slots__ = ("ended", "left", "sock", "strays", "waiting")

    def __init__(self, sock: socket.socket, left: int) -> None:
        self.sock = sock
        self.left = left
        self.strays = 0
        self.waiting: dict[bytes, _Waiting] = {}
        self.ended: dict[bytes, bytes] = {}


class DatagramClient:
    """Asks one resolver over a pool of UDP sockets; it runs in one event loop at a time.

    What somebody off the path has to guess to be believed (RFC 5452 §9.2): the id, 16 bits from the system's
    generator, and the source port, which the kernel chooses for each socket (some 15 bits on Linux, 14 on
    macOS), together with the question. A query goes out over a socket not yet opened, until all are, then
    over any of them by chance; each is replaced after so many queries, and when `MAX_STRAYS` datagrams came
    that fit nothing, which is how a guessed port shows. Sockets are connected: datagrams from elsewhere
    never arrive, no port can be told by what the kernel answers to others, and a closed port is heard of.
    Sockets are closed as soon as no query is under way.

    Attributes:
        server: Whom to ask.
        strays: Datagrams that came and fitted no query.
    """

    def __init__(
        self, server: Server, *, sockets: int = DEFAULT_SOCKETS, queries_per_socket: int = QUERIES_PER_SOCKET
    ) -> None:
        """Nothing is opened before the first question.

        Args:
            server: Whom to ask.
            sockets: How many sockets may be open at once; those that are used up count no more.
            queries_per_socket: After so many queries, less than 30,000, a socket is replaced.
        """
        self.server = server
        self.strays = 0
        self._size = sockets
        self._queries_per_socket = queries_per_socket
        self._sockets: list[_Socket] = []
        self._live = 0
        self._due: dict[int, set[_Waiting]] = {}
        self._unsent: list[_Waiting] = []
        self._random = b""
        self._random_at = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._resting = False

    async def ask(
        self,
        question: Question,
        limit: float,
        *,
        edns: bool = True,
        dnssec_ok: bool = False,
        checking_disabled: bool = False,
    ) -> bytes | DnsStatus:
        """Send one query and wait for what fits it.

        Args:
            question: What to ask.
            limit: Time of the running loop at which it ends.
            edns: As `Question.query` takes it; so are the next two.
            dnssec_ok: Whether DO is set.
            checking_disabled: Whether CD is set.

        Returns:
            The octets of the reply, header and question compared and nothing else; or why there is none:
            `DnsStatus.TIMED_OUT`, `UNREACHABLE`, or `MALFORMED` where other things came and no reply.

        Raises:
            OSError: This process can open no more sockets.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self.close()
            self._loop = loop
        try:
            owner = self._socket()
        except _UnreachableError:
            return DnsStatus.UNREACHABLE
        message_id = self._message_id(owner)
        octets = question.query(
            int.from_bytes(message_id),
            edns=edns,
            dnssec_ok=dnssec_ok,
            checking_disabled=checking_disabled,
        )
        waiting = _Waiting(question, octets, owner)
        future: asyncio.Future[bytes | DnsStatus] = loop.create_future()
        waiting.future = future
        tick = int(limit / TICK_S) + 1
        due = self._due.get(tick)
        if due is None:
            due = self._due[tick] = set()
        due.add(waiting)
        waiting.due = due
        owner.waiting[message_id] = waiting
        self._live += 1
        if self._timer is None:
            self._timer = loop.call_later(TICK_S, self._tick, loop)
        self._send(waiting)
        try:
            return await future
        finally:
            if waiting.future is not None:  # called off
                self._end(waiting, DnsStatus.TIMED_OUT)

    async def receive(self, question: Question, limit: float) -> Received | DnsStatus:
        """As `ask`, with the reply as something to read from."""
        found = await self.ask(question, limit)
        return Received(found, question) if isinstance(found, bytes) else found

    def close(self) -> None:
        """Close every socket; what is under way ends as `DnsStatus.UNREACHABLE`."""
        for due in tuple(self._due.values()):
            for waiting in tuple(due):
                self._end(waiting, DnsStatus.UNREACHABLE)
        for owner in self._sockets:
            self._shut(owner)
        self._sockets.clear()
        self._due.clear()
        self._unsent.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._resting = False

    def _chance(self) -> bytes:
        """Two random octets; they are fetched many at a time."""
        at = self._random_at
        if at >= len(self._random):
            self._random = secrets.token_bytes(_RANDOM_OCTETS)
            at = 0
        self._random_at = at + 2
        return self._random[at : at + 2]

    def _message_id(self, owner: _Socket) -> bytes:
        message_id = self._chance()
        while message_id in owner.waiting or message_id in owner.ended:
            message_id = self._chance()
        return message_id

    def _socket(self) -> _Socket:
        """A new socket while the pool is not full, then any."""
        if len(self._sockets) < self._size:
            try:
                return self._open()
            except OSError:
                if not self._sockets:
                    raise
        number = int.from_bytes(self._chance()) % len(self._sockets)
        owner = self._sockets[number]
        owner.left -= 1
        if owner.left <= 0:
            self._sockets[number] = self._sockets[-1]
            self._sockets.pop()
        return owner

    def _open(self) -> _Socket:
        try:
            address = self.server.socket_address()
        except OSError:  # no such interface
            raise _UnreachableError from None
        sock = socket.socket(self.server.family, socket.SOCK_DGRAM)
        sock.setblocking(False)
        try:
            sock.connect(address)
        except OSError:
            sock.close()
            raise _UnreachableError from None
        owner = _Socket(sock, self._queries_per_socket - 1)
        asyncio.get_running_loop().add_reader(sock, self._readable, owner)
        if owner.left > 0:
            self._sockets.append(owner)
        return owner

    def _send(self, waiting: _Waiting) -> None:
        try:
            waiting.owner.sock.send(waiting.octets)
        except (BlockingIOError, InterruptedError):
            self._unsent.append(waiting)
        except OSError as error:
            if error.errno in _NO_ROOM:
                self._unsent.append(waiting)
            else:
                self._give_up(waiting.owner, DnsStatus.UNREACHABLE)

    def _readable(self, owner: _Socket) -> None:
        """Take what has come, as long as anything is expected; the event loop tells if there is more."""
        recv = owner.sock.recv
        for _ in range(_BURST):
            try:
                octets = recv(DATAGRAM_OCTETS)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:  # a closed port, or no way there
                self._give_up(owner, DnsStatus.UNREACHABLE)
                return
            waiting = owner.waiting.get(octets[:2])
            if waiting is not None and _fits(octets, waiting):
                self._end(waiting, octets)
            elif not _is_late(octets, owner.ended.get(octets[:2])):
                owner.strays += 1
                self.strays += 1
                if owner.strays >= MAX_STRAYS:
                    self._give_up(owner, DnsStatus.MALFORMED)
                    return
            if not owner.waiting:
                return

    def _end(self, waiting: _Waiting, result: bytes | DnsStatus) -> None:
        future = waiting.future
        if future is None:
            return
        waiting.future = None
        waiting.octets = b""
        waiting.due.discard(waiting)
        if not future.done() and not future.get_loop().is_closed():
            future.set_result(result)
        owner = waiting.owner
        del owner.waiting[waiting.message_id]
        owner.ended[waiting.message_id] = waiting.asked
        if owner.left <= 0 and not owner.waiting:
            self._shut(owner)
        self._live -= 1
        if self._live == 0 and not self._resting and self._loop is not None and not self._loop.is_closed():
            self._resting = True
            self._loop.call_soon(self._rest, _IDLE_TURNS)

    def _rest(self, turns: int) -> None:
        """Close the sockets of an idle client, but not before those who were answered could ask again."""
        self._resting = False
        if self._live:
            return
        if turns and self._loop is not None:
            self._resting = True
            self._loop.call_soon(self._rest, turns - 1)
        else:
            self.close()

    def _give_up(self, owner: _Socket, why: DnsStatus) -> None:
        """End all that waits on a socket, and the socket."""
        owner.left = 0
        if owner in self._sockets:
            self._sockets.remove(owner)
        for waiting in tuple(owner.waiting.values()):
            self._end(waiting, DnsStatus.MALFORMED if owner.strays > waiting.strays else why)
        self._shut(owner)

    def _shut(self, owner: _Socket) -> None:
        if owner.sock.fileno() >= 0:
            if self._loop is not None and not self._loop.is_closed():
                self._loop.remove_reader(owner.sock)
            owner.sock.close()

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        """End what is due, send what found no room, and come again while anything is under way."""
        self._timer = None
        now = int(loop.time() / TICK_S)
        for tick in [tick for tick in self._due if tick <= now]:
            for waiting in tuple(self._due.pop(tick)):
                strays = waiting.owner.strays > waiting.strays
                self._end(waiting, DnsStatus.MALFORMED if strays else DnsStatus.TIMED_OUT)
        unsent, self._unsent = self._unsent, []
        for waiting in unsent:
            if waiting.future is not None:
                self._send(waiting)
        if self._live:
            self._timer = loop.call_later(TICK_S, self._tick, loop)


class _UnreachableError(Exception):
    """There is no way to the resolver: no such interface, no route."""


def _is_late(octets: bytes, asked: bytes | None) -> bool:
    """Whether a datagram replies to what was asked with its id before, or to nothing in particular."""
    return asked is not None and (octets.startswith(asked, 12) or octets[4:6] == b"\0\0")


def _fits(octets: bytes, waiting: _Waiting) -> bool:
    """Whether a datagram with the right id replies to a query (RFC 5452 §9.1), mostly seen at one look."""
    # QR set, opcode QUERY, one question, which is ours to the letter.
    if octets.startswith(waiting.asked, 12) and octets[4:6] == b"\0\1" and octets[2] & 0xF8 == 0x80:
        return True
    return is_reply(octets, int.from_bytes(octets[:2]), waiting.question)
