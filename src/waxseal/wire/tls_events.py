"""What a TLS client saw, one event after the other (see ``wire.tls13``, ``wire.tls12``, ``wire.tls_client``).

Events are data; the octets in them are as the server sent them. No secret shows in a repr.
"""

from dataclasses import dataclass, field

from waxseal.facts import Deviation
from waxseal.wire.tls_key_exchange import ServerKeyExchange
from waxseal.wire.tls_server_certificates import (
    CertificateMessage,
    CertificateRequest,
    CertificateStatus,
    CertificateVerify,
)
from waxseal.wire.tls_server_flight import NewSessionTicket
from waxseal.wire.tls_server_hello import EncryptedExtensions, ServerHello


@dataclass(frozen=True, slots=True)
class Resumption:
    """All that it takes to resume a connection with a ticket (RFC 8446 §4.6.1).

    Attributes:
        ticket: The server's identity for it.
        suite: Suite of the connection that gave it; its hash binds the key.
        age_add: Added to the age that is told.
        lifetime_s: How long the server takes it.
        max_early_data_octets: None where the server takes none.
        secret: The pre-shared key.
    """

    ticket: bytes
    suite: int
    age_add: int
    lifetime_s: int
    max_early_data_octets: int | None
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Resumption12:
    """All that it takes to resume a session of SSL 3.0 to TLS 1.2, by its id or by a ticket.

    Attributes:
        session_id: The server's name for the session; b"" where there is only a ticket.
        ticket: RFC 5077 §3.3; b"" where there is only a session id.
        lifetime_s: How long the server takes the ticket; 0 leaves it open.
        suite: Suite of the session, which a resumed one keeps (RFC 5246 §7.4.1.3).
        version: Its version.
        extended: Whether its main secret is an extended one (RFC 7627 §5.3).
        secret: The main secret.
    """

    session_id: bytes
    ticket: bytes
    lifetime_s: int
    suite: int
    version: int
    extended: bool
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ServerHelloSeen:
    """The ServerHello, of whatever version it chose."""

    hello: ServerHello


@dataclass(frozen=True, slots=True)
class HelloRetry:
    """A HelloRetryRequest (RFC 8446 §4.1.4)."""

    hello: ServerHello


@dataclass(frozen=True, slots=True)
class EncryptedExtensionsSeen:
    """EncryptedExtensions."""

    message: EncryptedExtensions


@dataclass(frozen=True, slots=True)
class CertificateRequestSeen:
    """The server asks for a client certificate; `after_handshake`: only then (RFC 8446 §4.6.2)."""

    message: CertificateRequest
    after_handshake: bool = False


@dataclass(frozen=True, slots=True)
class CertificatesShown:
    """The server's Certificate message."""

    message: CertificateMessage


@dataclass(frozen=True, slots=True)
class CertificateVerifySeen:
    """The server's CertificateVerify; its signature was not verified.

    Attributes:
        message: With scheme and signature.
        signed: The octets that the signature is over (RFC 8446 §4.4.3), for whoever verifies it.
    """

    message: CertificateVerify
    signed: bytes


@dataclass(frozen=True, slots=True)
class ServerKeyExchangeSeen:
    """The server's ServerKeyExchange, up to TLS 1.2; its signature was not verified.

    Attributes:
        message: With group or prime, public value, scheme and signature.
        signed: The octets that the signature is over: both randoms and the parameters (RFC 5246 §7.4.3).
            Before TLS 1.2 an RSA key signs their MD5 and SHA-1 without DigestInfo, any other key their SHA-1
            (RFC 4346 §7.4.3). b"" where nothing is signed, or the parameters cannot be read.
    """

    message: ServerKeyExchange
    signed: bytes


@dataclass(frozen=True, slots=True)
class CertificateStatusSeen:
    """A stapled OCSP response, up to TLS 1.2 (RFC 6066 §8)."""

    message: CertificateStatus


