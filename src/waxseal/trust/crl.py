"""Certificate revocation lists: what one says of a certificate, and whether it may be believed (RFC 5280 §5).

A list is read as far as the one serial number needs it. Only a complete list of the certificate's own issuer
is understood: delta lists, indirect lists and lists for some reasons only are told apart by their critical
extensions and prove nothing here. Fetching a list is done in ``probes``.
"""

from datetime import datetime
from typing import Final

from waxseal.facts import Certificate
from waxseal.trust import der, distinguished
from waxseal.trust.decoded import Decoded
from waxseal.trust.extensions import point_urls
from waxseal.trust.proof import plain
from waxseal.trust.reading import decode, read_extension, read_time
from waxseal.trust.revocation import (
    CertificateStatus,
    RevocationCode,
    RevocationProblem,
    RevocationVerdict,
    freshness,
)
from waxseal.trust.signature import octets_fault

MAX_OCTETS: Final = 10 * 1024 * 1024

CRL_NUMBER: Final = "2.5.29.20"
_REASON: Final = "2.5.29.21"
_ISSUING_POINT: Final = "2.5.29.28"


def judge_crl(octets: bytes, leaf: Certificate, issuer: Certificate, at: datetime) -> RevocationVerdict:
    """What a list says of a certificate, with everything that is wrong with the list; never raises.

    Args:
        octets: The CertificateList, DER.
        leaf: The certificate in question.
        issuer: The certificate of who issued it, whose key signs the list as well.
        at: The moment to judge for, aware.
    """
    reading = _Reading(octets, decode(leaf.der), decode(issuer.der), at)
    try:
        reading.read()
    except (der.DerError, ValueError, OverflowError) as error:
        reading.flag(RevocationCode.MALFORMED, str(error))
    return RevocationVerdict(
        reading.status,
        tuple(reading.problems),
        reading.this_update,
        reading.next_update,
        reading.revoked_at,
        reading.reason,
    )


