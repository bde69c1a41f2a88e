"""What TLS showed: the handshake and the certificates as sent. Proofs over them live in ``trust``."""

from enum import StrEnum

from msgspec import Struct

from waxseal.facts.attempt import Deviation
from waxseal.facts.record import AwareTime, Fact, fact
from waxseal.facts.subject import Scope


class KeyProof(StrEnum):
    """How a handshake showed that the server holds the leaf's key."""

    SIGNATURE = "signature"
    """Its signature over the handshake was made with that key (RFC 8446 §4.4.3, RFC 5246 §7.4.3)."""
    DECRYPTION = "decryption"
    """It decrypted what was encrypted to that key (RFC 5246 §7.4.7.1)."""
    MISMATCH = "mismatch"
    """Its signature over the handshake was not made with that key."""
    NONE = "none"
    """Nothing was signed, or no certificate shown."""
    UNCHECKED = "unchecked"
    """There was a signature, which could not be checked."""


@fact("tls.handshake/1", Scope.PORT)
class Handshake(Fact, frozen=True, kw_only=True):
    """A handshake that was completed in the main conversation; a ServerHello alone is not one.

    Attributes:
        version: ``TLSv1``, ``TLSv1.1``, ``TLSv1.2`` or ``TLSv1.3``.
        suite: IANA name where known, else the library's.
        server_name: The SNI that was sent; "" for none.
        offered_versions: What we offered, lowest first.
        elapsed_s: ClientHello to Finished.
        server_hello: The ServerHello's octets, record header left out.
        key_proof: How the server proved its key; None in facts of before this was recorded.
    """

    version: str
    suite: str
    server_name: str = ""
    offered_versions: tuple[str, ...] = ()
    elapsed_s: float = 0.0
    server_hello: bytes = b""
    key_proof: KeyProof | None = None


class Certificate(Struct, frozen=True, omit_defaults=True, gc=False):
    """One X.509 certificate: its octets, and what they say (RFC 5280).

    Attributes:
        der: The octets.
        sha256: Of `der`, lower-case hex.
        spki_sha256: Of the SubjectPublicKeyInfo, lower-case hex; "" where it cannot be parsed.
        subject, issuer: RFC 4514 strings.
        serial: Hex, no sign or leading zeros.
        not_before, not_after: Aware UTC; None where unreadable.
        dns_names: subjectAltName dNSName entries, as sent.
        ip_names: subjectAltName iPAddress entries, canonical.
        common_names: CN values of the subject, as sent.
        has_san: Whether a subjectAltName extension is there at all.
        key_type: ``rsa``, ``ec``, ``ed25519``, ``ed448``, ``dsa``, or the OID in dotted form.
        key_bits: RSA or DSA modulus bits, curve bits for ``ec``; None for the others.
        curve: Curve name for ``ec`` (``secp256r1``); else "".
        signature_algorithm: ``sha256WithRSAEncryption``, ``ecdsa-with-SHA256``, ..., or the OID.
        signature_hash: ``sha256`` and so on; "" where the algorithm has none of its own.
        ca: basicConstraints cA; None where the extension is missing.
        path_length: pathLenConstraint; None where missing.
        key_usage: Names of the bits set (``keyCertSign``, ...); None where the extension is missing.
        extended_key_usage: Dotted OIDs; None where the extension is missing.
        subject_key_id, authority_key_id: Hex; "" where missing.
        issuer_urls: AIA caIssuers URLs.
        ocsp_urls: AIA OCSP URLs.
        crl_urls: URLs of CRL distribution points (RFC 5280 §4.2.1.13).
        policies: Dotted OIDs of certificatePolicies.
        must_staple: The TLS feature extension names status_request (RFC 7633 §4.2.3.1).
        embedded_timestamps: The octets of each embedded SCT (RFC 6962 §3.2), at most 64.
        unknown_critical: Dotted OIDs of critical extensions that this version cannot process.
        deviations: What could not be parsed or breaks RFC 5280's form.
    """

    der: bytes
    sha256: str
    spki_sha256: str = ""
    subject: str = ""
    issuer: str = ""
    serial: str = ""
    not_before: AwareTime | None = None
    not_after: AwareTime | None = None
    dns_names: tuple[str, ...] = ()
    ip_names: tuple[str, ...] = ()
    common_names: tuple[str, ...] = ()
    has_san: bool = False
    key_type: str = ""
    key_bits: int | None = None
    curve: str = ""
    signature_algorithm: str = ""
    signature_hash: str = ""
    ca: bool | None = None
    path_length: int | None = None
    key_usage: tuple[str, ...] | None = None
    extended_key_usage: tuple[str, ...] | None = None
    subject_key_id: str = ""
    authority_key_id: str = ""
    issuer_urls: tuple[str, ...] = ()
    ocsp_urls: tuple[str, ...] = ()
    crl_urls: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    must_staple: bool = False
    embedded_timestamps: tuple[bytes, ...] = ()
    unknown_critical: tuple[str, ...] = ()
    deviations: tuple[Deviation, ...] = ()


@fact("tls.chain/1", Scope.CERTIFICATE)
class CertificateChain(Fact, frozen=True, kw_only=True):
    """The certificates of one handshake as sent: leaf first, then in the server's order.

    Attributes:
        certificates: Every one that was sent, or the first of them where `sent_count` is more; never empty.
        shown_at: When the handshake ended, aware UTC: the time at which the chain is judged.
        version: TLS version of the handshake that showed them.
        sent_count: How many were sent, where more than are kept; 0 where all are kept.
    """

    certificates: tuple[Certificate, ...]
    shown_at: AwareTime
    version: str = ""
    sent_count: int = 0

    def __post_init__(self) -> None:
        if not self.certificates:
            raise ValueError("a chain has at least one certificate")

    @property
    def leaf(self) -> Certificate:
        """The first certificate."""
        return self.certificates[0]


@fact("tls.anchors/1", Scope.CERTIFICATE)
class TrustAnchors(Fact, frozen=True, kw_only=True):
    """The roots of the named store that could end this chain, recorded so that the judgement can be repeated.

    Attributes:
        store: Id of the store, ``name:sha256-prefix``.
        store_size: How many roots it holds.
        candidates: DER of each root whose subject is the issuer (or the subject) of a certificate sent.
    """

    store: str
    store_size: int
    candidates: tuple[bytes, ...] = ()


class CertificateTypeQuery(Struct, frozen=True, omit_defaults=True, gc=False):
    """Whether one key type was asked for, and what came back.

    Attributes:
        certificate_type: ``rsa`` or ``ec``.
        shown: True: a certificate of that type came. False: the server was asked and has none (it answered
            with a handshake_failure alert, RFC 5246 §7.4.2). None: could not be asked; `why` says why.
        why: How the asking ended, where `shown` is not True.
    """

    certificate_type: str
    shown: bool | None
    why: str = ""


@fact("tls.certificate-types/1", Scope.PORT)
class CertificateTypes(Fact, frozen=True, kw_only=True):
    """Which key types the server has certificates of, each asked for alone."""

    queries: tuple[CertificateTypeQuery, ...]


@fact("tls.no-sni/1", Scope.PORT)
class NoSniAnswer(Fact, frozen=True, kw_only=True):
    """What came of the same handshake without server_name.

    Attributes:
        completed: Whether the handshake was completed.
        leaf_sha256: Of the leaf that was shown; "" where none was.
        alert: The alert that ended it; None where there was none.
        detail: How it ended, in words, where it was not completed.
    """

    completed: bool
    leaf_sha256: str = ""
    alert: int | None = None
    detail: str = ""
