"""What the responses of IMAP, POP3 and ManageSieve have in common: lines, literals, limits and deviations.

A line goes on behind a literal, ``{5}`` at its end, in IMAP (RFC 9051 §4.3) and ManageSieve (RFC 5804 §4).
What a line says is known in ``imap_response``, ``pop3_response`` and ``sieve_response``; which command a
response answers, in ``access_client``.
"""

import re
from collections.abc import Mapping
from typing import ClassVar, Final, NamedTuple

from waxseal.facts import Deviation, Response
from waxseal.wire.smtp_reply import decode_text

MAX_RESPONSE_OCTETS: Final = 64 * 1024
"""Octets of one response that are read, those of the data before it included."""
MAX_RESPONSE_LINES: Final = 2000
"""Lines of one response that are read; what a literal holds counts as no line."""
MAX_DEVIATION_OCTETS: Final = 64
"""Octets kept in a `Deviation`."""

CUT_OFF: Final = "cut-off"
LIMITS: Final = {"too-many-lines": "limit of waxseal", "response-too-long": "limit of waxseal"}
"""Rules of ours that the peer's octets can run into; the first octets are kept, and reading ends."""

_LITERAL = re.compile(rb"~?\{([0-9]{1,20})(\+?)\}\Z")


class Awaited(NamedTuple):
    """What the next response belongs to, as far as it changes how the response is read.

    Attributes:
        greeting: No command has been sent: the server speaks first.
        multiline: POP3: a good answer has several lines.
        challenge: ManageSieve: a lone string is a challenge of AUTHENTICATE.
        farewell: IMAP: LOGOUT is among the commands without an answer, so that BYE is no surprise.
    """

    greeting: bool = False
    multiline: bool = False
    challenge: bool = False
    farewell: bool = False


class Line(NamedTuple):
    """One line, the literals in it included.

    Attributes:
        parts: Text, literal, text, literal, and so on; the first and the last one are text. What announces
            a literal, and the line ends, are left out.
        at: Where in the response it began.
    """

    parts: tuple[bytes, ...]
    at: int

    @property
    def text(self) -> bytes:
        """The text up to the first literal."""
        return self.parts[0]

    def shown(self) -> bytes:
        """The line with each literal written as a quoted string."""
        return b"".join(quote(part) if at % 2 else part for at, part in enumerate(self.parts))


class Completed(NamedTuple):
    """A response and IMAP's tag before it: ``*`` for an untagged one, "" for none and in the others."""

    response: Response
    tag: str = ""


class Status(NamedTuple):
    """What the line says that ends a response."""

    status: str
    code: str = ""
    text: str = ""
    tag: str = ""


class Draft:
    """One response in the making."""

    def __init__(self, rules: Mapping[str, str]) -> None:
        self.rules = rules
        self.lines: list[str] = []
        self.raw = bytearray()
        self.count = 0
        self.status: Status | None = None
        self.deviations: dict[str, Deviation] = {}

    def flag(self, rule: str, octets: bytes = b"", offset: int = 0) -> None:
        """Record the first breach of a rule."""
        if rule not in self.deviations:
            kept = bytes(octets[:MAX_DEVIATION_OCTETS])
            self.deviations[rule] = Deviation(rule, self.rules[rule], kept, offset)

    def completed(self, status: Status | None) -> Completed:
        """The response as far as it came."""
        said = status or self.status or Status("")
        response = Response(
            status=said.status,
            code=said.code,
            text=said.text,
            lines=tuple(self.lines),
            raw=bytes(self.raw),
            deviations=tuple(self.deviations.values()),
        )
        return Completed(response, said.tag)


