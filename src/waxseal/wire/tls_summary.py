"""What the events of one handshake come to: one record of all that the server said.

Made of the events of any client (see ``wire.tls_events``); nothing here judges. Certificates stay octets,
which ``trust`` reads.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from waxseal.facts import Deviation
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_client_hello import TLS_1_3
from waxseal.wire.tls_events import (
    AlertReceived,
    CertificateRequestSeen,
    CertificatesShown,
    CertificateStatusSeen,
    CertificateVerifySeen,
    Closed,
    Deviated,
    EncryptedExtensionsSeen,
    Event,
    HandshakeCompleted,
    HelloRetry,
    Resumption,
    Resumption12,
    ServerHelloSeen,
    ServerKeyExchangeSeen,
    SessionTicketSeen,
    TicketSeen,
)
from waxseal.wire.tls_extensions import ServerExtensions
from waxseal.wire.tls_server_certificates import CertificateRequest

VERSION_NAMES: Final = {
    0x0300: "SSLv3",
    0x0301: "TLSv1",
    0x0302: "TLSv1.1",
    0x0303: "TLSv1.2",
    0x0304: "TLSv1.3",
}
"""Names of versions, as facts have them."""


def version_name(number: int) -> str:
    """``TLSv1.2``, or the number as ``0x7f1c`` where it is none of `VERSION_NAMES`."""
    return VERSION_NAMES.get(number, f"{number:#06x}")


class SentExtension(NamedTuple):
    """An extension of the server: the message that carried it, its number, and the octets of its body."""

    message: str
    number: int
    octets: bytes


class Ticket(NamedTuple):
    """A ticket for resumption; `lifetime_s` 0 leaves it open up to TLS 1.2, an octet count of 0 is none."""

    lifetime_s: int
    octets: int
    max_early_data_octets: int | None


@dataclass(slots=True)
class HandshakeSummary:
    """All that one handshake showed. None and empty where it was not seen.

    Attributes:
        version: Number of the version chosen.
        suite: Number of the suite chosen.
        group: Number of the key exchange's group.
        retry_group: Group that a HelloRetryRequest asked for; 0 where it named none.
        share_octets: Size of the server's public value.
        prime_bits: Size of the modulus of a DHE exchange, or of an export key.
        scheme: Number of the scheme that the server proved its key with.
        signature: That proof.
        signed: The octets that it is over; b"" where they are not known.
        resumed: Whether an earlier session was taken up again; None before that is known.
        completed: Whether the handshake was completed.
        session_id_octets: Size of the session id that came.
        compression: Number of the compression method.
        extended_main_secret: RFC 7627; None in TLS 1.3, which has no use for it.
        encrypt_then_mac: RFC 7366; None in TLS 1.3.
        secure_renegotiation: RFC 5746; None in TLS 1.3.
        downgrade_sentinel: The version that the end of the random says to be possible (RFC 8446 §4.1.3).
        protocol: ALPN.
        server_groups: What supported_groups lists.
        extensions: Every one that the server sent, in order.
        certificates: DER, leaf first.
        certificate_compression: Number of the algorithm (RFC 8879).
        staple: OCSP response.
        timestamps: SCTs in a TLS extension.
        request: The server's wish for a client certificate.
        tickets: For resumption.
        sessions: What it takes to use them; secret.
        alerts: Level and number of each alert received.
        deviations: What broke a rule.
        closed_in_order: Whether the end came with close_notify; None while there is none.
    """

    version: int | None = None
    suite: int | None = None
    group: int | None = None
    retry_group: int | None = None
    share_octets: int = 0
    prime_bits: int = 0
    scheme: int | None = None
    signature: bytes = b""
    signed: bytes = b""
    resumed: bool | None = None
    completed: bool = False
    session_id_octets: int = 0
    compression: int = 0
    extended_main_secret: bool | None = None
    encrypt_then_mac: bool | None = None
    secure_renegotiation: bool | None = None
    downgrade_sentinel: int | None = None
    protocol: bytes | None = None
    server_groups: tuple[int, ...] | None = None
    extensions: list[SentExtension] = field(default_factory=list)
    certificates: tuple[bytes, ...] = ()
    certificate_compression: int | None = None
    staple: bytes = b""
    timestamps: tuple[bytes, ...] = ()
    request: CertificateRequest | None = None
    tickets: list[Ticket] = field(default_factory=list)
    sessions: list[Resumption | Resumption12] = field(default_factory=list, repr=False)
    alerts: list[tuple[int, int]] = field(default_factory=list)
    deviations: list[Deviation] = field(default_factory=list)
    closed_in_order: bool | None = None


def summarize(events: Iterable[Event]) -> HandshakeSummary:
    """The summary of a first handshake's events, in the order in which they came."""
    summary = HandshakeSummary()
    for event in events:
        _take(summary, event)
    return summary


