"""ClientHellos as data and as octets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.hellos import client_hello
from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_client_hello import ClientHello, padded, segments, with_grease
from waxseal.wire.tls_extensions import Extension

RANDOM = bytes(range(32))
FULL = ClientHello(
    RANDOM,
    (0x1301, 0xC02F, reg.EMPTY_RENEGOTIATION_INFO_SCSV, reg.FALLBACK_SCSV),
    (
        ext.server_name("mx.example.test"),
        ext.supported_groups((reg.X25519_MLKEM768, reg.X25519)),
        ext.signature_algorithms((0x0403, 0x0804)),
        ext.supported_versions((0x0304, 0x0303)),
        ext.key_shares(((reg.X25519, b"k" * 32),)),
        ext.pre_shared_key(((b"ticket", 7),), (b"b" * 32,)),
    ),
    session_id=b"s" * 32,
)


def test_a_hello_octet_for_octet() -> None:
    hello = ClientHello(RANDOM, (0xC02F, 0x00FF), (ext.server_name("a.b"), ext.encrypt_then_mac()))
    assert hello.message() == (
        b"\x01\x00\x00\x3d\x03\x03"
        + RANDOM
        + b"\x00\x00\x04\xc0\x2f\x00\xff\x01\x00"
        + b"\x00\x10\x00\x00\x00\x08\x00\x06\x00\x00\x03a.b"
        + b"\x00\x16\x00\x00"
    )


def test_ssl3_has_no_extensions() -> None:
    hello = ClientHello(RANDOM, (0x0005, 0x000A), None, 0x0300, compressions=(1, 0))
    rest = b"\x00\x00\x04\x00\x05\x00\x0a\x02\x01\x00"
    assert hello.message() == b"\x01\x00\x00\x2c\x03\x00" + RANDOM + rest
    assert hello.records(0x0300)[:5] == b"\x16\x03\x00\x00\x30"
    assert hello.extension(0) is None


@pytest.mark.parametrize(
    ("extension", "number", "octets"),
    [
        (ext.server_name("a.b"), 0, "0006000003612e62"),
        (ext.max_fragment_length(1), 1, "01"),
        (ext.status_request(), 5, "0100000000"),
        (ext.supported_groups((29, 4588)), 10, "0004001d11ec"),
        (ext.point_formats((0, 1)), 11, "020001"),
        (ext.signature_algorithms((0x0403,)), 13, "00020403"),
        (ext.heartbeat(2), 15, "02"),
        (ext.protocols((b"smtp", b"h2")), 16, "000804736d7470026832"),
        (ext.signed_certificate_timestamps(), 18, ""),
        (ext.server_certificate_types((2, 0)), 20, "020200"),
        (ext.padding(3), 21, "000000"),
        (ext.encrypt_then_mac(), 22, ""),
        (ext.extended_main_secret(), 23, ""),
        (ext.compress_certificate((1, 2)), 27, "0400010002"),
        (ext.record_size_limit(64), 28, "0040"),
        (ext.session_ticket(b"t"), 35, "74"),
        (ext.pre_shared_key(((b"id", 1),), (b"bb",)), 41, "0008000269640000000100" + "03026262"),
        (ext.early_data(), 42, ""),
        (ext.supported_versions((0x0304, 0x0303)), 43, "0403040303"),
        (ext.cookie(b"c"), 44, "000163"),
        (ext.psk_modes((0, 1)), 45, "020001"),
        (ext.post_handshake_auth(), 49, ""),
        (ext.signature_algorithms_cert((0x0401,)), 50, "00020401"),
        (ext.key_shares(), 51, "0000"),
        (ext.key_shares(((29, b"ab"), (23, b""))), 51, "000a001d0002616200170000"),
        (ext.renegotiation_info(b"v"), 0xFF01, "0176"),
    ],
)
def test_extensions(extension: Extension, number: int, octets: str) -> None:
    assert extension == Extension(number, bytes.fromhex(octets))


def test_records_and_segments() -> None:
    whole = FULL.message()
    octets = FULL.records(0x0303, 50)
    kept = b""
    while octets:
        length = int.from_bytes(octets[3:5], "big")
        assert (octets[:3], length <= 50) == (b"\x16\x03\x03", True)
        kept += octets[5 : 5 + length]
        octets = octets[5 + length :]
    assert kept == whole
    assert segments(b"abcdef", 1, 3) == (b"a", b"bcd", b"ef")
    assert segments(b"ab", 0, 5) == (b"ab",)
    assert segments(b"") == ()


def test_extensions_are_put_in_place() -> None:
    assert FULL.extension(reg.SERVER_NAME) == ext.server_name("mx.example.test")
    assert FULL.extensions is not None
    numbers = [e.number for e in FULL.extensions]
    again = FULL.with_extension(ext.server_name("b.test"))
    assert [e.number for e in again.extensions or ()] == numbers
    assert again.extension(0) == ext.server_name("b.test")
    added = FULL.with_extension(ext.early_data())
    assert [e.number for e in added.extensions or ()] == [*numbers[:-1], reg.EARLY_DATA, reg.PRE_SHARED_KEY]
    assert added.without_extension(reg.EARLY_DATA) == FULL
    assert ClientHello(RANDOM, (1,), None).with_extension(ext.early_data()).extensions == (ext.early_data(),)


@given(st.integers(min_value=0, max_value=20_000))
def test_padding_to_a_size(wanted: int) -> None:
    plain = len(FULL.message())
    hello = padded(FULL, wanted)
    size = len(hello.message())
    if wanted <= plain:
        assert hello == FULL
    else:
        assert size == max(wanted, plain + 4)
        assert hello.extensions is not None
        assert hello.extensions[-1].number == reg.PRE_SHARED_KEY
    assert padded(hello, wanted) == hello


@given(st.binary(min_size=6, max_size=6))
def test_grease(choice: bytes) -> None:
    hello = with_grease(FULL, choice)
    assert client_hello(hello.message()) == hello
    assert hello.suites[0] in reg.GREASE
    assert hello.suites[1:] == FULL.suites
    assert hello.extensions is not None
    first, *middle, last, psk = hello.extensions
    assert psk.number == reg.PRE_SHARED_KEY
    assert first.number in reg.GREASE
    assert last.number in reg.GREASE
    assert first.number != last.number
    assert (first.octets, last.octets) == (b"", b"\x00")
    assert [e.number for e in middle] == [e.number for e in FULL.extensions or ()][:-1]
    groups = hello.extension(reg.SUPPORTED_GROUPS)
    shares = hello.extension(reg.KEY_SHARE)
    assert groups is not None
    assert shares is not None
    assert groups.octets[2:4] == shares.octets[2:4]


def test_what_does_not_fit_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        ClientHello(RANDOM, tuple(range(40_000))).message()
    with pytest.raises(ValueError):
        ext.server_name("bücher.test")


_extension = st.builds(Extension, st.integers(0, 0xFFFF), st.binary(max_size=30))


@given(
    st.builds(
        ClientHello,
        st.binary(min_size=32, max_size=32),
        st.lists(st.integers(0, 0xFFFF), max_size=20).map(tuple),
        st.none() | st.lists(_extension, max_size=8).map(tuple),
        st.integers(0, 0xFFFF),
        st.binary(max_size=32),
        st.lists(st.integers(0, 255), max_size=3).map(tuple),
    )
)
def test_whatever_is_put_in_is_read_back(hello: ClientHello) -> None:
    assert client_hello(hello.message()) == hello
