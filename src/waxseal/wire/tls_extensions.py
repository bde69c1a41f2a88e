"""TLS extensions that a server sends: kept raw, all of them, and decoded where this version knows them.

One reader serves every message that carries extensions: ServerHello, HelloRetryRequest, EncryptedExtensions,
CertificateRequest, each entry of a TLS 1.3 Certificate, NewSessionTicket (RFC 8446 §4.2). The extensions that
a client sends are written in ``wire.tls_client_extensions``.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Final

from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_fields import FieldReader

MAX_EXTENSIONS: Final = 256
"""Extensions of one message that are read."""
MAX_LIST_ENTRIES: Final = 1024
"""Entries of a list inside an extension that are read."""
_MAX_KNOWN_OCTETS = 256


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension: its number in the registry, and its body without number and length."""

    number: int
    octets: bytes = b""


@dataclass(frozen=True, slots=True)
class ServerExtensions:
    """The extensions of one server message.

    A decoded field is None where the extension is not among `raw`, or is there with a body that cannot be
    read: then the message has a deviation. Which message may carry which is a table in RFC 8446 §4.2.

    Attributes:
        raw: Every extension as sent, in order; duplicates included.
        selected_version: supported_versions (RFC 8446 §4.2.1).
        group: Group of key_share, or the one that a HelloRetryRequest asks for (RFC 8446 §4.2.8).
        share: Public value of key_share; None in a HelloRetryRequest.
        cookie: RFC 8446 §4.2.2.
        selected_identity: pre_shared_key (RFC 8446 §4.2.11).
        protocol: The ALPN protocol (RFC 7301 §3.1).
        groups: supported_groups, the server's order (RFC 8446 §4.2.7).
        point_formats: ec_point_formats (RFC 8422 §5.1.2).
        record_size_limit: RFC 8449 §4.
        max_fragment_length: Code 1 to 4 (RFC 6066 §4).
        heartbeat_mode: RFC 6520 §2.
        renegotiated_connection: renegotiation_info (RFC 5746 §3.2); b"" in a first handshake.
        timestamps: SignedCertificateTimestamps, each as sent (RFC 6962 §3.3).
        status: Type and octets of a status_request body, an OCSP response inside it (RFC 8446 §4.4.2.1).
        max_early_data_octets: early_data of a ticket (RFC 8446 §4.6.1).
        schemes: signature_algorithms (RFC 8446 §4.2.3).
        certificate_schemes: signature_algorithms_cert (RFC 8446 §4.2.3).
        authorities: DER of each distinguished name (RFC 8446 §4.2.4).
    """

    raw: tuple[Extension, ...] = ()
    selected_version: int | None = None
    group: int | None = None
    share: bytes | None = None
    cookie: bytes | None = None
    selected_identity: int | None = None
    protocol: bytes | None = None
    groups: tuple[int, ...] | None = None
    point_formats: tuple[int, ...] | None = None
    record_size_limit: int | None = None
    max_fragment_length: int | None = None
    heartbeat_mode: int | None = None
    renegotiated_connection: bytes | None = None
    timestamps: tuple[bytes, ...] | None = None
    status: tuple[int, bytes] | None = None
    max_early_data_octets: int | None = None
    schemes: tuple[int, ...] | None = None
    certificate_schemes: tuple[int, ...] | None = None
    authorities: tuple[bytes, ...] | None = None

    @property
    def numbers(self) -> tuple[int, ...]:
        """Extension numbers in the order sent."""
        return tuple(extension.number for extension in self.raw)

    def has(self, number: int) -> bool:
        """Whether an extension of this number was sent, readable or not."""
        return any(extension.number == number for extension in self.raw)

    def octets(self, number: int) -> bytes | None:
        """Body of the first extension of this number."""
        return next((extension.octets for extension in self.raw if extension.number == number), None)


NO_EXTENSIONS: Final = ServerExtensions()


def read_extensions(reader: FieldReader, *, retry: bool = False) -> ServerExtensions:
    """Read a vector of extensions (RFC 8446 §4.2) and decode the known ones.

    Args:
        reader: Stands at the vector's length; its deviations take up what does not fit.
        retry: The message is a HelloRetryRequest, whose key_share has another form.
    """
    at = reader.at
    if at + 2 <= reader.end and not reader.octets[at] and not reader.octets[at + 1]:
        reader.at = at + 2  # the usual case in a Certificate
        return NO_EXTENSIONS
    end = at + 2 + int.from_bytes(reader.octets[at : at + 2], "big")
    if end <= reader.end and end - at <= _MAX_KNOWN_OCTETS:
        known = _known(reader.octets[at:end], retry)
        if known is not None:
            reader.at = end
            return known
    return _read_block(reader, retry)


@lru_cache(maxsize=512)
def _known(octets: bytes, retry: bool) -> ServerExtensions | None:
    """A short block that breaks no rule, read once: the same few come from all servers. None for another."""
    reader = FieldReader(octets, "")
    found = _read_block(reader, retry)
    return None if reader.deviations else found


