"""Takes a certificate apart (RFC 5280 §4.1), each field in a guarded step so that an odd one loses no other.

No octets raise: what breaks the form becomes a `Deviation`, what cannot be read stays empty. The fact made
of it is built in ``certificate``, and whether it can be trusted is proved in ``chain``.
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, Final, TypeVar

from waxseal.facts import Deviation
from waxseal.trust import der, distinguished, extensions
from waxseal.trust.decoded import Decoded
from waxseal.trust.extensions import DNS_NAME, IP_ADDRESS, GeneralName, NameConstraints
from waxseal.trust.keys import read_key

MAX_OCTETS: Final = 2**18
MAX_PARTS: Final = 200

T = TypeVar("T")

_DECODERS: Final[dict[str, tuple[str, str, Callable[[bytes], Any]]]] = {
    extensions.BASIC_CONSTRAINTS: ("basicConstraints", "§4.2.1.9", extensions.basic_constraints),
    extensions.KEY_USAGE: ("keyUsage", "§4.2.1.3", extensions.key_usage),
    extensions.EXTENDED_KEY_USAGE: ("extKeyUsage", "§4.2.1.12", extensions.extended_key_usage),
    extensions.SUBJECT_ALT_NAME: ("subjectAltName", "§4.2.1.6", extensions.subject_alt_name),
    extensions.SUBJECT_KEY_ID: ("subjectKeyIdentifier", "§4.2.1.2", extensions.subject_key_id),
    extensions.AUTHORITY_KEY_ID: ("authorityKeyIdentifier", "§4.2.1.1", extensions.authority_key_id),
    extensions.NAME_CONSTRAINTS: ("nameConstraints", "§4.2.1.10", extensions.name_constraints),
    extensions.AUTHORITY_INFO_ACCESS: ("authorityInfoAccess", "§4.2.2.1", extensions.authority_info_access),
    extensions.CRL_DISTRIBUTION_POINTS: ("cRLDistributionPoints", "§4.2.1.13", extensions.crl_urls),
    extensions.CERTIFICATE_POLICIES: ("certificatePolicies", "§4.2.1.4", extensions.policies),
    extensions.TLS_FEATURE: ("tlsFeature", "§4.2", extensions.tls_features),
    extensions.TIMESTAMP_LIST: ("signedCertificateTimestampList", "§4.2", extensions.timestamp_list),
}

_NOT_NEEDED: Final = frozenset(
    {
        extensions.AUTHORITY_INFO_ACCESS,
        extensions.CRL_DISTRIBUTION_POINTS,
        extensions.CERTIFICATE_POLICIES,
        extensions.TLS_FEATURE,
        extensions.TIMESTAMP_LIST,
    }
)
"""Extensions that the proof of a path does not rest on."""


def decode(data: bytes) -> Decoded:
    """The certificate taken apart, for proofs over it; never raises."""
    return _decoded(data) if len(data) <= MAX_OCTETS else _take_apart(data)


@lru_cache(maxsize=256)
def _decoded(data: bytes) -> Decoded:
    return _take_apart(data)


def _take_apart(data: bytes) -> Decoded:
    return _Reading(data).read()


class _Reading:
    """The reading of one certificate: the fields so far, the breaches, and what stayed unreadable."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.fields: dict[str, Any] = {}
        self.deviations: list[Deviation] = []
        self.unreadable: list[str] = []

    def read(self) -> Decoded:
        self._outer()
        return Decoded(
            der=self.data,
            sha256=hashlib.sha256(self.data).hexdigest(),
            deviations=tuple(self.deviations),
            unreadable=tuple(self.unreadable),
            **self.fields,
        )

    def breach(self, rule: str, section: str, octets: bytes = b"") -> None:
        self.deviations.append(Deviation(rule, f"RFC 5280 {section}", octets[:64]))

    def attempt(
        self, what: str, section: str, octets: bytes, step: Callable[[], T], needed: bool = True
    ) -> T | None:
        """Run one guarded step; where it fails, note it and give None."""
        try:
            return step()
        except (der.DerError, ValueError, OverflowError) as error:
            self.breach(f"{what}-unreadable", section, octets)
            if needed:
                self.unreadable.append(f"{what} ({error})")
            return None

    def _outer(self) -> None:
        if len(self.data) > MAX_OCTETS:
            self.breach("certificate-too-large", "§4.1", self.data)
            self.unreadable.append(f"certificate (longer than {MAX_OCTETS} octets)")
            return
        first = self.attempt("certificate", "§4.1", self.data, lambda: der.read_element(self.data))
        if first is None:
            return
        outer, end = first
        if end != len(self.data):
            self.breach("trailing-octets", "§4.1", self.data[end:])
            self.unreadable.append("certificate (octets follow it)")
        parts = self._parts("certificate", outer, der.SEQUENCE)
        if len(parts) != 3:
            self.breach("certificate-form", "§4.1.1", self.data)
            self.unreadable.append("certificate (not three parts)")
        if parts:
            self.fields["signed"] = parts[0].encoded
            self._inner(self._parts("tbsCertificate", parts[0], der.SEQUENCE))
        if len(parts) > 1:
            self._outer_algorithm(parts[1])
        if len(parts) > 2:
            signature = self.attempt(
                "signatureValue", "§4.1.1.3", parts[2].encoded, lambda: _signature(parts[2])
            )
            self.fields["signature"] = signature or b""

    def _parts(self, what: str, element: der.Element, tag: int) -> list[der.Element]:
        """The elements inside one, as many as can be read."""
        if self.attempt(what, "§4.1", element.encoded, lambda: der.expect(element, tag)) is None:
            return []
        found: list[der.Element] = []
        at = 0
        while at < len(element.content) and len(found) < MAX_PARTS:
            step = self.attempt(
                what,
                "§4.1",
                element.content[at:],
                partial(der.read_element, element.content, at),
            )
            if step is None:
                break
            part, at = step
            found.append(part)
        else:
            if at < len(element.content):
                self.breach(f"{what}-too-many", "§4.1", element.content[at:])
                self.unreadable.append(f"{what} (more than {MAX_PARTS} parts)")
        return found

    def _outer_algorithm(self, part: der.Element) -> None:
        self.fields["algorithm"] = part.encoded
        inner = self.fields.get("inner_algorithm", part.encoded)
        if inner != part.encoded:
            # (RFC 5280 §4.1.1.2) the two identifiers MUST be the same.
            self.breach("signature-algorithm-mismatch", "§4.1.1.2", part.encoded)

    def _inner(self, parts: list[der.Element]) -> None:
        rest = list(parts)
        if rest and rest[0].tag == 0xA0:
            self._version(rest.pop(0))
        else:
            self.fields["version"] = 1
        steps = (self._serial, self._inner_algorithm, self._issuer, self._validity, self._subject, self._key)
        for step in steps:
            if not rest:
                self.unreadable.append("tbsCertificate (fields are missing)")
                self.breach("fields-missing", "§4.1.2")
                return
            step(rest.pop(0))
        for part in rest:
            if part.tag == 0xA3:
                self._extensions(part)
            elif part.tag not in {0x81, 0x82}:
                self.breach("field-unknown", "§4.1.2", part.encoded)

    def _version(self, part: der.Element) -> None:
        version = self.attempt(
            "version", "§4.1.2.1", part.encoded, lambda: der.integer(der.sole(part.content, der.INTEGER))
        )
        if version is None:
            return
        if not 0 <= version <= 2:
            self.breach("version-unknown", "§4.1.2.1", part.encoded)
        else:
            self.fields["version"] = version + 1

    def _serial(self, part: der.Element) -> None:
        serial = self.attempt(
            "serialNumber",
            "§4.1.2.2",
            part.encoded,
            lambda: der.integer(der.expect(part, der.INTEGER)),
            needed=False,
        )
        self.fields["serial"] = serial
        if serial is not None and serial <= 0:
            self.breach("serial-not-positive", "§4.1.2.2", part.encoded)
        if len(part.content) > 20:
            self.breach("serial-too-long", "§4.1.2.2", part.encoded)

    def _inner_algorithm(self, part: der.Element) -> None:
        self.fields["inner_algorithm"] = part.encoded

    def _issuer(self, part: der.Element) -> None:
        self._name("issuer", "§4.1.2.4", part)
        if part.content == b"":
            # (RFC 5280 §4.1.2.4) the issuer MUST be a non-empty name.
            self.breach("issuer-empty", "§4.1.2.4", part.encoded)

    def _subject(self, part: der.Element) -> None:
        self._name("subject", "§4.1.2.6", part)

    def _name(self, field: str, section: str, part: der.Element) -> None:
        name = self.attempt(field, section, part.encoded, lambda: distinguished.canonical(part.encoded))
        if name is not None:
            self.fields[field] = name
            self.fields[f"{field}_name"] = part.encoded

    def _validity(self, part: der.Element) -> None:
        times = self._parts("validity", part, der.SEQUENCE)
        if len(times) != 2:
            self.breach("validity-form", "§4.1.2.5", part.encoded)
            self.unreadable.append("validity (not two times)")
        for field, time in zip(("not_before", "not_after"), times, strict=False):
            name = "notBefore" if field == "not_before" else "notAfter"
            read = self.attempt(name, "§4.1.2.5", time.encoded, partial(read_time, time))
            self.fields[field] = read
            if read is not None and (read.year < 2050) != (time.tag == der.UTC_TIME):
                # (RFC 5280 §4.1.2.5) UTCTime through 2049, GeneralizedTime from 2050 on.
                self.breach("time-type", "§4.1.2.5", time.encoded)

    def _key(self, part: der.Element) -> None:
        self.fields["key"] = part.encoded
        key = self.attempt(
            "subjectPublicKeyInfo", "§4.1.2.7", part.encoded, lambda: read_key(part.encoded), needed=False
        )
        if key is not None and key.kind == "ec" and not key.curve:
            # (RFC 5480 §2.1.1) the parameters MUST name a curve, not spell it out.
            self.fields["curve_spelled_out"] = True
            self.deviations.append(Deviation("curve-not-named", "RFC 5480 §2.1.1", part.encoded[:64]))

    def _extensions(self, part: der.Element) -> None:
        if self.fields.get("version") != 3:
            # (RFC 5280 §4.1.2.9) extensions only in version 3.
            self.breach("extensions-without-version-3", "§4.1.2.9")
        inner = self.attempt(
            "extensions", "§4.1.2.9", part.encoded, lambda: der.read_element(part.content)[0]
        )
        if inner is None:
            return
        seen: list[str] = []
        unknown: list[str] = []
        marked: list[str] = []
        for element in self._parts("extensions", inner, der.SEQUENCE):
            entry = self.attempt("extension", "§4.1.2.9", element.encoded, partial(read_extension, element))
            if entry is None:
                continue
            oid, critical, value = entry
            if oid in seen:
                # (RFC 5280 §4.2) not more than one instance of an extension.
                self.breach("extension-duplicate", "§4.2", element.encoded)
                self.unreadable.append(f"extension {oid} (there twice)")
                continue
            seen.append(oid)
            if critical:
                marked.append(oid)
            if critical and oid not in extensions.PROCESSED:
                unknown.append(oid)
            self._extension_value(oid, critical, value)
        self.fields["extension_oids"] = tuple(seen)
        self.fields["critical_oids"] = tuple(marked)
        self.fields["unknown_critical"] = tuple(unknown)

    def _extension_value(self, oid: str, critical: bool, value: bytes) -> None:
        if oid not in _DECODERS:
            return
        what, section, decoder = _DECODERS[oid]
        read = self.attempt(what, section, value, partial(decoder, value), oid not in _NOT_NEEDED)
        if read is None:
            return
        if oid == extensions.BASIC_CONSTRAINTS:
            self.fields["ca"], self.fields["path_length"] = read
            if read[0] and not critical:
                # (RFC 5280 §4.2.1.9) conforming CAs MUST mark it critical.
                self.breach("basic-constraints-not-critical", section, value)
        elif oid == extensions.SUBJECT_ALT_NAME:
            self.fields["alt_names"] = read
            self._alt_names(read)
        elif isinstance(read, extensions.Access):
            self.fields["issuer_urls"], self.fields["ocsp_urls"] = read
        else:
            self.fields[_FIELDS[oid]] = read
        if isinstance(read, NameConstraints) and not read.permitted and not read.excluded:
            # (RFC 5280 §4.2.1.10) the extension MUST NOT be empty.
            self.breach("name-constraints-empty", section, value)

    def _alt_names(self, names: tuple[GeneralName, ...]) -> None:
        section = "§4.2.1.6"
        if not names:
            self.breach("san-empty", section)
        for name in names:
            if name.tag == DNS_NAME and not name.value.isascii():
                self.breach("san-not-ascii", section, name.value)
            if name.tag == IP_ADDRESS and len(name.value) not in {4, 16}:
                self.breach("san-address-length", section, name.value)


