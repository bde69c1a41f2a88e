"""From the greeting to the go-ahead for TLS in the protocols that go by lines.

IMAP (RFC 9051 §6.2.1), POP3 (RFC 2595 §4) and ManageSieve (RFC 5804 §2.2). A line goes on behind a literal,
``{5}`` at its end, in IMAP and ManageSieve (RFC 9051 §4.3, RFC 5804 §4), so that no text in one is taken for
an answer.
"""

import re

from waxseal.facts import Stage
from waxseal.wire.smtp_reply import decode_text
from waxseal.wire.starttls_dialogue import MAX_STAGE_OCTETS, MAX_TEXT_OCTETS, ClearDialogue

_LITERAL = re.compile(rb"\{([0-9]{1,9})\+?\}\r?\Z")
_IMAP_GREETING = re.compile(rb"\* (OK|PREAUTH|BYE)(?![^ \r\n])", re.IGNORECASE)
_IMAP_CAPABILITY = re.compile(rb"\* OK \[CAPABILITY ([^\]\r\n]*)\]", re.IGNORECASE)
_IMAP_ANSWER = re.compile(rb"a1 (OK|NO|BAD)(?![^ \r\n])", re.IGNORECASE)
_IMAP_LATER = re.compile(rb"\[(?:UNAVAILABLE|INUSE|LIMIT)\]", re.IGNORECASE)
_POP3_ANSWER = re.compile(rb"(\+OK|-ERR)(?![^ \r\n])", re.IGNORECASE)
_POP3_LATER = re.compile(rb"-ERR \[(?:SYS/TEMP|IN-USE|LOGIN-DELAY)\]", re.IGNORECASE)
_SIEVE_ANSWER = re.compile(rb"(OK|NO|BYE)(?![^ (\r\n])", re.IGNORECASE)
_SIEVE_STARTTLS = re.compile(rb'"?STARTTLS"?[ \t]*\r?\n', re.IGNORECASE)
_SIEVE_CAPABILITY = re.compile(rb'"|\{[0-9]')
_SIEVE_LATER = re.compile(rb"(?:NO|BYE) \(TRYLATER[)/]", re.IGNORECASE)


class LineOpener(ClearDialogue):
    """A dialogue whose unit is a line, literals in it included."""

    __slots__ = ()

    def _end(self, buffer: bytes | bytearray, at: int) -> int:
        begin = at + self._scanned
        while (end := buffer.find(b"\n", begin)) >= 0:
            literal = _LITERAL.search(buffer, max(at, begin, end - 16), end)
            if literal is None:
                return end + 1
            begin = end + 1 + min(int(literal[1]), MAX_STAGE_OCTETS)
            self._scanned = begin - at
        return -1

    def _declined_by(self, unit: bytes, later: re.Pattern[bytes]) -> bytes:
        text = decode_text(unit[:MAX_TEXT_OCTETS].split(b"\n", 1)[0].strip())
        self._decline(None, text, temporary=later.search(unit) is not None)
        return b""

    def _not_of(self, protocol: str, unit: bytes) -> bytes:
        self._decline(None, f"no {protocol}: {decode_text(unit[:MAX_TEXT_OCTETS].strip())}")
        return b""


class ImapOpener(LineOpener):
    """IMAP: the greeting, then STARTTLS, unless the greeting lists capabilities without it."""

    __slots__ = ()

    def _too_early(self, buffer: bytes | bytearray, at: int) -> bool:
        # A server may send untagged data at any time (RFC 9051 §7), but no answer before the command.
        return not b"* ".startswith(buffer[at : at + 2]) and super()._too_early(buffer, at)

    def _answer(self, unit: bytes) -> bytes:
        if self.stage is Stage.GREETING:
            return self._greeting(unit)
        if unit[:6].upper() == b"* BYE ":
            self._greeted = False
            return self._declined_by(unit, _IMAP_LATER)
        answer = _IMAP_ANSWER.match(unit)
        if answer is None:
            return b""
        if answer[1].upper() != b"OK":
            return self._declined_by(unit, _IMAP_LATER)
        self.stage = Stage.HANDSHAKE
        return b""

    def _greeting(self, unit: bytes) -> bytes:
        greeting = _IMAP_GREETING.match(unit)
        if greeting is None:
            return self._not_of("IMAP greeting", unit)
        self._greeted = greeting[1].upper() != b"BYE"
        if greeting[1].upper() != b"OK":
            # PREAUTH has left the state in which STARTTLS is allowed (RFC 9051 §6.2).
            return self._declined_by(unit, _IMAP_LATER)
        listed = _IMAP_CAPABILITY.match(unit)
        if listed is not None and b"STARTTLS" not in listed[1].upper().split():
            self._decline(None, "STARTTLS not offered")
            return b""
        self.stage = Stage.STARTTLS
        return b"a1 STARTTLS\r\n"

    def _farewell(self) -> bytes:
        return b"a2 LOGOUT\r\n"


class Pop3Opener(ClearDialogue):
    """POP3: the greeting, then STLS; a greeting lists no capabilities."""

    __slots__ = ()

    def _end(self, buffer: bytes | bytearray, at: int) -> int:
        return buffer.find(b"\n", at) + 1 or -1

    def _answer(self, unit: bytes) -> bytes:
        answer = _POP3_ANSWER.match(unit)
        text = decode_text(unit[:MAX_TEXT_OCTETS].strip())
        if answer is None:
            self._decline(None, f"no POP3 response: {text}")
        elif answer[1].upper() == b"-ERR":
            self._decline(None, text, temporary=_POP3_LATER.match(unit) is not None)
        elif self.stage is Stage.STARTTLS:
            self.stage = Stage.HANDSHAKE
        else:
            self._greeted = True
            self.stage = Stage.STARTTLS
            return b"STLS\r\n"
        return b""


class SieveOpener(LineOpener):
    """ManageSieve: the capabilities that the server begins with, then STARTTLS if it is among them."""

    __slots__ = ("_offered",)

    def __init__(self, *, keep_lines: bool = False) -> None:
        super().__init__(keep_lines)
        self._offered = False

    def _answer(self, unit: bytes) -> bytes:
        answer = _SIEVE_ANSWER.match(unit)
        if answer is None:
            if self.stage is not Stage.GREETING or not _SIEVE_CAPABILITY.match(unit):
                return self._not_of("ManageSieve response", unit)
            self._offered = self._offered or _SIEVE_STARTTLS.fullmatch(unit) is not None
            return b""
        self._greeted = answer[1].upper() != b"BYE"
        if answer[1].upper() != b"OK":
            return self._declined_by(unit, _SIEVE_LATER)
        if self.stage is Stage.STARTTLS:
            self.stage = Stage.HANDSHAKE
        elif not self._offered:
            self._decline(None, "STARTTLS not offered")
        else:
            self.stage = Stage.STARTTLS
            return b"STARTTLS\r\n"
        return b""

    def _farewell(self) -> bytes:
        return b"LOGOUT\r\n"
