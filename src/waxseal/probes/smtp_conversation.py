"""One SMTP conversation over one stream: moves the octets between `SmtpConnection` and the stream.

It writes the transcript, times each stage and keeps early octets apart. What to say next, and what the
replies mean as facts, is in ``probes.smtp_dialogue``; the grammar is in ``wire``.
"""

from collections.abc import Awaitable
from typing import TypeVar

from waxseal.facts import Cause, Reply, Stage, Transcript, TranscriptLine
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.net.stream import ByteStream
from waxseal.probes.recorder import Run
from waxseal.probes.tls.scout import ScoutStream
from waxseal.wire import smtp_command
from waxseal.wire.smtp_client import Event, Replied, SmtpConnection
from waxseal.wire.smtp_reply import decode_text

T = TypeVar("T")

MAX_TRANSCRIPT_LINES = 2000
MAX_STAGE_OCTETS = 1024 * 1024


class Heard:
    """What one stage brought.

    Attributes:
        reply: The reply to what was asked.
        elapsed_s: From our command, or the standing connection, to the end of the reply.
        first_octet_s: To the first octet.
        extra: Octets that came behind the reply, before our next command.
        broken: Why the reply is not whole: the stream ended, stalled or crossed a limit within it. None for
            a whole reply.
    """

    def __init__(
        self,
        reply: Reply,
        elapsed_s: float,
        first_octet_s: float,
        extra: bytes = b"",
        broken: NetError | None = None,
    ) -> None:
        self.reply = reply
        self.elapsed_s = elapsed_s
        self.first_octet_s = first_octet_s
        self.extra = extra
        self.broken = broken

    def go_on(self, stage: Stage) -> int:
        """The code, for going on by it; to be called once the reply is recorded.

        Raises:
            NetError: The dialogue cannot go on: the reply is not whole, or none at all (NOT_SMTP).
        """
        if self.broken is not None:
            raise self.broken
        if self.reply.code is None:
            raise NetError(Cause.NOT_SMTP, self.reply.text[:120], phase=stage, elapsed_s=self.elapsed_s)
        return self.reply.code


class SmtpConversation:
    """The conversation of one attempt with one peer.

    Use `connect`, then `greeting`, `command`, `start_tls` as the dialogue asks; `transcript` at any time.
    """

    def __init__(self, peer: Peer, run: Run) -> None:
        self.peer = peer
        self.run = run
        self.connect_s = 0.0
        self.tls: ScoutStream | None = None
        self._clock = peer.network.clock
        self._began = self._clock.monotonic()
        self._smtp = SmtpConnection()
        self._stream: ByteStream | None = None
        self._lines: list[TranscriptLine] = []
        self._pending: list[Reply] = []

    def own_name(self, given: str) -> str:
        """The name for EHLO: the one given, else the literal of the local address (RFC 5321 §4.1.3)."""
        return given or smtp_command.address_literal(self.stream.local_address or "127.0.0.1")

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
        self._note(Stage.CONNECT, f"connected to [{self.peer.address}]:{self.peer.port}")

    async def greeting(self, limit_s: float | None = None) -> Heard:
        """Wait for the greeting, at most so long."""
        return await self._hear(Stage.GREETING, limit_s)

    async def command(self, line: bytes, stage: Stage, limit_s: float | None = None) -> Heard:
        """Send a command and wait for its reply, at most so long."""
        octets = self._smtp.send(line)
        self._write_down("C", stage, decode_text(line.rstrip(b"\r\n")))
        await self._guarded(stage, self.stream.write(octets))
        return await self._hear(stage, limit_s)

    async def start_tls(self, server_name: str, *, behind_starttls: bool) -> float:
        """Cross into TLS with this SNI ("" for none); give the seconds of the handshake."""
        if behind_starttls:
            self._smtp.start_tls()
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

    async def _hear(self, stage: Stage, limit_s: float | None = None) -> Heard:
        """Read until the reply to the outstanding command is whole, or will never be.

        Raises:
            NetError: Not one octet of a reply came; where a part came, `Heard.broken` says why no more.
        """
        began = self._clock.monotonic()
        first: float | None = None
        octets = 0
        while True:
            now = self._clock.monotonic() - began
            left_s = None if limit_s is None else max(0.0, limit_s - now)
            try:
                data, _ = await self.peer.timed(stage, self.stream.read(), left_s, began=began)
            except NetError as error:
                return self._broken_off(stage, error, first)
            now = self._clock.monotonic() - began
            if not data:
                return self._broken_off(stage, NetError(Cause.CLOSED, phase=stage, elapsed_s=now), first)
            first = now if first is None else first
            octets += len(data)
            answer = self._sort_out(stage, self._smtp.receive(data))
            broken: NetError | None = None
            if octets > MAX_STAGE_OCTETS or self._smtp.overflow:
                broken = NetError(Cause.LIMIT, f"{octets} octets without an end", phase=stage, elapsed_s=now)
                self._note(stage, f"{broken.cause.value} {broken.detail}")
            if answer is not None:
                return Heard(answer, now, first, self._take_extra(), broken)
            if broken is not None:
                raise broken

    def _broken_off(self, stage: Stage, error: NetError, first: float | None) -> Heard:
        """What came of the reply before the stream failed.

        Raises:
            NetError: The same, where nothing came.
        """
        answer = self._sort_out(stage, self._smtp.end())
        closed = error.cause is Cause.CLOSED
        text = f"{error.cause.value.replace('-', ' ')} {error.detail}".rstrip()
        self._note(stage, "the server closed the connection" if closed else text)
        if answer is None:
            raise error
        return Heard(answer, error.elapsed_s, error.elapsed_s if first is None else first, broken=error)

    def _sort_out(self, stage: Stage, events: list[Event]) -> Reply | None:
        """Write the replies down; give the one to our command, and keep what nobody asked for apart."""
        answer: Reply | None = None
        for event in events:
            self._write_reply(stage, event.reply)
            if isinstance(event, Replied) and answer is None:
                answer = event.reply
            else:
                self._pending.append(event.reply)
        return answer

    def _take_extra(self) -> bytes:
        """Octets behind the reply: replies nobody asked for, a part of one, or clear text before TLS."""
        extra = b"".join(reply.raw for reply in self._pending) + self._smtp.buffered + self._smtp.leftover
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

    def _write_reply(self, stage: Stage, reply: Reply) -> None:
        for line in reply.raw.split(b"\n"):
            if line.rstrip(b"\r"):
                self._write_down("S", stage, decode_text(line.rstrip(b"\r")))

    def _note(self, stage: Stage, text: str) -> None:
        self._write_down("*", stage, text)

    def _write_down(self, sender: str, stage: Stage, text: str) -> None:
        if len(self._lines) < MAX_TRANSCRIPT_LINES:
            at_s = round(self._clock.monotonic() - self._began, 6)
            in_tls = self.tls is not None and self._stream is self.tls
            self._lines.append(TranscriptLine(at_s, sender, text[:1024], in_tls, stage))
