"""From an SMTP or LMTP greeting to the go-ahead for TLS (RFC 3207 §4; RFC 2033 §4 for LMTP).

It looks at no more of a reply than it takes to go on, since thousands of connections a second pass here: the
grammar of replies with all its deviations is in ``smtp_reply``, and both find the same end and the same code.
"""

import re
from functools import lru_cache

from waxseal.facts import Stage
from waxseal.wire import smtp_command
from waxseal.wire.smtp_reply import decode_text
from waxseal.wire.starttls_dialogue import MAX_TEXT_OCTETS, ClearDialogue

_FINAL = re.compile(rb"^[0-9]{3}(?: [^\n]*|\r*)\n", re.MULTILINE)
"""The last line of a reply: code and SP, or the code alone (RFC 5321 §4.2)."""
_REPLY_LINE = re.compile(rb"[0-9]{3}(?:[ -]|\r*\n)")
_STARTTLS = re.compile(rb"\n[0-9]{3}[ -][ \t]*STARTTLS(?![^ \t\r\n])", re.IGNORECASE)
"""The keyword, on any line but the first, which holds the host's name (RFC 5321 §4.1.1.1)."""
_SHUTTING_DOWN = 421


class SmtpOpener(ClearDialogue):
    """Greeting, EHLO, STARTTLS, each sent only when the one before it is answered.

    Args:
        own_name: For EHLO: a domain in A-labels, or an address literal.
        lmtp: Whether LHLO is said in place of EHLO.
        keep_lines: Whether `lines` are kept.

    Raises:
        ValueError: The name is none.
    """

    __slots__ = ("_hello",)

    def __init__(self, own_name: str, *, lmtp: bool = False, keep_lines: bool = False) -> None:
        super().__init__(keep_lines)
        self._hello = _hello(own_name, lmtp)

    def _end(self, buffer: bytes | bytearray, at: int) -> int:
        final = _FINAL.match(buffer, at)
        if final is not None:
            return final.end()
        first = buffer.find(b"\n", at)
        if first < 0:
            return -1
        if _REPLY_LINE.match(buffer, at) is None:
            return first + 1  # no reply at all, which is told by its first line
        final = _FINAL.search(buffer, at + self._scanned)
        if final is not None:
            return final.end()
        self._scanned = buffer.rfind(b"\n") + 1 - at
        return -1

    def _answer(self, unit: bytes) -> bytes:
        if not unit.strip(b"\r\n"):
            return b""  # an empty line between replies
        if _REPLY_LINE.match(unit) is None:
            self._decline(None, f"no reply: {decode_text(unit[:MAX_TEXT_OCTETS].strip())}")
            return b""
        last = unit.rfind(b"\n", 0, len(unit) - 1) + 1
        code = int(unit[last : last + 3])
        # Behind a 421 the server hangs up by itself (RFC 5321 §3.8); behind a 554 it waits for QUIT (§3.1).
        self._greeted = code != _SHUTTING_DOWN
        if self.stage is Stage.STARTTLS:
            if code == 220:
                self.stage = Stage.HANDSHAKE
            else:
                self._refused(code, unit)
            return b""
        if self.stage is Stage.EHLO:
            if code != 250:
                self._refused(code, unit)
            elif _STARTTLS.search(unit) is None:
                self._decline(code, "STARTTLS not offered")
            else:
                self.stage = Stage.STARTTLS
                return b"STARTTLS\r\n"
            return b""
        if code != 220:
            self._refused(code, unit)
            return b""
        self.stage = Stage.EHLO
        return self._hello

    def _refused(self, code: int, unit: bytes) -> None:
        text = decode_text(unit[4 : 4 + MAX_TEXT_OCTETS].split(b"\n", 1)[0].strip())
        self._decline(code, text, temporary=code // 100 == 4)


@lru_cache(maxsize=64)
def _hello(own_name: str, lmtp: bool) -> bytes:
    """EHLO, or the LHLO that LMTP has in its place (RFC 2033 §4.1); the same for thousands of connections."""
    hello = smtp_command.ehlo(own_name)
    return b"LHLO" + hello[4:] if lmtp else hello
