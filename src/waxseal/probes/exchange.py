"""One connection in any of the five mail protocols, under full control.

Which octets go out in which segment, and every answer that comes, asked for or not: what the probes around
STARTTLS need beside the main conversation. The grammars are in ``probes.exchange_grammar`` and ``wire``; what
is said and what it proves, in the probes.
"""

import contextlib
import dataclasses
from collections import deque
from collections.abc import Awaitable, Sequence
from typing import TypeVar

from msgspec import structs

from waxseal.facts import Answer, Cause, Keyword, MailProtocol, Stage, TlsMode, Transcript, TranscriptLine
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.net.stream import ByteStream
from waxseal.probes.exchange_ahead import AheadStream
from waxseal.probes.exchange_grammar import Grammar, Heard, grammar_of
from waxseal.probes.recorder import Run
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.tls.scout import ScoutStream
from waxseal.probes.way import Way
from waxseal.wire import smtp_command
from waxseal.wire.smtp_reply import decode_text

T = TypeVar("T")

ANSWER_LIMIT_S = 15.0
"""How long the answer to a command is waited for."""
HANDSHAKE_LIMIT_S = 15.0
LEAVE_LIMIT_S = 5.0
UNASKED_LIMIT_S = 3.0
"""How long ManageSieve's capabilities behind TLS are waited for (RFC 5804 §2.2)."""
MAX_TRANSCRIPT_LINES = 2000
MAX_ANSWERS = 256
GO_AHEAD = frozenset(("220", "OK", "+OK"))
"""How STARTTLS is answered with yes."""
MAX_ANSWER_OCTETS = 1024 * 1024
"""Octets received for one answer, or in one time of collecting."""
_ANY_TIME = frozenset(("421", "BYE", ""))
"""What may come at any time (RFC 5321 §3.8, RFC 5804 §1.2); and lines that are no answer."""
_GOODBYES = frozenset(("221", "OK", "+OK"))
_SECRET_LEAST_OCTETS = 4
_QUIET_LEAST_S = 0.3
_QUIET_MOST_S = 2.0