@dataclass(frozen=True, slots=True)
class ServerHelloDoneSeen:
    """The server's first flight is whole, up to TLS 1.2; ours goes out next."""


@dataclass(frozen=True, slots=True)
class HelloRequestSeen:
    """The server asks to negotiate anew, up to TLS 1.2 (RFC 5246 §7.4.1.1); nothing was answered."""


@dataclass(frozen=True, slots=True)
class HandshakeCompleted:
    """The server's Finished is right; where ours did not go first, it goes out next.

    Attributes:
        suite: Number of the suite.
        group: Number of the group; None with a pre-shared key alone.
        resumed: Whether our ticket was taken.
        early_data_accepted: Whether our early data was taken; None where none was announced.
    """

    suite: int
    group: int | None
    resumed: bool
    early_data_accepted: bool | None = None


@dataclass(frozen=True, slots=True)
class TicketSeen:
    """A NewSessionTicket, and what it takes to use it."""

    message: NewSessionTicket
    resumption: Resumption


@dataclass(frozen=True, slots=True)
class RenegotiationCompleted:
    """A further handshake on the same connection is completed, up to TLS 1.2.

    Attributes:
        suite: Number of the suite.
        group: Number of the group; None where the exchange named none.
        secure: Whether it was bound to the one before (RFC 5746).
    """

    suite: int
    group: int | None
    secure: bool


@dataclass(frozen=True, slots=True)
class SessionTicketSeen:
    """A NewSessionTicket up to TLS 1.2 (RFC 5077 §3.3).

    Attributes:
        message: With ticket and lifetime.
        resumption: What it takes to use it; None for an empty ticket, which says that there is none.
    """

    message: NewSessionTicket
    resumption: Resumption12 | None


@dataclass(frozen=True, slots=True)
class HeartbeatSeen:
    """A heartbeat record (RFC 6520 §3).

    Attributes:
        octets: Its content as it came, nothing of it judged.
        encrypted: Whether it came under encryption.
    """

    octets: bytes
    encrypted: bool


@dataclass(frozen=True, slots=True)
class KeyUpdated:
    """The server went on to its next key; `requested`: so did we."""

    requested: bool


@dataclass(frozen=True, slots=True)
class ApplicationData:
    """Octets of the protocol above, those of one record."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class AlertReceived:
    """An alert; only a warning of level 1 does not end the connection.

    Attributes:
        level: 1 or 2 as sent; in TLS 1.3 it says nothing (RFC 8446 §6).
        description: Its number.
        encrypted: Whether it came under encryption.
    """

    level: int
    description: int
    encrypted: bool


@dataclass(frozen=True, slots=True)
class Deviated:
    """The server broke a rule, or reached a limit of ours; reading goes on unless `Failed` follows."""

    deviation: Deviation


@dataclass(frozen=True, slots=True)
class Closed:
    """The server's side ended; `in_order`: with close_notify (RFC 8446 §6.1)."""

    in_order: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """We cannot go on, for this deviation, which was told before.

    Attributes:
        deviation: What was wrong.
        alert: Number of the alert that goes out; None where the peer does not speak TLS.
    """

    deviation: Deviation
    alert: int | None


@dataclass(frozen=True, slots=True)
class Stopped:
    """Looking ended: ``asked`` to, or ``other-version`` where the server chose one not spoken here."""

    why: str


Event = (
    ServerHelloSeen
    | HelloRetry
    | EncryptedExtensionsSeen
    | CertificateRequestSeen
    | CertificatesShown
    | CertificateVerifySeen
    | CertificateStatusSeen
    | ServerKeyExchangeSeen
    | ServerHelloDoneSeen
    | HelloRequestSeen
    | HandshakeCompleted
    | RenegotiationCompleted
    | TicketSeen
    | SessionTicketSeen
    | HeartbeatSeen
    | KeyUpdated
    | ApplicationData
    | AlertReceived
    | Deviated
    | Closed
    | Failed
    | Stopped
)