def _take(summary: HandshakeSummary, event: Event) -> None:
    match event:
        case HelloRetry():
            summary.retry_group = event.hello.extensions.group or 0
            _note(summary, "HelloRetryRequest", event.hello.extensions)
        case ServerHelloSeen():
            _take_hello(summary, event)
        case EncryptedExtensionsSeen():
            _note(summary, "EncryptedExtensions", event.message.extensions)
        case CertificatesShown():
            summary.certificates = event.message.certificates
            summary.certificate_compression = event.message.compression
            for entry in event.message.entries:
                _note(summary, "Certificate", entry.extensions, leaf=entry is event.message.entries[0])
        case CertificateStatusSeen():
            summary.staple = summary.staple or event.message.response
        case ServerKeyExchangeSeen():
            summary.group = event.message.group
            summary.share_octets = len(event.message.public)
            summary.prime_bits = event.message.prime_bits
            summary.scheme, summary.signature = event.message.scheme, event.message.signature
            summary.signed = event.signed
        case CertificateRequestSeen():
            summary.request = summary.request or event.message
        case CertificateVerifySeen():
            summary.scheme, summary.signature = event.message.scheme, event.message.signature
            summary.signed = event.signed
        case HandshakeCompleted():
            summary.completed, summary.resumed = True, event.resumed
            summary.group = summary.group if event.group is None else event.group
        case _:
            _take_later(summary, event)


def _take_later(summary: HandshakeSummary, event: Event) -> None:
    """Tickets, and what may come at any time."""
    match event:
        case TicketSeen() | SessionTicketSeen():
            seen = event.message
            summary.tickets.append(Ticket(seen.lifetime_s, len(seen.ticket), seen.max_early_data_octets))
            if event.resumption is not None:
                summary.sessions.append(event.resumption)
        case AlertReceived():
            summary.alerts.append((event.level, event.description))
        case Deviated():
            summary.deviations.append(event.deviation)
        case Closed():
            summary.closed_in_order = event.in_order
        case _:
            pass


def _take_hello(summary: HandshakeSummary, event: ServerHelloSeen) -> None:
    hello = event.hello
    sent = hello.extensions
    summary.version, summary.suite, summary.compression = hello.version, hello.suite, hello.compression
    summary.session_id_octets = len(hello.session_id)
    summary.group, summary.share_octets = sent.group, len(sent.share or b"")
    summary.downgrade_sentinel = hello.downgrade_sentinel
    if hello.version < TLS_1_3:
        summary.extended_main_secret = sent.has(reg.EXTENDED_MASTER_SECRET)
        summary.encrypt_then_mac = sent.has(reg.ENCRYPT_THEN_MAC)
        summary.secure_renegotiation = sent.has(reg.RENEGOTIATION_INFO)
    _note(summary, "ServerHello", sent)


def _note(summary: HandshakeSummary, message: str, sent: ServerExtensions, *, leaf: bool = True) -> None:
    """Write the extensions of a message down, and take from them what may stand in several messages."""
    summary.extensions += [SentExtension(message, e.number, e.octets) for e in sent.raw]
    if sent.protocol is not None:
        summary.protocol = sent.protocol
    if sent.groups is not None:
        summary.server_groups = sent.groups
    if sent.status is not None and sent.status[1] and leaf:
        summary.staple = sent.status[1]
    if sent.timestamps and leaf:
        summary.timestamps = sent.timestamps
