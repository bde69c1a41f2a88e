"""Early data: taken, refused in every way, kept within its limit (RFC 8446 §2.3, §4.2.10)."""

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.cuts import cut_places, pieces
from tests.wire.hellos import client_hello
from tests.wire.tls13_peer import CERTIFICATE, EXTENSIONS, PROOF, Peer, block, server_hello
from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13 import Tls13Client
from waxseal.wire.tls13_keys import SUITES, KeySchedule
from waxseal.wire.tls13_offer import Tls13Offer
from waxseal.wire.tls13_protection import RecordProtection
from waxseal.wire.tls_events import (
    AlertReceived,
    CertificatesShown,
    Deviated,
    EncryptedExtensionsSeen,
    Event,
    HandshakeCompleted,
    HelloRetry,
    Resumption,
    ServerHelloSeen,
    Stopped,
)
from waxseal.wire.tls_extensions import Extension
from waxseal.wire.tls_fields import message, records

CCS = b"\x14\x03\x03\x00\x01\x01"
TAKEN = message(reg.ENCRYPTED_EXTENSIONS, block(Extension(reg.EARLY_DATA)))
DATA = b"EHLO looker.example.test\r\n"


def ticket(suite: int = 0x1301, limit: int | None = 100) -> Resumption:
    return Resumption(b"ticket", suite, 7, 7200, limit, b"s" * SUITES[suite].hash_octets)


def client(
    resume: Resumption | None, offer: Tls13Offer | None = None, early_data: bool = True
) -> Tls13Client:
    draw = random.Random(5).randbytes
    hello, shares = (offer or Tls13Offer("mx.example.test")).hello(draw)
    return Tls13Client(hello, shares, draw, resume=resume, early_data=early_data)


def split(octets: bytes) -> tuple[bytes, bytes]:
    """The record of the hello, and what follows it: ChangeCipherSpec first."""
    end = 5 + int.from_bytes(octets[3:5], "big")
    assert octets[end : end + 6] == CCS
    return octets[:end], octets[end:]


def rules(events: list[Event]) -> list[str]:
    return [event.deviation.rule for event in events if isinstance(event, Deviated)]


@pytest.mark.parametrize("suite", SUITES)
def test_it_is_taken(suite: int) -> None:
    resume = ticket(suite)
    ours, theirs = client(resume, Tls13Offer(suites=(suite,))), Peer(suite)
    hello, rest = split(ours.start() + ours.send_early(DATA) + ours.send_early(b"x" * 20))
    parsed = client_hello(hello[5:])
    assert parsed.extensions is not None
    assert [e.number for e in parsed.extensions[-2:]] == [reg.EARLY_DATA, reg.PRE_SHARED_KEY]
    said = theirs.hello(hello, psk=resume.secret)
    early, left = theirs.read_early(rest)
    assert (early, left) == ([(reg.APPLICATION_DATA, DATA), (reg.APPLICATION_DATA, b"x" * 20)], b"")
    assert ours.early_data_accepted is None
    events = ours.receive(said + theirs.flight(TAKEN))
    assert rules(events) == []
    assert events[-1] == HandshakeCompleted(suite, reg.X25519, resumed=True, early_data_accepted=True)
    assert ours.early_data_accepted is True
    answer = ours.to_send()
    assert CCS not in answer
    early, left = theirs.read_early(answer)
    assert early == [(reg.HANDSHAKE, message(reg.END_OF_EARLY_DATA, b""))]
    theirs.read(left)
    assert theirs.read(ours.send(b"QUIT\r\n")) == [(reg.APPLICATION_DATA, b"QUIT\r\n")]
    secret = theirs.schedule.client_early(hashlib.new(theirs.suite.hash_name, hello[5:]).digest()).hex()
    assert ours.key_log()[0] == f"CLIENT_EARLY_TRAFFIC_SECRET {parsed.random.hex()} {secret}"
    assert len(ours.key_log()) == 6


def test_it_is_refused_with_the_ticket_taken() -> None:
    ours, theirs = client(ticket()), Peer()
    hello, _ = split(ours.start() + ours.send_early(DATA))
    events = ours.receive(theirs.hello(hello, psk=ticket().secret) + theirs.flight(EXTENSIONS))
    assert events[-1] == HandshakeCompleted(0x1301, reg.X25519, resumed=True, early_data_accepted=False)
    ((kind, fragment),) = theirs.read(ours.to_send())
    assert (kind, fragment[0]) == (reg.HANDSHAKE, reg.FINISHED)
    assert theirs.read(ours.send(DATA)) == [(reg.APPLICATION_DATA, DATA)]


