"""SMTP replies out of octets (RFC 5321 §4.2), with the enhanced status codes of RFC 2034 and RFC 3463.

Holds the grammar of one reply, what is recorded when a server breaks it, and every size limit on the way.
Which command a reply answers is known in ``smtp_client``; what an EHLO reply lists, in ``smtp_ehlo``.
"""

import re
from typing import Final

from waxseal.facts import Deviation, Reply

MAX_LINE_OCTETS: Final = 8 * 1024
"""Octets of one line that are kept, its line end left out; the rest of the line is dropped and flagged."""
MAX_REPLY_OCTETS: Final = 64 * 1024
"""Octets of one reply that are read, dropped ones counted."""
MAX_REPLY_LINES: Final = 500
"""Lines of one reply that are read."""
MAX_DEVIATION_OCTETS: Final = 64
"""Octets kept in a `Deviation`."""
REPLY_LINE_OCTETS: Final = 512
"""The longest reply line that a server may send, CRLF included (RFC 5321 §4.5.3.1.5)."""

RULES: Final = {
    "bare-lf": "RFC 5321 §2.3.8",
    "bare-cr": "RFC 5321 §2.3.8",
    "line-too-long": "RFC 5321 §4.5.3.1.5",
    "codes-mixed": "RFC 5321 §4.2.1",
    "not-a-reply": "RFC 5321 §4.2",
    "code-out-of-range": "RFC 5321 §4.2",
    "nul": "RFC 5321 §4.2",
    "control-octets": "RFC 5321 §4.2",
    "eight-bit": "RFC 5321 §4.2",
    "enhanced-code-mismatch": "RFC 2034 §4",
    "cut-off": "RFC 5321 §4.2",
    "line-cut": "limit of waxseal",
    "too-many-lines": "limit of waxseal",
    "reply-too-long": "limit of waxseal",
}
"""Every rule that a reply's deviations can name, with its source. A reply names each rule once, for the
first time that it was broken; the last three are limits of ours that the peer's octets ran into."""

_REPLY_LINE = re.compile(rb"([0-9]{3})(?:([ -])(.*))?", re.DOTALL)
_BEGUN_REPLY_LINE = re.compile(rb"[0-9]{0,2}|[0-9]{3}(?:[ -].*)?", re.DOTALL)
_ENHANCED = re.compile(r"([245])\.[0-9]{1,3}\.[0-9]{1,3}(?=[ \t]|$)")
_CONTROL = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
_EIGHT_BIT = re.compile(rb"[\x80-\xff]+")
_PLAIN = re.compile(rb"[\t\x20-\x7e]*")


def decode_text(octets: bytes) -> str:
    r"""Octets of a line as text that is safe to show: UTF-8 where it is that and printable, HT kept.

    All other octets (controls, format characters, broken UTF-8) are escaped as ``\xNN`` each. A backslash
    stands for itself, so the escaping is for reading; the octets themselves are in `Reply.raw`.
    """
    if _PLAIN.fullmatch(octets):
        return octets.decode("ascii")
    text = octets.decode("utf-8", "backslashreplace")
    return "".join(
        character
        if character == "\t" or character.isprintable()
        else "".join(f"\\x{octet:02x}" for octet in character.encode("utf-8"))
        for character in text
    )


