"""Openers: the way from a new connection to the moment where the ClientHello is due, sans-IO.

For SMTP, LMTP, IMAP, POP3 and ManageSieve, in clear; for implicit TLS there is nothing to say (RFC 8314 §3).
The dialogues are in ``starttls_smtp`` and ``starttls_lines``. They look at just enough to go on; who wants
the replies as facts uses ``smtp_client``.
"""

from typing import Protocol

from waxseal.facts import MailProtocol, Stage, TlsMode
from waxseal.wire.starttls_dialogue import ClearDialogue, Declined
from waxseal.wire.starttls_lines import ImapOpener, Pop3Opener, SieveOpener
from waxseal.wire.starttls_smtp import SmtpOpener

__all__ = ["Declined", "Opener", "opener"]


class Opener(Protocol):
    """What comes before TLS on one connection. Never raises, whatever comes.

    Feed it until it is `ready` or has `declined`; one of the two comes of any dialogue that goes on.

    Attributes:
        stage: Where it stands: HANDSHAKE once the server gave its go-ahead.
        declined: Set where the server's answer leaves nothing more to ask.
        extra: Octets that came in clear behind the go-ahead, the first 4096; then it is never `ready`.
        lines: What was said, as ("C" or "S", text without line end), the first 1000; empty unless kept.
    """

    stage: Stage
    declined: Declined | None
    extra: bytes
    lines: list[tuple[str, str]]

    @property
    def ready(self) -> bool:
        """Whether the ClientHello may go out now: the go-ahead was heard, and nothing behind it."""
        ...

    def receive(self, data: bytes) -> bytes:
        """Take in octets from the server; give those to send now, at most one command, b"" for none."""
        ...

    def goodbye(self) -> bytes:
        """The command that ends the dialogue in the state it is in; b"" where none may be said."""
        ...


class ImplicitOpener(ClearDialogue):
    """Nothing: TLS begins with the first octet."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(keep_lines=False)
        self.stage = Stage.HANDSHAKE


def opener(protocol: MailProtocol, mode: TlsMode, own_name: str, *, keep_lines: bool = False) -> Opener:
    """The opener for a connection that was just made.

    Args:
        protocol: What is spoken.
        mode: Whether TLS begins behind STARTTLS, or at once.
        own_name: For EHLO and LHLO: a domain in A-labels, or an address literal; not used by the others.
        keep_lines: Whether a transcript is kept.

    Raises:
        ValueError: `own_name` is none, where one is used.
    """
    if mode is TlsMode.IMPLICIT:
        return ImplicitOpener()
    match protocol:
        case MailProtocol.SMTP | MailProtocol.LMTP:
            return SmtpOpener(own_name, lmtp=protocol is MailProtocol.LMTP, keep_lines=keep_lines)
        case MailProtocol.IMAP:
            return ImapOpener(keep_lines)
        case MailProtocol.POP3:
            return Pop3Opener(keep_lines)
        case MailProtocol.SIEVE:
            return SieveOpener(keep_lines=keep_lines)
