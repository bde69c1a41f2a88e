"""The client's side of IMAP, POP3 and ManageSieve without I/O: which response answers which command.

Commands go through `AccessConnection.send` on their way out, received octets through `receive`; the caller
moves both over whatever stream it has. IMAP matches by tags (RFC 9051 §2.2), the others by order. The grammar
of responses lives in ``imap_response``, ``pop3_response`` and ``sieve_response``, the form of commands in
``access_command``; SMTP and LMTP have ``smtp_client``.
"""

from dataclasses import dataclass
from typing import Final

from waxseal.facts import MailProtocol, Response
from waxseal.wire.access_response import CUT_OFF, LIMITS, Awaited, Completed, ResponseParser
from waxseal.wire.imap_response import ImapResponseParser
from waxseal.wire.pop3_response import Pop3ResponseParser
from waxseal.wire.sieve_response import SieveResponseParser
from waxseal.wire.starttls_boundary import StarttlsBoundary

GREETING: Final = b""
"""The virtual command that the greeting answers."""
UNASKED: Final = b"(unasked)"
"""The virtual command that the capabilities answer which ManageSieve sends by itself."""
MAX_IDLE_RESPONSES: Final = 1000
"""Responses that may come one after the other without one of them completing a command."""

_PARSERS: Final[dict[MailProtocol, type[ResponseParser]]] = {
    MailProtocol.IMAP: ImapResponseParser,
    MailProtocol.POP3: Pop3ResponseParser,
    MailProtocol.SIEVE: SieveResponseParser,
}
_STARTTLS: Final = {MailProtocol.POP3: b"STLS"}


@dataclass(frozen=True, slots=True)
class Responded:
    """A response to a command.

    Attributes:
        command: The command as given, without tag and CRLF; `GREETING` or `UNASKED` for what comes by itself.
        response: The response. With the status ``+``, or IMAP's ``BYE``, the command is outstanding still.
        tag: IMAP's tag, ``*`` for an untagged one; "" in the others.
    """

    command: bytes
    response: Response
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Unsolicited:
    """A response that no outstanding command asked for; in IMAP, one with a tag that is not outstanding.

    BYE may come like this by right (RFC 9051 §7.1.5, RFC 5804 §1.2).
    """

    response: Response
    tag: str = ""


Event = Responded | Unsolicited


@dataclass(frozen=True, slots=True)
class _Outstanding:
    command: bytes
    tag: str = ""
    multiline: bool = False


