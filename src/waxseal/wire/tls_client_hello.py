"""ClientHello as data, and its octets: whatever a test has to offer, in the order given (RFC 8446 §4.1.2).

Nothing is added, put in order or held back: what is not in the data is not sent. The random and all key
material are arguments. Bodies of extensions come from ``wire.tls_client_extensions``, the SSL 2.0 form is in
``wire.ssl2``.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from struct import pack
from typing import Final

from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_extensions import Extension
from waxseal.wire.tls_fields import message, number, numbers, records, vector

RANDOM_OCTETS: Final = 32
TLS_1_0: Final = 0x0301
TLS_1_2: Final = 0x0303
TLS_1_3: Final = 0x0304


@dataclass(frozen=True, slots=True)
class ClientHello:
    """One ClientHello.

    Attributes:
        random: 32 octets.
        suites: Suite numbers in order of preference; signalling values such as 0x00FF and 0x5600 included.
        extensions: In the order sent; None leaves the whole block out, as SSL 3.0 clients do.
        legacy_version: 0x0303 in TLS 1.2 and 1.3, the highest version offered below.
        session_id: At most 32 octets; in TLS 1.3 for middleboxes only (RFC 8446 appendix D.4).
        compressions: Compression methods; 0 is none, 1 is DEFLATE (RFC 3749 §2).
    """

    random: bytes
    suites: tuple[int, ...]
    extensions: tuple[Extension, ...] | None = ()
    legacy_version: int = TLS_1_2
    session_id: bytes = b""
    compressions: tuple[int, ...] = (0,)

    def message(self) -> bytes:
        """The handshake message with its 4-octet header.

        Raises:
            ValueError: A list is too long for its length field.
        """
        body = number(self.legacy_version, 2) + self.random + vector(self.session_id, 1)
        body += _suites(self.suites) + vector(numbers(self.compressions, 1), 1)
        if self.extensions is not None:
            body += vector(b"".join(map(_extension, self.extensions)), 2)
        return message(reg.CLIENT_HELLO, body)

    def records(self, version: int = TLS_1_0, record_octets: int = 2**14) -> bytes:
        """The message in records of at most `record_octets` of payload.

        Args:
            version: Of the record headers; 0x0301 is what clients send first (RFC 8446 §5.1).
            record_octets: At least 1.
        """
        return records(reg.HANDSHAKE, self.message(), version, record_octets)

    def extension(self, number: int) -> Extension | None:
        """The first extension of this number."""
        return next((e for e in self.extensions or () if e.number == number), None)

    def with_extension(self, extension: Extension) -> "ClientHello":
        """The same with this extension in place of the one of its number, else at the end.

        A pre_shared_key stays the last one (RFC 8446 §4.2.11).
        """
        known = self.extensions or ()
        if any(e.number == extension.number for e in known):
            changed = tuple(extension if e.number == extension.number else e for e in known)
            return replace(self, extensions=changed)
        at = len(known) - 1 if known and known[-1].number == reg.PRE_SHARED_KEY else len(known)
        return replace(self, extensions=(*known[:at], extension, *known[at:]))

    def without_extension(self, number: int) -> "ClientHello":
        """The same without the extensions of this number."""
        return replace(self, extensions=tuple(e for e in self.extensions or () if e.number != number))


@lru_cache(maxsize=256)
def _suites(suites: tuple[int, ...]) -> bytes:
    """The vector of suites: some are offered to thousands of servers."""
    return vector(numbers(suites, 2), 2)


def _extension(extension: Extension) -> bytes:
    """One extension with its number and length."""
    octets = extension.octets
    if len(octets) < 0x10000:
        return pack(">HH", extension.number & 0xFFFF, len(octets)) + octets
    return number(extension.number, 2) + vector(octets, 2)


def padded(hello: ClientHello, message_octets: int) -> ClientHello:
    """The hello with a padding extension, so that its message has at least so many octets (RFC 7685 §3).

    A hello that is long enough stays as it is. The size is met exactly unless fewer than 4 octets are
    missing, which is less than an empty extension takes.
    """
    plain = hello.without_extension(reg.PADDING)
    missing = message_octets - len(plain.message())
    return plain.with_extension(ext.padding(max(0, missing - 4))) if missing > 0 else hello


def segments(octets: bytes, *sizes: int) -> tuple[bytes, ...]:
    """Octets cut for several writes: pieces of the given sizes, then the rest; none is empty."""
    pieces: list[bytes] = []
    for size in sizes:
        pieces.append(octets[:size])
        octets = octets[size:]
    return tuple(piece for piece in (*pieces, octets) if piece)


def with_grease(hello: ClientHello, choice: bytes) -> ClientHello:
    """The hello with reserved values mixed in, which a server has to pass over (RFC 8701 §3.1).

    They come first among the suites, versions, groups, key shares and signature schemes that are there, and
    as an empty first and a one-octet last extension.

    Args:
        hello: Without such values yet.
        choice: At least 6 octets; each chooses one of the 16 reserved values.
    """
    values = [reg.GREASE[octet % 16] for octet in choice[:6]]
    if values[5] == values[4]:  # two extensions of one number would break the rules
        values[5] = reg.GREASE[(choice[5] + 1) % 16]
    front = {
        reg.SUPPORTED_VERSIONS: (1, number(values[1], 2)),
        reg.SUPPORTED_GROUPS: (2, number(values[2], 2)),
        reg.KEY_SHARE: (2, number(values[2], 2) + b"\x00\x01\x00"),
        reg.SIGNATURE_ALGORITHMS: (2, number(values[3], 2)),
    }
    mixed = [Extension(values[4])]
    for extension in hello.extensions or ():
        size, added = front.get(extension.number, (0, b""))
        body = vector(added + extension.octets[size:], size) if size else extension.octets
        mixed.append(Extension(extension.number, body))
    greased = replace(hello, suites=(values[0], *hello.suites), extensions=tuple(mixed))
    return greased.with_extension(Extension(values[5], b"\x00"))
