"""A client certificate is asked for by a scripted server, in the handshake and after it (RFC 8446 §4.6.2)."""

import hashlib
import random

import pytest
from hypothesis import given

from tests.wire.cuts import cut_places, pieces
from tests.wire.tls13_peer import CERTIFICATE, EXTENSIONS, PROOF, Peer, block
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13 import MAX_LATE_REQUESTS, Tls13Client
from waxseal.wire.tls13_keys import finished
from waxseal.wire.tls13_offer import Tls13Offer
from waxseal.wire.tls_credentials import ClientCredentials
from waxseal.wire.tls_events import (
    CertificateRequestSeen,
    Event,
    Failed,
    HandshakeCompleted,
    KeyUpdated,
)
from waxseal.wire.tls_extensions import Extension
from waxseal.wire.tls_fields import message, number, numbers, vector

CHAIN = (b"DER of our leaf", b"DER of its issuer")
SPACES = b" " * 64 + b"TLS 1.3, client CertificateVerify\x00"


def request(context: bytes, *schemes: int) -> bytes:
    algorithms = Extension(reg.SIGNATURE_ALGORITHMS, vector(numbers(schemes, 2), 2))
    return message(reg.CERTIFICATE_REQUEST, vector(context, 1) + block(algorithms))


def sign(scheme: int, data: bytes) -> bytes:
    return number(scheme, 2) + data


def client(credentials: ClientCredentials | None, *, late: bool = True) -> Tls13Client:
    draw = random.Random(5).randbytes
    hello, shares = Tls13Offer("mx.example.test", post_handshake_auth=late).hello(draw)
    return Tls13Client(hello, shares, draw, credentials=credentials)


def connected(credentials: ClientCredentials | None) -> tuple[Tls13Client, Peer]:
    ours, theirs = client(credentials), Peer()
    events = ours.receive(theirs.hello(ours.start()) + theirs.flight())
    assert isinstance(events[-1], HandshakeCompleted)
    theirs.read(ours.to_send())
    return ours, theirs


def messages(theirs: Peer, octets: bytes) -> list[bytes]:
    """Handshake messages in the client's records."""
    assert theirs.reading is not None
    stream = b""
    while octets:
        end = 5 + int.from_bytes(octets[3:5], "big")
        opened = theirs.reading.open(octets[:5], octets[5:end])
        assert opened is not None
        assert opened[0] == reg.HANDSHAKE
        stream, octets = stream + opened[1], octets[end:]
    found = []
    while stream:
        end = 4 + int.from_bytes(stream[1:4], "big")
        found.append(stream[:end])
        stream = stream[end:]
    return found


def shown(context: bytes, *chain: bytes) -> bytes:
    entries = b"".join(vector(der, 3) + b"\x00\x00" for der in chain)
    return message(reg.CERTIFICATE, vector(context, 1) + vector(entries, 3))


@pytest.mark.parametrize(
    ("schemes", "asked", "chosen"),
    [
        ((0x0403, 0x0804), (0x0804, 0x0403), 0x0403),  # the order is ours
        ((0x0401, 0x0804), (0x0401, 0x0804), 0x0804),  # PKCS #1 v1.5 is for TLS 1.2
        ((0x0401, 0x0203, 0x0201), (0x0401, 0x0203, 0x0201), None),
        ((0x0403,), (0x0804,), None),
        ((), (0x0804,), None),
    ],
)
def test_in_the_handshake(schemes: tuple[int, ...], asked: tuple[int, ...], chosen: int | None) -> None:
    ours, theirs = client(ClientCredentials(CHAIN, schemes, sign), late=False), Peer()
    asking = request(b"", *asked)
    events = ours.receive(theirs.hello(ours.start()) + theirs.flight(EXTENSIONS, asking, CERTIFICATE, PROOF))
    assert isinstance(events[-1], HandshakeCompleted)
    before = theirs.transcript
    ((_, fragment),) = theirs.read(ours.to_send())  # whose Finished is judged there
    if chosen is None:
        assert fragment[:-36] == shown(b"")
        return
    certificates = shown(b"", *CHAIN)
    signed = SPACES + hashlib.sha256(before + certificates).digest()
    proof = message(reg.CERTIFICATE_VERIFY, number(chosen, 2) + vector(sign(chosen, signed), 2))
    assert fragment[:-36] == certificates + proof


def test_no_chain_shows_nothing() -> None:
    ours, theirs = client(ClientCredentials((), (0x0403,), sign)), Peer()
    said = theirs.hello(ours.start()) + theirs.flight(EXTENSIONS, request(b"", 0x0403), CERTIFICATE, PROOF)
    assert isinstance(ours.receive(said)[-1], HandshakeCompleted)
    ((_, fragment),) = theirs.read(ours.to_send())
    assert fragment[:-36] == shown(b"")