def _read_block(reader: FieldReader, retry: bool) -> ServerExtensions:
    block = reader.inner(2, "RFC 8446 §4.2")
    raw: list[Extension] = []
    seen: set[int] = set()
    decoded: dict[str, Any] = {}
    while block.left and len(raw) < MAX_EXTENSIONS:
        start = block.at
        number = block.number(2)
        body = block.inner(2)
        if block.short:
            break
        raw.append(Extension(number, body.octets[body.at : body.end]))
        if number in seen:
            # There must not be more than one extension of the same type (RFC 8446 §4.2).
            block.flag("duplicate-extension", at=start)
            continue
        seen.add(number)
        if number == reg.KEY_SHARE:
            decoded |= _key_share(body, retry=retry)
        elif number in _DECODERS:
            field, read = _DECODERS[number]
            value = read(body)
            body.finish()
            if not body.short:
                decoded[field] = value
    if block.left and not block.short:
        block.flag("extensions-not-kept", "limit of waxseal")
    return ServerExtensions(raw=tuple(raw), **decoded)


def _key_share(body: FieldReader, *, retry: bool) -> dict[str, Any]:
    """Group and public value; in a HelloRetryRequest the group alone (RFC 8446 §4.2.8)."""
    body.source = "RFC 8446 §4.2.8"
    found: dict[str, Any] = {"group": body.number(2)}
    if body.short:
        return {}
    if not retry:
        share = body.vector(2)
        found |= {} if body.short else {"share": share}
    body.finish()
    return found


def _protocol(body: FieldReader) -> bytes:
    names = body.inner(2, "RFC 7301 §3.1")
    name = names.vector(1)
    names.finish()
    body.short = body.short or names.short
    return name


def _vectors(body: FieldReader, source: str) -> tuple[bytes, ...]:
    """A list of vectors with 2-octet lengths, the empty list included."""
    entries = body.inner(2, source)
    found: list[bytes] = []
    while entries.left and len(found) < MAX_LIST_ENTRIES:
        found.append(entries.vector(2))
    entries.finish()
    body.short = body.short or entries.short
    return tuple(found)


def _status(body: FieldReader) -> tuple[int, bytes]:
    """CertificateStatus in an extension; the empty body of a TLS 1.2 ServerHello gives (0, b"")."""
    return (body.number(1), body.vector(3)) if body.left else (0, b"")


def _number_list(prefix: int, size: int, source: str) -> Callable[[FieldReader], tuple[int, ...]]:
    def read(body: FieldReader) -> tuple[int, ...]:
        entries = body.inner(prefix, source)
        found = entries.numbers(size)
        body.short = body.short or entries.short
        return found[:MAX_LIST_ENTRIES]

    return read


_DECODERS: Final[dict[int, tuple[str, Callable[[FieldReader], Any]]]] = {
    reg.MAX_FRAGMENT_LENGTH: ("max_fragment_length", lambda body: body.number(1)),
    reg.STATUS_REQUEST: ("status", _status),
    reg.SUPPORTED_GROUPS: ("groups", _number_list(2, 2, "RFC 8446 §4.2.7")),
    reg.EC_POINT_FORMATS: ("point_formats", _number_list(1, 1, "RFC 8422 §5.1.2")),
    reg.SIGNATURE_ALGORITHMS: ("schemes", _number_list(2, 2, "RFC 8446 §4.2.3")),
    reg.HEARTBEAT: ("heartbeat_mode", lambda body: body.number(1)),
    reg.ALPN: ("protocol", _protocol),
    reg.SIGNED_CERTIFICATE_TIMESTAMP: ("timestamps", lambda body: _vectors(body, "RFC 6962 §3.3")),
    reg.RECORD_SIZE_LIMIT: ("record_size_limit", lambda body: body.number(2)),
    reg.PRE_SHARED_KEY: ("selected_identity", lambda body: body.number(2)),
    reg.EARLY_DATA: ("max_early_data_octets", lambda body: body.number(4) if body.left else None),
    reg.SUPPORTED_VERSIONS: ("selected_version", lambda body: body.number(2)),
    reg.COOKIE: ("cookie", lambda body: body.vector(2)),
    reg.CERTIFICATE_AUTHORITIES: ("authorities", lambda body: _vectors(body, "RFC 8446 §4.2.4")),
    reg.SIGNATURE_ALGORITHMS_CERT: ("certificate_schemes", _number_list(2, 2, "RFC 8446 §4.2.3")),
    reg.RENEGOTIATION_INFO: ("renegotiated_connection", lambda body: body.vector(1)),
}
"""The field that an extension fills, and how its body is read."""

if not {field for field, _ in _DECODERS.values()} <= {field.name for field in fields(ServerExtensions)}:
    raise AssertionError("a decoder fills a field that there is not")