class Exchange:
    """One connection.

    Use `open`, then the rest as wanted, and `leave` or `close` at the end. Every method that waits raises
    `NetError` where the network or the peer ends the stream, or says nothing in time; a refusal in words is
    an `Answer` like any other.

    Attributes:
        in_tls: Whether TLS stands.
        closed: Whether the stream has ended.
        keywords: Of the newest hello, greeting or unasked list that has any; empty behind the handshake.
        answers: Every answer since the beginning, or since TLS stands, in order; the first `MAX_ANSWERS`.
        leftover: Octets in clear that came behind the go-ahead, before our ClientHello.
        surplus: How many answers came that no command asked for, since the beginning or since TLS stands;
            those that may come at any time are left out.
        told_goodbye: Whether goodbye was answered as goodbye is, and not as another command; None until it
            was answered, or where the server closed with 421 or BYE.
        began: When it was made, by the monotonic clock.
        round_trip_s: The shortest time that an answer took; 0 before there is one.
    """

    def __init__(self, peer: Peer, run: Run, way: Way, settings: ProbeSettings) -> None:
        self.peer = peer
        self.way = way
        self.in_tls = False
        self.closed = False
        self.keywords: tuple[Keyword, ...] = ()
        self.answers: list[Answer] = []
        self.leftover = b""
        self.round_trip_s = 0.0
        self.surplus = 0
        self.told_goodbye: bool | None = None
        self._run = run
        self._settings = settings
        self._clock = peer.network.clock
        self.began = self._clock.monotonic()
        self._stream: ByteStream | None = None
        self._grammar: Grammar | None = None
        self._heard: deque[Heard] = deque()
        self._secrets: set[bytes] = set()
        self._lines: list[TranscriptLine] = []

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms among `keywords`, in upper case."""
        found = [k.name.removeprefix("AUTH=") for k in self.keywords if k.name.startswith("AUTH=")]
        found += [word.upper() for k in self.keywords if k.name in ("AUTH", "SASL") for word in k.parameters]
        found += [w.upper() for k in self.keywords if k.name == "AUTH=" for w in k.parameters]
        return tuple(dict.fromkeys(word for word in found if word))

    @property
    def in_step(self) -> bool:
        """Whether nothing shows that an answer was taken for another command's; asked behind `leave`."""
        return not self.surplus and self.told_goodbye is not False

    @property
    def quiet_s(self) -> float:
        """How long a server may take to say what it has to say, by the round trips so far."""
        return min(_QUIET_MOST_S, max(_QUIET_LEAST_S, 4 * self.round_trip_s))

    @property
    def hello_command(self) -> bytes:
        """EHLO, LHLO, CAPABILITY or CAPA, without CRLF and tag."""
        return self._spoken.hello

    @property
    def starttls_command(self) -> bytes:
        """STARTTLS or STLS, without CRLF and tag."""
        return self._spoken.starttls

    @property
    def farewell_command(self) -> bytes:
        """QUIT or LOGOUT, without CRLF and tag."""
        return self._spoken.farewell

    async def open(self, limit_s: float | None = None) -> Answer:
        """Connect, shake hands where TLS is implicit, and wait for the greeting, at most so long."""
        spent = self.peer.connections
        try:
            self._stream, self.round_trip_s = await self.peer.dial()
        except NetError as error:
            self._note(Stage.CONNECT, f"no connection: {error.cause.value} {error.detail}".rstrip())
            raise
        finally:
            self._run.connections += self.peer.connections - spent
        self._run.streams.append(self._stream)
        self._note(Stage.CONNECT, f"connected to [{self.peer.address}]:{self.peer.port}")
        own_name = self._settings.ehlo_name or _literal(self._stream.local_address)
        self._grammar = grammar_of(self.way.protocol, own_name)
        if self.way.mode is TlsMode.IMPLICIT:
            await self._shake_hands()
        greeting = await self._next(Stage.GREETING, limit_s)
        self.keywords = greeting.keywords
        return greeting.answer

    async def hello(self) -> Answer:
        """Say EHLO, LHLO, CAPABILITY or CAPA, and take over what it lists."""
        several = self.way.protocol is MailProtocol.POP3
        stage = Stage.EHLO_TLS if self.in_tls else Stage.EHLO
        heard = await self._ask(self.hello_command, stage, multiline=several)
        if self.in_tls and heard.answer.status == "220":
            # It greets again; the answer to EHLO is the next reply, which then nobody asked for.
            heard = await self._next(stage, ANSWER_LIMIT_S, unasked=True)
            self.surplus = max(0, self.surplus - 1)
        self.keywords = heard.keywords
        return heard.answer

    async def say(
        self, command: bytes, *, multiline: bool = False, secret: bool = False, limit_s: float | None = None
    ) -> Answer:
        """Say a command and wait for its answer.

        Args:
            command: Without CRLF and tag.
            multiline: POP3: its good answer has several lines.
            secret: The transcript shows its first word only.
            limit_s: Seconds; None for `ANSWER_LIMIT_S`.

        Raises:
            NetError: No whole answer came.
            ValueError: It is not one line.
        """
        stage = self._stage_of(command)
        heard = await self._ask(command, stage, multiline=multiline, secret=secret, limit_s=limit_s)
        return heard.answer

    async def go_on(self, line: bytes, *, secret: bool = True, limit_s: float | None = None) -> Answer:
        """Say a line behind a request to go on (``+``, 334), without a tag, and wait for the answer.

        Args:
            line: Without CRLF, such as a SASL response in base64.
            secret: The transcript shows nothing of it.
            limit_s: As in `say`.

        Raises:
            NetError: As in `say`.
            ValueError: It is not one line.
        """
        self._heard.clear()
        octets = self._spoken.go_on(line)
        if secret and len(line) >= _SECRET_LEAST_OCTETS:
            self._secrets.add(line)
        self._write_down("C", Stage.ENVELOPE, "****" if secret else decode_text(line))
        await self._guarded(Stage.ENVELOPE, self._standing.write(octets))
        return (await self._next(Stage.ENVELOPE, limit_s or ANSWER_LIMIT_S)).answer

    def prepare(self, command: bytes, *, multiline: bool = False, tagged: bool = False) -> bytes:
        """Register a command and give its octets, tag and CRLF included, for `write` to send.

        Args:
            command: Without CRLF, and without tag unless it is `tagged`.
            multiline: As in `say`.
            tagged: IMAP: the command has a tag of its own already.

        Raises:
            ValueError: It is not one line.
        """
        return self._spoken.tagged(command) if tagged else self._spoken.send(command, multiline=multiline)

    async def write(self, octets: bytes) -> None:
        """Send octets as they are, in one segment."""
        stage = Stage.STARTTLS if not self.in_tls else Stage.ENVELOPE
        for line in octets.split(b"\n"):
            if line.rstrip(b"\r"):
                self._write_down("C", stage, decode_text(line.rstrip(b"\r")))
        await self._guarded(stage, self._standing.write(octets))

    async def hear(self, limit_s: float | None = None) -> Answer:
        """The next answer to any command that has none yet."""
        return (await self._next(self._here, limit_s or ANSWER_LIMIT_S)).answer

    async def collect(self, quiet_s: float, most: int = 64) -> tuple[Answer, ...]:
        """Whatever comes, asked for or not, until nothing did for so long or the stream ends (`closed`).

        Raises:
            NetError: LIMIT, or BUDGET_SPENT where less time is left than the quiet takes.
        """
        found = [heard.answer for heard in self._heard]
        self._heard.clear()
        octets = 0
        while not self.closed and len(found) < most:
            try:
                data, _ = await self.peer.timed(self._here, self._standing.read(), quiet_s)
            except NetError as error:
                if error.cause is Cause.TIMED_OUT:
                    break
                if error.cause is Cause.BUDGET_SPENT:
                    raise
                self._note(self._here, f"{error.cause.value} {error.detail}".rstrip())
                self.closed = True
                break
            octets += len(data)
            if data:
                found += [heard.answer for heard in self._sort_out(self._here, data)]
            else:
                found += [heard.answer for heard in self._ended(self._here)]
            if octets > MAX_ANSWER_OCTETS or self._spoken.overflow:
                raise NetError(Cause.LIMIT, f"{octets} octets without an end", phase=self._here)
        return tuple(found)

    async def start_tls(self) -> None:
        """Shake hands behind the go-ahead; ManageSieve's capabilities that follow by themselves are taken in.

        Raises:
            NetError: The handshake failed.
            RuntimeError: STARTTLS was not answered with yes.
        """
        self.leftover = self._spoken.leftover
        if self.leftover:
            self._note(Stage.STARTTLS, f"in clear behind the go-ahead: {decode_text(self.leftover[:200])}")
        self._spoken.start_tls()
        self._heard.clear()
        self.answers.clear()
        self.surplus = 0
        self.keywords = ()
        await self._shake_hands()
        if self.way.protocol is MailProtocol.SIEVE:
            await self._take_in_unasked()
            self.surplus = 0

    async def start_tls_at_once(self) -> Answer | None:
        """STARTTLS and the ClientHello in one segment, and the handshake if the server takes part.

        Returns:
            The answer to STARTTLS; `in_tls` says whether the handshake followed. None where none came.
        """
        command = self._spoken.send(self.starttls_command)
        self._write_down("C", Stage.STARTTLS, f"{decode_text(command.rstrip())} and ClientHello, one segment")
        ahead = AheadStream(self._standing, self._spoken, command)
        self._stream = ahead
        self.answers.clear()
        self.keywords = ()
        try:
            await self._shake_hands()
        except NetError:
            if ahead.answer is None or ahead.answer.status in GO_AHEAD:
                raise
        finally:
            self._take(Stage.STARTTLS, ahead.heard)
            self.answers.clear()
        if self.in_tls and self.way.protocol is MailProtocol.SIEVE:
            await self._take_in_unasked()
        return ahead.answer

    async def leave(self) -> None:
        """Say goodbye, wait a little for the answer (`in_step`), and close. Never raises for the peer."""
        if not self.closed and self._stream is not None:
            with contextlib.suppress(NetError):
                heard = await self._ask(self.farewell_command, Stage.QUIT, limit_s=LEAVE_LIMIT_S)
                await self.collect(self.quiet_s)
                if heard.answer.status not in _ANY_TIME:
                    self.told_goodbye = heard.answer.status in _GOODBYES
        await self.close()

    async def close(self) -> None:
        """End the stream in order, without a word."""
        self.closed = True
        if self._stream is not None:
            await self._stream.close()

    def transcript(self) -> Transcript:
        """What was said so far; secrets are left out."""
        return Transcript(probe=self._run.probe, lines=tuple(self._lines))

    @property
    def _standing(self) -> ByteStream:
        if self._stream is None:
            raise RuntimeError("not connected")
        return self._stream

    @property
    def _spoken(self) -> Grammar:
        if self._grammar is None:
            raise RuntimeError("not connected")
        return self._grammar

    @property
    def _here(self) -> Stage:
        return Stage.ENVELOPE if self.in_tls else Stage.STARTTLS

    def _stage_of(self, command: bytes) -> Stage:
        word = command.split(b" ", 1)[0].upper()
        if word == self.starttls_command:
            return Stage.STARTTLS
        return Stage.QUIT if word == self.farewell_command else Stage.ENVELOPE

    async def _ask(
        self,
        command: bytes,
        stage: Stage,
        *,
        multiline: bool = False,
        secret: bool = False,
        limit_s: float | None = None,
    ) -> Heard:
        self._heard.clear()  # what came before was not caused by this command
        octets = self._spoken.send(command, multiline=multiline)
        word, *secrets = command.split(b" ")
        shown = word + b" ****" if secret else octets.rstrip(b"\r\n")
        if secret:
            self._secrets.update(part for part in secrets if len(part) >= _SECRET_LEAST_OCTETS)
        self._write_down("C", stage, decode_text(shown))
        await self._guarded(stage, self._standing.write(octets))
        tag = octets.partition(b" ")[0].decode() if self.way.protocol is MailProtocol.IMAP else ""
        return await self._next(stage, limit_s or ANSWER_LIMIT_S, tag=tag)

    async def _next(
        self, stage: Stage, limit_s: float | None, *, tag: str = "", unasked: bool = False
    ) -> Heard:
        """The next answer that was asked for; others go to `answers` only.

        Args:
            stage: For the record.
            limit_s: Seconds; None for what the peer has left.
            tag: IMAP: the command's; an answer that bears the tag of an earlier one is passed over.
            unasked: Whether one that nobody asked for will do.

        Raises:
            NetError: None came, or a part of one only.
        """
        began = self._clock.monotonic()
        octets = 0
        while True:
            while self._heard:
                heard = self._heard.popleft()
                if (heard.asked or unasked) and (not tag or heard.answer.tag in ("", "*", tag)):
                    elapsed = self._clock.monotonic() - began
                    if not 0 < self.round_trip_s < elapsed:
                        self.round_trip_s = elapsed
                    return heard
            if self.closed:
                raise NetError(Cause.CLOSED, phase=stage)
            left_s = None if limit_s is None else max(0.0, limit_s - (self._clock.monotonic() - began))
            data, _ = await self._guarded(stage, self._standing.read(), left_s, began)
            octets += len(data)
            if data:
                self._heard.extend(self._sort_out(stage, data))
            else:
                self._ended(stage)
            if octets > MAX_ANSWER_OCTETS or self._spoken.overflow:
                raise NetError(Cause.LIMIT, f"{octets} octets without an end", phase=stage)

    async def _take_in_unasked(self) -> None:
        """Wait for one answer that nobody asked for, a little."""
        try:
            data, _ = await self.peer.timed(Stage.EHLO_TLS, self._standing.read(), UNASKED_LIMIT_S)
            while data:
                heard = self._sort_out(Stage.EHLO_TLS, data)
                listed = [one.keywords for one in heard if one.keywords]
                if listed:
                    self.keywords = listed[0]
                    return
                data, _ = await self.peer.timed(Stage.EHLO_TLS, self._standing.read(), UNASKED_LIMIT_S)
            self._ended(Stage.EHLO_TLS)
        except NetError as error:
            if error.cause is not Cause.TIMED_OUT:
                raise

    async def _shake_hands(self) -> None:
        tls = ScoutStream(self._standing, self.way.server_name)
        await self._guarded(Stage.HANDSHAKE, tls.handshake(), HANDSHAKE_LIMIT_S)
        self._stream = tls
        self.in_tls = True
        self._note(Stage.HANDSHAKE, f"TLS stands: {tls.version} {tls.suite}")

    def _sort_out(self, stage: Stage, data: bytes) -> list[Heard]:
        return self._take(stage, self._spoken.receive(data))

    def _ended(self, stage: Stage) -> list[Heard]:
        """The stream has ended: what there is of an answer goes to `answers`, and answers nothing."""
        self.closed = True
        heard = self._take(stage, self._spoken.end())
        self._note(stage, "the server closed the connection")
        return heard

    def _take(self, stage: Stage, heard: list[Heard]) -> list[Heard]:
        if self._secrets:
            heard = [self._without_secrets(one) for one in heard]
        for one in heard:
            for line in one.raw.split(b"\n"):
                if line.rstrip(b"\r"):
                    self._write_down("S", stage, decode_text(line.rstrip(b"\r")))
            if len(self.answers) < MAX_ANSWERS:
                self.answers.append(one.answer)
            if not one.asked and one.answer.status not in _ANY_TIME and not one.answer.tag:
                self.surplus += 1
            if one.answer.status == "421":
                self.peer.back_off()
        return heard

    def _without_secrets(self, one: Heard) -> Heard:
        """The same where nothing of it repeats a secret, as a server does that says unknown commands back."""
        raw, text, kept = one.raw, one.answer.text, one.answer.raw
        for secret in self._secrets:
            raw, kept = raw.replace(secret, b"****"), kept.replace(secret, b"****")
            text = text.replace(decode_text(secret), "****")
        return dataclasses.replace(one, raw=raw, answer=structs.replace(one.answer, raw=kept, text=text))

    async def _guarded(
        self, stage: Stage, work: Awaitable[T], limit_s: float | None = None, began: float | None = None
    ) -> tuple[T, float]:
        try:
            return await self.peer.timed(stage, work, limit_s, began=began)
        except NetError as error:
            self._note(stage, f"{error.cause.value.replace('-', ' ')} {error.detail}".rstrip())
            if error.cause not in (Cause.TIMED_OUT, Cause.BUDGET_SPENT):
                self.closed = True
            raise

    def _note(self, stage: Stage, text: str) -> None:
        self._write_down("*", stage, text)

    def _write_down(self, sender: str, stage: Stage, text: str) -> None:
        if len(self._lines) < MAX_TRANSCRIPT_LINES:
            at_s = round(self._clock.monotonic() - self.began, 6)
            self._lines.append(TranscriptLine(at_s, sender, text[:1024], self.in_tls, stage))


def _literal(address: str) -> str:
    """The literal of our address (RFC 5321 §4.1.3); behind a UNIX socket or a proxy there may be none."""
    try:
        return smtp_command.address_literal(address)
    except ValueError:
        return "localhost"


def joined(probe: str, exchanges: Sequence[Exchange]) -> Transcript:
    """One transcript of several connections of an attempt, in order; times count from the first one."""
    lines: list[TranscriptLine] = []
    for exchange in exchanges:
        later_s = exchange.began - exchanges[0].began
        lines += [
            structs.replace(line, at_s=round(line.at_s + later_s, 6)) for line in exchange.transcript().lines
        ]
    return Transcript(probe=probe, lines=tuple(lines[:MAX_TRANSCRIPT_LINES]))