class AccessConnection(StarttlsBoundary):
    """One connection as the client sees it.

    Behind the go-ahead for TLS, octets in clear are never parsed, since whoever is on the path could have put
    them there. They are kept as `leftover`.

    Args:
        protocol: IMAP, POP3 or SIEVE.
        greeting: Whether the server speaks first, as it does on a new connection.

    Raises:
        ValueError: The protocol is another one.
    """

    def __init__(self, protocol: MailProtocol, *, greeting: bool = True) -> None:
        if protocol not in _PARSERS:
            raise ValueError(f"{protocol.label} is not spoken here")
        super().__init__()
        self.protocol = protocol
        self._parser = _PARSERS[protocol]()
        self._outstanding = [_Outstanding(GREETING)] if greeting else []
        self._tags = 0
        self._idle_responses = 0

    @property
    def outstanding(self) -> tuple[bytes, ...]:
        """Commands that have no final response yet, oldest first, in the form of `Responded.command`."""
        return tuple(one.command for one in self._outstanding)

    @property
    def buffered(self) -> bytes:
        """Octets of a response that is not complete; in IMAP, untagged data that nothing completed."""
        return self._parser.buffered

    @property
    def overflow(self) -> bool:
        """Whether a response crossed a size limit (see `ResponseParser`), or `MAX_IDLE_RESPONSES` came.

        Nothing more is read then.
        """
        return self._parser.overflow or self._idle_responses >= MAX_IDLE_RESPONSES

    def send(self, command: bytes, *, multiline: bool = False) -> bytes:
        """Register a command, and give its octets for the stream, IMAP's tag and CRLF added.

        Tags are ``a1``, ``a2``, ... and are not begun anew behind TLS, so that none comes twice.

        Args:
            command: The command without tag and CRLF.
            multiline: POP3: whether a good answer to it has several lines.

        Raises:
            ValueError: It is empty, or holds CR, LF or NUL.
        """
        if not command or any(octet in command for octet in b"\r\n\0"):
            raise ValueError("a command is one line, given without its CRLF")
        tag = ""
        if self.protocol is MailProtocol.IMAP:
            self._tags += 1
            tag = f"a{self._tags}"
        self.expect(command, tag=tag, multiline=multiline)
        return (tag.encode("ascii") + b" " if tag else b"") + command + b"\r\n"

    def expect(self, command: bytes, *, tag: str = "", multiline: bool = False) -> None:
        """Register a command that goes out in another way, with a tag of the caller's own in IMAP."""
        self._outstanding.append(_Outstanding(command, tag, multiline))

    def expect_unasked(self) -> None:
        """The server will list its capabilities by itself, as ManageSieve does after TLS (RFC 5804 §2.2)."""
        self.expect(UNASKED)

    def go_on(self, line: bytes) -> bytes:
        """The octets of an answer to a ``+``: a line that is no command.

        Raises:
            ValueError: It holds CR, LF or NUL.
        """
        if any(octet in line for octet in b"\r\n\0"):
            raise ValueError("an answer is one line, given without its CRLF")
        return line + b"\r\n"

    def receive(self, data: bytes) -> tuple[Event, ...]:
        """Take in octets from the server, and give the events that they complete, in order."""
        events: list[Event] = []
        position = 0
        while position < len(data):
            if self._tls_due:
                self._keep_leftover(data[position:])
                break
            if self._idle_responses >= MAX_IDLE_RESPONSES:
                break
            self._parser.awaited = self._awaited()
            completed, position = self._parser.feed_until_response(data, position)
            if completed is not None:
                events.append(self._event(completed))
        return tuple(events)

    def end(self) -> tuple[Event, ...]:
        """The server closed the stream: an incomplete response becomes an event with the ``cut-off``."""
        self._parser.awaited = self._awaited()
        completed = self._parser.finish()
        return () if completed is None else (self._event(completed),)

    def _forget(self) -> None:
        self._parser = _PARSERS[self.protocol]()
        self._outstanding.clear()

    def _awaited(self) -> Awaited | None:
        """What the parser has to know of the oldest command; read anew for each response."""
        if not self._outstanding:
            return None
        oldest = self._outstanding[0]
        return Awaited(
            greeting=oldest.command == GREETING,
            multiline=oldest.multiline,
            challenge=oldest.command[:12].upper() == b"AUTHENTICATE",
            farewell=any(one.command.upper() == b"LOGOUT" for one in self._outstanding),
        )

    def _event(self, completed: Completed) -> Event:
        response, tag = completed
        self._idle_responses += 1
        answered = self._answered(response, tag)
        if answered is None:
            return Unsolicited(response, tag)
        if not (response.status == "+" or (response.status == "BYE" and tag and answered.command)):
            self._outstanding.remove(answered)
            self._idle_responses = 0
            starttls = _STARTTLS.get(self.protocol, b"STARTTLS")
            if answered.command.upper() == starttls and response.good and _whole(response):
                self._tls_due = True
        return Responded(answered.command, response, tag)

    def _answered(self, response: Response, tag: str) -> _Outstanding | None:
        """The command that a response belongs to: the one with its tag, else the oldest."""
        if not self._outstanding:
            return None
        if not tag or tag == "*" or response.status == "+":
            return self._outstanding[0]
        return next((one for one in self._outstanding if one.tag == tag), None)


def _whole(response: Response) -> bool:
    return all(
        deviation.rule != CUT_OFF and deviation.rule not in LIMITS for deviation in response.deviations
    )
