"""Connections that are made ready ahead, and given a question only when they are (late binding).

Of the round trips of a probe all but the last do not depend on what is asked: a connection is driven to the
point where the ClientHello is due, and takes the question that is most wanted then. So a question that
depends on an answer costs one round trip, and no connection is wasted. A slot is held until the server's side
is closed, and a server that asks to come back later, or breaks off, is given time (DESIGN §7).
"""

import asyncio
import contextlib
from dataclasses import dataclass, field

from waxseal.facts import Cause, MailProtocol, Stage, TlsMode
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.net.stream import ByteStream
from waxseal.probes.recorder import Run
from waxseal.probes.tls.question import Question, Strand, Talk
from waxseal.wire.smtp_command import address_literal
from waxseal.wire.starttls import Opener, opener

ANSWER_LIMIT_S = 10.0
CLOSING_LIMIT_S = 1.0
MAX_PUT_OFF = 4
FIRST_PAUSE_S = 1.0
MAX_TALK_OCTETS = 512 * 1024


@dataclass(slots=True, eq=False)
class Lane:
    """A strand on its way: at most one question of it is under way."""

    strand: Strand
    question: Question | None = None
    asking: bool = False
    retried: bool = False

    @property
    def waits(self) -> bool:
        """Whether its question can be asked now."""
        return self.question is not None and not self.asking and self.question.until is None


