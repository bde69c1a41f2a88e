"""Connections that are made ready ahead, and given a question only when they are (late binding).

Of the round trips of a probe all but the last do not depend on what is asked: a connection is driven to the
point where the ClientHello is due, and takes the question that is most wanted then. So a question that
depends on an answer costs one round trip, and no connection is wasted. A slot is held until the server's side
is closed, and a server that asks to come back later, or breaks off, is given time (DESIGN §7).
"""

import asyncio
import contextlib
from collections.abc import Generator
from dataclasses import dataclass, field

from waxseal.facts import Cause, MailProtocol, Stage, TlsMode
from waxseal.net.conversation import Conversation, Step, converse
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.net.stream import ByteStream
from waxseal.probes.recorder import Run
from waxseal.probes.tls.question import Question, Strand, Talk
from waxseal.wire.smtp_command import address_literal
from waxseal.wire.starttls import Opener, opener

ANSWER_LIMIT_S = 10.0
CLOSING_LIMIT_S = 1.0
GRACE_S = 5.0
"""For ending in order behind the time limit, before everything is broken off."""
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


@dataclass(slots=True, eq=False)
class Line:
    """A connection; `bound` once it has its question, or is found to have none."""

    bound: bool = False


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
    _workers: set[asyncio.Task[None]] = field(default_factory=set)
    _over: asyncio.Future[None] = field(init=False)

    async def ask(self, *strands: Strand) -> None:
        """Run the strands to their ends, the first ones first where connections are short.

        Raises nothing for what the server does; what could not be asked is in `not_asked`.
        """
        self._lanes = [Lane(strand) for strand in strands]
        for lane in tuple(self._lanes):
            self._advance(lane, None)
        self._over = asyncio.get_running_loop().create_future()
        try:
            self._engage()
            if self._workers:
                async with asyncio.timeout(self.peer.remaining_s + GRACE_S):
                    await self._over
        except TimeoutError:
            self._stop("the time limit is spent")
        except BaseException:
            self._stop("the examination was broken off")
            raise
        finally:
            self._over.cancel()
            workers = tuple(self._workers)
            for task in workers:
                task.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            for lane in self._lanes:
                self._give_up(lane)

    def _engage(self) -> None:
        """Let as many work as there is something to ask, and connections may be open."""
        while self._take_slot():
            task = asyncio.create_task(self._work())
            self._workers.add(task)
            task.add_done_callback(self._worked)

    def _take_slot(self) -> bool:
        """Take a connection, where one more has something to ask."""
        if self._open >= self.parallel or self._stopped or self._wanted() <= self._ready:
            return False
        self._open += 1
        self._ready += 1
        self.most_open = max(self.most_open, self._open)
        return True

    async def _work(self) -> None:
        """One connection after the other, for as long as there is something to ask."""
        working = True
        while working:
            await self._connect_and_ask()
            working = self._take_slot()
            self._engage()
            if not self._lanes and not self._over.done():
                self._over.set_result(None)

    def _worked(self, task: asyncio.Task[None]) -> None:
        self._workers.discard(task)
        error = None if task.cancelled() else task.exception()
        if self._over.done():
            return
        if error is not None:
            self._over.set_exception(error)
        elif not self._workers:
            self._over.set_result(None)

    def _wanted(self) -> int:
        """How many connections have a question waiting, or are sure to get one."""
        wanted = 0
        for lane in self._lanes:
            question = lane.question
            if question is not None and question.until is None:
                wanted += question.more if lane.asking else 1 + question.more
        return wanted

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

    def _next(self) -> Generator[Step, bytes, Lane | None]:
        """The first lane with a question to ask; waits while one may come, None where none will."""
        while True:
            lane = next((x for x in self._lanes if x.waits), None)
            if lane is not None:
                lane.asking = True
                return lane
            if not any(x.asking and x.question is not None and x.question.more for x in self._lanes):
                return None
            self._answered.clear()
            yield self._answered.wait()

    async def _connect_and_ask(self) -> None:
        """One connection from its start to its end."""
        line = Line()
        try:
            stream = await self._connect()
            try:
                await converse(stream, self._conversation(stream, line))
            finally:
                stream.abort()
        except PutOffError as error:
            await self._pause(error)
        except NetError as error:
            self._stop(f"{error.cause.value} {error.detail}".strip())
        finally:
            if not line.bound:
                self._ready -= 1
            self._open -= 1

    def _conversation(self, stream: ByteStream, line: Line) -> Conversation:
        """All that is said on one connection.

        Raises:
            PutOffError: The server would not.
            NetError: The time limit is spent.
        """
        before = opener(self.protocol, self.mode, self._own_name(stream))
        yield from self._open_dialogue(before)
        lane = yield from self._next()
        self._ready -= 1
        line.bound = True
        if lane is None or lane.question is None:
            yield from self._leave(before.goodbye())
            return
        talk = lane.question.talk()
        yield from self._hold(talk)
        if talk.cause is Cause.RESET and not lane.retried:
            lane.asking, lane.retried = False, True
            self._answered.set()  # a connection that is ready may take it
            raise PutOffError("connections are broken off")
        further = talk.follow()  # before the strand goes on, so that whoever waits for it knows of it
        self._tell(lane, talk)
        last = talk
        if further is not None:
            yield from self._hold(further)
            last = further
            self._wake()
        yield from self._leave(last.farewell())

    def _tell(self, lane: Lane, talk: Talk) -> None:
        if lane in self._lanes:
            self._advance(lane, talk)

    async def _connect(self) -> ByteStream:
        """Open a connection.

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
        return stream

    def _own_name(self, stream: ByteStream) -> str:
        return self.ehlo_name or address_literal(stream.local_address or "127.0.0.1")

    def _open_dialogue(self, before: Opener) -> Conversation:
        """Speak until the hello is due.

        Raises:
            PutOffError: The server declined, or broke off.
            NetError: The time limit is spent.
        """
        while not before.ready:
            try:
                with self.peer.stage(before.stage) as under_way:
                    data = yield under_way.limit_s
            except NetError as error:
                if error.cause in (Cause.RESET, Cause.TIMED_OUT):
                    raise PutOffError(f"{error.cause.value} at {before.stage.value}") from error
                raise
            answer = before.receive(data) if data else b""
            declined = before.declined
            if declined is not None:
                yield from self._leave(before.goodbye())
                text = f"{declined.code or ''} {declined.text}".strip()[:120]
                raise PutOffError(f"declined at {declined.stage.value}: {text}", final=not declined.temporary)
            if not data or before.extra:
                raise PutOffError(f"closed at {before.stage.value}")
            if answer:
                yield answer

    def _hold(self, talk: Talk) -> Conversation:
        """Hold a talk to its end."""
        clock = self.peer.network.clock
        began = clock.monotonic()
        octets = 0
        try:
            for number, segment in enumerate(talk.segments()):
                if number and talk.pause_s:
                    yield asyncio.sleep(talk.pause_s)
                yield segment
            while not talk.done:
                try:
                    limit = ANSWER_LIMIT_S if talk.quiet_s is None else talk.quiet_s
                    with self.peer.stage(Stage.HANDSHAKE, limit) as under_way:
                        data = yield under_way.limit_s
                except NetError as error:
                    if error.cause is Cause.TIMED_OUT and talk.quiet_s is not None:
                        answer = talk.silence()
                        if answer:
                            yield answer
                        continue
                    raise
                if not data:
                    talk.end(Cause.CLOSED)
                    break
                octets += len(data)
                answer = talk.receive(data)
                if answer:
                    yield answer
                if octets > MAX_TALK_OCTETS and not talk.done:
                    talk.end(Cause.LIMIT, f"{octets} octets")
        except NetError as error:
            talk.end(error.cause, error.detail)
        talk.elapsed_s = round(clock.monotonic() - began, 6)

    def _leave(self, farewell: bytes) -> Conversation:
        """Say good-bye, close our side, and wait for the server's end, so that it has let go too."""
        clock = self.peer.network.clock
        with contextlib.suppress(NetError, TimeoutError):
            if farewell:
                yield farewell
            yield None
            ends_at = clock.monotonic() + CLOSING_LIMIT_S
            while (yield ends_at - clock.monotonic()):
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
