"""ManageSieve responses out of octets (RFC 5804 §1.2, §1.3 and §4).

Lines, literals and limits are in ``access_response``; what the lines of capabilities list, in
``access_capabilities``.
"""

import re
from typing import Final

from waxseal.wire.access_response import CUT_OFF, LIMITS, Draft, Line, ResponseParser, Status
from waxseal.wire.smtp_reply import decode_text

QUOTED_OCTETS: Final = 1024
"""The longest quoted string, its quotes left out (RFC 5804 §4, quoted)."""

RULES: Final = {
    "bare-lf": "RFC 5804 §1.1",
    "bare-cr": "RFC 5804 §4",
    "nul": "RFC 5804 §4",
    "eight-bit": "RFC 5804 §4",
    "literal-plus": "RFC 5804 §4",
    "quoted-too-long": "RFC 5804 §4",
    "code-open": "RFC 5804 §4",
    "text-not-a-string": "RFC 5804 §4",
    "not-a-response": "RFC 5804 §4",
    CUT_OFF: "RFC 5804 §4",
    **LIMITS,
}
"""Every rule that the deviations of a ManageSieve response can name, with its source."""

_STATUS = re.compile(rb"(OK|NO|BYE)(?![^ (\"]) ?(.*)", re.I | re.S)
_QUOTED = re.compile(rb"\"((?:[^\"\\]|\\.)*+)\"", re.S)
# Where no quote closes a string, none closes one that begins later, so each octet is looked at once.
_EACH_QUOTED = re.compile(rb"\"((?:[^\"\\]|\\.)*+)(?:(\")|\\?\Z)", re.S)
_CODE = re.compile(
    rb"\(((?:[^()\"]|\"(?:[^\"\\]|\\.)*+\"|\((?:[^()\"]|\"(?:[^\"\\]|\\.)*+\")*+\))*+)\) ?(.*)", re.S
)
_EIGHT_BIT = re.compile(rb"[\x80-\xff]+")


class SieveResponseParser(ResponseParser):
    """One response for each OK, NO or BYE, with the lines of data before it.

    Where a challenge of AUTHENTICATE may come, a lone string is a response of its own with the status ``+``.
    A line that is neither data nor a status is recorded; where a response was to begin it is one of its own,
    without a status.
    """

    rules = RULES

    def _may_hold_literal(self, text: bytes) -> bool:
        return True

    def _take_line(self, draft: Draft, line: Line) -> Status | None:
        _flag_octets(draft, line)
        shown = line.shown()
        if (match := _STATUS.fullmatch(shown)) is not None:
            return _status(draft, line, match[1], match[2])
        lone = _QUOTED.fullmatch(shown)
        if lone is not None and self.awaited is not None and self.awaited.challenge:
            return Status("+", text=decode_text(_unquoted(lone)))
        data = _QUOTED.match(shown) is not None
        if not data:
            draft.flag("not-a-response", shown, line.at)
            if not draft.lines:
                return Status("", text=decode_text(shown))
        draft.lines.append(decode_text(shown))
        return None


def _status(draft: Draft, line: Line, word: bytes, rest: bytes) -> Status:
    code = b""
    if rest.startswith(b"("):
        if (match := _CODE.fullmatch(rest)) is None:
            draft.flag("code-open", rest, line.at)
        else:
            code, rest = _QUOTED.sub(_unquoted, match[1]), match[2]
    if (text := _QUOTED.fullmatch(rest)) is not None:
        rest = _unquoted(text)
    elif rest:
        draft.flag("text-not-a-string", rest, line.at)
    return Status(word.decode("ascii").upper(), decode_text(code), decode_text(rest))


def _unquoted(quoted: re.Match[bytes]) -> bytes:
    return re.sub(rb"\\(.)", rb"\1", quoted[1], flags=re.S)


def _flag_octets(draft: Draft, line: Line) -> None:
    """Text is UTF-8 without NUL (RFC 5804 §4, SAFE-UTF8-CHAR), a quoted string has 1024 octets at most."""
    for at, part in enumerate(line.parts):
        if at % 2:
            continue
        if (found := part.find(b"\0")) >= 0:
            draft.flag("nul", part[found:], line.at + (0 if at else found))
        if (found := part.find(b"\r")) >= 0:
            draft.flag("bare-cr", part[found:], line.at + (0 if at else found))
        if any(each[2] and len(each[1]) > QUOTED_OCTETS for each in _EACH_QUOTED.finditer(part)):
            draft.flag("quoted-too-long", part, line.at)
        try:
            part.decode("utf-8")
        except UnicodeDecodeError as error:
            draft.flag("eight-bit", part[error.start :], line.at + (0 if at else error.start))
