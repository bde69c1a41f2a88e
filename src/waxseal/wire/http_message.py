"""One HTTP/1.1 request and the response to it, sans-IO and bounded (RFC 9110, RFC 9112); http and https URLs.

The messages are written and read by h11; here are the limits that it has not: of a head, of the content and
of everything around it, of interim responses, and of blanks in a row, over which h11's expression for a field
takes quadratic time. Whoever asks decides where to connect and whether to follow a redirection
(``net.http``). Content is never decoded: a content coding stays as it came.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

import h11

from waxseal.facts import Cause

MAX_HEAD_OCTETS: Final = 32 * 1024
MAX_CHUNK_LINE: Final = 4 * 1024
"""Of the line before a chunk, and of the trailers; what comes in one piece may be longer by `_SLICE`."""
MAX_FRAMING_OCTETS: Final = 256 * 1024
"""Everything but content, all interim responses and chunk lines together."""
MAX_INTERIM: Final = 16
MAX_BLANKS: Final = 1024
MAX_URL: Final = 2000
MAX_DETAIL: Final = 120
_SLICE: Final = 1024
_START: Final = b"HTTP/1."
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253})(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>[/?][!-~]*)?\Z",
    re.IGNORECASE,
)
_HEAD_END: Final = re.compile(rb"\n\r?\n")
_BLANKS: Final = re.compile(rb"[ \t\r\n]{%d}" % (MAX_BLANKS + 1))
_PORTS: Final = {"http": 80, "https": 443}


class HttpUrl(NamedTuple):
    """A URL: scheme ``http`` or ``https``, host as A-label or address (no brackets), port, path and query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """What the Host field says (RFC 9110 §7.2): the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        """The URL, without the port where it is the scheme's own."""
        return f"{self.scheme}://{self.authority}{self.target}"


def parse_url(text: str) -> HttpUrl | None:
    """The parts of a URL, without its fragment; None where it is not http or https, or not printable ASCII.

    One that holds a user's name is none of ours either (RFC 9110 §4.2.4).
    """
    found = _URL.match(text.partition("#")[0]) if len(text) <= MAX_URL else None
    if found is None:
        return None
    scheme = found["scheme"].lower()
    port = int(found["port"] or _PORTS[scheme])
    target = found["target"] or "/"
    if not 0 < port < 65536:
        return None
    target = target if target[0] == "/" else f"/{target}"
    return HttpUrl(scheme, found["host"].strip("[]").lower(), port, target)


def redirected(url: HttpUrl, location: str) -> HttpUrl | None:
    """Where a Location field leads: a URL, or a path on the same host; None for anything else."""
    if location.startswith("/") and not location.startswith("//"):
        return parse_url(f"{url.scheme}://{url.authority}{location}")
    return parse_url(location)


