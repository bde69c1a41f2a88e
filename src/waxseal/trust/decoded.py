"""One certificate taken apart: the octets of every field, kept even where others are unreadable.

RFC 5280 §4.1. The pieces are read by ``reading``; this is only their form, which proofs work on because
``facts.Certificate`` leaves out what is not worth showing.
"""

from dataclasses import dataclass
from datetime import datetime

from waxseal.facts import Deviation
from waxseal.trust.distinguished import CanonicalName
from waxseal.trust.extensions import AuthorityKey, GeneralName, NameConstraints


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A certificate's fields; empty or None where missing or unreadable.

    Attributes:
        der: The octets as sent.
        sha256: Of `der`, lower-case hex.
        signed: The TBSCertificate, header included: what the signature covers.
        algorithm: AlgorithmIdentifier beside the signature.
        inner_algorithm: AlgorithmIdentifier inside `signed`.
        signature: Octets of the signature.
        version: 1 to 3; 0 where unreadable.
        serial: Serial number, sign included.
        issuer_name, subject_name: DER of the Names.
        issuer, subject: The Names in the form for comparing.
        key: SubjectPublicKeyInfo, header included.
        curve_spelled_out: The key is on a curve given by its parameters, not by name (RFC 5480 §2.1.1).
        alt_names: None where there is no subjectAltName that can be read.
        extension_oids, critical_oids: Every extension, and those marked critical, dotted, in order.
        timestamp_list: The embedded SignedCertificateTimestampList (RFC 6962 §3.3), length included.
        unreadable: What could not be read that a proof needs, in words. Not empty: nothing can be proved.
    """

    der: bytes
    sha256: str
    signed: bytes = b""
    algorithm: bytes = b""
    inner_algorithm: bytes = b""
    signature: bytes = b""
    version: int = 0
    serial: int | None = None
    issuer_name: bytes = b""
    subject_name: bytes = b""
    issuer: CanonicalName = ()
    subject: CanonicalName = ()
    not_before: datetime | None = None
    not_after: datetime | None = None
    key: bytes = b""
    curve_spelled_out: bool = False
    ca: bool | None = None
    path_length: int | None = None
    key_usage: tuple[str, ...] | None = None
    extended_key_usage: tuple[str, ...] | None = None
    alt_names: tuple[GeneralName, ...] | None = None
    subject_key_id: bytes | None = None
    authority_key: AuthorityKey | None = None
    constraints: NameConstraints | None = None
    issuer_urls: tuple[str, ...] = ()
    ocsp_urls: tuple[str, ...] = ()
    crl_urls: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    tls_features: tuple[int, ...] = ()
    timestamp_list: bytes = b""
    extension_oids: tuple[str, ...] = ()
    critical_oids: tuple[str, ...] = ()
    unknown_critical: tuple[str, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def self_issued(self) -> bool:
        """Whether subject and issuer are the same name (RFC 5280 §3.2)."""
        return bool(self.subject_name) and self.subject == self.issuer
