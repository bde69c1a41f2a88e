"""The first flight in clear: what it holds, where it ends, and the same whatever the cuts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.probes.tls.model import ModelServer
from tests.wire.cuts import cut_places, pieces
from waxseal.probes.tls.hellos import HelloMaker
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_fields import message, records
from waxseal.wire.tls_first_flight import MAX_FLIGHT_OCTETS, FirstFlight
from waxseal.wire.tls_suite_properties import suites_of_version

MAKER = HelloMaker("mx.example.test")
SERVER = ModelServer({0x0303: (0xC02F,), 0x0301: (0x0033,)})
ECDHE = SERVER.answer(MAKER.up_to_12(0x0303, suites_of_version(0x0303)).records()) or b""
DHE = SERVER.answer(MAKER.up_to_12(0x0301, suites_of_version(0x0301)).records()) or b""
RETRY = ModelServer({0x0304: (0x1301,)}).answer(MAKER.tls13((0x1301,)).start()) or b""


def fed(*octets: bytes) -> FirstFlight:
    flight = FirstFlight()
    for part in octets:
        flight.feed(part)
    return flight


def test_a_flight_of_tls12_is_whole_at_server_hello_done() -> None:
    assert not fed(ECDHE[:-1]).done
    flight = fed(ECDHE)
    assert flight.done
    assert flight.whole
    assert (flight.version, flight.suite, flight.group, flight.scheme) == (0x0303, 0xC02F, 29, 0x0804)


def test_finite_field_parameters_are_read_and_name_no_group() -> None:
    flight = fed(DHE)
    assert flight.key_exchange is not None
    assert flight.key_exchange.prime_bits == 2048
    assert flight.group is None
    assert flight.scheme is None


def test_a_hello_of_tls13_ends_it() -> None:
    flight = fed(RETRY)
    assert flight.done
    assert flight.whole
    assert flight.hello is not None
    assert flight.hello.retry
    assert flight.group == 29


@pytest.mark.parametrize(
    ("octets", "alert", "done"),
    [
        (b"\x15\x03\x01\x00\x02\x02\x28", 40, True),
        (b"\x15\x03\x01\x00\x02\x01\x00", 0, True),
        (b"\x15\x03\x01\x00\x02\x01\x70", None, False),
    ],
)
def test_alerts(octets: bytes, alert: int | None, done: bool) -> None:
    flight = fed(octets)
    assert (flight.alert, flight.done) == (alert, done)
    assert flight.warnings == ([] if done else [0x70])


def test_an_alert_behind_the_hello_leaves_no_working_flight() -> None:
    hello_only = ECDHE[: 5 + int.from_bytes(ECDHE[3:5], "big")]
    hello = records(reg.HANDSHAKE, hello_only[5 : 5 + 4 + int.from_bytes(hello_only[6:9], "big")])
    flight = fed(hello, b"\x15\x03\x03\x00\x02\x02\x50")
    assert flight.hello is not None
    assert flight.alert == 80
    assert not flight.whole


@pytest.mark.parametrize("octets", [b"500 5.5.2 no\r\n", b"\x16\x02\x00\x00\x01\x00", b"\x00"])
def test_what_is_no_tls_is_called_that(octets: bytes) -> None:
    flight = fed(octets)
    assert flight.done
    assert flight.not_tls
    assert flight.deviations[0].rule == "not-a-record"


def test_a_message_without_end_reaches_the_limit() -> None:
    header = records(reg.HANDSHAKE, bytes([reg.CERTIFICATE]) + (2**24 - 1).to_bytes(3, "big"))
    assert fed(header).deviations[-1].rule == "message-too-long"
    noise = records(reg.HEARTBEAT_RECORD, bytes(16000)) * (MAX_FLIGHT_OCTETS // 16000 + 1)
    assert fed(noise).deviations[-1].rule == "flight-too-long"


def test_heartbeats_are_kept() -> None:
    assert fed(records(reg.HEARTBEAT_RECORD, b"\x02\x00\x01x")).heartbeats == [b"\x02\x00\x01x"]


def state(flight: FirstFlight) -> tuple[object, ...]:
    rules = [deviation.rule for deviation in flight.deviations]
    return flight.done, flight.hello, flight.messages, flight.alert, flight.not_tls, flight.octets, rules


@given(st.sampled_from((ECDHE, DHE, RETRY)), cut_places)
def test_cut_anywhere(octets: bytes, places: list[int]) -> None:
    assert state(fed(*pieces(octets, places))) == state(fed(octets))


@given(st.binary(max_size=600), st.binary(max_size=60))
def test_never_raises(octets: bytes, body: bytes) -> None:
    for start in (b"", ECDHE[:120], records(reg.HANDSHAKE, message(reg.SERVER_HELLO, body))):
        flight = fed(start, octets)
        assert flight.whole in (True, False)
        assert flight.key_exchange is None or flight.key_exchange.octets
        assert flight.certificates is None or flight.certificates.octets
        assert flight.request is None or flight.request.octets
