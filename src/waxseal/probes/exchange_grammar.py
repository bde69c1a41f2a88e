"""The five mail protocols in one form for `probes.exchange`: commands into octets, octets into answers.

No I/O; the grammar itself is in ``wire``. SMTP and LMTP differ in their hello only (RFC 2033 §4.1).
"""

from dataclasses import dataclass
from typing import Protocol

from waxseal.facts import Answer, Keyword, MailProtocol, Reply
from waxseal.wire import access_command, smtp_command
from waxseal.wire.access_capabilities import capabilities
from waxseal.wire.access_client import AccessConnection, Responded
from waxseal.wire.access_client import Event as AccessEvent
from waxseal.wire.smtp_client import Replied, SmtpConnection
from waxseal.wire.smtp_ehlo import parse_ehlo

MAX_RAW_OCTETS = 4096
"""Octets kept of one answer."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer.

    Attributes:
        answer: In the form of the facts.
        asked: Whether it answers a command of ours, the greeting included.
        keywords: The capabilities that it lists, of an answer that lists any.
        raw: Its octets, not shortened.
    """

    answer: Answer
    asked: bool
    keywords: tuple[Keyword, ...] = ()
    raw: bytes = b""


class Grammar(Protocol):
    """One connection of one protocol."""

    @property
    def hello(self) -> bytes:
        """The command that asks what the server can do."""
        ...

    @property
    def starttls(self) -> bytes:
        """The command that asks for TLS."""
        ...

    @property
    def farewell(self) -> bytes:
        """The last command."""
        ...

    @property
    def buffered(self) -> bytes:
        """Octets of an answer that is not whole."""
        ...

    @property
    def leftover(self) -> bytes:
        """Octets in clear behind the go-ahead for TLS."""
        ...

    @property
    def tls_due(self) -> bool:
        """Whether STARTTLS was answered with yes."""
        ...

    @property
    def overflow(self) -> bool:
        """Whether a limit of size was crossed; nothing more is read then."""
        ...

    def send(self, command: bytes, *, multiline: bool = False) -> bytes:
        """Register a command, and give its octets with tag and CRLF."""
        ...

    def tagged(self, command: bytes) -> bytes:
        """Register an IMAP command that has a tag of the caller's already, and give its octets with CRLF."""
        ...

    def go_on(self, line: bytes) -> bytes:
        """Register a line behind a request to go on, and give its octets with CRLF."""
        ...

    def receive(self, data: bytes) -> list[Heard]:
        """Take in octets."""
        ...

    def end(self) -> list[Heard]:
        """The stream ended: what is there of an answer."""
        ...

    def start_tls(self) -> None:
        """Forget what was said in clear."""
        ...


class SmtpGrammar:
    """SMTP, and LMTP."""

    def __init__(self, protocol: MailProtocol, own_name: str) -> None:
        self._smtp = SmtpConnection()
        hello = smtp_command.lhlo if protocol is MailProtocol.LMTP else smtp_command.ehlo
        self.hello = hello(own_name)[:-2]
        self.starttls = b"STARTTLS"
        self.farewell = b"QUIT"

    @property
    def buffered(self) -> bytes:
        """See `Grammar.buffered`."""
        return self._smtp.buffered

    @property
    def leftover(self) -> bytes:
        """See `Grammar.leftover`."""
        return self._smtp.leftover

    @property
    def tls_due(self) -> bool:
        """See `Grammar.tls_due`."""
        return self._smtp.tls_due

    @property
    def overflow(self) -> bool:
        """See `Grammar.overflow`."""
        return self._smtp.overflow

    def send(self, command: bytes, *, multiline: bool = False) -> bytes:
        """See `Grammar.send`."""
        return self._smtp.send(command + b"\r\n")

    def tagged(self, command: bytes) -> bytes:
        """See `Grammar.tagged`; there are no tags here."""
        return self.send(command)

    def go_on(self, line: bytes) -> bytes:
        """See `Grammar.go_on`."""
        return self.send(line)

    def receive(self, data: bytes) -> list[Heard]:
        """See `Grammar.receive`."""
        return [_of_reply(e.reply, isinstance(e, Replied)) for e in self._smtp.receive(data)]

    def end(self) -> list[Heard]:
        """See `Grammar.end`."""
        return [_of_reply(e.reply, isinstance(e, Replied)) for e in self._smtp.end()]

    def start_tls(self) -> None:
        """See `Grammar.start_tls`."""
        self._smtp.start_tls()


def _of_reply(reply: Reply, asked: bool) -> Heard:
    answer = Answer(
        status="" if reply.code is None else f"{reply.code:03d}",
        text=reply.text,
        raw=reply.raw[:MAX_RAW_OCTETS],
    )
    keywords = parse_ehlo(reply)[1] if reply.code == 250 else ()
    return Heard(answer, asked, keywords, reply.raw)


class AccessGrammar:
    """IMAP, POP3 and ManageSieve."""

    def __init__(self, protocol: MailProtocol) -> None:
        self._protocol = protocol
        self._access = AccessConnection(protocol)
        self.hello = access_command.capability(protocol)
        self.starttls = access_command.starttls(protocol)
        self.farewell = access_command.logout(protocol)

    @property
    def buffered(self) -> bytes:
        """See `Grammar.buffered`."""
        return self._access.buffered

    @property
    def leftover(self) -> bytes:
        """See `Grammar.leftover`."""
        return self._access.leftover

    @property
    def tls_due(self) -> bool:
        """See `Grammar.tls_due`."""
        return self._access.tls_due

    @property
    def overflow(self) -> bool:
        """See `Grammar.overflow`."""
        return self._access.overflow

    def send(self, command: bytes, *, multiline: bool = False) -> bytes:
        """See `Grammar.send`."""
        return self._access.send(command, multiline=multiline)

    def tagged(self, command: bytes) -> bytes:
        """See `Grammar.tagged`."""
        if self._protocol is not MailProtocol.IMAP:
            return self.send(command)
        tag, _, rest = command.partition(b" ")
        self._access.expect(rest, tag=tag.decode("ascii"))
        return command + b"\r\n"

    def go_on(self, line: bytes) -> bytes:
        """See `Grammar.go_on`; the command before it is outstanding still."""
        return self._access.go_on(line)

    def receive(self, data: bytes) -> list[Heard]:
        """See `Grammar.receive`."""
        return [self._heard(event) for event in self._access.receive(data)]

    def end(self) -> list[Heard]:
        """See `Grammar.end`."""
        return [self._heard(event) for event in self._access.end()]

    def start_tls(self) -> None:
        """See `Grammar.start_tls`."""
        self._access.start_tls()

    def _heard(self, event: AccessEvent) -> Heard:
        response = event.response
        marks = "()" if self._protocol is MailProtocol.SIEVE else "[]"
        code = f"{marks[0]}{response.code}{marks[1]}" if response.code else ""
        answer = Answer(
            status=response.status,
            text=" ".join(part for part in (code, response.text) if part),
            raw=response.raw[:MAX_RAW_OCTETS],
            tag=event.tag,
        )
        keywords = capabilities(self._protocol, response)
        return Heard(answer, isinstance(event, Responded), keywords, response.raw)


def grammar_of(protocol: MailProtocol, own_name: str) -> Grammar:
    """The grammar of a new connection.

    Args:
        protocol: What is spoken.
        own_name: For EHLO and LHLO: A-label, or address literal.
    """
    if protocol in (MailProtocol.SMTP, MailProtocol.LMTP):
        return SmtpGrammar(protocol, own_name)
    return AccessGrammar(protocol)
