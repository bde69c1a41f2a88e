"""Comes to a mail server as a web client that was led to it, and looks how far that gets (ALPACA).

A man in the middle can pass a browser's connection on to another server that has a certificate for the same
name. What stops it is a server that refuses the web's ALPN names (RFC 7301 §3.2, RFC 9325 §3.8), or hangs up
at the first lines of a web request. One connection: a hello with the web's names only, then a form's request
under TLS. No line of it is a mail command, so nothing is done but to answer errors.
"""

import secrets
from typing import Final

from waxseal.facts import (
    Cause,
    CrossProtocol,
    MailProtocol,
    Stage,
    Subject,
    TlsMode,
    Transcript,
    TranscriptLine,
)
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.net.tls_stream import TlsClientStream
from waxseal.probes.mail_session import hung_up
from waxseal.probes.recorder import Recorder, Run, attempt, completed
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.tls.scout import scout_suites
from waxseal.probes.tls_handshake import FAREWELLS, HandshakeOrder, Look, shake_hands
from waxseal.probes.way import Way
from waxseal.wire.smtp_reply import decode_text
from waxseal.wire.tls_client_offer import ALL_VERSIONS, ClientOffer
from waxseal.wire.web_request import Answered, web_request

PROBE = "tls.cross-protocol"
WEB_NAMES: Final = (b"h2", b"http/1.1")
GREETING_LIMIT_S = 10.0
QUIET_S = 2.5
"""Silence for so long: the server waits for more. Longer than the second by which Postfix delays errors."""
MOST_SECONDS = 15.0
FAREWELL_LIMIT_S = 2.0
MAX_ANSWER_OCTETS = 64 * 1024
MAX_ANSWERS = 64


async def try_cross_protocol(
    peer: Peer, recorder: Recorder, subjects: tuple[Subject, ...], settings: ProbeSettings, way: Way
) -> None:
    """Hold one conversation and record what came of it (`tls.cross-protocol/1`).

    Args:
        peer: The address and port, with what is left of its limits.
        recorder: Where the facts go.
        subjects: Port subjects.
        settings: The name for EHLO.
        way: Any protocol.
    """
    async with attempt(recorder, subjects, PROBE, peer.network.clock) as run:
        look = await _shake_hands(peer, run, settings, way)
        if look.tls is None:
            run.ended = look.ended
            return
        request = _Request(peer, way, look, f"waxseal-{secrets.token_hex(6)}")
        if look.completed:
            await request.say()
        run.emit(request.fact())
        run.emit(request.transcript())
        run.ended = request.ended


async def _shake_hands(peer: Peer, run: Run, settings: ProbeSettings, way: Way) -> Look:
    """The handshake with the web's ALPN names, behind STARTTLS where that is the way."""
    offer = ClientOffer(
        server_name=way.server_name, versions=ALL_VERSIONS, suites=scout_suites(), protocols=WEB_NAMES
    )
    order = HandshakeOrder(offer, way.protocol, way.mode, settings.ehlo_name)
    spent = peer.connections
    look = await shake_hands(peer, order)
    run.connections += peer.connections - spent
    if look.tls is not None:
        run.streams.append(look.tls)
    return look


