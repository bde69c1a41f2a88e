"""What a TLS 1.3 client saw, one event after the other (see ``wire.tls13``).

Events are data; the octets in them are as the server sent them. No secret shows in a repr.
"""

from dataclasses import dataclass, field

from waxseal.facts import Deviation
from waxseal.wire.tls_server_certificates import CertificateMessage, CertificateRequest, CertificateVerify
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
    """The server asks for a client certificate."""

    message: CertificateRequest


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
class HandshakeCompleted:
    """The server's Finished is right; ours goes out next.

    Attributes:
        suite: Number of the suite.
        group: Number of the group; None with a pre-shared key alone.
        resumed: Whether our ticket was taken.
    """

    suite: int
    group: int | None
    resumed: bool


@dataclass(frozen=True, slots=True)
class TicketSeen:
    """A NewSessionTicket, and what it takes to use it."""

    message: NewSessionTicket
    resumption: Resumption


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
    """Looking ended: ``asked`` to, or ``other-version`` where the server chose another than TLS 1.3."""

    why: str


Event = (
    ServerHelloSeen
    | HelloRetry
    | EncryptedExtensionsSeen
    | CertificateRequestSeen
    | CertificatesShown
    | CertificateVerifySeen
    | HandshakeCompleted
    | TicketSeen
    | KeyUpdated
    | ApplicationData
    | AlertReceived
    | Deviated
    | Closed
    | Failed
    | Stopped
)
