"""HTTP/1.1 messages, as far as one small request over plain http needs them (RFC 9112, RFC 9110).

Sans-IO: a request is written whole, a response is read from octets cut anywhere. Whoever asks decides where
to connect and whether to follow a redirection (``net.http``). A breach of a rule is a `Deviation`, and
reading goes on; every buffer is bounded, and a limit that was reached is told.
"""

import re
from enum import Enum
from typing import Final, NamedTuple

from msgspec import Struct

from waxseal.facts import Deviation

MAX_HEAD_OCTETS: Final = 32 * 1024
MAX_FIELDS: Final = 100
MAX_URL: Final = 2000
MAX_CHUNK_LINE: Final = 256
_URL: Final = re.compile(
    r"http://(?P<host>\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253})(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>[/?][!-~]*)?\Z",
    re.IGNORECASE,
)
_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: (.*))?\Z", re.DOTALL)
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_TOKEN: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")


class HttpUrl(NamedTuple):
    """A URL of the scheme http: host as A-label or address (no brackets), port, path and query."""

    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """What the Host field says (RFC 9110 §7.2): the port only where it is not 80."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 80 else f"{host}:{self.port}"


def parse_url(text: str) -> HttpUrl | None:
    """The parts of a URL, without its fragment; None where it is not a plain http one of printable ASCII."""
    found = _URL.match(text.partition("#")[0]) if len(text) <= MAX_URL else None
    if found is None:
        return None
    port = int(found["port"] or 80)
    target = found["target"] or "/"
    if not 0 < port < 65536:
        return None
    return HttpUrl(found["host"].strip("[]").lower(), port, target if target[0] == "/" else f"/{target}")


def redirected(url: HttpUrl, location: str) -> HttpUrl | None:
    """Where a Location field leads: a URL, or a path on the same host; None for anything else."""
    if location.startswith("/") and not location.startswith("//"):
        return parse_url(f"http://{url.authority}{location}")
    return parse_url(location)


def request(url: HttpUrl, *, body: bytes | None = None, content_type: str = "", accept: str = "*/*") -> bytes:
    """A GET, or with a body a POST, for one response on a connection of its own (RFC 9112 §9.6)."""
    lines = [
        f"{'GET' if body is None else 'POST'} {url.target} HTTP/1.1",
        f"Host: {url.authority}",
        "User-Agent: waxseal",
        f"Accept: {accept}",
        "Connection: close",
    ]
    if body is not None:
        lines += [f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + (body or b"")


class HttpResponse(Struct, frozen=True, omit_defaults=True):
    """One final response.

    Attributes:
        status: The status code, 200 to 599.
        fields: Names in lower case with their values, in order.
        body: The content, without the coding of the transfer.
        deviations: Breaches of the form.
    """

    status: int
    fields: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    deviations: tuple[Deviation, ...] = ()

    def field(self, name: str) -> str:
        """The first value of a field, by its name in lower case; "" where it is not there."""
        return next((value for known, value in self.fields if known == name), "")


class _State(Enum):
    HEAD = "head"
    LENGTH = "length"
    CHUNK_LINE = "chunk line"
    CHUNK = "chunk"
    CHUNK_END = "chunk end"
    TRAILER = "trailer"
    TO_THE_END = "to the end"
    DONE = "done"
    FAILED = "failed"


class ResponseReader:
    """Reads one response; interim ones (1xx) are passed over.

    Attributes:
        failure: Why there is none: "" while there may be one.
        over_limit: It failed because it is larger than the limit.
    """

    def __init__(self, body_limit: int) -> None:
        """Read a response of at most so many octets of content."""
        self.failure = ""
        self.over_limit = False
        self._body_limit = body_limit
        self._buffer = bytearray()
        self._searched = 0
        self._body = bytearray()
        self._state = _State.HEAD
        self._status = 0
        self._left = 0
        self._fields: tuple[tuple[str, str], ...] = ()
        self._deviations: list[Deviation] = []

    @property
    def done(self) -> bool:
        """Whether no more octets are needed: the response is whole, or there will be none."""
        return self._state in {_State.DONE, _State.FAILED}

    @property
    def response(self) -> HttpResponse | None:
        """The response once it is whole; else None."""
        if self._state is not _State.DONE:
            return None
        return HttpResponse(self._status, self._fields, bytes(self._body), tuple(self._deviations))

    def feed(self, data: bytes) -> None:
        """Take octets as they come; what follows a whole response is left aside."""
        if self.done:
            return
        self._buffer += data
        while not self.done and self._advance():
            pass

    def end(self) -> None:
        """The peer has ended the stream: content without a length is whole now (RFC 9112 §6.3)."""
        if self._state is _State.TO_THE_END:
            self._state = _State.DONE
        elif not self.done:
            self._fail("the stream ended within the response")

    def _fail(self, why: str, *, over_limit: bool = False) -> bool:
        self.failure, self.over_limit = why, over_limit
        self._state = _State.FAILED
        self._buffer.clear()
        return False

    def _flag(self, rule: str, source: str, octets: bytes) -> None:
        if all(known.rule != rule for known in self._deviations):
            self._deviations.append(Deviation(rule, source, octets[:64]))

    def _advance(self) -> bool:
        """One step; False where more octets are needed."""
        if self._state is _State.HEAD:
            return self._head()
        if self._state in {_State.LENGTH, _State.CHUNK, _State.TO_THE_END}:
            return self._content()
        return self._line()

    def _head(self) -> bool:
        end = _HEAD_END.search(self._buffer, max(0, self._searched - 3))
        self._searched = len(self._buffer) if end is None else 0
        if end is None:
            if len(self._buffer) > MAX_HEAD_OCTETS:
                return self._fail(f"a head of more than {MAX_HEAD_OCTETS} octets", over_limit=True)
            start = bytes(self._buffer[:5])
            return False if b"HTTP/".startswith(start) else self._fail("the octets are no HTTP response")
        if end.start() > MAX_HEAD_OCTETS:
            return self._fail(f"a head of more than {MAX_HEAD_OCTETS} octets", over_limit=True)
        head = bytes(self._buffer[: end.start()])
        del self._buffer[: end.end()]
        lines = [line.removesuffix(b"\r") for line in head.split(b"\n")]
        found = _STATUS.match(lines[0])
        if found is None:
            return self._fail("the octets are no HTTP response")
        self._status = int(found[1])
        self._fields = self._read_fields(lines[1:])
        if self._status >= 200:  # (RFC 9110 §15.2) any number of interim responses may come first
            self._frame()
        return True

    def _read_fields(self, lines: list[bytes]) -> tuple[tuple[str, str], ...]:
        found: list[tuple[str, str]] = []
        for line in lines[:MAX_FIELDS]:
            name, colon, value = line.partition(b":")
            if not colon or not _TOKEN.match(name):
                self._flag("field-malformed", "RFC 9112 §5", line)
                continue
            found.append((name.decode("ascii").lower(), value.strip(b" \t").decode("latin-1")))
        if len(lines) > MAX_FIELDS:
            self._flag("fields-too-many", "RFC 9112 §5", b"")
        return tuple(found)

    def _frame(self) -> None:
        """How the content ends (RFC 9112 §6.3)."""
        codings = [value.lower() for name, value in self._fields if name == "transfer-encoding"]
        lengths = {value for name, value in self._fields if name == "content-length"}
        if self._status in {204, 304}:
            self._state = _State.DONE
        elif codings:
            if codings != ["chunked"]:
                self._fail("a transfer coding other than chunked")
            else:
                self._state = _State.CHUNK_LINE
        elif not lengths:
            self._state = _State.TO_THE_END
            self._left = self._body_limit + 1
        elif len(lengths) > 1 or not (length := next(iter(lengths))).isdecimal() or not length.isascii():
            # (RFC 9112 §6.3) the client MUST discard such a response.
            self._fail("a Content-Length that is no number")
        else:
            self._begin(int(length[:20]), _State.LENGTH)

    def _begin(self, size: int, state: _State) -> None:
        """Begin to read so many octets of content."""
        if size > self._body_limit - len(self._body):
            self._fail(f"content of more than {self._body_limit} octets", over_limit=True)
        else:
            self._left = size
            self._state = state if size else _State.DONE

    def _content(self) -> bool:
        part = self._buffer[: self._left]
        del self._buffer[: len(part)]
        self._body += part
        self._left -= len(part)
        if len(self._body) > self._body_limit:
            return self._fail(f"content of more than {self._body_limit} octets", over_limit=True)
        if self._left:
            return False
        self._state = _State.CHUNK_END if self._state is _State.CHUNK else _State.DONE
        return True

    def _line(self) -> bool:
        """A line of the chunked coding (RFC 9112 §7.1)."""
        end = self._buffer.find(b"\n")
        if end < 0 or end > MAX_CHUNK_LINE:
            return self._fail("an overlong chunk line") if len(self._buffer) > MAX_CHUNK_LINE else False
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        if self._state is _State.CHUNK_END:
            self._state = _State.CHUNK_LINE
            return True if not line else self._fail("a chunk longer than it said")
        if self._state is _State.TRAILER:
            self._state = _State.TRAILER if line else _State.DONE
            return True
        size = line.partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", size):
            return self._fail("a chunk without a size")
        if int(size, 16):
            self._begin(int(size, 16), _State.CHUNK)
        else:
            self._state = _State.TRAILER
        return True
