"""Properties of the client of SSL 3.0 to TLS 1.2: any octets, mutated flights, nonsense; cut anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.cuts import cut_places, pieces
from tests.wire.tls12_peer import (
    CERTIFICATE,
    DONE,
    HELLO_REQUEST,
    REQUEST,
    SUITE,
    TICKET,
    Peer12,
    client,
    offer,
)
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_client_hello import ClientHello
from waxseal.wire.tls_events import Closed, Event
from waxseal.wire.tls_fields import message, vector

CASES = ((SUITE, 0x0303), (0x0033, 0x0302), (0x0016, 0x0300), (0x0018, 0x0301))


def hello_of(number: int, version: int) -> ClientHello:
    return offer(number, version=version)


def recorded(number: int, version: int) -> bytes:
    """What a server says in one handshake with data; `client` draws the same keys each time."""
    ours, theirs = client(hello_of(number, version)), Peer12(number, version)
    said = theirs.first(ours)
    ours.receive(said)
    theirs.read(ours.to_send())
    said += theirs.finish() + theirs.seal(reg.APPLICATION_DATA, b"220 mx\r\n")
    return said + theirs.seal(reg.HANDSHAKE, HELLO_REQUEST) + theirs.seal(reg.ALERT, b"\x01\x00")


RECORDED = {case: recorded(*case) for case in CASES}


def hear(parts: list[bytes], case: tuple[int, int] = CASES[0]) -> tuple[list[Event], bytes, bool]:
    ours = client(hello_of(*case))
    ours.start()
    events = [event for part in parts for event in ours.receive(part)]
    return events + ours.receive_eof(), ours.to_send(), ours.ended


@pytest.mark.parametrize("case", CASES)
@given(cuts=cut_places)
def test_cut_anywhere(case: tuple[int, int], cuts: list[int]) -> None:
    whole = hear([RECORDED[case]], case)
    assert whole[0][-1] == Closed(in_order=True)
    assert hear(pieces(RECORDED[case], cuts), case) == whole


@given(
    st.sampled_from(CASES),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=4),
    st.integers(0, 2000),
    cut_places,
)
def test_mutated_octets_never_raise(
    case: tuple[int, int], changes: list[tuple[int, int]], end: int, cuts: list[int]
) -> None:
    octets = bytearray(RECORDED[case])
    for place, value in changes:
        octets[place % len(octets)] = value
    cut = bytes(octets[:end])
    assert hear([cut], case) == hear(pieces(cut, cuts), case)


_messages = st.one_of(
    st.builds(message, st.sampled_from([0, 2, 4, 11, 12, 13, 14, 15, 20, 22]), st.binary(max_size=60)),
    st.sampled_from([CERTIFICATE, Peer12().exchange(), REQUEST, DONE, TICKET, HELLO_REQUEST]),
    st.binary(max_size=20),
)
_said = st.lists(
    st.tuples(st.sampled_from([20, 21, 22, 22, 22, 23, 24]), st.lists(_messages, max_size=4).map(b"".join)),
    max_size=5,
)


@given(st.sampled_from(CASES), _said, _said, cut_places, st.booleans())
def test_whatever_is_said_never_raises(
    case: tuple[int, int],
    before: list[tuple[int, bytes]],
    after: list[tuple[int, bytes]],
    cuts: list[int],
    completed: bool,
) -> None:
    ours, theirs = client(hello_of(*case)), Peer12(*case)
    octets = theirs.say(theirs.hello(ours.start()[5:]))
    octets += b"".join(theirs.seal(kind, fragment) for kind, fragment in before)
    if completed:
        octets = RECORDED[case][:-20]
        theirs = Peer12(*case)
    octets += b"".join(theirs.seal(kind, fragment) for kind, fragment in after)
    assert hear([octets], case) == hear(pieces(octets, cuts), case)


@given(_said, cut_places)
def test_whatever_is_said_after_the_handshake_never_raises(
    said: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    def heard(parts: int) -> tuple[list[Event], bytes]:
        ours, theirs = client(), Peer12()
        ours.receive(theirs.first(ours))
        theirs.read(ours.to_send())
        octets = theirs.finish() + b"".join(theirs.seal(kind, fragment) for kind, fragment in said)
        cut = pieces(octets, cuts) if parts else [octets]
        events = [event for part in cut for event in ours.receive(part)]
        return events + ours.receive_eof(), ours.to_send()

    assert heard(0) == heard(1)


@given(st.binary(max_size=300), cut_places)
def test_random_octets_never_raise(octets: bytes, cuts: list[int]) -> None:
    assert hear([octets]) == hear(pieces(octets, cuts))
    head = b"\x16\x03\x03" + vector(octets, 2)
    assert hear([head]) == hear(pieces(head, cuts))
