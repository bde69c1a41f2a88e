"""Questions to resolvers over an authenticated channel: DNS over TLS (RFC 7858) and over HTTPS (RFC 8484).

The channel, and how the resolver proves who it is, is in ``net.dns_channel``. HTTPS is HTTP/1.1. Which
questions are asked, and whether the resolver validates, is decided in ``net.dns`` and ``net.validation``.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import h11

from waxseal.facts import DnsStatus, ValidatorKind
from waxseal.net.dns_channel import (
    HTTPS_PORT,
    MAX_MESSAGE_OCTETS,
    Channel,
    ChannelError,
    Dialler,
    StaleError,
    Stream,
)
from waxseal.net.dns_exchange import Outcome, read_outcome
from waxseal.net.dns_message import Question

if TYPE_CHECKING:
    from waxseal.net.dns import Resolver
    from waxseal.trust.anchors import RootStore

MEDIA_TYPE: Final = "application/dns-message"

MAX_STRAYS: Final = 32
"""Messages that answer nothing we asked, on one connection."""
MAX_HEAD_OCTETS: Final = 16_384
MAX_CONNECTIONS: Final = 8
"""To one HTTPS resolver; HTTP/1.1 has one exchange at a time on each."""


class _Transport:
    """What both transports share: time limits, and how failures are told.

    Attributes:
        channel: The resolver.
        failure: What was wrong with the channel when it last failed; "" where nothing was.
    """

    def __init__(self, channel: Channel, roots: "RootStore", resolver: "Resolver | None" = None) -> None:
        """A way to a resolver; nothing is connected yet.

        Args:
            channel: Where it is, and who it has to prove to be.
            roots: Whom to believe about that.
            resolver: Looks up the address of a resolver that is given by name.
        """
        self.channel = channel
        self.failure = ""
        self._dialler = Dialler(channel, roots, resolver)

    def __str__(self) -> str:
        return self.channel.authority

    async def ask(
        self,
        question: Question,
        limit: float,
        *,
        dnssec_ok: bool = False,
        checking_disabled: bool = False,
    ) -> Outcome:
        """See `Transport.ask`."""
        flags = dnssec_ok, checking_disabled
        try:
            async with asyncio.timeout_at(limit):
                try:
                    return await self._exchange(question, flags)
                except StaleError:  # servers may end a connection at any time (RFC 7858 §3.4)
                    return await self._exchange(question, flags)
        except TimeoutError:
            return Outcome(DnsStatus.TIMED_OUT, None, str(self), over_tcp=True)
        except ChannelError as error:
            self.failure = str(error)
            return Outcome(error.status, None, str(self), over_tcp=True)

    async def _exchange(self, question: Question, flags: tuple[bool, bool]) -> Outcome:
        raise NotImplementedError

    def _read(self, octets: bytes, message_id: int, question: Question) -> Outcome:
        outcome = read_outcome(octets, message_id, question, str(self))
        return Outcome(outcome.status, outcome.reply, outcome.server, over_tcp=True)


def _query(question: Question, message_id: int, flags: tuple[bool, bool]) -> bytes:
    return question.query(message_id, edns=True, dnssec_ok=flags[0], checking_disabled=flags[1])


class TlsTransport(_Transport):
    """DNS over TLS (RFC 7858): one kept connection, questions pipelined, answers in any order."""

    def __init__(self, channel: Channel, roots: "RootStore", resolver: "Resolver | None" = None) -> None:
        """See `_Transport`."""
        super().__init__(channel, roots, resolver)
        self._pipeline: asyncio.Task[_Pipeline] | None = None

    def close(self) -> None:
        """Let go of the connection; a later question makes another."""
        kept, self._pipeline = self._pipeline, None
        if kept is not None:
            kept.cancel()
            if kept.done() and not kept.cancelled() and kept.exception() is None:
                kept.result().close()

    async def _exchange(self, question: Question, flags: tuple[bool, bool]) -> Outcome:
        task = self._pipeline
        kept = task is not None and task.done()
        if task is None or (task.done() and (task.cancelled() or task.exception() or task.result().ended)):
            kept = False
            task = self._pipeline = asyncio.create_task(self._open())
        pipeline = await asyncio.shield(task)
        message_id, octets = await pipeline.ask(lambda number: _query(question, number, flags), kept=kept)
        return self._read(octets, message_id, question)

    async def _open(self) -> "_Pipeline":
        return _Pipeline(await self._dialler.connect())


class _Pipeline:
    """One connection with several questions under way, told apart by their ids (RFC 7858 §3.3)."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._waiting: dict[int, asyncio.Future[bytes]] = {}
        self._number = 0
        self.ended = False
        self._reading = asyncio.create_task(self._read())

    def close(self) -> None:
        self._reading.cancel()
        self._end()

    async def ask(self, write: Callable[[int], bytes], *, kept: bool) -> tuple[int, bytes]:
        """Send what `write` makes of an id, and give the id and the message that comes with it.

        Raises:
            StaleError: The connection, which is not fresh, was at its end.
            ChannelError: A fresh one was.
        """
        if self.ended:
            raise StaleError("the connection was ended")
        number = self._next()
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        query = write(number)
        try:
            # Length and message in one write (RFC 7858 §3.3).
            self._stream.writer.write(len(query).to_bytes(2) + query)
            await self._stream.writer.drain()
            return number, await future
        except OSError as error:
            kind = StaleError if kept else ChannelError
            raise kind(f"the connection broke: {error.strerror or error}") from error
        finally:
            self._waiting.pop(number, None)

    def _next(self) -> int:
        """An id that is not under way; the channel is authenticated, so it need not be hard to guess."""
        if len(self._waiting) >= 65_536:
            raise ChannelError("too many questions under way")
        while True:
            self._number = (self._number + 1) & 0xFFFF
            if self._number not in self._waiting:
                return self._number

    async def _read(self) -> None:
        reader = self._stream.reader
        strays = 0
        try:
            while strays < MAX_STRAYS:
                size = int.from_bytes(await reader.readexactly(2))
                message = await reader.readexactly(size)
                future = self._waiting.get(int.from_bytes(message[:2]))
                if future is None or future.done():  # as after a time limit
                    strays += 1
                else:
                    strays = 0
                    future.set_result(message)
        except (OSError, EOFError):
            pass
        finally:
            self._end()

    def _end(self) -> None:
        self.ended = True
        self._stream.close()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ConnectionResetError("ended by the server"))


