"""SCT lists: as the library reads them, cut anywhere, and with every breach of form."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trust import pki
from tests.trust.pki import issue, leaf_wish
from tests.trust.statements import INTER
from waxseal.trust.certificate import parse
from waxseal.trust.extensions import TIMESTAMP_LIST
from waxseal.trust.timestamps import MAX_TIMESTAMPS, read_list, read_timestamps, split_list

AT_MS = 1_740_000_000_123


def timestamp(log: int = 1, *, version: int = 0, extensions: bytes = b"", signature: bytes = b"sig") -> bytes:
    """One SCT (RFC 6962 §3.2), without its length."""
    return (
        bytes((version,))
        + bytes((log,)) * 32
        + AT_MS.to_bytes(8)
        + len(extensions).to_bytes(2)
        + extensions
        + b"\x04\x03"
        + len(signature).to_bytes(2)
        + signature
    )


def listed(*octets: bytes) -> bytes:
    """A SignedCertificateTimestampList."""
    body = b"".join(len(one).to_bytes(2) + one for one in octets)
    return len(body).to_bytes(2) + body


def test_two_of_two_logs() -> None:
    found = read_list(listed(timestamp(1), timestamp(2, extensions=b"ext")))
    assert found.deviations == ()
    assert found.logs == 2
    one, two = found.timestamps
    assert one.log_id == "01" * 32
    assert one.at == datetime(2025, 2, 19, 21, 20, 0, 123000, tzinfo=UTC)
    assert (one.hash_name, one.signature_name, one.signature) == ("sha256", "ecdsa", b"sig")
    assert two.extensions == b"ext"


def test_two_of_one_log_count_once() -> None:
    assert read_list(listed(timestamp(1), timestamp(1))).logs == 1


def test_another_version_is_passed_over() -> None:
    found = read_list(listed(timestamp(version=1), timestamp()))
    assert (len(found.timestamps), found.unknown_versions, found.deviations) == (1, (1,), ())


@pytest.mark.parametrize(
    ("octets", "rule"),
    [
        (b"\x00", "timestamp-list-length"),
        (b"\x00\x00", "timestamp-list-empty"),
        (listed(timestamp()) + b"x", "timestamp-list-length"),
        (b"\x00\x04\x00\x09ab", "timestamp-cut-short"),
        (b"\x00\x02\x00\x00", "timestamp-cut-short"),
        (listed(timestamp()[:-1]), "timestamp-form"),
        (listed(timestamp()[:20]), "timestamp-form"),
        (listed(*[timestamp()] * (MAX_TIMESTAMPS + 1)), "timestamps-too-many"),
    ],
)
def test_breaches(octets: bytes, rule: str) -> None:
    assert [deviation.rule for deviation in read_list(octets).deviations] == [rule]


def test_a_moment_that_cannot_be_told() -> None:
    octets = bytearray(timestamp())
    octets[33:41] = b"\xff" * 8
    assert read_timestamps((bytes(octets),)).timestamps[0].at is None


def test_embedded_in_a_certificate() -> None:
    octets = listed(timestamp(1), timestamp(2))
    extension = (TIMESTAMP_LIST, False, pki.encode(4, octets))
    leaf = issue("mx.example.org", leaf_wish(extra=(extension,)), INTER)
    fact = parse(leaf.der)
    assert fact.embedded_timestamps == (timestamp(1), timestamp(2))
    assert read_timestamps(fact.embedded_timestamps).logs == 2
    assert parse(INTER.der).embedded_timestamps == ()


@given(st.binary(max_size=200))
def test_never_raises(octets: bytes) -> None:
    found = read_list(octets)
    assert bool(octets) == bool(found.timestamps or found.unknown_versions or found.deviations)
    assert split_list(octets)[0] == split_list(octets)[0]


@given(st.integers(0, 200))
def test_cut_anywhere(at: int) -> None:
    octets = listed(timestamp(1), timestamp(2))
    found = read_list(octets[:at])
    if at < len(octets):
        assert bool(found.deviations) == bool(at)
    assert len(found.timestamps) <= 2
