"""OCSP responses and CRLs, sound and faulty, made with the cryptographic library."""

from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.trust import pki
from tests.trust.pki import CA, DAY, NOW, Entity, Wish, issue, leaf_wish

ROOT = issue("Root", CA)
INTER = issue("Inter", CA, ROOT)
LEAF = issue("mx.example.org", leaf_wish(), INTER)
OTHER_LEAF = issue("mx.example.org", leaf_wish(serial=77), INTER)
SIGNER_WISH = Wish(
    ca=False, key_usage=pki.LEAF_USAGE, purposes=(ExtendedKeyUsageOID.OCSP_SIGNING,), serial=501
)
SIGNER = issue("OCSP Signer", SIGNER_WISH, INTER)

GOOD = ocsp.OCSPCertStatus.GOOD
REVOKED = ocsp.OCSPCertStatus.REVOKED
UNKNOWN = ocsp.OCSPCertStatus.UNKNOWN


def response(
    *,
    leaf: Entity = LEAF,
    issuer: Entity = INTER,
    signer: Entity = INTER,
    status: ocsp.OCSPCertStatus = GOOD,
    this_update: datetime = NOW - DAY,
    next_update: datetime | None = NOW + 3 * DAY,
    by_hash: bool = False,
    certificates: tuple[Entity, ...] = (),
    digest: hashes.HashAlgorithm | None = None,
    reason: x509.ReasonFlags | None = None,
    extension: x509.ExtensionType | None = None,
    critical: bool = False,
) -> bytes:
    """An OCSP response for one certificate, DER."""
    revoked = status is REVOKED
    encoding = ocsp.OCSPResponderEncoding.HASH if by_hash else ocsp.OCSPResponderEncoding.NAME
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=leaf.x509,
            issuer=issuer.x509,
            algorithm=digest or hashes.SHA1(),
            cert_status=status,
            this_update=this_update,
            next_update=next_update,
            revocation_time=NOW - 2 * DAY if revoked else None,
            revocation_reason=reason,
        )
        .responder_id(encoding, signer.x509)
    )
    if certificates:
        builder = builder.certificates([each.x509 for each in certificates])
    if extension is not None:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def crl(
    *serials: int,
    issuer: Entity = INTER,
    signed_by: Any = None,
    this_update: datetime = NOW - DAY,
    next_update: datetime = NOW + 3 * DAY,
    number: bool = True,
    number_critical: bool = False,
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    reason: x509.ReasonFlags | None = None,
) -> bytes:
    """A CRL that revokes these serial numbers, DER."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.x509.subject)
        .last_update(this_update)
        .next_update(next_update)
    )
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - 2 * DAY)
        if reason is not None:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    if number:
        builder = builder.add_extension(x509.CRLNumber(7), critical=number_critical)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signed_by or issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)