class HttpsTransport(_Transport):
    """DNS over HTTPS (RFC 8484) by POST over HTTP/1.1, each exchange on a kept connection of its own.

    POST requests are not pipelined (RFC 9112 §9.3.2): several connections stand where several questions do.
    """

    def __init__(self, channel: Channel, roots: "RootStore", resolver: "Resolver | None" = None) -> None:
        """See `_Transport`."""
        super().__init__(channel, roots, resolver)
        self._idle: list[tuple[Stream, h11.Connection]] = []
        self._slots = asyncio.Semaphore(MAX_CONNECTIONS)

    def close(self) -> None:
        """Let go of the connections that nothing is under way on; a later question makes another."""
        while self._idle:
            self._idle.pop()[0].close()

    async def _exchange(self, question: Question, flags: tuple[bool, bool]) -> Outcome:
        async with self._slots:
            kept = bool(self._idle)
            if kept:
                stream, http = self._idle.pop()
            else:
                stream = await self._dialler.connect()
                http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_OCTETS)
            reusable = False
            try:
                # One id, so that caches see one question (RFC 8484 §4.1).
                await self._send(stream, http, _query(question, 0, flags))
                message = await _receive(stream, http)
                if http.our_state is h11.DONE and http.their_state is h11.DONE:
                    http.start_next_cycle()
                    reusable = True
            except OSError as error:
                if kept:
                    self.close()  # the others are as old
                    raise StaleError("the connection was ended") from error
                raise ChannelError(f"the connection broke: {error.strerror or error}") from error
            except h11.RemoteProtocolError as error:
                raise ChannelError(f"it answers with no HTTP/1.1: {error}", DnsStatus.MALFORMED) from error
            finally:
                if reusable:
                    self._idle.append((stream, http))
                else:
                    stream.close()
        return self._read(message, 0, question)

    async def _send(self, stream: Stream, http: h11.Connection, query: bytes) -> None:
        port = f":{HTTPS_PORT}"
        fields = [
            ("Host", self.channel.authority.removesuffix(port)),
            ("Accept", MEDIA_TYPE),
            ("Content-Type", MEDIA_TYPE),
            ("Content-Length", str(len(query))),
        ]
        events = (
            h11.Request(method="POST", target=self.channel.path, headers=fields),
            h11.Data(query),
            h11.EndOfMessage(),
        )
        stream.writer.write(b"".join(http.send(event) or b"" for event in events))
        await stream.writer.drain()


async def _receive(stream: Stream, http: h11.Connection) -> bytes:
    """The content of a response that carries a DNS message.

    Raises:
        OSError: The connection broke.
        h11.RemoteProtocolError: It is no HTTP/1.1.
        ChannelError: It is a response of another kind, such as a redirection, which is not followed.
    """
    content = bytearray()
    came = False
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            octets = await stream.reader.read(MAX_MESSAGE_OCTETS)
            if not octets and not came:
                raise ConnectionResetError("ended by the server")
            came = True
            http.receive_data(octets)
        elif isinstance(event, h11.Response):
            kind = next((value for name, value in event.headers if name == b"content-type"), b"")
            # Another status carries no answer to the question (RFC 8484 §4.2.1).
            if event.status_code != 200 or kind.partition(b";")[0].strip().lower() != MEDIA_TYPE.encode():
                shown = kind[:64].decode("latin-1")
                message = f"HTTP status {event.status_code} with content of type {shown!r}"
                raise ChannelError(message, DnsStatus.MALFORMED)
        elif isinstance(event, h11.Data):
            content += event.data
            if len(content) > MAX_MESSAGE_OCTETS:  # (RFC 8484 §6)
                raise ChannelError(f"content of more than {MAX_MESSAGE_OCTETS} octets", DnsStatus.MALFORMED)
        elif isinstance(event, h11.EndOfMessage):
            return bytes(content)
        elif isinstance(event, h11.ConnectionClosed):
            raise ConnectionResetError("ended by the server")


def transport(
    channel: Channel, roots: "RootStore", resolver: "Resolver | None" = None
) -> TlsTransport | HttpsTransport:
    """The transport of a channel's kind; arguments as those have."""
    make = TlsTransport if channel.kind is ValidatorKind.TLS else HttpsTransport
    return make(channel, roots, resolver)
