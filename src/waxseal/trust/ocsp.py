"""OCSP: the request, what a response says of a certificate, and whether it may be believed (RFC 6960).

A response is the same whether it came stapled to a handshake (RFC 6066 §8, RFC 8446 §4.4.2.1) or was asked
for. No nonce is sent (RFC 6960 §4.4.1 leaves it to the client), since responders serve what they made
before; the times tell whether a response is fresh. Asking is done in ``probes``.
"""

import hashlib
from datetime import datetime
from typing import Final

from waxseal.facts import Certificate
from waxseal.trust import der, distinguished
from waxseal.trust.algorithms import HASHES
from waxseal.trust.decoded import Decoded
from waxseal.trust.proof import plain
from waxseal.trust.reading import decode, read_extension, read_time
from waxseal.trust.revocation import (
    CertificateStatus,
    RevocationCode,
    RevocationProblem,
    RevocationVerdict,
    freshness,
)
from waxseal.trust.signature import octets_fault, signature_fault

MAX_OCTETS: Final = 256 * 1024
MAX_CERTIFICATES: Final = 8
OCSP_SIGNING: Final = "1.3.6.1.5.5.7.3.9"
TIMESTAMPS: Final = "1.3.6.1.4.1.11129.2.4.5"

_BASIC: Final = "1.3.6.1.5.5.7.48.1.1"
_SHA1_ID: Final = bytes.fromhex("300906052b0e03021a0500")
_ERRORS: Final = {
    1: "malformedRequest",
    2: "internalError",
    3: "tryLater",
    5: "sigRequired",
    6: "unauthorized",
}
_HASHES: Final = {"sha1", "sha256", "sha384", "sha512"}


class OcspVerdict(RevocationVerdict, frozen=True, omit_defaults=True):
    """What a response says of one certificate.

    Attributes:
        produced_at: When the responder signed it; None where unreadable.
        responder: The responder as it names itself: RFC 4514 string, or hex of its key's hash.
        delegated: Signed not by the issuer itself but by a responder that the issuer appointed.
        timestamp_list: The SignedCertificateTimestampList that came with it (RFC 6962 §3.3); b"" for none.
    """

    produced_at: datetime | None = None
    responder: str = ""
    delegated: bool = False
    timestamp_list: bytes = b""


