"""What an SMTP server said, reply by reply (RFC 5321), and how long each stage took."""

from msgspec import Struct

from waxseal.facts.attempt import Deviation, Stage
from waxseal.facts.record import Fact, fact
from waxseal.facts.subject import Scope


class Reply(Struct, frozen=True, omit_defaults=True, gc=False):
    """One SMTP reply (RFC 5321 §4.2), whole or as far as it came.

    Attributes:
        code: Three-digit code of the last line; None where no line has one.
        lines: Text of each line without code and line end, decoded as UTF-8, other octets escaped ``\\xNN``.
        enhanced: Enhanced status code (RFC 3463) of the last line such as ``5.7.1``, else None.
        raw: The octets as received, line ends included, at most 64 KiB.
        deviations: Breaches of the reply grammar.
    """

    code: int | None
    lines: tuple[str, ...] = ()
    enhanced: str | None = None
    raw: bytes = b""
    deviations: tuple[Deviation, ...] = ()

    @property
    def text(self) -> str:
        """First line of text."""
        return self.lines[0] if self.lines else ""


class Keyword(Struct, frozen=True, omit_defaults=True, gc=False):
    """One EHLO keyword in upper case, with its parameters as sent (RFC 5321 §4.1.1.1)."""

    name: str
    parameters: tuple[str, ...] = ()


@fact("smtp.greeting/1", Scope.PORT)
class Greeting(Fact, frozen=True, kw_only=True):
    """The first reply of the server, before we said anything.

    Attributes:
        reply: The reply.
        host_name: First word of the text, as sent ("" where there is none).
        first_octet_s: From the standing connection to its first octet.
        elapsed_s: From the standing connection to the end of the reply.
        extra: Octets that came after the greeting and before our first command.
        in_tls: True on implicit-TLS ports.
    """

    reply: Reply
    host_name: str = ""
    first_octet_s: float = 0.0
    elapsed_s: float = 0.0
    extra: bytes = b""
    in_tls: bool = False


class EhloAnswer(Fact, frozen=True, kw_only=True):
    """Common shape of the answers to EHLO (or HELO after EHLO was rejected).

    Attributes:
        command: ``EHLO``, ``HELO``, or ``LHLO`` in LMTP (RFC 2033 §4.1): the one this answer belongs to.
        reply: The reply to it.
        host_name: First word of the first line, as sent.
        keywords: In the order received; empty for HELO.
        rejected: The reply to EHLO when HELO had to be used; else None.
        extra: Octets that came after the reply and before our next command.
        elapsed_s: From our command to the end of its reply.
    """

    command: str
    reply: Reply
    host_name: str = ""
    keywords: tuple[Keyword, ...] = ()
    rejected: Reply | None = None
    extra: bytes = b""
    elapsed_s: float = 0.0

    def keyword(self, name: str) -> Keyword | None:
        """The first keyword of that name (any case)."""
        wanted = name.upper()
        return next((k for k in self.keywords if k.name == wanted), None)

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms listed, in upper case, in order; the old form ``AUTH=`` included."""
        offers = [k for k in self.keywords if k.name in ("AUTH", "AUTH=")]
        return tuple(dict.fromkeys(word.upper() for k in offers for word in k.parameters))


@fact("smtp.ehlo/1", Scope.PORT)
class EhloClear(EhloAnswer, frozen=True, kw_only=True):
    """The answer to the first EHLO: in clear, or the only one on an implicit-TLS port."""


@fact("smtp.ehlo-tls/1", Scope.PORT)
class EhloTls(EhloAnswer, frozen=True, kw_only=True):
    """The answer to the EHLO that follows a STARTTLS handshake (RFC 3207 §4.2)."""


@fact("smtp.starttls/1", Scope.PORT)
class StarttlsAnswer(Fact, frozen=True, kw_only=True):
    """The reply to STARTTLS.

    Attributes:
        reply: The reply.
        offered: Whether the EHLO answer before it listed STARTTLS.
        extra: Octets in clear that came in one piece with the reply, before our ClientHello.
        elapsed_s: From our command to the end of its reply.
    """

    reply: Reply
    offered: bool
    extra: bytes = b""
    elapsed_s: float = 0.0


@fact("smtp.quit/1", Scope.PORT)
class QuitAnswer(Fact, frozen=True, kw_only=True):
    """The reply to QUIT; `reply` is None where the server hung up without one."""

    reply: Reply | None
    elapsed_s: float = 0.0


@fact("smtp.timing/1", Scope.PORT)
class Timing(Fact, frozen=True, kw_only=True):
    """Seconds of each stage of the main conversation; None where it was not reached.

    LHLO, CAPABILITY and CAPA stand in the place of EHLO, STLS in that of STARTTLS, LOGOUT in that of QUIT.
    ManageSieve's greeting is its first list of capabilities, so `ehlo_s` is None there.

    Attributes:
        connect_s: SYN to standing connection: one bare round trip.
        greeting_s, ehlo_s, starttls_s, handshake_s, ehlo_tls_s, quit_s: Each stage, command to reply.
        starttls_extra_s: What sealing cost: STARTTLS, handshake and second EHLO together.
        round_trips_extra: `starttls_extra_s` in units of `connect_s`; None where that is below 0.1 ms.
    """

    connect_s: float | None = None
    greeting_s: float | None = None
    ehlo_s: float | None = None
    starttls_s: float | None = None
    handshake_s: float | None = None
    ehlo_tls_s: float | None = None
    quit_s: float | None = None
    starttls_extra_s: float | None = None
    round_trips_extra: float | None = None


class TranscriptLine(Struct, frozen=True, omit_defaults=True, gc=False):
    """One line, or one event, of a conversation.

    Attributes:
        at_s: Seconds since the attempt began.
        sender: ``C`` client, ``S`` server, ``*`` an event of the stream (connected, TLS stands, closed).
        text: The line without its line end; octets that are not printable UTF-8 escaped as ``\\xNN``.
        in_tls: Whether it went under TLS.
        stage: The stage it belongs to.
    """

    at_s: float
    sender: str
    text: str
    in_tls: bool = False
    stage: Stage | None = None


@fact("transcript/1", Scope.PORT)
class Transcript(Fact, frozen=True, kw_only=True):
    """The dialogue of one attempt, each line with direction and time; secrets are left out.

    Attributes:
        probe: Name of the probe whose dialogue it is.
        lines: In order of time, at most 2,000.
    """

    probe: str
    lines: tuple[TranscriptLine, ...]


@fact("smtp.envelope/1", Scope.PORT)
class EnvelopeAnswers(Fact, frozen=True, kw_only=True):
    """How the envelope of a message is answered that is never sent: no DATA follows, RSET ends it.

    Attributes:
        recipient: The address that RCPT named; "" where there was none.
        clear_mail: The reply to MAIL before STARTTLS; None where it was not asked or not answered.
        tls_mail: The reply to MAIL under TLS; None likewise.
        tls_recipient: The reply to RCPT under TLS; None likewise.
    """

    recipient: str = ""
    clear_mail: Reply | None = None
    tls_mail: Reply | None = None
    tls_recipient: Reply | None = None