class _Reading:
    """The reading of one list: the answer so far, and what is wrong."""

    def __init__(self, octets: bytes, leaf: Decoded, issuer: Decoded, at: datetime) -> None:
        self.octets = octets
        self.leaf = leaf
        self.issuer = issuer
        self.at = at
        self.status = CertificateStatus.UNTOLD
        self.problems: list[RevocationProblem] = []
        self.this_update: datetime | None = None
        self.next_update: datetime | None = None
        self.revoked_at: datetime | None = None
        self.reason: int | None = None

    def flag(self, code: RevocationCode, detail: str = "") -> None:
        self.problems.append(RevocationProblem(code, plain(detail)))

    def read(self) -> None:
        if len(self.octets) > MAX_OCTETS:
            self.flag(RevocationCode.TOO_LARGE, f"more than {MAX_OCTETS} octets")
            return
        parts = der.elements(der.sole(self.octets, der.SEQUENCE))
        if len(parts) != 3:
            raise der.DerError("not a list, an algorithm and a signature")
        signed, algorithm, signature = parts
        self._signed(signed, algorithm)
        self._signature(signed, algorithm, signature)
        self.problems.extend(freshness(self.this_update, self.next_update, self.at))

    def _signature(self, signed: der.Element, algorithm: der.Element, signature: der.Element) -> None:
        usages = self.issuer.key_usage
        if usages is not None and "cRLSign" not in usages:
            # (RFC 5280 §6.3.3 (f)) if keyUsage is there, verify that cRLSign is set.
            self.flag(RevocationCode.SIGNER_UNAUTHORISED, "the issuer's keyUsage does not allow cRLSign")
        octets = der.whole_octets(der.expect(signature, der.BIT_STRING))
        fault = octets_fault(signed.encoded, algorithm.encoded, octets, self.issuer.key)
        if fault:
            self.flag(RevocationCode.SIGNATURE_INVALID, fault)

    def _signed(self, signed: der.Element, algorithm: der.Element) -> None:
        """The TBSCertList (RFC 5280 §5.1.2)."""
        parts = der.elements(der.expect(signed, der.SEQUENCE))
        version = 1
        if parts and parts[0].tag == der.INTEGER:
            version = der.integer(parts.pop(0).content) + 1
        if len(parts) < 3:
            raise der.DerError("a list without its first fields")
        if parts[0].encoded != algorithm.encoded:
            self.flag(RevocationCode.SIGNATURE_INVALID, "the two signature algorithm identifiers differ")
        if distinguished.canonical(parts[1].encoded) != self.leaf.issuer:
            self.flag(RevocationCode.OTHER_ISSUER, distinguished.text(parts[1].encoded))
        self.this_update = read_time(parts[2])
        rest = parts[3:]
        if rest and rest[0].tag in {der.UTC_TIME, der.GENERALIZED_TIME}:
            self.next_update = read_time(rest.pop(0))
        else:
            # (RFC 5280 §5.1.2.5) nextUpdate MUST be there.
            self.flag(RevocationCode.FORM, "nextUpdate is missing")
        revoked = rest.pop(0).content if rest and rest[0].tag == der.SEQUENCE else b""
        self._extensions(der.sole(rest[0].encoded, 0xA0) if rest else b"", version)
        self._look_up(revoked)

    def _extensions(self, content: bytes, version: int) -> None:
        number = False
        for element in der.elements(der.sole(content, der.SEQUENCE)) if content else ():
            oid, critical, value = read_extension(element)
            if oid == CRL_NUMBER:
                number = True
                der.integer(der.sole(value, der.INTEGER))
                if critical:
                    # (RFC 5280 §5.2.3) conforming issuers MUST NOT mark it critical.
                    self.flag(RevocationCode.FORM, "cRLNumber is critical")
            elif oid == _ISSUING_POINT:
                self._scope(value)
            elif critical:
                self.flag(RevocationCode.UNKNOWN_CRITICAL_EXTENSION, oid)
        if not number or version != 2:
            # (RFC 5280 §5.2.3) conforming issuers MUST include it in every list.
            self.flag(RevocationCode.FORM, "cRLNumber is missing")

    def _scope(self, value: bytes) -> None:
        """An issuingDistributionPoint that leaves the certificate out (RFC 5280 §5.2.5, §6.3.3 (b)(2))."""
        narrower = {0x82: "CAs", 0x83: "some reasons", 0x85: "attribute certificates"}
        for part in der.elements(der.sole(value, der.SEQUENCE)):
            if part.tag == 0xA0:
                if set(point_urls(part.content)).isdisjoint(self.leaf.crl_urls):
                    text = "the list is of a distribution point that the certificate does not name"
                    self.flag(RevocationCode.OTHER_CERTIFICATE, text)
            elif part.tag == 0x84 and der.boolean(part.content):
                self.flag(RevocationCode.UNKNOWN_CRITICAL_EXTENSION, "an indirect list")
            elif part.tag in narrower and (part.tag == 0x83 or der.boolean(part.content)):
                self.flag(RevocationCode.UNKNOWN_CRITICAL_EXTENSION, f"a list for {narrower[part.tag]} only")

    def _look_up(self, revoked: bytes) -> None:
        """Find the serial number. Where its octets stand nowhere in the list, no entry can hold it."""
        serial = self.leaf.serial
        if serial is None:
            self.flag(RevocationCode.MALFORMED, "the certificate's serial number cannot be read")
            return
        size = max(1, (serial.bit_length() + 8) // 8)
        wanted = serial.to_bytes(size, signed=True)
        if any(problem.code is RevocationCode.OTHER_ISSUER for problem in self.problems):
            return
        self.status = CertificateStatus.GOOD
        if wanted not in revoked:
            return
        at = 0
        while at < len(revoked):
            entry, at = der.read_element(revoked, at)
            number, end = der.read_element(der.expect(entry, der.SEQUENCE))
            if number.content == wanted:
                self._entry(entry.content[end:])
                return

    def _entry(self, content: bytes) -> None:
        """Since when and why (RFC 5280 §5.3)."""
        parts = der.elements(content)
        self.status = CertificateStatus.REVOKED
        if not parts:
            raise der.DerError("an entry without a date")
        self.revoked_at = read_time(parts[0])
        for element in der.elements(der.expect(parts[1], der.SEQUENCE)) if len(parts) > 1 else ():
            oid, critical, value = read_extension(element)
            if oid == _REASON:
                self.reason = der.integer(der.sole(value, der.ENUMERATED))
            elif critical:
                self.flag(RevocationCode.UNKNOWN_CRITICAL_EXTENSION, oid)
