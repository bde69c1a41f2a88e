"""How each piece of looking ended: one attempt per probe run, with exactly one cause.

`None` never means "no" (DESIGN §3.4): where a fact is missing, the attempt says why.
"""

from enum import StrEnum

from msgspec import Struct

from waxseal.facts.record import Fact, fact
from waxseal.facts.run import MailProtocol
from waxseal.facts.subject import Scope

DIALOGUE = "dialogue"
"""Name of the probe that holds an endpoint's main conversation, whatever protocol is spoken there."""


class Cause(StrEnum):
    """Why an attempt ended. Causes are never merged."""

    COMPLETED = "completed"
    """The conversation reached the end that the probe planned."""
    DECLINED = "declined"
    """The peer answered, and its answer left nothing more to ask (a 554 greeting, a 454 to STARTTLS)."""
    REFUSED = "refused"
    """The peer's address answered the connection request with a reset (ECONNREFUSED)."""
    UNREACHABLE = "unreachable"
    """A router said that the host or network cannot be reached (EHOSTUNREACH, ENETUNREACH from afar)."""
    NO_ROUTE = "no-route"
    """This machine has no route for that address family (ENETUNREACH, EADDRNOTAVAIL at once)."""
    TIMED_OUT = "timed-out"
    """Nothing came within the stage's limit."""
    CLOSED = "closed"
    """The peer ended the stream in order (FIN) before the probe was done."""
    RESET = "reset"
    """The peer, or something on the path, broke the stream off (RST) after it stood."""
    ALERT = "alert"
    """The peer sent a TLS alert; its number is in `Ended.alert`."""
    NOT_TLS = "not-tls"
    """The octets where a TLS record was due are not one."""
    TLS_FAILED = "tls-failed"
    """Our own TLS library gave up without an alert from the peer; its reason is in `Ended.detail`."""
    NOT_SMTP = "not-smtp"
    """The octets where a reply was due are not one, so the dialogue could not go on."""
    NOT_THE_PROTOCOL = "not-the-protocol"
    """The same in IMAP, POP3 and ManageSieve, where a response was due."""
    NOT_HTTP = "not-http"
    """The octets where an HTTP response was due are not one, or break its framing."""
    LIMIT = "limit"
    """The peer sent more than the size limit of the stage."""
    DNS = "dns"
    """A look-up that the attempt needs failed; which and how is in `Ended.detail`."""
    BLOCKED_HERE = "blocked-here"
    """This machine forbids the connection, or cannot make it (EPERM, EACCES, no more sockets)."""
    NOT_ALLOWED = "not-allowed"
    """waxseal's own guard refuses that address; see the allow switch."""
    BUDGET_SPENT = "budget-spent"
    """The planned time or number of connections was used up first."""
    CRASHED = "crashed"
    """A bug in waxseal, contained; `Ended.detail` names the exception type."""


class Stage(StrEnum):
    """Where in a conversation something happened, in the order of the stages."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    GREETING = "greeting"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    HANDSHAKE = "handshake"
    EHLO_TLS = "ehlo-tls"
    ENVELOPE = "envelope"
    QUIT = "quit"
    RESPONSE = "response"
    """The HTTP request and the response to it."""


class Ended(Struct, frozen=True, omit_defaults=True, gc=False):
    """The end of an attempt.

    Attributes:
        cause: The one cause.
        stage: Where it happened; None where the attempt has no stages.
        alert: TLS alert description number (RFC 8446 §6), only with `Cause.ALERT`.
        code: Reply code that ended it, only with `Cause.DECLINED`.
        detail: What the operating system, the library or the guard said, in its words.
        stage_s: Seconds that the stage had taken by then; 0 where it was not measured.
    """

    cause: Cause
    stage: Stage | None = None
    alert: int | None = None
    code: int | None = None
    detail: str = ""
    stage_s: float = 0.0


@fact("attempt/1", Scope.RUN)
class Attempt(Fact, frozen=True, kw_only=True):
    """One run of one probe against one subject (any scope).

    Attributes:
        id: Unique in its run; records that this attempt saw carry it.
        probe: Name of the probe, such as ``dns.mx``, or `DIALOGUE`.
        ended: The one cause.
        elapsed_s: Wall time of the attempt.
        connections: TCP connections that it opened or tried to open.
        octets_in: Octets received on them.
        octets_out: Octets sent on them.
        local_address: The address it spoke from; "" where it never connected.
    """

    id: str
    probe: str
    ended: Ended
    elapsed_s: float
    connections: int = 0
    octets_in: int = 0
    octets_out: int = 0
    local_address: str = ""

    def __post_init__(self) -> None:
        if not self.id or not self.probe:
            raise ValueError("an attempt needs an id and a probe name")


class Deviation(Struct, frozen=True, omit_defaults=True, gc=False):
    """A peer's breach of a rule of the protocol, kept as data; reading went on.

    Attributes:
        rule: Stable name of the rule, such as ``bare-lf``.
        source: Where the rule stands, such as ``RFC 5321 §2.3.8``.
        octets: The offending octets, at most 64 of them.
        offset: Where in the message they began, in octets.
    """

    rule: str
    source: str
    octets: bytes = b""
    offset: int = 0


_STAGE_WORDS = {
    Stage.RESOLVE: "while resolving the name",
    Stage.CONNECT: "while connecting",
    Stage.GREETING: "at the greeting",
    Stage.EHLO: "at EHLO",
    Stage.STARTTLS: "at STARTTLS",
    Stage.HANDSHAKE: "at the TLS handshake",
    Stage.EHLO_TLS: "at EHLO under TLS",
    Stage.ENVELOPE: "at the envelope",
    Stage.QUIT: "at QUIT",
    Stage.RESPONSE: "at the HTTP response",
}
_COMMANDS: dict[MailProtocol, tuple[str, str, str]] = {
    MailProtocol.LMTP: ("LHLO", "STARTTLS", "QUIT"),
    MailProtocol.IMAP: ("CAPABILITY", "STARTTLS", "LOGOUT"),
    MailProtocol.POP3: ("CAPA", "STLS", "QUIT"),
    MailProtocol.SIEVE: ("CAPABILITY", "STARTTLS", "LOGOUT"),
}
"""What stands in the place of SMTP's EHLO, STARTTLS and QUIT."""


def describe(ended: Ended, protocol: MailProtocol | None = None) -> str:
    """One plain phrase for how an attempt ended, such as ``timed out at the greeting after 30.0 s``.

    Args:
        ended: The end.
        protocol: What was spoken, for the names of commands; SMTP's where it is not known.
    """
    numbers: dict[Cause, int | None] = {Cause.ALERT: ended.alert, Cause.DECLINED: ended.code}
    number = numbers.get(ended.cause)
    text = ended.cause.value.replace("-", " ")
    if number is not None:
        text += f" ({number})"
    if ended.stage is not None:
        where = _STAGE_WORDS[ended.stage]
        own_names = _COMMANDS.get(protocol, ()) if protocol is not None else ()
        for smtp, own in zip(("EHLO", "STARTTLS", "QUIT"), own_names, strict=False):
            where = where.replace(smtp, own)
        if ended.stage is Stage.ENVELOPE and protocol in _COMMANDS and protocol is not MailProtocol.LMTP:
            where = "in the middle of the dialogue"
        text += f" {where}"
    if not ended.detail:
        return text
    return f"{text} {ended.detail}" if ended.cause is Cause.TIMED_OUT else f"{text}: {ended.detail}"