class _Draft:
    """One reply in the making: its lines so far and what was wrong with them."""

    def __init__(self, *, smtputf8: bool) -> None:
        self.smtputf8 = smtputf8
        self.code: int | None = None
        self.lines: list[str] = []
        self.raw = bytearray()
        self.octets = 0
        self.deviations: dict[str, Deviation] = {}

    def flag(self, rule: str, octets: bytes = b"", offset: int = 0) -> None:
        """Record the first breach of a rule."""
        if rule not in self.deviations:
            self.deviations[rule] = Deviation(rule, RULES[rule], bytes(octets[:MAX_DEVIATION_OCTETS]), offset)

    def add_line(self, content: bytes, offset: int, *, whole: bool) -> bool:
        """Take in one line without its line end, and say whether it ends the reply.

        A line that is no reply line ends the reply only where it is the first one.
        """
        match = _REPLY_LINE.fullmatch(content)
        text = content
        final = False
        if match is None:
            if whole or not _BEGUN_REPLY_LINE.fullmatch(content):
                self.flag("not-a-reply", content, offset)
            final = not self.lines
        else:
            code = int(match[1])
            # A first digit of 2 to 5 and a second of 0 to 5 (RFC 5321 §4.2, Reply-code).
            if not (2 <= code // 100 <= 5 and code // 10 % 10 <= 5):
                self.flag("code-out-of-range", match[1], offset)
            # The code is the same on every line of a reply (RFC 5321 §4.2.1).
            if self.code is not None and code != self.code:
                self.flag("codes-mixed", content, offset)
            self.code = code
            # The code alone, without SP, is to be accepted (RFC 5321 §4.2), and ends the reply.
            final = match[2] != b"-"
            text = match[3] or b""
        self._flag_octets(content, offset)
        self.lines.append(decode_text(text))
        return final

    def _flag_octets(self, content: bytes, offset: int) -> None:
        """The text of a reply is HT, SP and printable US-ASCII (RFC 5321 §4.2, textstring)."""
        if _PLAIN.fullmatch(content):
            return
        if (at := content.find(b"\0")) >= 0:
            self.flag("nul", content[at:], offset + at)
        if (at := content.find(b"\r")) >= 0:
            self.flag("bare-cr", content[at:], offset + at)
        if control := _CONTROL.search(content):
            self.flag("control-octets", content[control.start() :], offset + control.start())
        # With SMTPUTF8 in use a reply may be in UTF-8 (RFC 6531 §3.7.4).
        if not self.smtputf8 and (eight_bit := _EIGHT_BIT.search(content)):
            self.flag("eight-bit", eight_bit[0], offset + eight_bit.start())

    def reply(self) -> Reply:
        """The reply as far as it came."""
        enhanced = None
        if self.code is not None and self.lines and (match := _ENHANCED.match(self.lines[-1])):
            enhanced = match[0]
            # The class agrees with the first digit of the reply code (RFC 2034 §4).
            if int(match[1]) != self.code // 100:
                self.flag("enhanced-code-mismatch", enhanced.encode("ascii"))
        return Reply(
            code=self.code,
            lines=tuple(self.lines),
            enhanced=enhanced,
            raw=bytes(self.raw),
            deviations=tuple(self.deviations.values()),
        )


class ReplyParser:
    """Octets in, replies out; the same octets cut anywhere give the same replies.

    A line ends at LF. RFC 5321 §2.3.8 knows no line end but CRLF: a bare LF is taken for one so that reading
    can go on, and is recorded; a CR elsewhere is part of its line, and is recorded too. A line that is no
    reply line belongs to the reply it stands in; where a reply was to begin it is a reply of its own,
    without a code.

    A reply of more than `MAX_REPLY_OCTETS` or `MAX_REPLY_LINES` is completed with a deviation where it
    crossed the limit. From there on the place in the stream is lost for good: the parser is in the state
    `overflow`, and drops whatever else comes. So memory is bounded for any stream, one without a line end
    included.

    Attributes:
        smtputf8: Whether octets above 127 are allowed in replies from now on, because SMTPUTF8 is in use.
    """

    def __init__(self, *, smtputf8: bool = False) -> None:
        self.smtputf8 = smtputf8
        self._overflow = False
        self._draft: _Draft | None = None
        self._begin_line(0)

    @property
    def buffered(self) -> bytes:
        """Octets that are not yet part of a complete reply, as far as they are kept."""
        if self._draft is None:
            return b""
        return bytes(self._draft.raw + self._line)

    @property
    def overflow(self) -> bool:
        """Whether a reply crossed a limit, so that nothing more is read."""
        return self._overflow

    def feed(self, data: bytes) -> list[Reply]:
        """Take in octets, and give every reply that they complete, in order."""
        replies = []
        position = 0
        while position < len(data):
            reply, position = self.feed_until_reply(data, position)
            if reply is not None:
                replies.append(reply)
        return replies

    def feed_until_reply(self, data: bytes, position: int = 0) -> tuple[Reply | None, int]:
        """Take in octets up to the end of the first reply and not one octet further.

        Args:
            data: Octets from the peer.
            position: Where in `data` to begin.

        Returns:
            The reply, or None where all octets were taken and none is complete; and the position behind
            the last octet taken.
        """
        while position < len(data):
            if self._overflow:
                return None, len(data)
            draft = self._draft
            if draft is None:
                draft = self._draft = _Draft(smtputf8=self.smtputf8)
            end = data.find(b"\n", position)
            stop = len(data) if end < 0 else end + 1
            room = MAX_REPLY_OCTETS - draft.octets
            if stop - position > room:
                self._take(draft, data[position : position + room])
                return self._cross_limit(draft, "reply-too-long"), position + room
            if end < 0:
                self._take(draft, data[position:])
                return None, stop
            self._take(draft, data[position:end])
            draft.octets += 1
            position = stop
            if self._end_line(draft):
                return self._complete(draft), position
            if len(draft.lines) >= MAX_REPLY_LINES:
                return self._cross_limit(draft, "too-many-lines"), position
        return None, position

    def finish(self) -> Reply | None:
        """The stream is at its end: an incomplete rest becomes a reply with the deviation ``cut-off``.

        Returns:
            The rest, with its code where a line of it had one; None where nothing is left.
        """
        draft = self._draft
        if draft is None:
            return None
        self._add_begun_line(draft)
        draft.flag("cut-off", bytes(draft.raw[-MAX_DEVIATION_OCTETS:]), draft.octets)
        return self._complete(draft)

    def _begin_line(self, offset: int) -> None:
        self._line = bytearray()
        self._line_at = offset
        self._dropped = 0
        self._last_octet = -1

    def _take(self, draft: _Draft, octets: bytes) -> None:
        """Octets of the line that is being read, its LF left out."""
        if not octets:
            return
        kept = octets[: MAX_LINE_OCTETS - len(self._line)]
        self._line += kept
        self._dropped += len(octets) - len(kept)
        self._last_octet = octets[-1]
        draft.octets += len(octets)

    def _end_line(self, draft: _Draft) -> bool:
        """The LF has come; say whether the line ends the reply."""
        with_cr = self._last_octet == 0x0D
        dropped = self._dropped
        content = bytes(self._line)
        if with_cr:
            if dropped:
                dropped -= 1
            else:
                content = content[:-1]
        else:
            draft.flag("bare-lf", content[1 - MAX_DEVIATION_OCTETS :] + b"\n", draft.octets - 1)
        length = draft.octets - self._line_at
        if length > REPLY_LINE_OCTETS:
            draft.flag("line-too-long", content, self._line_at)
        if dropped:
            draft.flag("line-cut", content[-MAX_DEVIATION_OCTETS:], self._line_at)
        draft.raw += content + (b"\r\n" if with_cr else b"\n")
        final = draft.add_line(content, self._line_at, whole=True)
        self._begin_line(draft.octets)
        return final

    def _add_begun_line(self, draft: _Draft) -> None:
        """A line whose end will not be read."""
        content = bytes(self._line)
        if not content:
            return
        if draft.octets - self._line_at > REPLY_LINE_OCTETS:
            draft.flag("line-too-long", content, self._line_at)
        if self._dropped:
            draft.flag("line-cut", content[-MAX_DEVIATION_OCTETS:], self._line_at)
        draft.raw += content
        # A CR here is one whose LF may have been next: no breach.
        text = content[:-1] if not self._dropped and content.endswith(b"\r") else content
        draft.add_line(text, self._line_at, whole=False)

    def _cross_limit(self, draft: _Draft, rule: str) -> Reply:
        self._add_begun_line(draft)
        draft.flag(rule, bytes(draft.raw[-MAX_DEVIATION_OCTETS:]), draft.octets)
        self._overflow = True
        return self._complete(draft)

    def _complete(self, draft: _Draft) -> Reply:
        self._draft = None
        self._begin_line(0)
        return draft.reply()
