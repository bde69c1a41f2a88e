"""The PROXY protocol's header: the examples of its specification, a round trip, and any octets at any cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxseal.wire.proxy_header import (
    MAX_LINE_OCTETS,
    SIGNATURE,
    Place,
    ProxyHeader,
    ProxyHeaderReader,
    Version,
    proxy_header,
)

V4 = Place("192.168.0.1", 56324), Place("192.168.0.11", 443)
V6 = Place("2001:db8::1", 1), Place("2001:db8::2", 65535)


def read(octets: bytes, step: int = 65536) -> ProxyHeaderReader:
    reader = ProxyHeaderReader()
    for start in range(0, len(octets), step):
        reader.receive(octets[start : start + step])
    return reader


@pytest.mark.parametrize(
    ("version", "ends", "octets"),
    [
        (Version.V1, V4, b"PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n"),
        (Version.V1, V6, b"PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n"),
        (
            Version.V2,
            V4,
            SIGNATURE + b"\x21\x11\x00\x0c" + b"\xc0\xa8\x00\x01\xc0\xa8\x00\x0b" + b"\xdc\x04\x01\xbb",
        ),
        (
            Version.V2,
            V6,
            SIGNATURE
            + b"\x21\x21\x00\x24"
            + bytes.fromhex("20010db800000000000000000000000120010db8000000000000000000000002")
            + b"\x00\x01\xff\xff",
        ),
    ],
)
def test_written_and_read(version: Version, ends: tuple[Place, Place], octets: bytes) -> None:
    assert proxy_header(version, *ends) == octets
    reader = read(octets + b"EHLO")
    assert reader.header == ProxyHeader(version, *ends)
    assert reader.leftover == b"EHLO"


@pytest.mark.parametrize("ends", [(None, V4[1]), (V4[0], None), (V4[0], V6[1]), (Place("unix:/x", 0), V4[1])])
def test_what_cannot_be_said_is_unknown_or_local(ends: tuple[Place | None, Place | None]) -> None:
    assert proxy_header(Version.V1, *ends) == b"PROXY UNKNOWN\r\n"
    assert proxy_header(Version.V2, *ends) == SIGNATURE + b"\x20\x00\x00\x00"
    assert read(proxy_header(Version.V1, *ends)).header == ProxyHeader(Version.V1)
    assert read(proxy_header(Version.V2, *ends)).header == ProxyHeader(Version.V2)


def test_scope_id_is_left_out() -> None:
    assert b" fe80::1 " in proxy_header(Version.V1, Place("fe80::1%eth0", 1), V6[1])


@pytest.mark.parametrize(
    "octets",
    [
        b"EHLO client.example\r\n",
        b"PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\n",
        b"PROXY TCP4 192.168.0.1 192.168.0.11 056324 443\r\n",
        b"PROXY TCP4 192.168.0.1 192.168.0.11 65536 443\r\n",
        b"PROXY TCP4 ::1 ::1 1 2\r\n",
        b"PROXY TCP6 ::1 ::1\r\n",
        b"PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
        b"PROXY UNKNOWN " + b"x" * MAX_LINE_OCTETS,
        SIGNATURE + b"\x11\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x21\x11\x00\x04" + bytes(4),
        SIGNATURE + b"\x21\x11\xff\xff",
    ],
)
def test_what_is_no_header_is_said_to_be_none(octets: bytes) -> None:
    reader = read(octets)
    assert reader.header is None
    assert reader.broken


@pytest.mark.parametrize("length", [0, 7, 300])
def test_further_octets_of_the_block_are_passed_over(length: int) -> None:
    octets = SIGNATURE + b"\x21\x11" + (12 + length).to_bytes(2, "big") + bytes(12) + bytes(length) + b"x"
    reader = read(octets)
    assert reader.header == ProxyHeader(Version.V2, Place("0.0.0.0", 0), Place("0.0.0.0", 0))
    assert reader.leftover == b"x"


places = st.builds(Place, st.ip_addresses().map(str), st.integers(0, 65535))
like_one = st.builds(lambda v, s, d: proxy_header(v, s, d), st.sampled_from(Version), places, places)


@given(st.sampled_from(Version), places, places)
def test_round_trip(version: Version, source: Place, destination: Place) -> None:
    reader = read(proxy_header(version, source, destination))
    same = (":" in source.address) == (":" in destination.address)
    assert reader.header == ProxyHeader(version, *((source, destination) if same else (None, None)))


@given(st.one_of(st.binary(max_size=200), like_one.flatmap(lambda h: st.binary().map(lambda b: h[:-3] + b))))
def test_any_octets_in_any_cuts(octets: bytes) -> None:
    whole = read(octets)
    for step in (1, 3, 20):
        cut = read(octets, step)
        assert (cut.header, bool(cut.broken), cut.leftover) == (
            whole.header,
            bool(whole.broken),
            whole.leftover,
        )