def test_it_is_refused_with_the_ticket() -> None:
    ours, theirs = client(ticket()), Peer()
    hello, _ = split(ours.start() + ours.send_early(DATA))
    said = theirs.hello(hello)
    assert [type(event) for event in ours.receive(said)] == [ServerHelloSeen]
    assert ours.early_data_accepted is False
    events = ours.receive(theirs.flight())
    assert events[-1] == HandshakeCompleted(0x1301, reg.X25519, resumed=False, early_data_accepted=False)
    theirs.read(ours.to_send())
    assert theirs.read(ours.send(DATA)) == [(reg.APPLICATION_DATA, DATA)]


def test_a_retry_drops_it() -> None:
    ours, theirs = client(ticket()), Peer()
    hello, _ = split(ours.start() + ours.send_early(DATA))
    (retry,) = ours.receive(theirs.retry(hello, reg.SECP384R1))
    assert isinstance(retry, HelloRetry)
    assert ours.early_data_accepted is False
    with pytest.raises(RuntimeError):
        ours.send_early(DATA)
    again = ours.to_send()
    assert again[:3] == b"\x16\x03\x03"  # in clear, and ChangeCipherSpec went out before
    parsed = client_hello(again[5:])
    assert parsed.extension(reg.EARLY_DATA) is None
    assert parsed.extension(reg.PRE_SHARED_KEY) is not None
    events = ours.receive(theirs.hello(again, reg.SECP384R1, psk=ticket().secret) + theirs.flight(EXTENSIONS))
    assert events[-1] == HandshakeCompleted(0x1301, reg.SECP384R1, resumed=True, early_data_accepted=False)
    theirs.read(ours.to_send())
    assert theirs.read(ours.send(DATA)) == [(reg.APPLICATION_DATA, DATA)]


def test_another_version_refuses_it() -> None:
    ours = client(ticket())
    ours.start()
    said = server_hello(0xC02F, version=0, session_id=ours.hello.session_id)
    assert ours.receive(records(reg.HANDSHAKE, said))[-1] == Stopped("other-version")
    assert ours.early_data_accepted is False


def test_the_limit_of_the_ticket() -> None:
    ours = client(ticket(limit=30))
    with pytest.raises(RuntimeError):
        ours.send_early(b"before the hello")
    ours.start()
    ours.send_early(b"x" * 20)
    with pytest.raises(ValueError, match="11 octets of early data, where 10 are left"):
        ours.send_early(b"x" * 11)
    assert len(ours.send_early(b"x" * 10)) == 5 + 10 + 1 + 16
    with pytest.raises(ValueError, match="0 are left"):
        ours.send_early(b"x")


@pytest.mark.parametrize("resume", [None, ticket(limit=None), ticket(limit=0)])
def test_a_ticket_without_early_data_announces_none(resume: Resumption | None) -> None:
    ours = client(resume)
    parsed = client_hello(ours.start()[5:])
    assert parsed.extension(reg.EARLY_DATA) is None
    assert (parsed.extension(reg.PRE_SHARED_KEY) is None) == (resume is None)
    assert ours.early_data_accepted is None
    with pytest.raises(RuntimeError):
        ours.send_early(b"")


def test_it_is_not_announced_unless_asked_for() -> None:
    ours, theirs = client(ticket(), early_data=False), Peer()
    octets = ours.start()
    assert CCS not in octets
    assert client_hello(octets[5:]).extension(reg.EARLY_DATA) is None
    events = ours.receive(theirs.hello(octets, psk=ticket().secret) + theirs.flight(TAKEN))
    assert rules(events) == ["early-data-not-offered"]
    assert events[-1] == HandshakeCompleted(0x1301, reg.X25519, resumed=True)
    theirs.read(ours.to_send())


def test_it_is_taken_without_the_ticket_that_it_belongs_to() -> None:
    ours, theirs = client(ticket()), Peer()
    hello, _ = split(ours.start())
    events = ours.receive(theirs.hello(hello) + theirs.flight(TAKEN, CERTIFICATE, PROOF))
    assert rules(events) == ["early-data-not-offered"]
    assert events[-1] == HandshakeCompleted(0x1301, reg.X25519, resumed=False, early_data_accepted=False)
    theirs.read(ours.to_send())


