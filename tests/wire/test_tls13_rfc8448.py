"""The client replays RFC 8448: what it is told there, and octet for octet what it says."""

import pytest
from hypothesis import given

from tests.wire import rfc8448
from tests.wire.cuts import cut_places, pieces
from tests.wire.hellos import client_hello
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13 import Tls13Client
from waxseal.wire.tls13_groups import key_share
from waxseal.wire.tls_events import (
    ApplicationData,
    CertificatesShown,
    CertificateVerifySeen,
    Closed,
    EncryptedExtensionsSeen,
    Event,
    HandshakeCompleted,
    Resumption,
    ServerHelloSeen,
    TicketSeen,
)
from waxseal.wire.tls_extensions import Extension

HELLO = client_hello(rfc8448.CLIENT_HELLO_RECORD[5:])
ANSWER = (
    rfc8448.SERVER_HELLO_RECORD
    + rfc8448.SERVER_FLIGHT_RECORD
    + rfc8448.TICKET_RECORD
    + rfc8448.SERVER_DATA_RECORD
    + rfc8448.SERVER_ALERT_RECORD
)


def nothing(_: int) -> bytes:
    raise AssertionError("no octets are drawn here")


def started() -> Tls13Client:
    share = key_share(reg.X25519, lambda _: rfc8448.CLIENT_PRIVATE)
    client = Tls13Client(HELLO, [share], nothing)
    assert client.start() == rfc8448.CLIENT_HELLO_RECORD
    return client


def test_the_whole_trace() -> None:
    client = started()
    (seen,) = client.receive(rfc8448.SERVER_HELLO_RECORD)
    assert isinstance(seen, ServerHelloSeen)
    assert (seen.hello.suite, seen.hello.version, seen.hello.extensions.group) == (0x1301, 0x0304, reg.X25519)
    assert client.to_send() == b""
    extensions, shown, proof, completed = client.receive(rfc8448.SERVER_FLIGHT_RECORD)
    assert isinstance(extensions, EncryptedExtensionsSeen)
    assert extensions.message.extensions.groups == (29, 23, 24, 25, 256, 257, 258, 259, 260)
    assert extensions.message.extensions.record_size_limit == 0x4001
    assert extensions.message.extensions.numbers == (10, 28, 0)
    assert isinstance(shown, CertificatesShown)
    assert [len(der) for der in shown.message.certificates] == [432]
    assert isinstance(proof, CertificateVerifySeen)
    assert (proof.message.scheme, len(proof.message.signature)) == (0x0804, 128)
    assert completed == HandshakeCompleted(0x1301, reg.X25519, resumed=False)
    assert client.to_send() == rfc8448.CLIENT_FINISHED_RECORD
    random = HELLO.random.hex()
    assert client.key_log() == tuple(
        f"{label} {random} {secret}" for label, secret in rfc8448.SECRETS.items()
    )
    (ticket,) = client.receive(rfc8448.TICKET_RECORD)
    assert isinstance(ticket, TicketSeen)
    assert ticket.resumption.secret == rfc8448.RESUMPTION_SECRET
    assert (ticket.message.lifetime_s, ticket.message.nonce) == (30, b"\x00\x00")
    assert (ticket.message.age_add, ticket.message.max_early_data_octets) == (0xFAD6AAC5, 1024)
    assert client.send(rfc8448.DATA) == rfc8448.CLIENT_DATA_RECORD
    assert client.receive(rfc8448.SERVER_DATA_RECORD) == [ApplicationData(rfc8448.DATA)]
    assert client.close() == rfc8448.CLIENT_ALERT_RECORD
    assert client.close() == b""


def test_the_server_closes() -> None:
    client = started()
    assert client.receive(ANSWER)[-2:] == [ApplicationData(rfc8448.DATA), Closed(in_order=True)]
    assert client.ended
    assert client.receive(b"more") == []


def test_resumption() -> None:
    wanted = client_hello(rfc8448.RESUMING_CLIENT_HELLO)
    client = started()
    ticket = next(event for event in client.receive(ANSWER) if isinstance(event, TicketSeen))
    plain = wanted.without_extension(reg.PRE_SHARED_KEY)
    resume: Resumption = ticket.resumption
    again = Tls13Client(plain, [], nothing, resume=resume, age_ms=rfc8448.RESUMED_AGE_MS)
    assert again.start()[5:] == rfc8448.RESUMING_CLIENT_HELLO
    assert again.hello == wanted
    assert again.hello.with_extension(Extension(99)).extensions[-1].number == reg.PRE_SHARED_KEY  # type: ignore[index]


@pytest.mark.parametrize("index", range(3))
def test_no_secret_shows(index: int) -> None:
    client = started()
    events = client.receive(ANSWER)
    shown = repr([client, vars(client), events][index]).lower()
    for secret in (*rfc8448.SECRETS.values(), rfc8448.RESUMPTION_SECRET.hex(), rfc8448.CLIENT_PRIVATE.hex()):
        assert secret not in shown
        assert repr(bytes.fromhex(secret))[2:-1].lower() not in shown


@given(cut_places)
def test_cut_anywhere(cuts: list[int]) -> None:
    whole, cut = started(), started()
    events: list[Event] = []
    for piece in pieces(ANSWER, cuts):
        events += cut.receive(piece)
    assert events == whole.receive(ANSWER)
    assert cut.to_send() == whole.to_send()
