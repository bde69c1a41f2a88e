"""ServerHello (RFC 8446 §4.1.3, RFC 5246 §7.4.1.3), HelloRetryRequest and EncryptedExtensions.

Parsers take one whole handshake message with its 4-octet header and never raise on what a server sent.
Certificates are in ``wire.tls_server_certificates``, the other messages in ``wire.tls_server_flight``.
"""

from dataclasses import dataclass
from typing import Final

from waxseal.facts import Deviation
from waxseal.wire.tls_extensions import NO_EXTENSIONS, ServerExtensions, read_extensions
from waxseal.wire.tls_fields import FieldReader

RETRY_RANDOM: Final = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""SHA-256 of "HelloRetryRequest", the random that makes a ServerHello one (RFC 8446 §4.1.3)."""
_SENTINELS: Final = {b"DOWNGRD\x01": 0x0303, b"DOWNGRD\x00": 0x0302}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A handshake message whose fixed part is cut short.

    Attributes:
        kind: Message type; None where there is not even that.
        octets: The message as it came.
        deviations: At least one, which says where it ended.
    """

    kind: int | None
    octets: bytes
    deviations: tuple[Deviation, ...]


@dataclass(frozen=True, slots=True)
class ServerHello:
    """A ServerHello, or the HelloRetryRequest that has its form.

    Attributes:
        octets: The message as it came.
        legacy_version: The version field; the version chosen is `version`.
        random: 32 octets.
        session_id: In TLS 1.3 the echo of the client's.
        suite: Number of the suite chosen.
        compression: Number of the compression method chosen.
        extensions: Kept raw, and decoded; no block at all gives none.
        deviations: What does not fit RFC 8446 §4.1.3.
    """

    octets: bytes
    legacy_version: int
    random: bytes
    session_id: bytes
    suite: int
    compression: int
    extensions: ServerExtensions
    deviations: tuple[Deviation, ...] = ()

    @property
    def retry(self) -> bool:
        """Whether it is a HelloRetryRequest (RFC 8446 §4.1.4)."""
        return self.random == RETRY_RANDOM

    @property
    def version(self) -> int:
        """The version chosen: that of supported_versions before the version field (RFC 8446 §4.2.1)."""
        selected = self.extensions.selected_version
        return self.legacy_version if selected is None else selected

    @property
    def downgrade_sentinel(self) -> int | None:
        """The end of the random says: could do more than TLS 1.2 (0x0303), or than TLS 1.1 (0x0302).

        None where it says nothing of the kind (RFC 8446 §4.1.3).
        """
        return _SENTINELS.get(self.random[24:])


@dataclass(frozen=True, slots=True)
class EncryptedExtensions:
    """EncryptedExtensions (RFC 8446 §4.3.1)."""

    octets: bytes
    extensions: ServerExtensions
    deviations: tuple[Deviation, ...] = ()


def open_message(octets: bytes, source: str) -> FieldReader:
    """A reader of a message's body, its header judged (RFC 8446 §4); what all parsers begin with."""
    reader = FieldReader(octets, source)
    reader.number(1)
    length = reader.number(3)
    if not reader.short and length != reader.left:
        reader.flag("message-length", "RFC 8446 §4", 0)
        reader.end = min(reader.end, reader.at + length)
    return reader


def unreadable(octets: bytes, reader: FieldReader) -> Unreadable:
    """The message for what it is, after its reader came up short."""
    return Unreadable(octets[0] if octets else None, octets, tuple(reader.deviations))


def parse_server_hello(octets: bytes) -> ServerHello | Unreadable:
    """Read a ServerHello or HelloRetryRequest."""
    reader = open_message(octets, "RFC 8446 §4.1.3")
    legacy_version = reader.number(2)
    random = reader.take(32)
    session_at = reader.at
    session_id = reader.vector(1)
    suite = reader.number(2)
    compression = reader.number(1)
    if reader.short:
        return unreadable(octets, reader)
    if len(session_id) > 32:
        reader.flag("session-id-too-long", at=session_at)
    extensions = NO_EXTENSIONS
    if reader.left:  # SSL 3.0 to TLS 1.2 may leave the block out (RFC 5246 §7.4.1.3)
        extensions = read_extensions(reader, retry=random == RETRY_RANDOM)
        reader.finish()
    return ServerHello(
        octets,
        legacy_version,
        random,
        session_id,
        suite,
        compression,
        extensions,
        tuple(reader.deviations),
    )


def parse_encrypted_extensions(octets: bytes) -> EncryptedExtensions | Unreadable:
    """Read EncryptedExtensions."""
    reader = open_message(octets, "RFC 8446 §4.3.1")
    if reader.left < 2:
        reader.number(2)
        return unreadable(octets, reader)
    extensions = read_extensions(reader)
    reader.finish()
    return EncryptedExtensions(octets, extensions, tuple(reader.deviations))


def version_name(number: int) -> str:
    """``SSLv3``, ``TLSv1``, ``TLSv1.1``, ``TLSv1.2``, ``TLSv1.3``; ``0x7F1C`` for another number."""
    return _VERSION_NAMES.get(number, f"0x{number:04X}")


_VERSION_NAMES: Final = {
    0x0300: "SSLv3",
    0x0301: "TLSv1",
    0x0302: "TLSv1.1",
    0x0303: "TLSv1.2",
    0x0304: "TLSv1.3",
}
