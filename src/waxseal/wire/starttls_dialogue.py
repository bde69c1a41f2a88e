"""What the clear dialogues before TLS have in common: the buffer, its limit, and the boundary.

A dialogue goes by units: a whole SMTP reply, or a line of the protocols that go by lines. What a unit says is
known in ``starttls_smtp`` and ``starttls_lines``; a dialogue is made by ``starttls.opener``.
"""

from typing import Final, NamedTuple

from waxseal.facts import Stage
from waxseal.wire.smtp_reply import decode_text

MAX_STAGE_OCTETS: Final = 64 * 1024
"""Octets that the server may say from one command of ours to the next."""
MAX_EXTRA_OCTETS: Final = 4096
"""Octets kept of what comes in clear where TLS is due."""
MAX_LINES: Final = 1000
"""Lines of the transcript that are kept."""
MAX_TEXT_OCTETS: Final = 512
"""Octets of a line that are kept as text."""


class Declined(NamedTuple):
    """Why there is nothing more to ask.

    Attributes:
        stage: Where the dialogue stood.
        code: The reply code, for the protocols that have one; None where the answer had none.
        text: What the server said, or what is wrong with it in our words.
        temporary: Whether the server says that it may go better later.
    """

    stage: Stage
    code: int | None
    text: str
    temporary: bool = False


class ClearDialogue:
    """The dialogue in clear up to where the ClientHello is due.

    Octets may come cut anywhere. Those that come where no command of ours is unanswered were said too early:
    a server that does so, and one that goes on in clear behind its go-ahead, has `declined`.

    Attributes:
        stage: Where the dialogue stands; HANDSHAKE once the server gave its go-ahead.
        declined: Set where the server's answer leaves nothing more to ask.
        extra: Octets in clear behind the go-ahead, at most `MAX_EXTRA_OCTETS`: whoever is on the path could
            have put them there, so they are evidence and nothing else (RFC 3207 §4.2).
        lines: What was said, as ("C" or "S", text without line end), where it is kept.
    """

    __slots__ = (
        "_buffer",
        "_greeted",
        "_keep_lines",
        "_scanned",
        "_stage_octets",
        "declined",
        "extra",
        "lines",
        "stage",
    )

    def __init__(self, keep_lines: bool) -> None:
        self.stage = Stage.GREETING
        self.declined: Declined | None = None
        self.extra = b""
        self.lines: list[tuple[str, str]] = []
        self._greeted = False
        self._keep_lines = keep_lines
        self._buffer = bytearray()
        self._scanned = 0
        self._stage_octets = 0

    @property
    def ready(self) -> bool:
        """Whether the ClientHello may go out now."""
        return self.stage is Stage.HANDSHAKE and self.declined is None

    def receive(self, data: bytes) -> bytes:
        """Take in octets from the server, and give those to send now; at most one command."""
        if self.declined is not None:
            if self.stage is Stage.HANDSHAKE and data:
                self._go_on_in_clear(data)
            return b""
        buffer: bytes | bytearray = data
        if self._buffer:
            self._buffer += data
            buffer = self._buffer
            if b"\n" not in data and len(buffer) + self._stage_octets <= MAX_STAGE_OCTETS:
                return b""
        sent, at = self._take_units(buffer)
        if self.declined is not None:
            self._buffer = bytearray()
        elif buffer is self._buffer:
            del self._buffer[:at]
        elif at < len(buffer):
            self._buffer += buffer[at:]
        if sent and self._keep_lines:
            self._write_down("C", sent)
        return sent

    def goodbye(self) -> bytes:
        """The command that ends the dialogue where it stands; b"" where none may be said.

        None before the greeting or to a server that is hanging up, none where the answer to STARTTLS is not
        known, and none where TLS is due.
        """
        waits = self.declined is None and self.stage is Stage.STARTTLS
        if waits or not self._greeted or self.stage is Stage.HANDSHAKE:
            return b""
        farewell = self._farewell()
        if self._keep_lines:
            self._write_down("C", farewell)
        return farewell

    def _take_units(self, buffer: bytes | bytearray) -> tuple[bytes, int]:
        """Go through the whole units; give the command to send, and where the rest begins."""
        sent, at = b"", 0
        while at < len(buffer):
            if self.stage is Stage.HANDSHAKE:
                self._go_on_in_clear(bytes(buffer[at:]))
                return sent, len(buffer)
            if sent and self._too_early(buffer, at):
                return b"", at
            end = self._end(buffer, at)
            octets = (len(buffer) if end < 0 else end) - at
            if self._stage_octets + octets > MAX_STAGE_OCTETS:
                self._decline(None, f"more than {MAX_STAGE_OCTETS} octets without an end")
                return b"", at
            if end < 0:
                break
            unit = bytes(buffer[at:end])
            self._scanned = 0
            self._stage_octets += octets
            at = end
            if self._keep_lines:
                self._write_down("S", unit)
            if said := self._answer(unit):
                sent = said
                self._stage_octets = 0
            if self.declined is not None:
                return b"", at
        return sent, at

    def _too_early(self, buffer: bytes | bytearray, at: int) -> bool:
        """Decline where the server says more before the command that has yet to go out."""
        early = bytes(buffer[at : at + MAX_TEXT_OCTETS]).strip(b"\r\n")
        if early:
            self._decline(None, f"more came before it was asked for: {decode_text(early[:100])}")
        return bool(early)

    def _go_on_in_clear(self, data: bytes) -> None:
        self.extra += data[: MAX_EXTRA_OCTETS - len(self.extra)]
        if self.declined is None:
            self._decline(None, "octets in clear where TLS is due")

    def _decline(self, code: int | None, text: str, *, temporary: bool = False) -> None:
        self.declined = Declined(self.stage, code, text, temporary)

    def _write_down(self, sender: str, unit: bytes) -> None:
        for line in unit.split(b"\n")[: MAX_LINES - len(self.lines)]:
            if text := line.rstrip(b"\r")[:MAX_TEXT_OCTETS]:
                self.lines.append((sender, decode_text(text)))

    def _end(self, buffer: bytes | bytearray, at: int) -> int:
        """Where the unit that begins at `at` ends; -1 where it is not whole.

        `_scanned` octets behind `at` were found to hold no end before.
        """
        raise NotImplementedError

    def _answer(self, unit: bytes) -> bytes:
        """Act on a unit: set `stage` and `_greeted`, or decline; give the command that is next, if any."""
        raise NotImplementedError

    def _farewell(self) -> bytes:
        return b"QUIT\r\n"
