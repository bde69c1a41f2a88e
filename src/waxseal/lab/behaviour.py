"""How an SMTP server of the lab behaves, as data. It is acted out in ``lab.smtp_server``.

`Behaviour(host)` is a sound server; every other field is one thing to change about it.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from waxseal.facts import Stage
from waxseal.lab.orders import LeafOrder, TlsOrder

KEYWORDS = ("PIPELINING", "SIZE 52428800", "8BITMIME", "ENHANCEDSTATUSCODES", "STARTTLS")
"""What a sound server lists in clear; under TLS the same without STARTTLS (RFC 3207 §4.2)."""


class Break(StrEnum):
    """How a server fails in the middle of a conversation."""

    STALL = "stall"
    """It takes what comes and says nothing."""
    CLOSE = "close"
    """It ends the stream in order."""
    RESET = "reset"
    """It breaks the stream off."""


def reply(code: int, *lines: str) -> bytes:
    """A well-formed reply (RFC 5321 §4.2)."""
    last = len(lines) - 1
    return b"".join(
        f"{code}{' ' if number == last else '-'}{line}\r\n".encode() for number, line in enumerate(lines)
    )


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """One scripted server. Replies are octets, line ends included; None means the sound one.

    Attributes:
        host: Its name: in greeting, EHLO answer and certificate.
        tls: How it shakes hands; None for a sound server with one leaf for `host`.
        implicit: TLS begins with the first octet (RFC 8314 §3).
        greeting: The greeting.
        teaser: A first part of the greeting, behind which it listens for `teaser_wait_s` seconds; a client
            that speaks meanwhile is turned away with 521.
        teaser_wait_s: How long.
        keywords: What EHLO lists in clear.
        keywords_tls: What EHLO lists under TLS; None for `keywords` without STARTTLS.
        ehlo: The whole reply to EHLO in clear, for one that `keywords` cannot say.
        ehlo_tls: The same under TLS.
        helo: The reply to HELO.
        starttls: The reply to STARTTLS; what follows a 220 line in it goes out in clear, in one piece.
        mail: The reply to MAIL in clear.
        mail_tls: The same under TLS.
        recipient: The reply to RCPT behind a MAIL that was taken.
        quit: The reply to QUIT; empty to hang up without one.
        delays: Seconds of waiting before the answer of a stage.
        breaks: What happens in place of the answer of a stage.
    """

    host: str
    tls: TlsOrder | None = None
    implicit: bool = False
    greeting: bytes | None = None
    teaser: bytes = b""
    teaser_wait_s: float = 6.0
    keywords: tuple[str, ...] = KEYWORDS
    keywords_tls: tuple[str, ...] | None = None
    ehlo: bytes | None = None
    ehlo_tls: bytes | None = None
    helo: bytes | None = None
    starttls: bytes | None = None
    mail: bytes | None = None
    mail_tls: bytes | None = None
    recipient: bytes | None = None
    quit: bytes | None = None
    delays: dict[Stage, float] = field(default_factory=dict)
    breaks: dict[Stage, Break] = field(default_factory=dict)

    def tls_order(self) -> TlsOrder:
        """How it shakes hands."""
        return self.tls or TlsOrder(leaves=(LeafOrder(names=(self.host,)),))

    def greeting_octets(self) -> bytes:
        """The greeting, without the teaser."""
        return reply(220, f"{self.host} ESMTP") if self.greeting is None else self.greeting

    def ehlo_octets(self, *, in_tls: bool) -> bytes:
        """The answer to EHLO."""
        given = self.ehlo_tls if in_tls and not self.implicit else self.ehlo
        if given is not None:
            return given
        sealed = self.keywords_tls
        if sealed is None:
            sealed = tuple(keyword for keyword in self.keywords if keyword != "STARTTLS")
        return reply(250, self.host, *(sealed if in_tls else self.keywords))

    def starttls_octets(self) -> bytes:
        """The answer to STARTTLS in clear."""
        if self.starttls is not None:
            return self.starttls
        if "STARTTLS" in self.keywords:
            return reply(220, "2.0.0 Ready to start TLS")
        return reply(502, "5.5.1 Command not implemented")
