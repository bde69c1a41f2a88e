"""What a proof over a chain answers. Only the form: how it is found stands in ``chain`` and ``rules``."""

from enum import StrEnum

from msgspec import Struct


class ProblemCode(StrEnum):
    """Why a certification path does not hold."""

    NO_CERTIFICATE = "no-certificate"
    """Nothing was sent."""
    UNPARSEABLE = "unparseable"
    """A part that the proof needs cannot be read."""
    EXPIRED = "expired"
    """notAfter is past (RFC 5280 §4.1.2.5)."""
    NOT_YET_VALID = "not-yet-valid"
    """notBefore is to come (RFC 5280 §4.1.2.5)."""
    SIGNATURE_INVALID = "signature-invalid"
    """The signature does not verify with the key of the certificate above (RFC 5280 §6.1.3 (a)(1))."""
    SELF_SIGNED_LEAF = "self-signed-leaf"
    """The leaf is signed by its own key and is no trust anchor."""
    SELF_SIGNED_ROOT_UNTRUSTED = "self-signed-root-untrusted"
    """The path ends in a self-signed certificate that is no trust anchor."""
    INTERMEDIATE_MISSING = "intermediate-missing"
    """The next issuer was not sent and is no trust anchor; the certificate says where it can be had."""
    ISSUER_UNKNOWN = "issuer-unknown"
    """The next issuer was not sent and is no trust anchor, and nothing says where it can be had."""
    NOT_A_CA = "not-a-ca"
    """An issuer is no CA, or may not sign certificates (RFC 5280 §6.1.4 (k) and (n))."""
    PATH_LENGTH_EXCEEDED = "path-length-exceeded"
    """More certificates follow than an issuer's pathLenConstraint allows (RFC 5280 §6.1.4 (l) and (m))."""
    NAME_CONSTRAINTS_VIOLATED = "name-constraints-violated"
    """A name is outside what an issuer may vouch for (RFC 5280 §6.1.3 (b) and (c))."""
    EXTENDED_KEY_USAGE = "extended-key-usage"
    """extKeyUsage is there and does not name the purpose (RFC 5280 §4.2.1.12)."""
    KEY_USAGE = "key-usage"
    """The leaf's keyUsage allows none of what TLS does with its key (RFC 5280 §4.2.1.3)."""
    UNKNOWN_CRITICAL_EXTENSION = "unknown-critical-extension"
    """A critical extension that cannot be processed (RFC 5280 §4.2)."""
    CURVE_NOT_NAMED = "curve-not-named"
    """A key's elliptic curve is spelled out, which RFC 5480 §2.1.1 forbids and OpenSSL refuses."""
    DEPTH_EXCEEDED = "depth-exceeded"
    """More intermediates stand in the path than the caller allows."""
    TOO_COMPLEX = "too-complex"
    """The limits on depth, signatures or comparisons were reached before an answer was found."""


def plain(text: str, limit: int = 200) -> str:
    """Text of a stranger's choosing made fit for a sentence: no control characters, not endless."""
    shown = text[:limit]
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in shown)
    return f"{shown}..." if len(text) > limit else shown


class Problem(Struct, frozen=True, omit_defaults=True):
    """One reason why a path does not hold.

    Attributes:
        code: The reason.
        depth: Index of the certificate in the path, 0 for the leaf.
        detail: The particulars, in words.
    """

    code: ProblemCode
    depth: int
    detail: str = ""


class FormCode(StrEnum):
    """What an issuer wrote that it must not, though it takes no trust away (RFC 5280 §4)."""

    MALFORMED = "malformed"
    """A field breaks its form; the rule is in the detail."""
    SUBJECT_KEY_ID = "subject-key-id"
    """The identifier of a CA's key is missing."""
    AUTHORITY_KEY_ID = "authority-key-id"
    """The identifier of the issuer's key is missing or odd."""
    CRITICALITY = "criticality"
    """An extension is critical that must not be, or is not and must."""
    AUTHORITY = "authority"
    """A CA that does not say so properly, or another that does."""
    NAME = "name"
    """A dNSName that no certificate should hold."""
    COMMON_NAME = "common-name"
    """A common name that the subjectAltName does not repeat."""
    NAME_CONSTRAINTS = "name-constraints"
    """Name constraints in a form, or at a place, that is not allowed."""
    PURPOSE = "purpose"
    """Extended key usages that are missing, too wide, or where none belong."""
    KEY = "key"
    """A key of a kind or size that public certificates may not hold."""


class FormFault(Struct, frozen=True, omit_defaults=True):
    """One breach of form.

    Attributes:
        code: Its kind.
        depth: Index of the certificate in the path, 0 for the leaf.
        source: Where the rule stands: ``RFC 5280 §4.2.1.2``, ``CA/B BR §6.1.5``.
        detail: The particulars, in words.
    """

    code: FormCode
    depth: int
    source: str
    detail: str = ""


class PathStep(Struct, frozen=True, omit_defaults=True):
    """One certificate of a path.

    Attributes:
        index: Its (first) place among the certificates sent; None where it was not sent.
        subject: RFC 4514 string.
        sha256: Of its DER, lower-case hex.
        anchor: Whether it is one of the trust anchors; only the last one of a path is.
    """

    index: int | None
    subject: str
    sha256: str
    anchor: bool = False


class ChainProof(Struct, frozen=True, omit_defaults=True):
    """The best path that was found, and everything that is wrong with it.

    Attributes:
        trusted: The path ends in a trust anchor and has no problem.
        path: Leaf first; empty only where nothing was sent.
        problems: Every reason, by depth; empty exactly where `trusted`.
        superfluous: Indices of certificates that were sent and are no part of the path.
        root_sent: A self-signed certificate was sent beside the leaf; servers may omit it (RFC 8446 §4.4.2).
        form: Breaches of form along the path, by depth; they take no trust away.
        out_of_order: A certificate of the path was sent before one that it certifies (RFC 8446 §4.4.2).
    """

    trusted: bool
    path: tuple[PathStep, ...] = ()
    problems: tuple[Problem, ...] = ()
    superfluous: tuple[int, ...] = ()
    root_sent: bool = False
    out_of_order: bool = False
    form: tuple[FormFault, ...] = ()
