"""How a TLS server behaves: sessions, renegotiation, tolerance, and its answers to tests of known flaws.

Each field says what was sent and what came back; what that means is decided in ``checks/tls``.
"""

from msgspec import Struct

from waxseal.facts.record import Fact, fact
from waxseal.facts.subject import Scope
from waxseal.facts.tls_offer import Reaction


class Resumption(Struct, frozen=True, omit_defaults=True, gc=False):
    """One way to resume, tried.

    Attributes:
        means: ``session-id``, ``ticket`` (RFC 5077) or ``psk`` (RFC 8446 §2.2).
        given: Whether the server gave what it takes: an id, or a ticket. None: not seen.
        resumed: Whether the second handshake was a resumed one. None: not tried, or it ended before that.
        lifetime_s: As announced with the ticket; None where nothing was.
        tickets: Number of tickets that came.
        reaction: How the second handshake ended, where it did not complete.
    """

    means: str
    given: bool | None
    resumed: bool | None = None
    lifetime_s: int | None = None
    tickets: int = 0
    reaction: Reaction | None = None


@fact("tls.sessions/1", Scope.PORT)
class TlsSessions(Fact, frozen=True, kw_only=True):
    """Resumption by every means, and early data.

    Attributes:
        resumptions: Each means that was looked at.
        early_data_octets: max_early_data_size of the tickets (RFC 8446 §4.6.1); None where no ticket had it.
        early_data_accepted: Whether early data that was sent behind STARTTLS was accepted (RFC 8446
            §4.2.10); None where none was announced, or that was not seen. With implicit TLS it is announced,
            and none sent, since the server speaks first there.
        early_data_reply: What the server said first, where it accepted: the answer to a command that was sent
            as early data, at most 64 octets; b"" for nothing.
    """

    resumptions: tuple[Resumption, ...]
    early_data_octets: int | None = None
    early_data_accepted: bool | None = None
    early_data_reply: bytes = b""

    def by(self, means: str) -> Resumption | None:
        """The resumption by this means."""
        return next((found for found in self.resumptions if found.means == means), None)


@fact("tls.fallback/1", Scope.PORT)
class FallbackAnswer(Fact, frozen=True, kw_only=True):
    """The answer to a hello with TLS_FALLBACK_SCSV (RFC 7507).

    Attributes:
        version: The version that was offered as the highest.
        highest: The highest version that the server is known to speak.
        reaction: COMPLETED where it went on; ALERT 86 is inappropriate_fallback.
    """

    version: str
    highest: str
    reaction: Reaction


@fact("tls.renegotiation/1", Scope.PORT)
class Renegotiation(Fact, frozen=True, kw_only=True):
    """Renegotiation asked for by the client on a completed connection up to TLS 1.2.

    Attributes:
        version: Version of the connection.
        info_sent: Whether the server sent renegotiation_info (RFC 5746 §3.6).
        attempted: How often it was asked for.
        completed: How often it was completed.
        reaction: How the last one ended.
        without_info: Whether a renegotiation without renegotiation_info or SCSV was completed, which RFC 5746
            §3.7 forbids; None where it was not tried.
    """

    version: str
    info_sent: bool
    attempted: int = 0
    completed: int = 0
    reaction: Reaction | None = None
    without_info: bool | None = None


@fact("tls.certificate-request/1", Scope.PORT)
class ClientCertificateRequest(Fact, frozen=True, kw_only=True):
    """Whether the server asks for a client certificate.

    Attributes:
        version: Version of the handshake.
        asked: Whether a CertificateRequest came.
        types: ClientCertificateType numbers, up to TLS 1.2.
        schemes: Signature schemes.
        authorities: DER of each name, the first 64.
        completed_without: Whether the handshake was completed with none; None where that was not seen.
    """

    version: str
    asked: bool
    types: tuple[int, ...] = ()
    schemes: tuple[int, ...] = ()
    authorities: tuple[bytes, ...] = ()
    completed_without: bool | None = None


@fact("tls.raw-public-key/1", Scope.PORT)
class RawPublicKeyAnswer(Fact, frozen=True, kw_only=True):
    """The answer to a hello that takes a raw public key (RFC 7250).

    Attributes:
        reaction: How the handshake ended.
        certificate_type: The type in the server's server_certificate_type extension; None where it sent none.
        spki_sha256: Of the raw public key, lower-case hex; "" where none came.
    """

    reaction: Reaction
    certificate_type: int | None = None
    spki_sha256: str = ""


class ToleranceAnswer(Struct, frozen=True, omit_defaults=True, gc=False):
    """One unusual hello, and what came of it.

    Attributes:
        what: ``all`` (everything below at once), ``grease``, ``unknown-extension``, ``unknown-version``,
            ``large``, ``segments``, ``delayed-segments``, ``record-size-limit``, ``alpn``.
        reaction: COMPLETED where the server answered as it does to a plain hello.
        hello_octets: Size of the ClientHello message.
    """

    what: str
    reaction: Reaction
    hello_octets: int = 0


