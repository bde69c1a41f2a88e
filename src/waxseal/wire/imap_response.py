"""IMAP responses out of octets: IMAP4rev2 (RFC 9051 §7 and §9), and rev1 (RFC 3501), which goes the same way.

Also what little of the mail data is read: how many messages a mailbox has, and how many envelopes came.
Lines, literals and limits are in ``access_response``, capabilities in ``access_capabilities``.
"""

import re
from collections.abc import Iterable
from typing import Final

from waxseal.facts import Response
from waxseal.wire.access_response import CUT_OFF, LIMITS, Completed, Draft, Line, ResponseParser, Status
from waxseal.wire.smtp_reply import decode_text

RULES: Final = {
    "bare-lf": "RFC 9051 §2.2",
    "bare-cr": "RFC 9051 §9",
    "nul": "RFC 9051 §9",
    "eight-bit": "RFC 9051 §9",
    "literal-plus": "RFC 9051 §4.3",
    "code-open": "RFC 9051 §9",
    "not-a-response": "RFC 9051 §2.2.2",
    CUT_OFF: "RFC 9051 §2.2",
    **LIMITS,
}
"""Every rule that the deviations of an IMAP response can name, with its source."""

_TAGGED = re.compile(rb"([^\s(){%*\"\\+\x00-\x1f\x7f-\xff]++) (OK|NO|BAD)(?![^ ]) ?(.*)", re.I | re.S)
_UNTAGGED_STATUS = re.compile(rb"\* (OK|NO|BAD|PREAUTH|BYE)(?![^ ]) ?(.*)", re.I | re.S)
_UNTAGGED = re.compile(rb"\* [^ ]", re.S)
_GO_ON = re.compile(rb"\+(?: (.*))?", re.S)
# Where no quote closes a string, none closes one that begins later, so each octet is looked at once.
_CODE = re.compile(rb"\[((?:[^\]\"]|\"(?:[^\"\\]|\\.)*+\")*+(?:\"[^\]]*+)?+)\](?: ?)(.*)", re.S)
_QUOTED = re.compile(rb"\"(?:[^\"\\]|\\.)*+(?:(\")|\\?\Z)", re.S)
_EIGHT_BIT = re.compile(rb"[\x80-\xff]+")
_GREETINGS = ("OK", "PREAUTH", "BYE")


class ImapResponseParser(ResponseParser):
    """One response for each tagged one, with the untagged ones before it in `Response.lines`.

    The greeting is an untagged response that ends one, and so is BYE, which may come at any time (RFC 9051
    §7.1.5), unless it announces the answer to LOGOUT. A request to go on (``+``) is a response of its own.
    A line that is none of these is recorded, and is no answer.
    """

    rules = RULES

    def finish(self) -> Completed | None:
        """As `ResponseParser.finish`; untagged data that nobody waited for are no part of any response."""
        draft = self._draft
        if draft is not None and self.awaited is None and len(draft.raw) == self._line_at:
            self._draft = None
            self._begin_line(0)
        return super().finish()

    def _may_hold_literal(self, text: bytes) -> bool:
        # The text of a status response is for people and ends with its line (RFC 9051 §9, resp-text).
        return _UNTAGGED.match(text) is not None and _UNTAGGED_STATUS.fullmatch(text) is None

    def _take_line(self, draft: Draft, line: Line) -> Status | None:
        _flag_octets(draft, line)
        text = line.text
        greeting = self.awaited is not None and self.awaited.greeting
        if not greeting and (tagged := _TAGGED.fullmatch(text)) is not None:
            return _status(draft, line, tagged[2], tagged[3], tagged[1].decode("ascii"))
        if not greeting and (go_on := _GO_ON.fullmatch(text)) is not None:
            return _status(draft, line, b"+", go_on[1] or b"", "")
        if (untagged := _UNTAGGED_STATUS.fullmatch(text)) is not None:
            status = _status(draft, line, untagged[1], untagged[2], "*")
            if greeting and status.status in _GREETINGS:
                return status
            if status.status == "BYE":
                if self.awaited is None or not self.awaited.farewell:
                    return status
                draft.status = status
        if greeting or _UNTAGGED.match(text) is None:
            draft.flag("not-a-response", text, line.at)
        if greeting:
            return Status("", text=decode_text(line.shown()))
        draft.lines.append(decode_text(line.shown().removeprefix(b"* ")))
        return None


def _status(draft: Draft, line: Line, word: bytes, rest: bytes, tag: str) -> Status:
    code, text = b"", rest
    if rest.startswith(b"[") and word != b"+":
        if (match := _CODE.fullmatch(rest)) is None:
            draft.flag("code-open", rest, line.at)
        else:
            code, text = match[1], match[2]
    return Status(word.decode("ascii").upper(), decode_text(code), decode_text(text), tag)


def _flag_octets(draft: Draft, line: Line) -> None:
    """Text is CHAR without CR and LF; CHAR is US-ASCII without NUL (RFC 9051 §9).

    More than US-ASCII stands in quoted strings and in literals; in other text not before ENABLE.
    """
    for at, part in enumerate(line.parts):
        if at % 2:
            continue
        if (found := part.find(b"\0")) >= 0:
            draft.flag("nul", part[found:], line.at + (0 if at else found))
        if (found := part.find(b"\r")) >= 0:
            draft.flag("bare-cr", part[found:], line.at + (0 if at else found))
        if part.isascii():
            continue
        eight_bit = _EIGHT_BIT.search(_QUOTED.sub(_without_utf8, part))
        if eight_bit is not None:
            draft.flag("eight-bit", eight_bit[0], line.at)


def _without_utf8(quoted: re.Match[bytes]) -> bytes:
    if not quoted[1]:
        return quoted[0]
    try:
        quoted[0].decode("utf-8")
    except UnicodeDecodeError:
        return quoted[0]
    return b""


_ENVELOPE = re.compile(r"[0-9]+ FETCH \((?:.* )?ENVELOPE \(", re.I | re.S)
_EXISTS = re.compile(r"([0-9]{1,10}) EXISTS", re.I)
_STATUS = re.compile(r"STATUS .+ \(((?:[^()\"])*)\)\s*", re.I | re.S)
_MESSAGES = re.compile(r"(?:^| )MESSAGES ([0-9]{1,10})(?![^ ])", re.I)


def envelopes(response: Response) -> int:
    """How many messages' envelopes are among the untagged data (RFC 9051 §7.5.2)."""
    return sum(_ENVELOPE.match(line) is not None for line in response.lines)


def messages(response: Response) -> int | None:
    """The number of messages that a STATUS response tells (RFC 9051 §7.3.3); None where none does."""
    return _last(
        found[1]
        for line in response.lines
        if (status := _STATUS.fullmatch(line)) and (found := _MESSAGES.search(status[1]))
    )


def exists(response: Response) -> int | None:
    """The number of messages that an EXISTS response tells (RFC 9051 §7.4.1); None where none does."""
    return _last(found[1] for line in response.lines if (found := _EXISTS.fullmatch(line)))


def _last(numbers: Iterable[str]) -> int | None:
    found = list(numbers)
    return int(found[-1]) if found else None
