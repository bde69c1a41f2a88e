"""How long a publicly trusted certificate may be valid, by its date of issue (CA/B BR §6.3.2).

The limits bind the authorities of the CA/Browser Forum, and only the leaves that they issue: an authority of
one's own may choose as it likes. Such a leaf is told by its policies, one of which has to be the Forum's
(CA/B BR §7.1.2.7.9). The steps from 2026 on are those of ballot SC-081v3.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from waxseal.facts import Certificate

PUBLIC_POLICIES: Final = frozenset({"2.23.140.1.1", "2.23.140.1.2.1", "2.23.140.1.2.2", "2.23.140.1.2.3"})
"""Extended, domain, organisation and individual validation (CA/B BR §7.1.6.1, EV Guidelines)."""

LIMITS: Final[tuple[tuple[datetime, int], ...]] = (
    (datetime(2018, 3, 1, tzinfo=UTC), 825),
    (datetime(2020, 9, 1, tzinfo=UTC), 398),
    (datetime(2026, 3, 15, tzinfo=UTC), 200),
    (datetime(2027, 3, 15, tzinfo=UTC), 100),
    (datetime(2029, 3, 15, tzinfo=UTC), 47),
)
"""From when on, and how many days at most; earlier ones had months and have all ended."""

_SECOND: Final = timedelta(seconds=1)


def is_publicly_issued(certificate: Certificate) -> bool:
    """Whether a leaf says that it was issued under the Baseline Requirements."""
    return not PUBLIC_POLICIES.isdisjoint(certificate.policies)


def limit_days(issued_at: datetime) -> int | None:
    """The most days that a leaf issued then may be valid; None before 2018-03-01."""
    return next((days for since, days in reversed(LIMITS) if issued_at >= since), None)


def validity(certificate: Certificate) -> timedelta | None:
    """From notBefore through notAfter, both seconds included (RFC 5280 §4.1.2.5); None where unreadable."""
    if certificate.not_before is None or certificate.not_after is None:
        return None
    return certificate.not_after - certificate.not_before + _SECOND


def excess(certificate: Certificate) -> timedelta | None:
    """By how much a leaf lives too long; None where it does not, or its dates cannot be read."""
    lasts = validity(certificate)
    limit = limit_days(certificate.not_before) if certificate.not_before is not None else None
    if lasts is None or limit is None or lasts <= timedelta(days=limit):
        return None
    return lasts - timedelta(days=limit)