class _Request:
    """The request over one standing connection, and what was answered."""

    def __init__(self, peer: Peer, way: Way, look: Look, nonce: str) -> None:
        self.peer = peer
        self.way = way
        self.look = look
        self.nonce = nonce
        self.ended = look.ended
        self.sent = b""
        self.closed = False
        self.answered = Answered(way.protocol)
        self._clock = peer.network.clock
        self._began = self._clock.monotonic()
        self._lines: list[TranscriptLine] = []

    @property
    def _tls(self) -> TlsClientStream:
        if self.look.tls is None:
            raise RuntimeError("no TLS stands")
        return self.look.tls

    async def say(self) -> None:
        """Say the request, listen, and say good-bye. Never raises for what network or peer do."""
        tls = self._tls
        try:
            if self.way.mode is TlsMode.IMPLICIT:
                await self._hear_greeting(tls, GREETING_LIMIT_S)
            elif self.way.protocol is MailProtocol.SIEVE:
                await self._hear_greeting(tls, QUIET_S)
            host = self.way.server_name or (self.peer.address if self.peer.port else "localhost")
            self.sent = web_request(host, self.nonce)
            self._write_down("C", self.sent)
            await self.peer.timed(Stage.RESPONSE, tls.write(self.sent))
            await self._listen(tls)
            self.ended = completed(Stage.RESPONSE)
        except NetError as error:
            self.closed = bool(self.sent) and hung_up(error)
            self.ended = completed(Stage.RESPONSE) if self.closed else error.ended()
        if not self.closed:
            await self._leave(tls)
        await tls.close()

    def fact(self) -> CrossProtocol:
        """What was seen."""
        summary = self.look.summary
        answered = self.answered
        return CrossProtocol(
            offered=tuple(name.decode("ascii") for name in WEB_NAMES),
            completed=self.look.completed,
            selected=decode_text(summary.protocol or b"")[:64],
            alert=self.look.ended.alert if self.look.ended.cause is Cause.ALERT else None,
            request=self.sent,
            answers=answered.lines[:MAX_ANSWERS],
            lines_taken=answered.errors,
            echoed=self.nonce.encode("ascii") in answered.octets,
            closed=self.closed,
            ended=self.ended,
        )

    def transcript(self) -> Transcript:
        """The dialogue in clear, and what was said under TLS."""
        talk = self.look.opener
        clear = tuple(TranscriptLine(0.0, who, text) for who, text in (talk.lines if talk else ()))
        return Transcript(probe=PROBE, lines=(*clear, *self._lines))

    async def _hear_greeting(self, tls: TlsClientStream, limit_s: float) -> None:
        """What the server says first: a greeting, or ManageSieve's capabilities (RFC 5804 §2.2)."""
        try:
            data, _ = await self.peer.timed(Stage.GREETING, tls.read(), limit_s)
        except NetError as error:
            if error.cause is Cause.TIMED_OUT and self.way.mode is TlsMode.STARTTLS:
                return
            raise
        self._write_down("S", data)
        if not data:
            raise NetError(Cause.CLOSED, phase=Stage.GREETING)

    async def _listen(self, tls: TlsClientStream) -> None:
        """Read until every line has its error, it is quiet, or the server ends the connection (`closed`)."""
        lines = self.sent.count(b"\n")
        began = self._clock.monotonic()
        while self.answered.errors < lines and len(self.answered.octets) < MAX_ANSWER_OCTETS:
            left_s = MOST_SECONDS - (self._clock.monotonic() - began)
            if left_s <= 0:
                return
            try:
                data, _ = await self.peer.timed(Stage.RESPONSE, tls.read(), min(QUIET_S, left_s))
            except NetError as error:
                if error.cause is Cause.TIMED_OUT:
                    return
                raise
            if not data:
                raise NetError(Cause.CLOSED, phase=Stage.RESPONSE)
            self._write_down("S", data)
            self.answered.take(data)

    async def _leave(self, tls: TlsClientStream) -> None:
        try:
            farewell = FAREWELLS[self.way.protocol]
            self._write_down("C", farewell)
            await self.peer.timed(Stage.QUIT, tls.write(farewell), FAREWELL_LIMIT_S)
            data, _ = await self.peer.timed(Stage.QUIT, tls.read(), FAREWELL_LIMIT_S)
            self._write_down("S", data)
        except NetError:
            pass  # how it parts says nothing of the request

    def _write_down(self, sender: str, octets: bytes) -> None:
        at_s = round(self._clock.monotonic() - self._began, 6)
        for line in octets.split(b"\n")[:MAX_ANSWERS]:
            if text := line.rstrip(b"\r"):
                said = TranscriptLine(at_s, sender, decode_text(text[:512])[:1024], True, Stage.RESPONSE)
                self._lines.append(said)
