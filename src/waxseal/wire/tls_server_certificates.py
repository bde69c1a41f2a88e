"""Messages about certificates: Certificate, also compressed, and its Status, Request and Verify.

Certificates themselves are kept as octets; they are read in ``trust``. Parsers take one whole handshake
message with its 4-octet header and never raise on what a server sent.
"""

import zlib
from dataclasses import dataclass, replace
from typing import Final

from waxseal.facts import Deviation
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_extensions import MAX_LIST_ENTRIES, NO_EXTENSIONS, ServerExtensions, read_extensions
from waxseal.wire.tls_fields import FieldReader, message
from waxseal.wire.tls_server_hello import Unreadable, open_message, unreadable

MAX_ENTRIES: Final = 64
"""Certificates of one message that are kept."""
MAX_UNCOMPRESSED_OCTETS: Final = 128 * 1024
"""The longest Certificate that is uncompressed."""


@dataclass(frozen=True, slots=True)
class CertificateEntry:
    """One certificate as sent, with its extensions, which only TLS 1.3 has (RFC 8446 §4.4.2)."""

    der: bytes
    extensions: ServerExtensions = NO_EXTENSIONS


@dataclass(frozen=True, slots=True)
class CertificateMessage:
    """A Certificate message.

    Attributes:
        octets: The message as it came; compressed if it was.
        entries: The server's order, leaf first; empty where none was sent or none can be read.
        context: certificate_request_context; b"" up to TLS 1.2 and from servers.
        compression: Number of the algorithm it was compressed with (RFC 8879 §7.3); None where it was not.
            Of an algorithm other than zlib, which is no fault of the server's, the octets are kept and
            `entries` is empty.
        uncompressed_octets: The size that a compressed message announced.
        deviations: What does not fit.
    """

    octets: bytes
    entries: tuple[CertificateEntry, ...]
    context: bytes = b""
    compression: int | None = None
    uncompressed_octets: int | None = None
    deviations: tuple[Deviation, ...] = ()

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """DER of each certificate, as sent."""
        return tuple(entry.der for entry in self.entries)

    @property
    def readable(self) -> bool:
        """Whether its compression, if any, is one that is read here; else `entries` says nothing."""
        return self.compression in {None, reg.ZLIB}

    @property
    def compression_name(self) -> str:
        """``zlib``, ``brotli``, ``zstd``; ``0x4A4A`` in the same form for another; "" where there is none."""
        number = self.compression
        return "" if number is None else reg.COMPRESSION_NAMES.get(number, f"0x{number:04X}")


@dataclass(frozen=True, slots=True)
class CertificateStatus:
    """A stapled OCSP response up to TLS 1.2 (RFC 6066 §8): `status_type` 1, `response` its DER."""

    octets: bytes
    status_type: int
    response: bytes
    deviations: tuple[Deviation, ...] = ()


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """The server asks for a client certificate.

    Attributes:
        octets: The message as it came.
        types: ClientCertificateType numbers, up to TLS 1.2 (RFC 5246 §7.4.4).
        schemes: Signature schemes; in TLS 1.3 from the extension.
        authorities: DER of each distinguished name.
        context: certificate_request_context (RFC 8446 §4.3.2).
        extensions: Of TLS 1.3.
        deviations: What does not fit.
    """

    octets: bytes
    types: tuple[int, ...] = ()
    schemes: tuple[int, ...] = ()
    authorities: tuple[bytes, ...] = ()
    context: bytes = b""
    extensions: ServerExtensions = NO_EXTENSIONS
    deviations: tuple[Deviation, ...] = ()


@dataclass(frozen=True, slots=True)
class CertificateVerify:
    """The server's proof that it holds the key (RFC 8446 §4.4.3); not verified here."""

    octets: bytes
    scheme: int
    signature: bytes
    deviations: tuple[Deviation, ...] = ()


def parse_certificate(octets: bytes, *, tls13: bool) -> CertificateMessage | Unreadable:
    """Read a Certificate message: the form of TLS 1.3 (RFC 8446 §4.4.2), or that before (RFC 5246 §7.4.2)."""
    source = "RFC 8446 §4.4.2" if tls13 else "RFC 5246 §7.4.2"
    reader = open_message(octets, source)
    context = reader.vector(1) if tls13 else b""
    if reader.short or reader.left < 3:
        reader.number(3)
        return unreadable(octets, reader)
    block = reader.inner(3)
    entries: list[CertificateEntry] = []
    while block.left and not block.short:
        if len(entries) == MAX_ENTRIES:
            block.flag("certificates-not-kept", "limit of waxseal")
            break
        start = block.at
        der = block.vector(3)
        if block.short:
            break  # a piece of a certificate is none
        if not der:
            block.flag("empty-certificate", at=start)
        extensions = read_extensions(block) if tls13 else NO_EXTENSIONS
        entries.append(CertificateEntry(der, extensions))
    reader.finish()
    return CertificateMessage(octets, tuple(entries), context, deviations=tuple(reader.deviations))