class PutOffError(Exception):
    """The server would not have this connection; `why` says how it said so."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.final = final


@dataclass(eq=False)
class Pool:
    """Asks all questions of some strands over connections to one server.

    Attributes:
        peer: The server, with its limits.
        run: Counts connections and octets.
        protocol, mode: How the way to the hello is spoken.
        ehlo_name: Name for EHLO; "" for the literal of the local address.
        parallel: How many connections may be open at once.
        put_off: How often the server would not have a connection.
        not_asked: What was not asked, and why.
    """

    peer: Peer
    run: Run
    protocol: MailProtocol
    mode: TlsMode
    ehlo_name: str = ""
    parallel: int = 3
    put_off: int = 0
    not_asked: list[str] = field(default_factory=list)
    most_open: int = 0
    _lanes: list[Lane] = field(default_factory=list)
    _open: int = 0
    _ready: int = 0
    _answered: asyncio.Event = field(default_factory=asyncio.Event)
    _stopped: str = ""

    async def ask(self, *strands: Strand) -> None:
        """Run the strands to their ends, the first ones first where connections are short.

        Raises nothing for what the server does; what could not be asked is in `not_asked`.
        """
        self._lanes = [Lane(strand) for strand in strands]
        for lane in tuple(self._lanes):
            self._advance(lane, None)
        workers: set[asyncio.Task[None]] = set()
        try:
            while self._lanes:
                while self._open < self.parallel and self._wanted() > self._ready and not self._stopped:
                    self._open += 1
                    self._ready += 1
                    self.most_open = max(self.most_open, self._open)
                    workers.add(asyncio.create_task(self._work()))
                if not workers:
                    break
                done, workers = await asyncio.wait(workers, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        except BaseException:
            self._stop("the examination was broken off")
            raise
        finally:
            for task in workers:
                task.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            for lane in self._lanes:
                self._give_up(lane)

    def _wanted(self) -> int:
        """How many connections have a question waiting, or are sure to get one."""
        questions = [lane.question for lane in self._lanes if lane.question is not None and lane.waits]
        coming = [x for x in self._lanes if x.asking and x.question is not None and x.question.more]
        return len(questions) + len(coming)

    def _advance(self, lane: Lane, answer: Talk | None) -> None:
        """Give a strand its answer and take its next question; a strand that is through leaves."""
        lane.asking = lane.retried = False
        try:
            lane.question = next(lane.strand) if answer is None else lane.strand.send(answer)
        except StopIteration:
            self._lanes.remove(lane)
        self._wake()

    def _wake(self) -> None:
        """Go on with the strands whose wait is over."""
        for other in tuple(self._lanes):
            wait = other.question
            if wait is not None and wait.until is not None and wait.until():
                other.question = None
                self._advance(other, wait.talk())
        self._answered.set()

    def _give_up(self, lane: Lane) -> None:
        if lane.question is not None:
            why = self._stopped or "it waited for answers that did not come"
            self.not_asked.append(f"{lane.question.about}: {why}")
        lane.strand.close()

    async def _next(self) -> Lane | None:
        """The first lane with a question to ask; waits while one may come, None where none will."""
        while True:
            lane = next((x for x in self._lanes if x.waits), None)
            if lane is not None:
                lane.asking = True
                return lane
            if not any(x.asking and x.question is not None and x.question.more for x in self._lanes):
                return None
            self._answered.clear()
            await self._answered.wait()

    async def _work(self) -> None:
        """One connection from its start to its end."""
        counted = True
        stream: ByteStream | None = None
        lane: Lane | None = None
        try:
            stream, before = await self._make_ready()
            lane = await self._next()
            self._ready -= 1
            counted = False
            if lane is None or lane.question is None:
                await self._leave(stream, before.goodbye())
                return
            talk = lane.question.talk()
            await self._hold(stream, talk)
            if talk.cause is Cause.RESET and not lane.retried:
                lane.asking, lane.retried = False, True
                await self._pause(PutOffError("connections are broken off"))
                return
            self._tell(lane, talk)
            last = talk
            if (further := talk.follow()) is not None:
                await self._hold(stream, further)
                last = further
                self._wake()
            await self._leave(stream, last.farewell())
        except PutOffError as error:
            await self._pause(error)
        except NetError as error:
            self._stop(f"{error.cause.value} {error.detail}".strip())
        finally:
            if counted:
                self._ready -= 1
            self._open -= 1
            if stream is not None:
                stream.abort()

    def _tell(self, lane: Lane, talk: Talk) -> None:
        if lane in self._lanes:
            self._advance(lane, talk)

    async def _make_ready(self) -> tuple[ByteStream, Opener]:
        """Open a connection and go as far as the hello.

        Raises:
            PutOffError: The server would not.
            NetError: The limits of time or connections are spent, or the address is not to be had.
        """
        try:
            stream, _ = await self.peer.dial()
        except NetError as error:
            if error.cause in (Cause.REFUSED, Cause.RESET, Cause.TIMED_OUT):
                self.run.connections += 1
                raise PutOffError(f"connections are {error.cause.value}") from error
            raise
        self.run.connections += 1
        self.run.streams.append(stream)
        before = opener(self.protocol, self.mode, self._own_name(stream))
        try:
            await self._open_dialogue(stream, before)
        except BaseException:
            stream.abort()
            raise
        return stream, before

    def _own_name(self, stream: ByteStream) -> str:
        return self.ehlo_name or address_literal(stream.local_address or "127.0.0.1")

    async def _open_dialogue(self, stream: ByteStream, before: Opener) -> None:
        """Speak until the hello is due.

        Raises:
            PutOffError: The server declined, or broke off.
            NetError: The time limit is spent.
        """
        while not before.ready:
            try:
                data, _ = await self.peer.timed(before.stage, stream.read())
            except NetError as error:
                if error.cause in (Cause.RESET, Cause.TIMED_OUT):
                    raise PutOffError(f"{error.cause.value} at {before.stage.value}") from error
                raise
            answer = before.receive(data) if data else b""
            declined = before.declined
            if declined is not None:
                with contextlib.suppress(NetError):
                    await self._leave(stream, before.goodbye())
                text = f"{declined.code or ''} {declined.text}".strip()[:120]
                raise PutOffError(f"declined at {declined.stage.value}: {text}", final=not declined.temporary)
            if not data or before.extra:
                raise PutOffError(f"closed at {before.stage.value}")
            if answer:
                await stream.write(answer)

    async def _hold(self, stream: ByteStream, talk: Talk) -> None:
        """Hold a talk to its end."""
        clock = self.peer.network.clock
        began = clock.monotonic()
        octets = 0
        try:
            for number, segment in enumerate(talk.segments()):
                if number and talk.pause_s:
                    await asyncio.sleep(talk.pause_s)
                await stream.write(segment)
            while not talk.done:
                try:
                    limit = ANSWER_LIMIT_S if talk.quiet_s is None else talk.quiet_s
                    data, _ = await self.peer.timed(Stage.HANDSHAKE, stream.read(), limit)
                except NetError as error:
                    if error.cause is Cause.TIMED_OUT and talk.quiet_s is not None:
                        answer = talk.silence()
                        if answer:
                            await stream.write(answer)
                        continue
                    raise
                if not data:
                    talk.end(Cause.CLOSED)
                    break
                octets += len(data)
                answer = talk.receive(data)
                if answer:
                    await stream.write(answer)
                if octets > MAX_TALK_OCTETS and not talk.done:
                    talk.end(Cause.LIMIT, f"{octets} octets")
        except NetError as error:
            talk.end(error.cause, error.detail)
        talk.elapsed_s = round(clock.monotonic() - began, 6)

    async def _leave(self, stream: ByteStream, farewell: bytes) -> None:
        """Say good-bye, close our side, and wait for the server's end, so that it has let go too."""
        with contextlib.suppress(NetError, TimeoutError):
            if farewell:
                await stream.write(farewell)
            await stream.close_writing()
            async with asyncio.timeout(CLOSING_LIMIT_S):
                while await stream.read():
                    pass

    async def _pause(self, error: PutOffError) -> None:
        """Give the server time, and ask for less at once."""
        self.put_off += 1
        if error.final or self.put_off > MAX_PUT_OFF:
            self._stop(error.why)
            return
        self.parallel = max(1, self.parallel // 2)
        await asyncio.sleep(min(FIRST_PAUSE_S * 2 ** (self.put_off - 1), self.peer.remaining_s))

    def _stop(self, why: str) -> None:
        self._stopped = self._stopped or why
        self._answered.set()