_FIELDS: Final[dict[str, str]] = {
    extensions.KEY_USAGE: "key_usage",
    extensions.EXTENDED_KEY_USAGE: "extended_key_usage",
    extensions.SUBJECT_KEY_ID: "subject_key_id",
    extensions.AUTHORITY_KEY_ID: "authority_key",
    extensions.NAME_CONSTRAINTS: "constraints",
    extensions.CRL_DISTRIBUTION_POINTS: "crl_urls",
    extensions.CERTIFICATE_POLICIES: "policies",
    extensions.TLS_FEATURE: "tls_features",
    extensions.TIMESTAMP_LIST: "timestamp_list",
}


def _signature(part: der.Element) -> bytes:
    return der.whole_octets(der.expect(part, der.BIT_STRING))


def read_extension(element: der.Element) -> tuple[str, bool, bytes]:
    """Identifier, criticality and value of one Extension (RFC 5280 §4.1); DerError where malformed."""
    parts = der.elements(der.expect(element, der.SEQUENCE))
    if not 2 <= len(parts) <= 3:
        raise der.DerError("not an identifier, a flag and a value")
    oid = der.object_identifier(der.expect(parts[0], der.OBJECT_IDENTIFIER))
    critical = len(parts) == 3 and der.boolean(der.expect(parts[1], der.BOOLEAN))
    return oid, critical, der.expect(parts[-1], der.OCTET_STRING)


def read_time(element: der.Element) -> datetime:
    """A UTCTime or GeneralizedTime in the only forms allowed (RFC 5280 §4.1.2.5.1, §4.1.2.5.2).

    Raises:
        DerError: It has another form.
        ValueError: There is no such moment.
    """
    digits = element.content[:-1]
    wide = element.tag == der.GENERALIZED_TIME
    if not wide and element.tag != der.UTC_TIME:
        raise der.DerError("neither UTCTime nor GeneralizedTime")
    if element.content[-1:] != b"Z" or not digits.isdigit() or len(digits) != (14 if wide else 12):
        raise der.DerError("not in the form YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ")
    if not wide:
        # (RFC 5280 §4.1.2.5.1) years from 50 on are of the last century.
        digits = (b"19" if digits[:2] >= b"50" else b"20") + digits
    month, day, hour, minute, second = (int(digits[at : at + 2]) for at in range(4, 14, 2))
    return datetime(int(digits[:4]), month, day, hour, minute, second, tzinfo=UTC)
