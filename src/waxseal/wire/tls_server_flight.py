"""The other messages of a server, such as NewSessionTicket, Finished and KeyUpdate; and one parser for all.

`parse_message` takes any whole handshake message of a server, with its 4-octet header, and never raises on
what was sent. ServerHello is in ``wire.tls_server_hello``, messages about certificates in
``wire.tls_server_certificates``, ServerKeyExchange in ``wire.tls_key_exchange``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from waxseal.facts import Deviation
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_extensions import NO_EXTENSIONS, ServerExtensions, read_extensions
from waxseal.wire.tls_key_exchange import KeyExchange, ServerKeyExchange, parse_server_key_exchange
from waxseal.wire.tls_server_certificates import (
    CertificateMessage,
    CertificateRequest,
    CertificateStatus,
    CertificateVerify,
    parse_certificate,
    parse_certificate_request,
    parse_certificate_status,
    parse_certificate_verify,
    parse_compressed_certificate,
)
from waxseal.wire.tls_server_hello import (
    EncryptedExtensions,
    ServerHello,
    Unreadable,
    open_message,
    parse_encrypted_extensions,
    parse_server_hello,
    unreadable,
)

MAX_TICKET_LIFETIME_S = 7 * 24 * 3600
"""The longest lifetime that RFC 8446 §4.6.1 allows."""


@dataclass(frozen=True, slots=True)
class ServerHelloDone:
    """The end of a server's first flight up to TLS 1.2 (RFC 5246 §7.4.5)."""

    octets: bytes
    deviations: tuple[Deviation, ...] = ()


@dataclass(frozen=True, slots=True)
class HelloRequest:
    """The server asks to begin anew, up to TLS 1.2 (RFC 5246 §7.4.1.1)."""

    octets: bytes
    deviations: tuple[Deviation, ...] = ()


