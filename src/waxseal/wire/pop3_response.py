"""POP3 responses out of octets (RFC 1939 §3, RFC 2449 §3 and §8), challenges of AUTH included (RFC 5034 §4).

Lines and limits are in ``access_response``; what CAPA lists, in ``access_capabilities``.
"""

import re
from typing import Final

from waxseal.wire.access_response import CUT_OFF, LIMITS, Draft, Line, ResponseParser, Status
from waxseal.wire.smtp_reply import decode_text

STATUS_LINE_OCTETS: Final = 512
"""The longest first line of a response, CRLF included (RFC 2449 §4)."""

RULES: Final = {
    "bare-lf": "RFC 1939 §3",
    "bare-cr": "RFC 1939 §3",
    "status-case": "RFC 1939 §3",
    "line-too-long": "RFC 2449 §4",
    "nul": "RFC 2449 §3",
    "eight-bit": "RFC 2449 §3",
    "not-a-response": "RFC 1939 §3",
    CUT_OFF: "RFC 1939 §3",
    **LIMITS,
}
"""Every rule that the deviations of a POP3 response can name, with its source."""

_STATUS = re.compile(rb"(\+OK|-ERR)(?![^ ]) ?(.*)", re.I | re.S)
_CHALLENGE = re.compile(rb"\+(?: (.*))?", re.S)
_CODE = re.compile(rb"\[([^\[\]]{1,200})\] ?(.*)", re.S)
_EIGHT_BIT = re.compile(rb"[\x80-\xff]+")


class Pop3ResponseParser(ResponseParser):
    """One response for each status line; the lines behind it, dots unstuffed, where several are awaited.

    A line that is no status line where one is due is a response of its own, without a status.
    """

    rules = RULES

    def _may_hold_literal(self, text: bytes) -> bool:
        return False

    def _take_line(self, draft: Draft, line: Line) -> Status | None:
        _flag_octets(draft, line)
        text = line.text
        if draft.status is not None:
            if text == b".":
                return draft.status
            # A line that begins with the final octet has one more before it (RFC 1939 §3).
            draft.lines.append(decode_text(text.removeprefix(b".")))
            return None
        status = _status(draft, line)
        several = self.awaited is not None and self.awaited.multiline
        if status.status == "+OK" and several:
            draft.status = status
            return None
        return status


def _status(draft: Draft, line: Line) -> Status:
    text = line.text
    if (match := _STATUS.fullmatch(text)) is None:
        if (challenge := _CHALLENGE.fullmatch(text)) is not None:
            return Status("+", text=decode_text(challenge[1] or b""))
        draft.flag("not-a-response", text, line.at)
        return Status("", text=decode_text(text))
    if len(draft.raw) > STATUS_LINE_OCTETS:
        draft.flag("line-too-long", text, line.at)
    word, rest = match[1].decode("ascii"), match[2]
    if word != word.upper():
        draft.flag("status-case", match[1], line.at)
    code = b""
    if (coded := _CODE.fullmatch(rest)) is not None:
        code, rest = coded[1], coded[2]
    return Status(word.upper(), decode_text(code), decode_text(rest))


def _flag_octets(draft: Draft, line: Line) -> None:
    """Text is US-ASCII without NUL (RFC 2449 §3), and CR stands before LF only."""
    text = line.text
    if (at := text.find(b"\0")) >= 0:
        draft.flag("nul", text[at:], line.at + at)
    if (at := text.find(b"\r")) >= 0:
        draft.flag("bare-cr", text[at:], line.at + at)
    if (eight_bit := _EIGHT_BIT.search(text)) is not None:
        draft.flag("eight-bit", eight_bit[0], line.at + eight_bit.start())
