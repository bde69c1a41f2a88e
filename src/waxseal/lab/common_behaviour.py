"""What all mail servers of the lab can be told to do, as data: TLS, timing, and the flaws around STARTTLS.

``lab.behaviour`` adds what SMTP and LMTP have of their own, ``lab.access_behaviour`` what IMAP, POP3 and
ManageSieve have. It is acted out in ``lab.conversation``.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from waxseal.facts import Stage
from waxseal.lab.orders import LeafOrder, TlsOrder

ACCOUNT = ("reader@lab.test", "correct-horse-7")
"""User and password of the one account that every server of the lab knows."""
PLAIN_TEXT = ("PLAIN", "LOGIN")
"""The SASL mechanisms that send the password as it is."""


class Break(StrEnum):
    """How a server fails in the middle of a conversation."""

    STALL = "stall"
    """It takes what comes and says nothing."""
    CLOSE = "close"
    """It ends the stream in order."""
    RESET = "reset"
    """It breaks the stream off."""


@dataclass(frozen=True, kw_only=True)
class CommonBehaviour:
    """One scripted server, sound but for the fields that are given.

    A sound server forgets every octet that came in clear behind STARTTLS, and all that the client said before
    (RFC 3207 §4.2; RFC 9051 §6.2.1 says the same of the octets).

    Attributes:
        host: Its name: in greeting, EHLO answer and certificate.
        tls: How it shakes hands; None for a sound server with one leaf for `host`.
        implicit: TLS begins with the first octet (RFC 8314 §3).
        delays: Seconds of waiting before the answer of a stage; `Stage.EHLO` is that of CAPABILITY and CAPA.
        breaks: What happens in place of the answer of a stage.
        keeps_buffer: Whole commands that came in clear behind STARTTLS are executed under TLS.
        keeps_partial: A line's beginning that came in clear behind STARTTLS is completed by the first octets
            under TLS.
        listens_s: How long before the go-ahead it still takes in what comes in clear.
        runs_in_clear: Commands behind STARTTLS are executed at once, and answered in clear behind the
            go-ahead.
        takes_for_tls: Octets behind STARTTLS are taken for TLS, so the handshake fails unless they are one.
        refuses_pipelining: STARTTLS with octets behind it is refused in words, and the connection closed.
        breaks_pipelining: What happens in place of the handshake where octets came behind STARTTLS.
        late_s: Seconds before the first smuggled command is executed under TLS.
        joins_answers: Answers wait until nothing more is there to be answered, the next command behind those
            smuggled included, and go out in one piece.
        greets_again: It greets again under TLS.
        takes_parameter: STARTTLS with a parameter is as good as one without.
        takes_again: STARTTLS inside TLS gets a go-ahead too; it hangs up at what follows.
        after_refusal: What happens in place of every answer behind a STARTTLS that it turned down.
        keeps_login: A login in clear is still good under TLS.
        login_in_clear: Passwords are looked at in clear too, whether a mechanism for them is listed or not.
        lets_anyone_in: Every user and password is good, but for SCRAM, where no server could pretend.
        errors_limit: It hangs up at so many unknown commands; None for never.
        echoes: Its answer to an unknown command holds that line.
        account: User and password that are good.
    """

    host: str
    tls: TlsOrder | None = None
    implicit: bool = False
    delays: dict[Stage, float] = field(default_factory=dict)
    breaks: dict[Stage, Break] = field(default_factory=dict)
    keeps_buffer: bool = False
    keeps_partial: bool = False
    listens_s: float = 0.0
    runs_in_clear: bool = False
    takes_for_tls: bool = False
    refuses_pipelining: bool = False
    breaks_pipelining: Break | None = None
    late_s: float = 0.0
    joins_answers: bool = False
    greets_again: bool = False
    takes_parameter: bool = False
    takes_again: bool = False
    after_refusal: Break | None = None
    keeps_login: bool = False
    login_in_clear: bool = False
    lets_anyone_in: bool = False
    errors_limit: int | None = 3
    echoes: bool = False
    account: tuple[str, str] = ACCOUNT

    def takes_mechanism(self, name: str, listed: tuple[str, ...], *, in_tls: bool) -> bool:
        """Whether it knows a SASL mechanism, given those that it lists."""
        return name in listed or (not in_tls and self.login_in_clear and name in PLAIN_TEXT)

    def tls_order(self) -> TlsOrder:
        """How it shakes hands."""
        return self.tls or TlsOrder(leaves=(LeafOrder(names=(self.host,)),))