def test_it_is_taken_with_another_suite_than_the_tickets() -> None:
    ours, theirs = client(ticket(0x1303)), Peer(0x1301)
    hello, _ = split(ours.start())
    events = ours.receive(theirs.hello(hello, psk=ticket().secret) + theirs.flight(TAKEN))
    assert rules(events) == ["early-data-of-another-suite"]
    assert isinstance(events[-1], HandshakeCompleted)


def test_a_flight_without_encrypted_extensions_has_not_taken_it() -> None:
    ours, theirs = client(ticket()), Peer()
    hello, _ = split(ours.start() + ours.send_early(DATA))
    events = ours.receive(theirs.hello(hello, psk=ticket().secret) + theirs.flight(CERTIFICATE, PROOF))
    assert rules(events) == ["message-out-of-order"]
    assert events[-1] == HandshakeCompleted(0x1301, reg.X25519, resumed=True, early_data_accepted=False)
    theirs.read(ours.to_send())


def test_a_hello_that_has_the_extension_already() -> None:
    ours, theirs = client(ticket(), Tls13Offer(further=(ext.early_data(),)), early_data=False), Peer()
    hello, rest = split(ours.start() + ours.send_early(DATA))
    said = theirs.hello(hello, psk=ticket().secret)
    assert theirs.read_early(rest)[0] == [(reg.APPLICATION_DATA, DATA)]
    assert ours.receive(said + theirs.flight(TAKEN))[-1] == HandshakeCompleted(
        0x1301, reg.X25519, resumed=True, early_data_accepted=True
    )


def test_closing_within_early_data_is_under_its_keys() -> None:
    ours, theirs = client(ticket()), Peer()
    hello, rest = split(ours.start())
    theirs.hello(hello, psk=ticket().secret)
    early, _ = theirs.read_early(rest + ours.close())
    assert early == [(reg.ALERT, b"\x01\x5a"), (reg.ALERT, b"\x01\x00")]
    with pytest.raises(RuntimeError):
        ours.send_early(b"x")


def test_a_refusal_within_early_data() -> None:
    ours = client(ticket())
    ours.start()
    assert ours.receive(b"\x15\x03\x03\x00\x02\x02\x28") == [AlertReceived(2, 40, encrypted=False)]
    with pytest.raises(RuntimeError):
        ours.send_early(b"x")
    assert ours.to_send() == b""


class Recorded:
    """A server that takes early data, for the property below."""

    def __init__(self) -> None:
        ours, theirs = client(ticket()), Peer()
        hello, _ = split(ours.start() + ours.send_early(DATA))
        self.octets = theirs.hello(hello, psk=ticket().secret) + CCS + theirs.flight(TAKEN)
        self.octets += theirs.seal(reg.APPLICATION_DATA, b"250 x\r\n")


RECORDED = Recorded().octets


def hear(parts: list[bytes]) -> tuple[list[Event], bytes]:
    ours = client(ticket())
    ours.start()
    ours.send_early(DATA)
    return [event for part in parts for event in ours.receive(part)], ours.to_send() + ours.close()


@given(cut_places)
def test_cut_anywhere(cuts: list[int]) -> None:
    whole = hear([RECORDED])
    assert rules(whole[0]) == []
    assert len(whole[0]) == 4
    assert hear(pieces(RECORDED, cuts)) == whole


@given(st.integers(0, len(RECORDED) - 1), st.integers(0, 255), st.integers(0, len(RECORDED)), cut_places)
def test_mutated_octets_never_raise(place: int, value: int, end: int, cuts: list[int]) -> None:
    octets = bytearray(RECORDED)
    octets[place] = value
    cut = bytes(octets[:end])
    assert hear([cut]) == hear(pieces(cut, cuts))


def test_early_keys_show_in_no_repr() -> None:
    ours = client(ticket())
    hello, _ = split(ours.start())
    digest = hashlib.sha256(hello[5:]).digest()
    secret = KeySchedule.begin("sha256", ticket().secret).client_early(digest)
    shown = repr(ours) + repr(vars(ours)) + repr(RecordProtection(SUITES[0x1301], secret))
    assert secret.hex() not in shown
    assert repr(secret)[2:-1] not in shown
    assert ours.key_log() == (f"CLIENT_EARLY_TRAFFIC_SECRET {ours.hello.random.hex()} {secret.hex()}",)


def test_events_of_a_refused_flight() -> None:
    ours, theirs = client(ticket()), Peer()
    hello, _ = split(ours.start())
    events = ours.receive(theirs.hello(hello) + theirs.flight())
    kinds = [type(event) for event in events]
    assert kinds[:3] == [ServerHelloSeen, EncryptedExtensionsSeen, CertificatesShown]
