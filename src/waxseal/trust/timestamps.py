"""Signed certificate timestamps: the promise of a public log to show a certificate (RFC 6962 §3.2, §3.3).

They come embedded in a certificate, in a TLS extension, or in an OCSP response, always in the same list.
Whether a timestamp's signature holds can only be told with the log's key; logs come and go, so none are kept
here, and nobody is called a known log. Parsing never raises: what breaks the form is a `Deviation`, and
reading goes on.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct

from waxseal.facts import Deviation

MAX_TIMESTAMPS: Final = 64
_SOURCE: Final = "RFC 6962 §3.3"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIXED_OCTETS: Final = 1 + 32 + 8 + 2
_HASHES: Final = {2: "sha1", 4: "sha256", 5: "sha384", 6: "sha512"}
_SIGNATURES: Final = {1: "rsa", 2: "dsa", 3: "ecdsa"}


class Timestamp(Struct, frozen=True, omit_defaults=True):
    """One SCT of version 1.

    Attributes:
        log_id: SHA-256 of the log's key, lower-case hex.
        at: When the log took it, aware UTC; None where the number is no moment that can be told.
        hash_name, signature_name: The algorithms, ``sha256`` and ``ecdsa``; the number where not known.
        extensions: Octets of CtExtensions.
        signature: Octets of the signature.
    """

    log_id: str
    at: datetime | None
    hash_name: str
    signature_name: str
    extensions: bytes = b""
    signature: bytes = b""


class TimestampList(Struct, frozen=True, omit_defaults=True):
    """What a SignedCertificateTimestampList holds.

    Attributes:
        timestamps: Those of version 1, in order.
        unknown_versions: The version octets of the others, which are to be passed over (RFC 6962 §3.3).
        deviations: What breaks the form.
    """

    timestamps: tuple[Timestamp, ...] = ()
    unknown_versions: tuple[int, ...] = ()
    deviations: tuple[Deviation, ...] = ()

    @property
    def logs(self) -> int:
        """From how many different logs they are."""
        return len({timestamp.log_id for timestamp in self.timestamps})


def split_list(data: bytes) -> tuple[tuple[bytes, ...], tuple[Deviation, ...]]:
    """The octets of each SCT of a list, its own length left out, at most `MAX_TIMESTAMPS`; never raises.

    Args:
        data: The SignedCertificateTimestampList with the two octets of its length; empty for none.
    """
    if not data:
        return (), ()
    deviations: list[Deviation] = []
    body = data[2:]
    if len(data) < 2 or int.from_bytes(data[:2]) != len(body):
        deviations.append(Deviation("timestamp-list-length", _SOURCE, data[:2]))
        body = body[: int.from_bytes(data[:2])]
    found: list[bytes] = []
    at = 0
    while at < len(body) and len(found) < MAX_TIMESTAMPS:
        size = int.from_bytes(body[at : at + 2])
        octets = body[at + 2 : at + 2 + size]
        if not size or len(octets) < size:
            deviations.append(Deviation("timestamp-cut-short", _SOURCE, body[at : at + 64], at))
            break
        found.append(octets)
        at += 2 + size
    else:
        if at < len(body):
            deviations.append(Deviation("timestamps-too-many", _SOURCE, b"", at))
    if not found and not deviations:
        # (RFC 6962 §3.3) at least one SCT MUST be in the list.
        deviations.append(Deviation("timestamp-list-empty", _SOURCE, data[:2]))
    return tuple(found), tuple(deviations)


def read_list(data: bytes) -> TimestampList:
    """A whole list as sent in the TLS extension, an OCSP extension or the certificate's; never raises."""
    octets, deviations = split_list(data)
    found = read_timestamps(octets)
    return TimestampList(found.timestamps, found.unknown_versions, deviations + found.deviations)


def read_timestamps(octets: tuple[bytes, ...]) -> TimestampList:
    """SCTs that are already parted, such as `Certificate.embedded_timestamps`; never raises."""
    timestamps: list[Timestamp] = []
    unknown: list[int] = []
    deviations: list[Deviation] = []
    for one in octets[:MAX_TIMESTAMPS]:
        if one[:1] != b"\x00":
            unknown.extend(one[:1])
            continue
        read = _read(one)
        if read is None:
            deviations.append(Deviation("timestamp-form", "RFC 6962 §3.2", one[:64]))
        else:
            timestamps.append(read)
    return TimestampList(tuple(timestamps), tuple(unknown), tuple(deviations))


def _read(octets: bytes) -> Timestamp | None:
    """One SCT of version 1 (RFC 6962 §3.2); None where it is not of that form."""
    if len(octets) < _FIXED_OCTETS:
        return None
    size = int.from_bytes(octets[41:43])
    rest = octets[43 + size :]
    if len(octets) < 43 + size or len(rest) < 4 or int.from_bytes(rest[2:4]) != len(rest) - 4:
        return None
    return Timestamp(
        log_id=octets[1:33].hex(),
        at=_moment(int.from_bytes(octets[33:41])),
        hash_name=_HASHES.get(rest[0], str(rest[0])),
        signature_name=_SIGNATURES.get(rest[1], str(rest[1])),
        extensions=octets[43 : 43 + size],
        signature=rest[4:],
    )


def _moment(milliseconds: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None
