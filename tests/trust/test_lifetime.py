"""How long a public leaf may live: the steps of the Baseline Requirements, to the second."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.trust.limbo import ders, raw_cases
from tests.trust.pki import encode, encode_oid, issue, leaf_wish
from waxseal.facts import Certificate
from waxseal.trust.certificate import parse
from waxseal.trust.lifetime import PUBLIC_POLICIES, excess, is_publicly_issued, limit_days, validity
from waxseal.trust.timestamps import read_timestamps

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("day", "days"),
    [
        ((2018, 2, 28), None),
        ((2018, 3, 1), 825),
        ((2020, 8, 31), 825),
        ((2020, 9, 1), 398),
        ((2026, 3, 14), 398),
        ((2026, 3, 15), 200),
        ((2027, 3, 14), 200),
        ((2027, 3, 15), 100),
        ((2029, 3, 14), 100),
        ((2029, 3, 15), 47),
        ((2040, 1, 1), 47),
    ],
)
def test_limits(day: tuple[int, int, int], days: int | None) -> None:
    assert limit_days(datetime(*day, tzinfo=UTC)) == days


@pytest.mark.parametrize("days", [47, 90, 100, 200, 398, 825])
@pytest.mark.parametrize("over_s", [-1, 0, 1])
def test_to_the_second(days: int, over_s: int) -> None:
    starts = {47: 2029, 90: 2030, 100: 2028, 200: 2026, 398: 2021, 825: 2019}
    start = datetime(starts[days], 6, 1, tzinfo=UTC)
    end = start + timedelta(days=days) - SECOND + timedelta(seconds=over_s)
    fact = Certificate(der=b"", sha256="", not_before=start, not_after=end)
    assert validity(fact) == timedelta(days=days, seconds=over_s)
    late = over_s > 0 or days == 90
    assert (excess(fact) is not None) == late
    if late and days != 90:
        assert excess(fact) == SECOND


def test_unreadable_dates_are_not_judged() -> None:
    assert excess(Certificate(der=b"", sha256="")) is None
    assert validity(Certificate(der=b"", sha256="")) is None


def test_public_is_who_says_so_in_a_policy() -> None:
    def policies(*oids: str) -> tuple[str, bool, bytes]:
        return "2.5.29.32", False, encode(0x30, b"".join(encode(0x30, encode_oid(oid)) for oid in oids))

    for oid in PUBLIC_POLICIES:
        leaf = issue("mx.example.org", leaf_wish(extra=(policies("1.3.6.1.4.1.44947.1.1.1", oid),)))
        assert is_publicly_issued(leaf.fact)
    assert not is_publicly_issued(issue("mx.example.org", leaf_wish()).fact)
    assert not is_publicly_issued(issue("mx.example.org", leaf_wish(extra=(policies("1.2.3.4"),))).fact)


REAL = [case for case in raw_cases() if case["id"].startswith("online::")]


@pytest.mark.parametrize("case", REAL, ids=lambda case: case["id"])
def test_real_public_certificates(case: dict[str, Any]) -> None:
    """What x509-limbo collected of large sites: all public, within the limits, and logged at least twice."""
    (octets,) = ders([case["peer_certificate"]])
    fact = parse(octets)
    assert is_publicly_issued(fact)
    assert excess(fact) is None
    listed = read_timestamps(fact.embedded_timestamps)
    assert listed.logs >= 2
    assert listed.deviations == ()
    for timestamp in listed.timestamps:
        assert timestamp.at is not None
        assert fact.not_before is not None
        assert abs(timestamp.at - fact.not_before) < timedelta(days=2)
    assert fact.ocsp_urls or fact.crl_urls


def test_there_are_real_ones() -> None:
    assert len(REAL) == 14
