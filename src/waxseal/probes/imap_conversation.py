"""One IMAP conversation that knows secrets: for a login with an account of the user's own.

Its transcript shows commands as the caller words them, of each response its last line without the secrets,
and of the data before it the number of lines only. The grammar is in ``wire``; what is said, in
``probes.imap_login``.
"""

from base64 import b64encode
from collections.abc import Awaitable
from typing import TypeVar

from msgspec import structs

from waxseal.facts import Cause, MailProtocol, Response, Stage, Transcript, TranscriptLine
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.net.stream import ByteStream
from waxseal.probes.recorder import Run
from waxseal.probes.tls.scout import ScoutStream
from waxseal.wire.access_client import AccessConnection, Responded
from waxseal.wire.access_command import quoted
from waxseal.wire.smtp_reply import decode_text
from waxseal.wire.tls_events import Event

T = TypeVar("T")

ANSWER_LIMIT_S = 30.0
HANDSHAKE_LIMIT_S = 15.0
LEAVE_LIMIT_S = 5.0
MAX_RESPONSE_OCTETS = 4 * 1024 * 1024
"""Octets received for one response; ten envelopes with long lists of recipients fit."""


class ImapConversation:
    """The conversation of one attempt.

    Use `connect`, then `hear` for the greeting, `say`, `go_on`, `start_tls` as wanted, and `leave`. Methods
    that wait raise `NetError`.

    Args:
        peer: The address and port.
        run: The attempt.
        secret: What neither transcript nor facts may show, in any form in which it was sent.
    """

    def __init__(self, peer: Peer, run: Run, secret: str) -> None:
        self.peer = peer
        self.tls: ScoutStream | None = None
        self._secrets = [secret.encode()]
        self._run = run
        self._clock = peer.network.clock
        self._began = self._clock.monotonic()
        self._imap = AccessConnection(MailProtocol.IMAP)
        self._stream: ByteStream | None = None
        self._lines: list[TranscriptLine] = []
        self._closed = False

    @property
    def tls_events(self) -> tuple[Event, ...]:
        """What the handshake showed; () before it."""
        return tuple(self.tls.events) if self.tls is not None else ()

    async def connect(self) -> None:
        """Open the connection."""
        spent = self.peer.connections
        try:
            self._stream, _ = await self.peer.dial()
        finally:
            self._run.connections += self.peer.connections - spent
        self._run.streams.append(self._stream)
        self._write_down("*", Stage.CONNECT, f"connected to [{self.peer.address}]:{self.peer.port}")

    async def start_tls(self, server_name: str) -> None:
        """Shake hands: at once, or behind the go-ahead. Octets in clear behind that are never read."""
        if self._imap.tls_due:
            self._imap.start_tls()
        self.tls = ScoutStream(self._standing, server_name)
        await self._timed(Stage.HANDSHAKE, self.tls.handshake(), HANDSHAKE_LIMIT_S)
        self._stream = self.tls
        self._write_down("*", Stage.HANDSHAKE, f"TLS stands: {self.tls.version} {self.tls.suite}")

    async def say(self, command: bytes, stage: Stage, *, shown: str | None = None) -> Response:
        """Say a command, without tag and CRLF, and wait for its response; ``+`` counts as one.

        Args:
            command: The command.
            stage: What it belongs to.
            shown: What the transcript shows instead; every word behind the second is a secret then.
        """
        octets = self._imap.send(command)
        if shown is not None:
            self._secrets += command.split(b" ")[2:]
        self._write_down("C", stage, decode_text(command) if shown is None else shown)
        await self._timed(stage, self._standing.write(octets), ANSWER_LIMIT_S)
        return await self.hear(stage)

    async def go_on(self, line: bytes) -> Response:
        """Say a secret line behind ``+``, and wait for the next response."""
        self._secrets.append(line)
        self._write_down("C", Stage.ENVELOPE, "****")
        await self._timed(Stage.ENVELOPE, self._standing.write(self._imap.go_on(line)), ANSWER_LIMIT_S)
        return await self.hear(Stage.ENVELOPE)

    async def log_in(self, user: str, password: str) -> Response:
        """LOGIN, its arguments quoted where they are printable US-ASCII, else as literals (RFC 9051 §4.3)."""
        shown = "LOGIN **** ****"
        if all(" " <= character <= "~" for character in user + password):
            command = b"LOGIN " + quoted(user) + b" " + quoted(password)
            return await self.say(command, Stage.ENVELOPE, shown=shown)
        parts = (user.encode(), password.encode())
        response = await self.say(b"LOGIN {%d}" % len(parts[0]), Stage.ENVELOPE, shown=shown)
        for line in (parts[0] + b" {%d}" % len(parts[1]), parts[1]):
            if response.status != "+":
                return response
            response = await self.go_on(line)
        return response

    async def hear(self, stage: Stage) -> Response:
        """The next response that was asked for.

        Raises:
            NetError: CLOSED also where BYE stands for it (RFC 9051 §7.1.5).
        """
        began = self._clock.monotonic()
        octets = 0
        while True:
            left_s = max(0.0, ANSWER_LIMIT_S - (self._clock.monotonic() - began))
            data = await self._timed(stage, self._standing.read(), left_s, began)
            if not data:
                self._closed = True
                self._write_down("*", stage, "the server closed the connection")
                raise NetError(Cause.CLOSED, phase=stage, elapsed_s=self._clock.monotonic() - began)
            octets += len(data)
            found: Response | None = None
            for event in self._imap.receive(data):
                self._write_response(stage, event.response)
                if isinstance(event, Responded) and found is None:
                    found = event.response
            if octets > MAX_RESPONSE_OCTETS or self._imap.overflow:
                raise NetError(Cause.LIMIT, f"{octets} octets in one response", phase=stage)
            if found is not None and found.status == "BYE" and stage not in (Stage.GREETING, Stage.QUIT):
                raise NetError(Cause.CLOSED, self._bare(str(found))[:200], phase=stage)
            if found is not None:
                return found

    async def leave(self) -> None:
        """LOGOUT, and close. Never raises for the peer."""
        try:
            if not self._closed:
                octets = self._imap.send(b"LOGOUT")
                self._write_down("C", Stage.QUIT, "LOGOUT")
                await self._timed(Stage.QUIT, self._standing.write(octets), LEAVE_LIMIT_S)
                data = await self._timed(Stage.QUIT, self._standing.read(), LEAVE_LIMIT_S)
                for event in self._imap.receive(data):
                    self._write_response(Stage.QUIT, event.response)
        except NetError:
            pass  # nothing depends on the answer
        await self._standing.close()

    def transcript(self) -> Transcript:
        """What was said so far, in the words of this module."""
        return Transcript(probe=self._run.probe, lines=tuple(self._lines))

    @property
    def _standing(self) -> ByteStream:
        if self._stream is None:
            raise RuntimeError("not connected")
        return self._stream

    async def _timed(self, stage: Stage, work: Awaitable[T], limit_s: float, began: float | None = None) -> T:
        try:
            result, _ = await self.peer.timed(stage, work, limit_s, began=began)
        except NetError as error:
            self._write_down("*", stage, f"{error.cause.value.replace('-', ' ')} {error.detail}".rstrip())
            raise
        return result

    def _write_response(self, stage: Stage, response: Response) -> None:
        if response.lines:
            self._write_down("*", stage, f"{len(response.lines)} lines of data")
        self._write_down("S", stage, self._bare(str(response)))

    def told(self, response: Response) -> Response:
        """A response as it may be recorded: no data, no octets, no secret that the server said back."""
        return structs.replace(
            response,
            code=self._bare(response.code)[:512],
            text=self._bare(response.text)[:512],
            lines=(),
            raw=b"",
            deviations=(),
        )

    def _bare(self, text: str) -> str:
        """A text of the server's without what we said in secret."""
        forms = {form for secret in self._secrets for form in (secret, b64encode(secret)) if secret}
        for form in sorted(map(decode_text, forms), key=len, reverse=True):
            text = text.replace(form, "****")
        return text

    def _write_down(self, sender: str, stage: Stage, text: str) -> None:
        at_s = round(self._clock.monotonic() - self._began, 6)
        in_tls = self.tls is not None and self._stream is self.tls
        self._lines.append(TranscriptLine(at_s, sender, text[:1024], in_tls, stage))