def parse_compressed_certificate(octets: bytes) -> CertificateMessage | Unreadable:
    """Read a CompressedCertificate; only zlib can be uncompressed (RFC 8879 §4)."""
    reader = open_message(octets, "RFC 8879 §4")
    algorithm = reader.number(2)
    announced = reader.number(3)
    compressed_at = reader.at + 3
    compressed = reader.vector(3)
    if reader.short:
        return unreadable(octets, reader)
    reader.finish()
    body = b""
    if algorithm == reg.ZLIB and announced > MAX_UNCOMPRESSED_OCTETS:
        reader.flag("certificate-not-kept", "limit of waxseal", 4)
    elif algorithm == reg.ZLIB:
        body = _inflate(compressed, announced, reader, compressed_at)
    shown: CertificateMessage | Unreadable = CertificateMessage(octets, ())
    if body:
        shown = parse_certificate(message(reg.CERTIFICATE, body), tls13=True)
    deviations = (*reader.deviations, *shown.deviations)
    if isinstance(shown, Unreadable):
        shown = CertificateMessage(octets, ())
    return replace(
        shown,
        octets=octets,
        compression=algorithm,
        uncompressed_octets=announced,
        deviations=deviations,
    )


def _inflate(compressed: bytes, announced: int, reader: FieldReader, at: int) -> bytes:
    """Uncompress to exactly the announced size, else b"" with a deviation (RFC 8879 §4)."""
    machine = zlib.decompressobj()
    try:
        body = machine.decompress(compressed, announced + 1)
    except zlib.error:
        reader.flag("compressed-certificate-broken", at=at)
        return b""
    if len(body) != announced or not machine.eof:
        reader.flag("compressed-certificate-size", at=4)
        return b""
    return body


def parse_certificate_status(octets: bytes) -> CertificateStatus | Unreadable:
    """Read a CertificateStatus."""
    reader = open_message(octets, "RFC 6066 §8")
    status_type = reader.number(1)
    response = reader.vector(3)
    if reader.short:
        return unreadable(octets, reader)
    reader.finish()
    return CertificateStatus(octets, status_type, response, tuple(reader.deviations))


def parse_certificate_request(octets: bytes, *, version: int) -> CertificateRequest | Unreadable:
    """Read a CertificateRequest: TLS 1.3 (RFC 8446 §4.3.2), 1.2 with schemes, or before without them.

    Args:
        octets: The message.
        version: The negotiated version, such as 0x0303.
    """
    if version >= 0x0304:
        return _parse_request_13(octets)
    reader = open_message(octets, "RFC 5246 §7.4.4")
    types = tuple(reader.vector(1))
    schemes: tuple[int, ...] = ()
    if version == 0x0303:
        schemes = reader.inner(2).numbers(2)[:MAX_LIST_ENTRIES]
    names = reader.inner(2)
    if reader.short:
        return unreadable(octets, reader)
    authorities: list[bytes] = []
    while names.left and len(authorities) < MAX_LIST_ENTRIES:
        authorities.append(names.vector(2))
    names.finish()
    reader.finish()
    return CertificateRequest(octets, types, schemes, tuple(authorities), deviations=tuple(reader.deviations))


def _parse_request_13(octets: bytes) -> CertificateRequest | Unreadable:
    reader = open_message(octets, "RFC 8446 §4.3.2")
    context = reader.vector(1)
    if reader.short or reader.left < 2:
        reader.number(2)
        return unreadable(octets, reader)
    extensions = read_extensions(reader)
    reader.finish()
    if not extensions.has(reg.SIGNATURE_ALGORITHMS):
        reader.flag("signature-algorithms-missing", at=0)
    return CertificateRequest(
        octets,
        schemes=extensions.schemes or (),
        authorities=extensions.authorities or (),
        context=context,
        extensions=extensions,
        deviations=tuple(reader.deviations),
    )


def parse_certificate_verify(octets: bytes) -> CertificateVerify | Unreadable:
    """Read a CertificateVerify."""
    reader = open_message(octets, "RFC 8446 §4.4.3")
    scheme = reader.number(2)
    signature = reader.vector(2)
    if reader.short:
        return unreadable(octets, reader)
    reader.finish()
    return CertificateVerify(octets, scheme, signature, tuple(reader.deviations))
