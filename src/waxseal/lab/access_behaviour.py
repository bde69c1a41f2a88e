"""How an IMAP, POP3 or ManageSieve server of the lab behaves, as data; acted out in ``lab.access_server``.

`AccessBehaviour(protocol, host)` is a sound server; every other field is one thing to change about it. What
SMTP and LMTP servers share with it, the flaws around STARTTLS among them, is in ``lab.common_behaviour``.
"""

from dataclasses import dataclass

from waxseal.facts import MailProtocol
from waxseal.lab.common_behaviour import ACCOUNT, Break, CommonBehaviour

__all__ = ["ACCOUNT", "AccessBehaviour", "Break"]

_IMAP = ("IMAP4rev2", "IMAP4rev1", "LITERAL+", "SASL-IR")
_POP3 = ("TOP", "UIDL", "RESP-CODES", "PIPELINING")
_SIEVE = ("IMPLEMENTATION lab of waxseal", "SIEVE fileinto", "VERSION 1.0")
_SOUND = {MailProtocol.IMAP: _IMAP, MailProtocol.POP3: _POP3, MailProtocol.SIEVE: _SIEVE}


@dataclass(frozen=True, kw_only=True)
class AccessBehaviour(CommonBehaviour):
    """One scripted server. None means the sound way.

    Attributes:
        protocol: IMAP, POP3 or SIEVE.
        greeting: The greeting's octets, line ends included. Behind ``* PREAUTH`` everybody is logged in
            (RFC 9051 §7.1.4); behind ``* BYE``, ``BYE`` and ``-ERR`` the connection is closed.
        greeting_capabilities: IMAP: the greeting lists them too.
        capabilities: What it can do in clear, without mechanisms, one text each: IMAP words, POP3 lines,
            ManageSieve names with the value behind a space.
        capabilities_tls: The same under TLS.
        capability: The response to CAPABILITY or CAPA in clear, in the form of `starttls`; lists nothing.
        capability_tls: The same under TLS.
        mechanisms: The SASL mechanisms that it lists and knows in clear.
        mechanisms_tls: The same under TLS.
        starttls: The response to STARTTLS or STLS without IMAP's tag and the line end, such as
            ``NO not today``; TLS begins behind one that says OK.
        extra: Octets in clear that go out in one piece with the go-ahead.
        unsolicited: IMAP: untagged responses in front of every tagged one, line ends included.
        silent_after_tls: ManageSieve: the capabilities are not said again after STARTTLS (RFC 5804 §2.2).
        user_in_clear: POP3: USER is taken in clear, though PASS is not.
        keeps_user: POP3: a USER in clear is still good under TLS.
        referral: URL to which every login is referred (RFC 2221 §4.1; RFC 5804 §1.3); "" for none.
    """

    protocol: MailProtocol
    greeting: bytes | None = None
    greeting_capabilities: bool = True
    capabilities: tuple[str, ...] | None = None
    capabilities_tls: tuple[str, ...] | None = None
    capability: str | None = None
    capability_tls: str | None = None
    mechanisms: tuple[str, ...] = ()
    mechanisms_tls: tuple[str, ...] = ("PLAIN",)
    starttls: str | None = None
    extra: bytes = b""
    unsolicited: bytes = b""
    silent_after_tls: bool = False
    user_in_clear: bool = False
    keeps_user: bool = False
    referral: str = ""

    def mechanisms_now(self, *, in_tls: bool) -> tuple[str, ...]:
        """The mechanisms that it knows."""
        return self.mechanisms_tls if in_tls else self.mechanisms

    def capabilities_now(self, *, in_tls: bool) -> tuple[str, ...]:
        """All that it lists, mechanisms included, in the form of `capabilities`."""
        given = self.capabilities_tls if in_tls else self.capabilities
        listed = self._sound_capabilities(in_tls=in_tls) if given is None else given
        return (*listed, *self._mechanism_capabilities(in_tls=in_tls))

    def offers_starttls(self) -> bool:
        """Whether the capabilities in clear list it."""
        return any(text in ("STARTTLS", "STLS") for text in self.capabilities_now(in_tls=False))

    def _sound_capabilities(self, *, in_tls: bool) -> tuple[str, ...]:
        base = _SOUND[self.protocol]
        if self.protocol is MailProtocol.IMAP:
            closed = () if self.login_in_clear else ("LOGINDISABLED",)
            return base if in_tls else (*base, "STARTTLS", *closed)
        if self.protocol is MailProtocol.POP3:
            user = ("USER",) if in_tls or self.login_in_clear else ()
            return (*base, *user) if in_tls else (*base, "STLS", *user)
        return base if in_tls else (*base, "STARTTLS")

    def _mechanism_capabilities(self, *, in_tls: bool) -> tuple[str, ...]:
        mechanisms = self.mechanisms_now(in_tls=in_tls)
        if self.protocol is MailProtocol.IMAP:
            return tuple(f"AUTH={name}" for name in mechanisms)
        # An empty list is said in ManageSieve (RFC 5804 §1.7), and left out in POP3.
        if self.protocol is MailProtocol.SIEVE or mechanisms:
            return (" ".join(("SASL", *mechanisms)),)
        return ()