def ocsp_request(leaf: Certificate, issuer: Certificate) -> bytes | None:
    """A request for one certificate, DER (RFC 6960 §4.1.1); None where a field it needs cannot be read.

    The CertID is hashed with SHA-1, which every responder knows (RFC 5019 §2.1.1).
    """
    taken, above = decode(leaf.der), decode(issuer.der)
    key = _key_octets(above.key)
    if taken.serial is None or not taken.issuer_name or key is None:
        return None
    size = max(1, (taken.serial.bit_length() + 8) // 8)
    hashed = (hashlib.sha1(octets, usedforsecurity=False).digest() for octets in (taken.issuer_name, key))
    identity = der.encode(
        der.SEQUENCE,
        _SHA1_ID,
        *(der.encode(der.OCTET_STRING, digest) for digest in hashed),
        der.encode(der.INTEGER, taken.serial.to_bytes(size, signed=True)),
    )
    requests = der.encode(der.SEQUENCE, der.encode(der.SEQUENCE, identity))
    return der.encode(der.SEQUENCE, der.encode(der.SEQUENCE, requests))


def judge_ocsp(octets: bytes, leaf: Certificate, issuer: Certificate, at: datetime) -> OcspVerdict:
    """What a response says of a certificate, with everything that is wrong with it; never raises.

    Args:
        octets: The OCSPResponse, DER.
        leaf: The certificate in question.
        issuer: The certificate of who issued it.
        at: The moment to judge for, aware: for a staple, that of the handshake.
    """
    reading = _Reading(octets, decode(leaf.der), decode(issuer.der), at)
    try:
        reading.read()
    except (der.DerError, ValueError, OverflowError) as error:
        reading.flag(RevocationCode.MALFORMED, str(error))
    return OcspVerdict(
        reading.status,
        tuple(reading.problems),
        reading.this_update,
        reading.next_update,
        reading.revoked_at,
        reading.reason,
        reading.produced_at,
        reading.responder,
        reading.delegated,
        reading.timestamp_list,
    )


class _Reading:
    """The reading of one response: the answer so far, and what is wrong."""

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
        self.produced_at: datetime | None = None
        self.responder = ""
        self.delegated = False
        self.timestamp_list = b""

    def flag(self, code: RevocationCode, detail: str = "") -> None:
        self.problems.append(RevocationProblem(code, plain(detail)))

    def read(self) -> None:
        """The OCSPResponse (RFC 6960 §4.2.1)."""
        if len(self.octets) > MAX_OCTETS:
            self.flag(RevocationCode.TOO_LARGE, f"more than {MAX_OCTETS} octets")
            return
        parts = der.elements(der.sole(self.octets, der.SEQUENCE))
        if not parts:
            raise der.DerError("a response without a status")
        status = der.integer(der.expect(parts[0], der.ENUMERATED))
        if status:
            self.flag(RevocationCode.NOT_SUCCESSFUL, f"{_ERRORS.get(status, 'error')} ({status})")
            return
        if len(parts) != 2:
            raise der.DerError("a successful response without octets")
        kind, body = _pair(der.sole(der.expect(parts[1], 0xA0), der.SEQUENCE))
        oid = der.object_identifier(der.expect(kind, der.OBJECT_IDENTIFIER))
        if oid != _BASIC:
            self.flag(RevocationCode.MALFORMED, f"a response of the unknown type {oid}")
            return
        self._basic(der.expect(body, der.OCTET_STRING))

    def _basic(self, octets: bytes) -> None:
        """The BasicOCSPResponse (RFC 6960 §4.2.1)."""
        parts = der.elements(der.sole(octets, der.SEQUENCE))
        if not 3 <= len(parts) <= 4:
            raise der.DerError("not data, algorithm, signature and certificates")
        signed, algorithm, signature = parts[:3]
        value = der.whole_octets(der.expect(signature, der.BIT_STRING))
        sent: list[der.Element] = []
        if len(parts) == 4:
            sent = der.elements(der.sole(der.expect(parts[3], 0xA0), der.SEQUENCE))[:MAX_CERTIFICATES]
        fields = der.elements(der.expect(signed, der.SEQUENCE))
        if fields and fields[0].tag == 0xA0:
            fields.pop(0)
        if len(fields) < 3:
            raise der.DerError("response data without its first fields")
        self._signature(signed, algorithm, value, fields[0], [part.encoded for part in sent])
        self.produced_at = read_time(fields[1])
        self._responses(der.elements(der.expect(fields[2], der.SEQUENCE)))
        if len(fields) > 3:
            self._extensions(der.expect(fields[3], 0xA1))

    def _signature(
        self,
        signed: der.Element,
        algorithm: der.Element,
        value: bytes,
        responder: der.Element,
        sent: list[bytes],
    ) -> None:
        """Signed by the issuer, or by whom the issuer appointed (RFC 6960 §4.2.2.2)."""
        self.responder = _named(responder)
        if _is(responder, self.issuer):
            fault = octets_fault(signed.encoded, algorithm.encoded, value, self.issuer.key)
            if not fault:
                return
        else:
            fault = ""
        signers = [found for found in map(decode, sent) if _is(responder, found)]
        for signer in signers:
            signed_well = not octets_fault(signed.encoded, algorithm.encoded, value, signer.key)
            if signed_well:
                self.delegated = signer.der != self.issuer.der
                self._appointed(signer)
                return
        if signers or fault:
            why = fault or "the signature does not verify with the responder's key"
            self.flag(RevocationCode.SIGNATURE_INVALID, why)
        else:
            self.flag(
                RevocationCode.SIGNER_UNAUTHORISED,
                f"{self.responder} is not the issuer, and its certificate was not sent",
            )

    def _appointed(self, signer: Decoded) -> None:
        """What a responder's own certificate must keep (RFC 6960 §4.2.2.2)."""
        code = RevocationCode.SIGNER_UNAUTHORISED
        if signer.unreadable:
            self.flag(code, "the responder's certificate cannot be read")
        if not signer.issuer_name or signer.issuer != self.issuer.subject:
            self.flag(code, "the responder's certificate is not of the issuer")
        elif fault := signature_fault(signer, self.issuer.key):
            self.flag(code, f"the responder's certificate: {fault}")
        if OCSP_SIGNING not in (signer.extended_key_usage or ()):
            self.flag(code, "the responder's certificate is not for OCSP signing")
        if (
            signer.not_before is None
            or signer.not_after is None
            or not signer.not_before <= self.at <= signer.not_after
        ):
            self.flag(code, "the responder's certificate is not in its dates")

    def _responses(self, responses: list[der.Element]) -> None:
        """The one for this certificate, the newest where there are several."""
        newest: datetime | None = None
        for response in responses:
            fields = der.elements(der.expect(response, der.SEQUENCE))
            if len(fields) < 3:
                raise der.DerError("a single response without its first fields")
            if not self._concerns(fields[0]):
                continue
            this_update = read_time(fields[2])
            if newest is None or this_update > newest:
                newest = this_update
                self._single(fields)
        if newest is None:
            self.flag(
                RevocationCode.OTHER_CERTIFICATE, "the response says nothing of the server's certificate"
            )
            return
        self.problems.extend(freshness(self.this_update, self.next_update, self.at))

    def _concerns(self, identity: der.Element) -> bool:
        """Whether a CertID is that of the certificate (RFC 6960 §4.1.1)."""
        parts = der.elements(der.expect(identity, der.SEQUENCE))
        if len(parts) != 4:
            raise der.DerError("a CertID without its four fields")
        algorithm = der.elements(der.expect(parts[0], der.SEQUENCE))
        if not algorithm:
            raise der.DerError("a CertID without a hash algorithm")
        digest = HASHES.get(der.object_identifier(der.expect(algorithm[0], der.OBJECT_IDENTIFIER)), "")
        key = _key_octets(self.issuer.key)
        serial = der.integer(der.expect(parts[3], der.INTEGER))
        if digest not in _HASHES or key is None or serial != self.leaf.serial:
            return False
        expected = [
            hashlib.new(digest, octets, usedforsecurity=False).digest()
            for octets in (self.leaf.issuer_name, key)
        ]
        return [der.expect(part, der.OCTET_STRING) for part in parts[1:3]] == expected

    def _single(self, fields: list[der.Element]) -> None:
        """The SingleResponse (RFC 6960 §4.2.1)."""
        status = fields[1]
        self.revoked_at = self.reason = None
        if status.tag == 0x80:
            self.status = CertificateStatus.GOOD
        elif status.tag == 0xA1:
            self.status = CertificateStatus.REVOKED
            parts = der.elements(status.content)
            self.revoked_at = read_time(parts[0]) if parts else None
            if len(parts) > 1:
                self.reason = der.integer(der.sole(der.expect(parts[1], 0xA0), der.ENUMERATED))
        elif status.tag == 0x82:
            self.status = CertificateStatus.UNKNOWN
        else:
            raise der.DerError("a status of no known kind")
        self.this_update = read_time(fields[2])
        self.next_update = None
        for field in fields[3:]:
            if field.tag == 0xA0:
                self.next_update = read_time(der.read_element(field.content)[0])
            elif field.tag == 0xA1:
                self._extensions(field.content)
        if self.next_update is None:
            # (RFC 5019 §2.2.4) responders MUST say when a newer one is due.
            self.flag(RevocationCode.FORM, "nextUpdate is missing")

    def _extensions(self, content: bytes) -> None:
        for element in der.elements(der.sole(content, der.SEQUENCE)):
            oid, critical, value = read_extension(element)
            if oid == TIMESTAMPS:
                self.timestamp_list = der.sole(value, der.OCTET_STRING)
            elif critical:
                self.flag(RevocationCode.UNKNOWN_CRITICAL_EXTENSION, oid)


def _pair(content: bytes) -> tuple[der.Element, der.Element]:
    parts = der.elements(content)
    if len(parts) != 2:
        raise der.DerError("not a type and its octets")
    return parts[0], parts[1]


def _is(responder: der.Element, certificate: Decoded) -> bool:
    """Whether a ResponderID names the holder of a certificate (RFC 6960 §4.2.1)."""
    if responder.tag == 0xA1:
        name = distinguished.canonical(responder.content)
        return bool(certificate.subject_name) and name == certificate.subject
    if responder.tag == 0xA2:
        key = _key_octets(certificate.key)
        digest = der.sole(responder.content, der.OCTET_STRING)
        return key is not None and hashlib.sha1(key, usedforsecurity=False).digest() == digest
    raise der.DerError("a responder without a name")


def _named(responder: der.Element) -> str:
    if responder.tag == 0xA1:
        return plain(distinguished.text(responder.content), 100)
    return responder.content[2:].hex()[:64]


def _key_octets(spki: bytes) -> bytes | None:
    """What issuerKeyHash covers: the value of the BIT STRING without its first octet (RFC 6960 §4.1.1)."""
    try:
        parts = der.elements(der.sole(spki, der.SEQUENCE))
        return der.whole_octets(der.expect(parts[1], der.BIT_STRING))
    except (der.DerError, IndexError):
        return None