@dataclass(frozen=True, slots=True)
class NewSessionTicket:
    """A ticket for resumption (RFC 8446 §4.6.1, or RFC 5077 §3.3 up to TLS 1.2).

    Attributes:
        octets: The message as it came.
        lifetime_s: As announced; up to TLS 1.2, 0 leaves it open.
        ticket: The ticket itself; up to TLS 1.2 an empty one says that there is none.
        age_add: What the client adds to the age it tells; None up to TLS 1.2.
        nonce: Distinguishes the tickets of one connection; b"" up to TLS 1.2.
        extensions: Of TLS 1.3.
        max_early_data_octets: From extension early_data; None where it is not there.
        deviations: What does not fit.
    """

    octets: bytes
    lifetime_s: int
    ticket: bytes
    age_add: int | None = None
    nonce: bytes = b""
    extensions: ServerExtensions = NO_EXTENSIONS
    deviations: tuple[Deviation, ...] = ()

    @property
    def max_early_data_octets(self) -> int | None:
        """How much early data the server takes with this ticket (RFC 8446 §4.2.10)."""
        return self.extensions.max_early_data_octets


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a side's handshake (RFC 8446 §4.4.4)."""

    octets: bytes
    verify_data: bytes
    deviations: tuple[Deviation, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyUpdate:
    """The sender goes on to its next key; `requested`: and asks the receiver to (RFC 8446 §4.6.3)."""

    octets: bytes
    requested: bool
    deviations: tuple[Deviation, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherMessage:
    """A message of a type that a server does not send, or that this version does not know."""

    octets: bytes
    deviations: tuple[Deviation, ...] = ()


Message = (
    ServerHello
    | EncryptedExtensions
    | CertificateMessage
    | CertificateStatus
    | ServerKeyExchange
    | CertificateRequest
    | ServerHelloDone
    | HelloRequest
    | NewSessionTicket
    | CertificateVerify
    | Finished
    | KeyUpdate
    | OtherMessage
    | Unreadable
)


def parse_message(octets: bytes, version: int = 0x0303, exchange: KeyExchange = KeyExchange.ECDHE) -> Message:
    """Read any handshake message of a server.

    Args:
        octets: The whole message with its 4-octet header.
        version: The negotiated version; several messages have another form in TLS 1.3 than before.
        exchange: Up to TLS 1.2 the key exchange of the negotiated suite, for a ServerKeyExchange.
    """
    kind = octets[0] if octets else None
    parser = _PARSERS.get(kind if kind is not None else -1)
    if parser is not None:
        return parser(octets)
    if kind == reg.CERTIFICATE:
        return parse_certificate(octets, tls13=version >= 0x0304)
    if kind == reg.CERTIFICATE_REQUEST:
        return parse_certificate_request(octets, version=version)
    if kind == reg.NEW_SESSION_TICKET:
        return parse_new_session_ticket(octets, tls13=version >= 0x0304)
    if kind == reg.SERVER_KEY_EXCHANGE:
        return parse_server_key_exchange(octets, exchange, version=version)
    reader = open_message(octets, "RFC 8446 §4")
    if reader.short:
        return unreadable(octets, reader)
    return OtherMessage(octets, tuple(reader.deviations))


def parse_new_session_ticket(octets: bytes, *, tls13: bool) -> NewSessionTicket | Unreadable:
    """Read a NewSessionTicket."""
    reader = open_message(octets, "RFC 8446 §4.6.1" if tls13 else "RFC 5077 §3.3")
    lifetime_at = reader.at
    lifetime_s = reader.number(4)
    age_add = reader.number(4) if tls13 else None
    nonce = reader.vector(1) if tls13 else b""
    ticket = reader.vector(2)
    if reader.short:
        return unreadable(octets, reader)
    extensions = NO_EXTENSIONS
    if tls13:
        extensions = read_extensions(reader)
        if lifetime_s > MAX_TICKET_LIFETIME_S:
            reader.flag("ticket-lifetime-too-long", at=lifetime_at)
        if not ticket:
            reader.flag("ticket-empty", at=lifetime_at)
    reader.finish()
    return NewSessionTicket(octets, lifetime_s, ticket, age_add, nonce, extensions, tuple(reader.deviations))


def parse_finished(octets: bytes) -> Finished | Unreadable:
    """Read a Finished; whether its value is right is for those who hold the keys."""
    reader = open_message(octets, "RFC 8446 §4.4.4")
    if reader.short:
        return unreadable(octets, reader)
    return Finished(octets, reader.take(reader.left), tuple(reader.deviations))


def parse_key_update(octets: bytes) -> KeyUpdate | Unreadable:
    """Read a KeyUpdate."""
    reader = open_message(octets, "RFC 8446 §4.6.3")
    requested = reader.number(1)
    if reader.short:
        return unreadable(octets, reader)
    if requested > 1:
        reader.flag("key-update-request", at=4)
    reader.finish()
    return KeyUpdate(octets, requested == 1, tuple(reader.deviations))


def _parse_empty(octets: bytes) -> ServerHelloDone | HelloRequest | Unreadable:
    done = octets[0] == reg.SERVER_HELLO_DONE
    reader = open_message(octets, "RFC 5246 §7.4.5" if done else "RFC 5246 §7.4.1.1")
    if reader.short:
        return unreadable(octets, reader)
    reader.finish()
    kind = ServerHelloDone if done else HelloRequest
    return kind(octets, tuple(reader.deviations))


_PARSERS: Final[dict[int, Callable[[bytes], Message]]] = {
    reg.SERVER_HELLO: parse_server_hello,
    reg.ENCRYPTED_EXTENSIONS: parse_encrypted_extensions,
    reg.COMPRESSED_CERTIFICATE: parse_compressed_certificate,
    reg.CERTIFICATE_STATUS: parse_certificate_status,
    reg.CERTIFICATE_VERIFY: parse_certificate_verify,
    reg.KEY_UPDATE: parse_key_update,
    reg.FINISHED: parse_finished,
    reg.SERVER_HELLO_DONE: _parse_empty,
    reg.HELLO_REQUEST: _parse_empty,
}
"""Messages that have one form in every version."""