@pytest.mark.parametrize("updated", [False, True])
def test_after_the_handshake_each_time_anew(updated: bool) -> None:
    ours, theirs = connected(ClientCredentials(CHAIN, (0x0403,), sign))
    secret = theirs.schedule.client_application
    if updated:
        assert theirs.writing is not None
        assert theirs.reading is not None
        update = theirs.seal(reg.HANDSHAKE, message(reg.KEY_UPDATE, b"\x01"))
        assert ours.receive(update) == [KeyUpdated(requested=True)]
        theirs.writing.update()
        assert messages(theirs, ours.to_send()) == [message(reg.KEY_UPDATE, b"\x00")]
        theirs.reading.update()
        secret = theirs.reading._secret
    for context in (b"first", b"second"):
        asking = request(context, 0x0403)
        (event,) = ours.receive(theirs.seal(reg.HANDSHAKE, asking))
        assert isinstance(event, CertificateRequestSeen)
        assert (event.after_handshake, event.message.context) == (True, context)
        certificates, proof, last = messages(theirs, ours.to_send())
        assert certificates == shown(context, *CHAIN)
        digest = hashlib.sha256(theirs.transcript + asking + certificates).digest()
        assert proof == message(
            reg.CERTIFICATE_VERIFY, b"\x04\x03" + vector(sign(0x0403, SPACES + digest), 2)
        )
        digest = hashlib.sha256(theirs.transcript + asking + certificates + proof).digest()
        assert last == message(reg.FINISHED, finished("sha256", secret, digest))


def test_after_the_handshake_without_credentials() -> None:
    ours, theirs = connected(None)
    asking = request(b"c", 0x0403)
    ours.receive(theirs.seal(reg.HANDSHAKE, asking))
    certificates, last = messages(theirs, ours.to_send())
    assert certificates == shown(b"c")
    digest = hashlib.sha256(theirs.transcript + asking + certificates).digest()
    secret = theirs.schedule.client_application
    assert last == message(reg.FINISHED, finished("sha256", secret, digest))


def test_after_the_handshake_too_often() -> None:
    ours, theirs = connected(None)
    asking = theirs.seal(reg.HANDSHAKE, request(b"c", 0x0403) * MAX_LATE_REQUESTS)
    assert len(ours.receive(asking)) == MAX_LATE_REQUESTS
    *_, told, last = ours.receive(theirs.seal(reg.HANDSHAKE, request(b"c", 0x0403)))
    assert isinstance(last, Failed)
    assert (last.deviation.rule, last.alert) == ("too-many-certificate-requests", 10)
    assert repr(told).startswith("Deviated")


def test_after_the_handshake_though_not_offered() -> None:
    ours, theirs = client(None, late=False), Peer()
    ours.receive(theirs.hello(ours.start()) + theirs.flight())
    theirs.read(ours.to_send())
    last = ours.receive(theirs.seal(reg.HANDSHAKE, request(b"c", 0x0403)))[-1]
    assert isinstance(last, Failed)
    assert (last.deviation.rule, last.alert) == ("message-out-of-order", 10)


def test_a_long_chain_is_cut_into_records() -> None:
    ours, theirs = connected(ClientCredentials((b"x" * 40_000,), (0x0403,), sign))
    ours.receive(theirs.seal(reg.HANDSHAKE, request(b"c", 0x0403)))
    certificates, _, _ = messages(theirs, ours.to_send())
    assert certificates == shown(b"c", b"x" * 40_000)


def _recorded() -> bytes:
    ours, theirs = client(ClientCredentials(CHAIN, (0x0403,), sign)), Peer()
    asking = request(b"", 0x0403)
    said = theirs.hello(ours.start()) + theirs.flight(EXTENSIONS, asking, CERTIFICATE, PROOF)
    return said + theirs.seal(reg.HANDSHAKE, request(b"a", 0x0403) + request(b"b", 0x0804))


RECORDED = _recorded()


@given(cut_places)
def test_cut_anywhere(cuts: list[int]) -> None:
    def hear(parts: list[bytes]) -> tuple[list[Event], bytes]:
        ours = client(ClientCredentials(CHAIN, (0x0403,), sign))
        ours.start()
        return [event for part in parts for event in ours.receive(part)], ours.to_send()

    whole = hear([RECORDED])
    assert len([event for event in whole[0] if isinstance(event, CertificateRequestSeen)]) == 3
    assert hear(pieces(RECORDED, cuts)) == whole
