"""One conversation over one stream: moves octets between the stream and the sans-IO side of a protocol.

It writes the transcript, times each stage, keeps early octets apart and crosses into TLS. What differs by
protocol is in ``smtp_conversation`` and ``access_conversation``; what to say next, in the dialogues.
"""

from collections.abc import Awaitable, Iterable
from typing import Any, Generic, Protocol, TypeVar

from waxseal.facts import Cause, Reply, Response, Stage, Transcript, TranscriptLine
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.net.stream import ByteStream
from waxseal.probes.recorder import Run
from waxseal.probes.tls.scout import ScoutStream
from waxseal.wire.smtp_reply import decode_text

T = TypeVar("T")
A = TypeVar("A", bound=Reply | Response)

MAX_TRANSCRIPT_LINES = 2000
MAX_STAGE_OCTETS = 1024 * 1024


class Line(Protocol):
    """What the sans-IO sides have in common; what they make of octets is their own."""

    @property
    def buffered(self) -> bytes:
        """Octets of an answer that is not whole."""
        ...

    @property
    def leftover(self) -> bytes:
        """Octets in clear behind the go-ahead for TLS."""
        ...

    @property
    def overflow(self) -> bool:
        """Whether a limit of size was crossed; nothing more is read then."""
        ...

    def start_tls(self) -> bytes:
        """Forget what was said in clear."""
        ...


class HeardAnswer(Generic[A]):
    """What one stage brought.

    Attributes:
        answer: The answer to what was asked.
        elapsed_s: From our command, or the standing connection, to the end of the answer.
        first_octet_s: To the first octet.
        extra: Octets that came behind the answer, before our next command.
        broken: Why the answer is not whole: the stream ended, stalled or crossed a limit within it. None for
            a whole one.
    """

    def __init__(
        self,
        answer: A,
        elapsed_s: float,
        first_octet_s: float,
        extra: bytes = b"",
        broken: NetError | None = None,
    ) -> None:
        self.answer = answer
        self.elapsed_s = elapsed_s
        self.first_octet_s = first_octet_s
        self.extra = extra
        self.broken = broken


H = TypeVar("H", bound=HeardAnswer[Any])