class HttpExchange:
    """One request, and what came of the response to it so far; on a connection of its own (RFC 9112 §9.6).

    Attributes:
        request: The octets to send.
        status: Of the final response, 200 to 999; None before its head is whole.
        fields: Names in lower case with their values, in order; what is no ASCII is read as Latin-1.
        body_octets: How many octets of content came before reading ended.
        failure: Why there is no whole response: NOT_HTTP, CLOSED or LIMIT; None while there may be one.
        detail: The failure in words.
        done: Whether no more octets are needed: the response is whole, or there will be none.
    """

    def __init__(
        self,
        url: HttpUrl,
        body_limit: int,
        *,
        method: str = "GET",
        fields: Iterable[tuple[str, str]] = (),
        content: bytes = b"",
    ) -> None:
        """Write the request.

        Args:
            url: What to ask for.
            body_limit: How many octets of content are taken.
            method: ``GET``, ``HEAD`` or ``POST``.
            fields: Further fields of the request.
            content: Of the request; Content-Length is added.
        """
        self.status: int | None = None
        self.fields: tuple[tuple[str, str], ...] = ()
        self.body_octets = 0
        self.failure: Cause | None = None
        self.detail = ""
        self.done = False
        self._body_limit = body_limit
        self._octets = 0
        self._interim = 0
        self._in_head = True
        self._head = bytearray()
        self._searched = 0
        self._content = bytearray()
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_CHUNK_LINE)
        self.request = self._write(url, method, fields, content)

    @property
    def body(self) -> bytes:
        """The content so far, without the coding of the transfer; at most one octet more than the limit."""
        return bytes(self._content)

    def feed(self, data: bytes) -> None:
        """Take octets as they come, cut anywhere; what follows a whole response is left aside."""
        for at in range(0, len(data), _SLICE):
            if self.done:
                return
            self._take(data[at : at + _SLICE])

    def end(self) -> None:
        """The peer has ended the stream: content without a length is whole now (RFC 9112 §6.3)."""
        if not self._in_head and not self.done:
            self._connection.receive_data(b"")
            self._advance(Cause.CLOSED)
        if not self.done:
            self._fail(Cause.CLOSED, "the stream ended within the response")

    def _write(self, url: HttpUrl, method: str, fields: Iterable[tuple[str, str]], content: bytes) -> bytes:
        sent = [
            ("Host", url.authority),
            ("User-Agent", "waxseal"),
            # What is not asked for need not be decoded (RFC 9110 §12.5.3).
            ("Accept-Encoding", "identity"),
            ("Connection", "close"),
            *fields,
        ]
        if content:
            sent.append(("Content-Length", str(len(content))))
        request = h11.Request(method=method, target=url.target, headers=sent)
        events = [request, *([h11.Data(data=content)] if content else []), h11.EndOfMessage()]
        return b"".join(self._connection.send(event) or b"" for event in events)

    def _take(self, data: bytes) -> None:
        self._octets += len(data)
        while data and not self.done:
            octets, data = self._whole_head(data) if self._in_head else (data, b"")
            if octets and not self.done:
                self._connection.receive_data(octets)
                self._advance(Cause.NOT_HTTP)
        waiting, _ = self._connection.trailing_data
        around = self._octets - self.body_octets - len(waiting)
        if around > MAX_FRAMING_OCTETS and not self.done:
            self._fail(Cause.LIMIT, f"more than {MAX_FRAMING_OCTETS} octets around the content")

    def _whole_head(self, data: bytes) -> tuple[bytes, bytes]:
        """Keep octets of a head until it is whole; then give it, and what came behind it."""
        head = self._head
        head += data
        found = _HEAD_END.search(head, max(0, self._searched - 2))
        end = len(head) if found is None else found.end()
        self._searched = end
        if not _START.startswith(head[: len(_START)]):
            self._fail(Cause.NOT_HTTP, f"first octets {bytes(head[:16])!r}")
        elif end > MAX_HEAD_OCTETS:
            self._fail(Cause.LIMIT, f"a head of more than {MAX_HEAD_OCTETS} octets")
        elif found is not None and _BLANKS.search(head, 0, end):
            self._fail(Cause.LIMIT, f"more than {MAX_BLANKS} blanks in a row within a head")
        if found is None:
            return b"", b""
        self._in_head, self._head, self._searched = False, bytearray(), 0
        return bytes(head[:end]), bytes(head[end:])

    def _advance(self, otherwise: Cause) -> None:
        """Read every event that is whole; what h11 refuses is the failure `otherwise`."""
        try:
            while not self.done:
                event = self._connection.next_event()
                if event is h11.NEED_DATA or event is h11.PAUSED:
                    return
                self._read(event)
        except h11.RemoteProtocolError as error:
            # 431 is what h11 hints at where its buffer is full.
            cause = Cause.LIMIT if error.error_status_hint == 431 else otherwise
            self._fail(cause, str(error)[:MAX_DETAIL])

    def _read(self, event: object) -> None:
        match event:
            case h11.InformationalResponse():
                # Any number of them may come first (RFC 9110 §15.2); nobody needs more than a few.
                self._interim += 1
                self._in_head = True
                if self._interim > MAX_INTERIM:
                    self._fail(Cause.LIMIT, f"more than {MAX_INTERIM} interim responses")
            case h11.Response():
                self.status = event.status_code
                self.fields = tuple((k.decode("ascii"), v.decode("latin-1")) for k, v in event.headers)
            case h11.Data():
                self.body_octets += len(event.data)
                self._content += event.data[: self._body_limit + 1 - len(self._content)]
                if len(self._content) > self._body_limit:
                    self._fail(Cause.LIMIT, f"content of more than {self._body_limit} octets")
            case h11.EndOfMessage():
                self.done = True
            case _:  # the end of the stream before a response
                self._fail(Cause.CLOSED, "the stream ended within the response")

    def _fail(self, cause: Cause, detail: str) -> None:
        self.failure, self.detail, self.done = cause, detail, True
