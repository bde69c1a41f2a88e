"""What a statement on revocation proves, whichever way it came: what ``ocsp`` and ``crl`` share.

Nothing is read or judged here.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct

SKEW: Final = timedelta(minutes=5)
"""How far clocks may disagree before a statement counts as not yet valid or stale."""


class CertificateStatus(StrEnum):
    """What a statement says of one certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    """The responder does not know the certificate (RFC 6960 §2.2)."""
    UNTOLD = "untold"
    """The statement says nothing of this certificate, or cannot be read so far."""


class RevocationCode(StrEnum):
    """Why a statement proves nothing, or what is wrong with it."""

    MALFORMED = "malformed"
    """It cannot be read."""
    TOO_LARGE = "too-large"
    """It is larger than waxseal reads."""
    NOT_SUCCESSFUL = "not-successful"
    """The responder answered with an error (RFC 6960 §2.3)."""
    OTHER_CERTIFICATE = "other-certificate"
    """It says nothing of the certificate in question."""
    OTHER_ISSUER = "other-issuer"
    """The CRL is another issuer's."""
    SIGNER_UNAUTHORISED = "signer-unauthorised"
    """Who signed it may not speak for the issuer (RFC 6960 §4.2.2.2, RFC 5280 §6.3.3 (f))."""
    SIGNATURE_INVALID = "signature-invalid"
    """The signature does not verify."""
    NOT_YET_VALID = "not-yet-valid"
    """thisUpdate is to come."""
    STALE = "stale"
    """nextUpdate is past (RFC 6960 §3.2, RFC 5280 §6.3.3 (a))."""
    UNKNOWN_CRITICAL_EXTENSION = "unknown-critical-extension"
    """It holds a critical extension that cannot be processed, such as a narrower scope."""
    FORM = "form"
    """A breach of form that leaves the statement as it is."""


class RevocationProblem(Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong with a statement, and the particulars in words."""

    code: RevocationCode
    detail: str = ""


class RevocationVerdict(Struct, frozen=True, omit_defaults=True):
    """What an OCSP response or a CRL says of one certificate, and everything that is wrong with it.

    Attributes:
        status: What it says, as far as it can be read; it counts only where `holds`.
        problems: Every problem, in the order of reading.
        this_update, next_update: When it was right, and when a newer one is due; None where missing.
        revoked_at, reason: With `CertificateStatus.REVOKED`: since when, and the CRLReason number.
    """

    status: CertificateStatus = CertificateStatus.UNTOLD
    problems: tuple[RevocationProblem, ...] = ()
    this_update: datetime | None = None
    next_update: datetime | None = None
    revoked_at: datetime | None = None
    reason: int | None = None

    @property
    def holds(self) -> bool:
        """Whether it may be relied on: nothing is wrong but form."""
        return all(problem.code is RevocationCode.FORM for problem in self.problems)


REASONS: Final = {
    0: "unspecified",
    1: "keyCompromise",
    2: "cACompromise",
    3: "affiliationChanged",
    4: "superseded",
    5: "cessationOfOperation",
    6: "certificateHold",
    8: "removeFromCRL",
    9: "privilegeWithdrawn",
    10: "aACompromise",
}
"""CRLReason numbers (RFC 5280 §5.3.1)."""


def freshness(
    this_update: datetime | None, next_update: datetime | None, at: datetime
) -> list[RevocationProblem]:
    """Whether a statement is of now, give or take `SKEW`."""
    found: list[RevocationProblem] = []
    if this_update is not None and at + SKEW < this_update:
        found.append(
            RevocationProblem(RevocationCode.NOT_YET_VALID, f"right from {this_update:%Y-%m-%d %H:%M} UTC")
        )
    if next_update is not None and at - SKEW > next_update:
        text = f"a newer one was due at {next_update:%Y-%m-%d %H:%M} UTC"
        found.append(RevocationProblem(RevocationCode.STALE, text))
    return found
