"""The client's side of an SMTP dialogue without I/O: which reply answers which command.

Commands go through `SmtpConnection.send` on their way out, received octets through `receive`; the caller
moves both over whatever stream it has. Knows of RFC 5321 §4.2 (one reply a command, in order), RFC 2920
(several commands at once) and RFC 3207 §4.2 (the STARTTLS boundary). The grammar of replies lives in
``smtp_reply``, the form of commands in ``smtp_command``; what to say next is decided by the probe.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from waxseal.facts import Reply
from waxseal.wire.smtp_reply import ReplyParser
from waxseal.wire.starttls_boundary import StarttlsBoundary

GREETING: Final = b""
"""The virtual command that the greeting answers."""


@dataclass(frozen=True, slots=True)
class Replied:
    """A reply to a command.

    Attributes:
        command: The command line as it was sent, CRLF included; `GREETING` for the greeting.
        reply: The reply; its deviations tell whether it is whole.
    """

    command: bytes
    reply: Reply


@dataclass(frozen=True, slots=True)
class Unsolicited:
    """A reply where no command was outstanding: the server talks early, or says more than one reply.

    A 421 may come like this by right, when the server shuts down (RFC 5321 §3.8).
    """

    reply: Reply


Event = Replied | Unsolicited


class SmtpConnection(StarttlsBoundary):
    """One SMTP connection as the client sees it.

    Replies answer commands in the order of the commands (RFC 5321 §4.2). Any reply answers the oldest
    outstanding command, one without a code (``not-a-reply``) included.

    Behind a 220 to STARTTLS, octets in clear are never parsed: whoever is on the path could have put them
    there, and a client that took them for replies under TLS would believe him (RFC 3207 §4.2 has the client
    discard what it learned before TLS). They are kept as `leftover`.

    Args:
        greeting: Whether the server speaks first, as it does on a new connection (RFC 5321 §3.1).
    """

    def __init__(self, *, greeting: bool = True) -> None:
        super().__init__()
        self._parser = ReplyParser()
        self._outstanding: deque[bytes] = deque([GREETING] if greeting else [])

    @property
    def outstanding(self) -> tuple[bytes, ...]:
        """Commands that have no reply yet, oldest first, in the form of `Replied.command`."""
        return tuple(self._outstanding)

    @property
    def buffered(self) -> bytes:
        """Octets of a reply that is not complete."""
        return self._parser.buffered

    @property
    def overflow(self) -> bool:
        """Whether a reply crossed a size limit; nothing more is read then (see `ReplyParser`)."""
        return self._parser.overflow

    def allow_utf8(self) -> None:
        """From now on replies may be in UTF-8, because SMTPUTF8 was asked for (RFC 6531 §3.7.4)."""
        self._parser.smtputf8 = True

    def send(self, command: bytes) -> bytes:
        """Register a command, and give its octets for the stream.

        Several commands may be sent before the first one is answered; joined, they go out in one segment.
        Message text behind a 354 is no command and is written past this object, its last line ``.`` is one.

        Raises:
            ValueError: It is not exactly one line with CRLF.
        """
        if not command.endswith(b"\r\n") or b"\r" in command[:-2] or b"\n" in command[:-2]:
            raise ValueError(f"a command is one line that ends in CRLF, not {command!r}")
        self._outstanding.append(command)
        return command

    def receive(self, data: bytes) -> list[Event]:
        """Take in octets from the server, and give the events that they complete, in order."""
        events: list[Event] = []
        position = 0
        while position < len(data):
            if self._tls_due:
                self._keep_leftover(data[position:])
                break
            reply, position = self._parser.feed_until_reply(data, position)
            if reply is not None:
                events.append(self._event(reply))
        return events

    def end(self) -> list[Event]:
        """The server closed the stream: an incomplete reply becomes an event with a ``cut-off`` reply."""
        reply = self._parser.finish()
        return [] if reply is None else [self._event(reply)]

    def _event(self, reply: Reply) -> Event:
        if not self._outstanding:
            return Unsolicited(reply)
        command = self._outstanding.popleft()
        if command.strip().upper() == b"STARTTLS" and reply.code == 220 and _whole(reply):
            self._tls_due = True
        return Replied(command, reply)

    def _forget(self) -> None:
        self._parser = ReplyParser()
        self._outstanding.clear()


def _whole(reply: Reply) -> bool:
    return all(
        deviation.rule not in {"cut-off", "reply-too-long", "too-many-lines"}
        for deviation in reply.deviations
    )
