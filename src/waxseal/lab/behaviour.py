"""How an SMTP or LMTP server of the lab behaves, as data. It is acted out in ``lab.smtp_server``.

`Behaviour(host)` is a sound server; every other field is one thing to change about it. What the protocols of
mail access share with it, the flaws around STARTTLS among them, is in ``lab.common_behaviour``.
"""

from dataclasses import dataclass

from waxseal.facts import MailProtocol
from waxseal.lab.common_behaviour import ACCOUNT, Break, CommonBehaviour
from waxseal.lab.relaying import RelayForm

__all__ = ["ACCOUNT", "KEYWORDS", "Behaviour", "Break", "RelayForm", "reply"]

KEYWORDS = ("PIPELINING", "SIZE 52428800", "8BITMIME", "ENHANCEDSTATUSCODES", "STARTTLS")
"""What a sound server lists in clear; under TLS the same without STARTTLS (RFC 3207 §4.2)."""


def reply(code: int, *lines: str) -> bytes:
    """A well-formed reply (RFC 5321 §4.2)."""
    last = len(lines) - 1
    return b"".join(
        f"{code}{' ' if number == last else '-'}{line}\r\n".encode() for number, line in enumerate(lines)
    )


@dataclass(frozen=True, kw_only=True)
class Behaviour(CommonBehaviour):
    """One scripted server. Replies are octets, line ends included; None means the sound one.

    Attributes:
        protocol: SMTP or LMTP; the latter is greeted with LHLO in place of EHLO (RFC 2033 §4.1).
        greeting: The greeting.
        teaser: A first part of the greeting, behind which it listens for `teaser_wait_s` seconds; a client
            that speaks meanwhile is turned away with 521.
        teaser_wait_s: How long.
        keywords: What EHLO lists in clear. The mechanisms of an AUTH keyword are those that it knows.
        keywords_tls: What EHLO lists under TLS; None for `keywords` without STARTTLS.
        ehlo: The whole reply to EHLO in clear, for one that `keywords` cannot say.
        ehlo_tls: The same under TLS.
        helo: The reply to HELO.
        starttls: The reply to STARTTLS; what follows a 220 line in it goes out in clear, in one piece.
        mail: The reply to MAIL in clear.
        mail_tls: The same under TLS.
        recipient: The reply to RCPT behind a MAIL that was taken, whoever is named.
        quit: The reply to QUIT; empty to hang up without one.
        keeps_hello: EHLO need not be said again under TLS.
        keeps_mail: A MAIL in clear is still good under TLS, EHLO or not.
        local_domains: Domains that it takes mail for, beside `host`, the domain that `host` is in, and those
            whose MX records in the lab name `host`.
        catch_all: It takes every user of its domains; else postmaster, abuse, `takes_for` and the account.
        relays: The forms in which it takes recipients of other domains.
        takes_for: The recipient whose messages it takes in; DATA is refused for all others.
        ends_at: Sequences of octets that end a message too, beside ``CR LF . CR LF`` (RFC 5321 §4.1.1.4).
        refuses_bare_lf: It hangs up at a line in a message that ends with a bare LF or CR.
        tells_users: VRFY tells who is there.
        tells_lists: EXPN tells who is on the list ``staff``.
    """

    protocol: MailProtocol = MailProtocol.SMTP
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
    keeps_hello: bool = False
    keeps_mail: bool = False
    local_domains: tuple[str, ...] = ()
    catch_all: bool = False
    relays: tuple[RelayForm, ...] = ()
    takes_for: str = ""
    ends_at: tuple[bytes, ...] = ()
    refuses_bare_lf: bool = False
    tells_users: bool = False
    tells_lists: bool = False

    @property
    def lmtp(self) -> bool:
        """Whether it speaks LMTP."""
        return self.protocol is MailProtocol.LMTP

    def greeting_octets(self) -> bytes:
        """The greeting, without the teaser."""
        word = "LMTP" if self.lmtp else "ESMTP"
        return reply(220, f"{self.host} {word}") if self.greeting is None else self.greeting

    def keywords_now(self, *, in_tls: bool) -> tuple[str, ...]:
        """What EHLO lists."""
        if not in_tls:
            return self.keywords
        if self.keywords_tls is not None:
            return self.keywords_tls
        return tuple(keyword for keyword in self.keywords if keyword != "STARTTLS")

    def ehlo_octets(self, *, in_tls: bool) -> bytes:
        """The answer to EHLO."""
        given = self.ehlo_tls if in_tls and not self.implicit else self.ehlo
        return reply(250, self.host, *self.keywords_now(in_tls=in_tls)) if given is None else given

    def mechanisms(self, *, in_tls: bool) -> tuple[str, ...]:
        """The SASL mechanisms that EHLO lists, upper case."""
        lists = (keyword.upper().split() for keyword in self.keywords_now(in_tls=in_tls))
        return tuple(word for words in lists if words[0] == "AUTH" for word in words[1:])

    def starttls_octets(self) -> bytes:
        """The answer to STARTTLS in clear."""
        if self.starttls is not None:
            return self.starttls
        if "STARTTLS" in self.keywords:
            return reply(220, "2.0.0 Ready to start TLS")
        return reply(502, "5.5.1 Command not implemented")

    def takes_mail_for(self) -> frozenset[str]:
        """The domains that follow from the behaviour alone, lower case."""
        parent = self.host.partition(".")[2]
        return frozenset(name.lower() for name in (self.host, parent, *self.local_domains) if name)

    def known_users(self) -> frozenset[str]:
        """The local parts that are there in each of its domains, lower case."""
        named = (address.partition("@")[0] for address in (self.takes_for, self.account[0]) if address)
        return frozenset(name.lower() for name in ("postmaster", "abuse", *named))
