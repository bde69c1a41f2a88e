"""Properties of the TLS 1.3 client: any octets, mutated flights, sealed nonsense, cut anywhere."""

from hypothesis import given
from hypothesis import strategies as st

from tests.wire.cuts import cut_places, pieces
from tests.wire.test_tls13 import CCS, client
from tests.wire.tls13_peer import CERTIFICATE, EXTENSIONS, PROOF, Peer
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_events import Closed, Event
from waxseal.wire.tls_fields import message, vector


class Recorded:
    """One handshake with data, for the properties below; `client` draws the same keys each time."""

    def __init__(self) -> None:
        ours, theirs = client(), Peer(0x1303)
        said = [theirs.hello(ours.start()), CCS, theirs.flight()]
        said += [theirs.seal(reg.APPLICATION_DATA, b"220 mx\r\n"), theirs.seal(reg.ALERT, b"\x01\x00")]
        self.octets = b"".join(said)


RECORDED = Recorded().octets


def hear(parts: list[bytes]) -> tuple[list[Event], bytes, bool]:
    ours = client()
    ours.start()
    events = [event for part in parts for event in ours.receive(part)]
    return events + ours.receive_eof(), ours.to_send(), ours.ended


@given(cut_places)
def test_cut_anywhere(cuts: list[int]) -> None:
    whole = hear([RECORDED])
    assert whole[0][-1] == Closed(in_order=True)
    assert hear(pieces(RECORDED, cuts)) == whole


@given(
    st.lists(st.tuples(st.integers(0, len(RECORDED) - 1), st.integers(0, 255)), max_size=4),
    st.integers(0, len(RECORDED)),
    cut_places,
)
def test_mutated_octets_never_raise(changes: list[tuple[int, int]], end: int, cuts: list[int]) -> None:
    octets = bytearray(RECORDED)
    for place, value in changes:
        octets[place] = value
    cut = bytes(octets[:end])
    assert hear([cut]) == hear(pieces(cut, cuts))


_messages = st.one_of(
    st.builds(message, st.sampled_from([2, 4, 8, 11, 13, 15, 20, 24, 25]), st.binary(max_size=60)),
    st.sampled_from([EXTENSIONS, CERTIFICATE, PROOF]),
    st.binary(max_size=20),
)
_sealed = st.lists(
    st.tuples(st.sampled_from([0, 20, 21, 22, 22, 22, 23]), st.lists(_messages, max_size=4).map(b"".join)),
    max_size=5,
)


@given(_sealed, _sealed, cut_places)
def test_whatever_is_sealed_never_raises(
    before: list[tuple[int, bytes]], after: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    ours, theirs = client(), Peer()
    octets = theirs.hello(ours.start())
    octets += b"".join(theirs.seal(kind, fragment) for kind, fragment in before)
    octets += theirs.flight()
    octets += b"".join(theirs.seal(kind, fragment) for kind, fragment in after)
    assert hear([octets]) == hear(pieces(octets, cuts))


@given(st.binary(max_size=300), cut_places)
def test_random_octets_never_raise(octets: bytes, cuts: list[int]) -> None:
    assert hear([octets]) == hear(pieces(octets, cuts))
    head = b"\x16\x03\x03" + vector(octets, 2)
    assert hear([head]) == hear(pieces(head, cuts))