class Conversation(Generic[A, H]):
    """The conversation of one attempt with one peer, whatever is spoken.

    Use `connect`, then what the protocol's own class has, and `start_tls`; `transcript` at any time.

    Args:
        peer: Whom to connect to.
        run: The attempt.
        line: The sans-IO side.
        heard: Makes what a stage brought.
    """

    def __init__(self, peer: Peer, run: Run, line: Line, heard: type[H]) -> None:
        self.peer = peer
        self.run = run
        self.connect_s = 0.0
        self.tls: ScoutStream | None = None
        self._line = line
        self._heard = heard
        self._clock = peer.network.clock
        self._began = self._clock.monotonic()
        self._stream: ByteStream | None = None
        self._lines: list[TranscriptLine] = []
        self._pending: list[A] = []

    @property
    def stream(self) -> ByteStream:
        """The stream in use: the plain one, or TLS over it."""
        if self._stream is None:
            raise RuntimeError("not connected")
        return self._stream

    async def connect(self) -> None:
        """Open the connection (`Stage.CONNECT`)."""
        spent = self.peer.connections
        try:
            self._stream, self.connect_s = await self.peer.dial()
        except NetError as error:
            self._note(Stage.CONNECT, f"no connection: {error.cause.value} {error.detail}".rstrip())
            raise
        finally:
            self.run.connections += self.peer.connections - spent
        self.run.streams.append(self._stream)
        self._note(Stage.CONNECT, f"connected to {_place(self.peer)}")

    async def greeting(self, limit_s: float | None = None) -> H:
        """Wait for the greeting, at most so long."""
        return await self._hear(Stage.GREETING, limit_s)

    async def start_tls(self, server_name: str, *, behind_starttls: bool) -> float:
        """Cross into TLS with this SNI ("" for none); give the seconds of the handshake."""
        if behind_starttls:
            self._line.start_tls()
        self._pending.clear()
        self.tls = ScoutStream(self.stream, server_name)
        _, elapsed = await self._guarded(Stage.HANDSHAKE, self.tls.handshake())
        self._stream = self.tls
        self._note(Stage.HANDSHAKE, f"TLS stands: {self.tls.version} {self.tls.suite}")
        return elapsed

    async def close(self) -> None:
        """End the stream in order."""
        await self.stream.close()

    def transcript(self) -> Transcript:
        """What was said so far."""
        return Transcript(probe=self.run.probe, lines=tuple(self._lines))

    def _receive(self, data: bytes) -> Iterable[tuple[A, bool]]:
        """Feed the sans-IO side: the answers that the octets complete, and whether each was asked for."""
        raise NotImplementedError

    def _end(self) -> Iterable[tuple[A, bool]]:
        """Tell the sans-IO side that nothing more comes; as `_receive`."""
        raise NotImplementedError

    async def _say(self, octets: bytes, stage: Stage) -> None:
        self._write_down("C", stage, decode_text(octets.rstrip(b"\r\n")))
        await self._guarded(stage, self.stream.write(octets))

    async def _hear(
        self,
        stage: Stage,
        limit_s: float | None = None,
        *,
        first_limit_s: float | None = None,
        unasked: bool = False,
    ) -> H:
        """Read until the answer to the outstanding command is whole, or will never be.

        Args:
            stage: For the record.
            limit_s: For all of it.
            first_limit_s: For its first octet.
            unasked: Whether an answer that nobody asked for is the one that is waited for.

        Raises:
            NetError: Not one octet of an answer came; where a part came, `HeardAnswer.broken` says why no
                more.
        """
        began = self._clock.monotonic()
        first: float | None = None
        octets = 0
        while True:
            now = self._clock.monotonic() - began
            limits = [limit for limit in (limit_s, first_limit_s if first is None else None) if limit]
            left_s = max(0.0, min(limits) - now) if limits else None
            try:
                data, _ = await self.peer.timed(stage, self.stream.read(), left_s, began=began)
            except NetError as error:
                return self._broken_off(stage, error, first, unasked)
            now = self._clock.monotonic() - began
            if not data:
                closed = NetError(Cause.CLOSED, phase=stage, elapsed_s=now)
                return self._broken_off(stage, closed, first, unasked)
            first = now if first is None else first
            octets += len(data)
            answer = self._sort_out(stage, self._receive(data), unasked)
            broken: NetError | None = None
            if octets > MAX_STAGE_OCTETS or self._line.overflow:
                broken = NetError(Cause.LIMIT, f"{octets} octets without an end", phase=stage, elapsed_s=now)
                self._note(stage, f"{broken.cause.value} {broken.detail}")
            if answer is not None:
                return self._heard(answer, now, first, self._take_extra(), broken)
            if broken is not None:
                raise broken

    def _broken_off(self, stage: Stage, error: NetError, first: float | None, unasked: bool) -> H:
        """What came of the answer before the stream failed.

        Raises:
            NetError: The same, where nothing came.
        """
        answer = self._sort_out(stage, self._end(), unasked)
        closed = error.cause is Cause.CLOSED
        text = f"{error.cause.value.replace('-', ' ')} {error.detail}".rstrip()
        self._note(stage, "the server closed the connection" if closed else text)
        if answer is None:
            raise error
        first = error.elapsed_s if first is None else first
        return self._heard(answer, error.elapsed_s, first, b"", error)

    def _sort_out(self, stage: Stage, answers: Iterable[tuple[A, bool]], unasked: bool) -> A | None:
        """Write the answers down; give the one waited for, and keep what nobody asked for apart."""
        found: A | None = None
        for answer, asked in answers:
            self._write_answer(stage, answer)
            if (asked or unasked) and found is None:
                found = answer
            else:
                self._pending.append(answer)
        return found

    def _take_extra(self) -> bytes:
        """Octets behind the answer: others nobody asked for, a part of one, or clear text before TLS."""
        extra = b"".join(answer.raw for answer in self._pending) + self._line.buffered + self._line.leftover
        self._pending.clear()
        return extra[:4096]

    async def _guarded(
        self, stage: Stage, work: Awaitable[T], limit_s: float | None = None
    ) -> tuple[T, float]:
        try:
            return await self.peer.timed(stage, work, limit_s)
        except NetError as error:
            self._note(stage, f"{error.cause.value.replace('-', ' ')} {error.detail}".rstrip())
            raise

    def _write_answer(self, stage: Stage, answer: A) -> None:
        for line in answer.raw.split(b"\n"):
            if line.rstrip(b"\r"):
                self._write_down("S", stage, decode_text(line.rstrip(b"\r")))

    def _note(self, stage: Stage, text: str) -> None:
        self._write_down("*", stage, text)

    def _write_down(self, sender: str, stage: Stage, text: str) -> None:
        if len(self._lines) < MAX_TRANSCRIPT_LINES:
            at_s = round(self._clock.monotonic() - self._began, 6)
            in_tls = self.tls is not None and self._stream is self.tls
            self._lines.append(TranscriptLine(at_s, sender, text[:1024], in_tls, stage))


def _place(peer: Peer) -> str:
    """The peer in words: ``[192.0.2.1]:25``, or the path of a socket."""
    return f"[{peer.address}]:{peer.port}" if peer.port else peer.address