class ResponseParser:
    """Octets in, responses out; the same octets cut anywhere give the same responses.

    A line ends at LF; a bare one is recorded. A response of more than `MAX_RESPONSE_OCTETS` or
    `MAX_RESPONSE_LINES` is completed with a deviation where it crossed the limit; from there on the place in
    the stream is lost, and whatever else comes is dropped (`overflow`). A literal that has no room in the
    response crosses the limit where it is announced.

    Attributes:
        awaited: What the next response belongs to; None where no command is outstanding.
        rules: Every rule that the deviations can name, with its source; each is named once a response.
    """

    rules: ClassVar[Mapping[str, str]] = {}

    def __init__(self) -> None:
        self.awaited: Awaited | None = None
        self._overflow = False
        self._draft: Draft | None = None
        self._begin_line(0)

    @property
    def buffered(self) -> bytes:
        """Octets that are not yet part of a complete response."""
        return b"" if self._draft is None else bytes(self._draft.raw)

    @property
    def overflow(self) -> bool:
        """Whether a response crossed a limit, so that nothing more is read."""
        return self._overflow

    def feed_until_response(self, data: bytes, position: int = 0) -> tuple[Completed | None, int]:
        """Take in octets up to the end of the first response and not one octet further.

        Returns:
            The response, or None where all octets were taken and none is complete; and the position behind
            the last octet taken.
        """
        while position < len(data):
            if self._overflow:
                return None, len(data)
            draft = self._draft
            if draft is None:
                draft = self._draft = Draft(self.rules)
            room = MAX_RESPONSE_OCTETS - len(draft.raw)
            if not room:
                return self._cross_limit(draft, "response-too-long"), position
            if self._literal_octets:
                taken = data[position : position + self._literal_octets]
                draft.raw += taken
                position += len(taken)
                self._literal_octets -= len(taken)
                if not self._literal_octets:
                    self._end_literal(draft)
                continue
            end = data.find(b"\n", position) + 1
            stop = min(end or len(data), position + room)
            draft.raw += data[position:stop]
            position = stop
            if stop == end and (completed := self._end_text(draft)) is not None:
                return completed, position
        return None, position

    def finish(self) -> Completed | None:
        """The stream is at its end: what is not complete becomes a response with the deviation ``cut-off``.

        Returns:
            The rest; None where nothing is left.
        """
        draft = self._draft
        if draft is None:
            return None
        self._add_rest(draft)
        draft.flag(CUT_OFF, bytes(draft.raw[-MAX_DEVIATION_OCTETS:]), len(draft.raw))
        return self._complete(draft, None)

    def _take_line(self, draft: Draft, line: Line) -> Status | None:
        """Act on a whole line: add it to the draft's lines, or give the status where it ends the response."""
        raise NotImplementedError

    def _may_hold_literal(self, text: bytes) -> bool:
        """Whether a line that begins so may go on behind a literal."""
        raise NotImplementedError

    def _begin_line(self, at: int) -> None:
        self._parts: list[bytes] = []
        self._line_at = self._part_at = at
        self._literal_octets = 0

    def _end_text(self, draft: Draft) -> Completed | None:
        """A LF has come: the line is at its end, or a literal begins."""
        text = bytes(draft.raw[self._part_at : -1])
        if text.endswith(b"\r"):
            text = text[:-1]
        else:
            draft.flag("bare-lf", text[1 - MAX_DEVIATION_OCTETS :] + b"\n", len(draft.raw) - 1)
        literal = _LITERAL.search(text)
        if literal is not None and self._may_hold_literal(self._parts[0] if self._parts else text):
            if literal[2]:
                draft.flag("literal-plus", literal[0], self._part_at + literal.start())
            self._parts.append(text[: literal.start()])
            self._part_at = len(draft.raw)
            self._literal_octets = int(literal[1])
            if self._literal_octets > MAX_RESPONSE_OCTETS - len(draft.raw):
                return self._cross_limit(draft, "response-too-long")
            if not self._literal_octets:
                self._end_literal(draft)
            return None
        return self._end_line(draft, text)

    def _end_literal(self, draft: Draft) -> None:
        self._parts.append(bytes(draft.raw[self._part_at :]))
        self._part_at = len(draft.raw)

    def _end_line(self, draft: Draft, text: bytes) -> Completed | None:
        line = Line((*self._parts, text), self._line_at)
        self._begin_line(len(draft.raw))
        draft.count += 1
        status = self._take_line(draft, line)
        if status is not None:
            return self._complete(draft, status)
        if draft.count >= MAX_RESPONSE_LINES:
            return self._cross_limit(draft, "too-many-lines")
        return None

    def _add_rest(self, draft: Draft) -> None:
        """A line whose end will not be read is shown as it came."""
        if rest := bytes(draft.raw[self._line_at :]):
            draft.lines.append(decode_text(rest.removesuffix(b"\r")))

    def _cross_limit(self, draft: Draft, rule: str) -> Completed:
        self._add_rest(draft)
        draft.flag(rule, bytes(draft.raw[-MAX_DEVIATION_OCTETS:]), len(draft.raw))
        self._overflow = True
        return self._complete(draft, None)

    def _complete(self, draft: Draft, status: Status | None) -> Completed:
        self._draft = None
        self._begin_line(0)
        return draft.completed(status)


def quote(octets: bytes) -> bytes:
    """Octets as a quoted string, whatever they are."""
    return b'"' + octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