@fact("tls.tolerance/1", Scope.PORT)
class TlsTolerance(Fact, frozen=True, kw_only=True):
    """Unusual hellos that a standard allows. The parts are asked apart only where all at once failed.

    Attributes:
        version: Version that was offered.
        answers: Each that was asked.
        record_size_limit: The limit that the server announced (RFC 8449 §4); None where it sent none.
        protocols_offered: ALPN names that were offered (RFC 7301).
        protocol: The one that the server selected; "" for none.
    """

    version: str
    answers: tuple[ToleranceAnswer, ...]
    record_size_limit: int | None = None
    protocols_offered: tuple[str, ...] = ()
    protocol: str = ""

    def to(self, what: str) -> ToleranceAnswer | None:
        """The answer to one kind of hello."""
        return next((answer for answer in self.answers if answer.what == what), None)


@fact("tls.heartbeat/1", Scope.PORT)
class HeartbeatAnswer(Fact, frozen=True, kw_only=True):
    """Heartbeats (RFC 6520) behind a completed handshake up to TLS 1.2, with our own octets only.

    Attributes:
        mode: HeartbeatMode in the server's extension; None where it sent none, and nothing was tried.
        without_padding: Answer to a request whose lengths are right but that lacks the 16 octets of padding,
            which must be dropped in silence (RFC 6520 §4). COMPLETED where it was echoed.
        well_formed: Answer to a right request, the positive control.
    """

    mode: int | None
    without_padding: Reaction | None = None
    well_formed: Reaction | None = None


@fact("tls.early-ccs/1", Scope.PORT)
class EarlyChangeCipherSpec(Fact, frozen=True, kw_only=True):
    """ChangeCipherSpec sent where it is not due, behind ServerHelloDone (CVE-2014-0224).

    Attributes:
        version: Version of the handshake.
        first: What came of the first one; TIMED_OUT where the server was silent.
        second: What came of the second one; None where the connection had ended.
    """

    version: str
    first: Reaction
    second: Reaction | None = None


class OracleReply(Struct, frozen=True, omit_defaults=True, gc=False):
    """One spoilt message and the reply to it.

    Attributes:
        variant: Name of the way in which it was spoilt.
        replies: What came, once for each time it was sent.
    """

    variant: str
    replies: tuple[Reaction, ...]


@fact("tls.rsa-oracle/1", Scope.PORT)
class RsaOracle(Fact, frozen=True, kw_only=True):
    """Replies to ClientKeyExchange messages with RSA ciphertexts of several paddings (ROBOT, CVE-2017-13099).

    Attributes:
        version: Version of the handshakes.
        suite: Suite with RSA key exchange. Where all replies are the same they may come of several suites and
            versions, and this is the first; where any differ, all are of this one.
        answers: One entry for each padding, with ChangeCipherSpec and a Finished of noise behind it:
            ``right``, ``wrong-start``, ``no-zero``, ``zero-elsewhere``, ``wrong-version``.
        short_answers: The same with ClientKeyExchange alone; a right one waits for more (TIMED_OUT).
        control_completed: Whether a handshake with a right ciphertext and a right Finished was completed, the
            control; None where it was not tried.
    """

    version: str
    suite: int
    answers: tuple[OracleReply, ...]
    short_answers: tuple[OracleReply, ...] = ()
    control_completed: bool | None = None


@fact("tls.padding-oracle/1", Scope.PORT)
class PaddingOracle(Fact, frozen=True, kw_only=True):
    """Replies to records in CBC mode with spoilt padding or MAC (CVE-2014-8730, CVE-2019-1559).

    Every handshake was completed without encrypt-then-MAC before its one record was sent.

    Attributes:
        version: Version of the handshakes.
        suite: Suite in CBC mode. Where all replies are the same they may come of several suites and versions,
            and this is the first; where any differ, all are of this one.
        answers: One entry for each variant: ``bad-mac`` (padding right), ``bad-padding`` (its length and the
            MAC right), ``empty-bad-mac`` and ``empty-bad-padding`` (the same in a record without content).
            COMPLETED where the record was taken and answered, TIMED_OUT where silence followed.
    """

    version: str
    suite: int
    answers: tuple[OracleReply, ...]


@fact("tls.ticket-echo/1", Scope.PORT)
class TicketEcho(Fact, frozen=True, kw_only=True):
    """The session id that came back for a ticket offered with a short one (Ticketbleed, CVE-2016-9244).

    Attributes:
        version: Version of the handshake.
        sent: The session id that was sent.
        received: The session id in the ServerHello; b"" where it sent none.
        reaction: How the handshake ended.
    """

    version: str
    sent: bytes
    received: bytes
    reaction: Reaction
