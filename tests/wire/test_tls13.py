"""The TLS 1.3 client against a scripted server: every suite and group, and every way to break the rules."""

import random
import zlib

import pytest
from cryptography.exceptions import UnsupportedAlgorithm

from tests.wire.hellos import client_hello, numbers_in, shares_in
from tests.wire.tls13_peer import (
    CERTIFICATE,
    EXTENSIONS,
    FLIGHT,
    PROOF,
    Peer,
    block,
    server_hello,
)
from waxseal.wire import tls13_groups
from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13 import MAX_KEY_UPDATES, Tls13Client
from waxseal.wire.tls13_groups import available_groups, key_share
from waxseal.wire.tls13_keys import SUITES, KeySchedule
from waxseal.wire.tls13_offer import Tls13Offer
from waxseal.wire.tls13_protection import RecordProtection
from waxseal.wire.tls_events import (
    AlertReceived,
    ApplicationData,
    CertificateRequestSeen,
    CertificatesShown,
    CertificateVerifySeen,
    Closed,
    Deviated,
    EncryptedExtensionsSeen,
    Event,
    Failed,
    HandshakeCompleted,
    HelloRetry,
    KeyUpdated,
    Resumption,
    ServerHelloSeen,
    Stopped,
    TicketSeen,
)
from waxseal.wire.tls_extensions import Extension
from waxseal.wire.tls_fields import message, number, records, vector

ALL_GROUPS = available_groups()
EVERYTHING = Tls13Offer("mx.example.test", suites=tuple(SUITES), groups=ALL_GROUPS)
CCS = b"\x14\x03\x03\x00\x01\x01"


def client(offer: Tls13Offer = EVERYTHING, **options: object) -> Tls13Client:
    draw = random.Random(5).randbytes
    hello, shares = offer.hello(draw)
    return Tls13Client(hello, shares, draw, **options)  # type: ignore[arg-type]


def connected(peer: Peer | None = None) -> tuple[Tls13Client, Peer]:
    """Both ends after a handshake."""
    ours, theirs = client(), peer or Peer()
    ours.receive(theirs.hello(ours.start()) + theirs.flight())
    theirs.read(ours.to_send())
    return ours, theirs


def rules(events: list[Event]) -> list[str]:
    return [event.deviation.rule for event in events if isinstance(event, Deviated)]


def failed(events: list[Event]) -> tuple[str, int | None]:
    last = events[-1]
    assert isinstance(last, Failed)
    assert events[-2] == Deviated(last.deviation)
    return last.deviation.rule, last.alert


@pytest.mark.parametrize("group", ALL_GROUPS)
@pytest.mark.parametrize("suite", SUITES)
def test_every_suite_with_every_group(suite: int, group: int) -> None:
    ours = client(Tls13Offer(suites=(suite,), groups=(group,), share_groups=(group,)))
    theirs = Peer(suite)
    events = ours.receive(theirs.hello(ours.start(), group) + CCS + theirs.flight())
    assert [type(event) for event in events] == [
        ServerHelloSeen,
        EncryptedExtensionsSeen,
        CertificatesShown,
        CertificateVerifySeen,
        HandshakeCompleted,
    ]
    assert events[-1] == HandshakeCompleted(suite, group, resumed=False)
    flight = ours.to_send()
    assert flight.startswith(CCS)
    ((kind, _),) = theirs.read(flight)
    assert kind == reg.HANDSHAKE
    assert theirs.read(ours.send(b"EHLO x\r\n")) == [(reg.APPLICATION_DATA, b"EHLO x\r\n")]
    assert ours.receive(theirs.seal(reg.APPLICATION_DATA, b"250 x\r\n", 9)) == [ApplicationData(b"250 x\r\n")]
    assert theirs.read(ours.close()) == [(reg.ALERT, b"\x01\x00")]


@pytest.mark.parametrize("group", ALL_GROUPS)
def test_a_retry_for_every_group(group: int) -> None:
    ours = client(Tls13Offer(groups=ALL_GROUPS, share_groups=(), suites=(0x1302,)))
    theirs = Peer(0x1302)
    (retry,) = ours.receive(theirs.retry(ours.start(), group, b"biscuit"))
    assert isinstance(retry, HelloRetry)
    assert (retry.hello.extensions.group, retry.hello.extensions.cookie) == (group, b"biscuit")
    assert retry.hello.extensions.share is None
    again = ours.to_send()
    assert again.startswith(CCS + b"\x16\x03\x03")
    hello = client_hello(again[11:])
    assert list(shares_in(hello)) == [group]
    assert hello.extension(reg.COOKIE) == ext.cookie(b"biscuit")
    assert ours.hello == hello
    events = ours.receive(theirs.hello(again, group) + theirs.flight())
    assert events[-1] == HandshakeCompleted(0x1302, group, resumed=False)
    assert CCS not in ours.to_send()[:6]


def test_a_retry_for_a_cookie_alone() -> None:
    ours, theirs = client(), Peer()
    assert rules(ours.receive(theirs.retry(ours.start(), cookie=b"c" * 500))) == []
    events = ours.receive(theirs.hello(ours.to_send()) + theirs.flight())
    assert isinstance(events[-1], HandshakeCompleted)


@pytest.mark.parametrize(
    ("groups", "retry", "rule", "alert"),
    [
        (ALL_GROUPS, reg.X25519, "group-not-offered", 47),  # a share of it was there
        ((reg.X25519,), reg.SECP384R1, "group-not-offered", 47),
        ((reg.X25519, 26), 26, "group-not-spoken", 40),
        (ALL_GROUPS, None, "retry-changes-nothing", 47),
    ],
)
def test_a_retry_that_breaks_the_rules(
    groups: tuple[int, ...], retry: int | None, rule: str, alert: int
) -> None:
    ours = client(Tls13Offer(groups=groups, share_groups=(reg.X25519,)))
    events = ours.receive(Peer().retry(ours.start(), retry))
    assert failed(events) == (rule, alert)
    assert ours.to_send() == b"\x15\x03\x03\x00\x02\x02" + bytes([alert])
    assert ours.close() == b""


def test_a_second_retry() -> None:
    ours, theirs = client(), Peer()
    ours.receive(theirs.retry(ours.start(), reg.SECP384R1))
    assert failed(ours.receive(theirs.retry(ours.to_send(), reg.SECP521R1))) == ("second-hello-retry", 10)


def test_a_retry_with_another_suite_than_the_hello() -> None:
    ours, theirs = client(), Peer(0x1301)
    ours.receive(theirs.retry(ours.start(), reg.SECP384R1))
    theirs.suite = SUITES[0x1303]
    events = ours.receive(theirs.hello(ours.to_send(), reg.SECP384R1))
    assert rules(events) == ["suite-changed-after-retry"]
    assert isinstance(ours.receive(theirs.flight())[-1], HandshakeCompleted)


def test_looking_no_further_than_a_retry() -> None:
    ours = client(answer_retry=False)
    events = ours.receive(Peer().retry(ours.start(), reg.SECP384R1))
    assert [type(event) for event in events] == [HelloRetry, Stopped]
    assert ours.close() == b"\x15\x03\x03\x00\x02\x01\x5a" + b"\x15\x03\x03\x00\x02\x01\x00"


@pytest.mark.parametrize("kind", [reg.CERTIFICATE, reg.SERVER_HELLO, reg.ENCRYPTED_EXTENSIONS])
def test_looking_no_further_than_a_message(kind: int) -> None:
    ours, theirs = client(stop_after=kind), Peer()
    ours.receive(theirs.retry(ours.start(), reg.SECP384R1))
    events = ours.receive(theirs.hello(ours.to_send(), reg.SECP384R1) + theirs.flight())
    assert events[-1] == Stopped("asked")
    assert (ours.ended, ours.completed) == (True, False)
    assert theirs.read(ours.close()) == [(reg.ALERT, b"\x01\x5a"), (reg.ALERT, b"\x01\x00")]
    with pytest.raises(RuntimeError):
        ours.send(b"data")


def test_another_version_ends_it() -> None:
    ours = client()
    said = server_hello(0xC02F, version=0, session_id=ours.hello.session_id)
    ours.start()
    seen, stopped = ours.receive(records(reg.HANDSHAKE, said))
    assert isinstance(seen, ServerHelloSeen)
    assert (seen.hello.version, stopped) == (0x0303, Stopped("other-version"))
    assert ours.close() == b""


def test_a_compressed_certificate() -> None:
    body = CERTIFICATE[4:]
    squeezed = message(
        reg.COMPRESSED_CERTIFICATE, b"\x00\x01" + number(len(body), 3) + vector(zlib.compress(body), 3)
    )
    ours, theirs = client(stop_after=reg.CERTIFICATE), Peer()
    events = ours.receive(theirs.hello(ours.start()) + theirs.flight(EXTENSIONS, squeezed, PROOF))
    shown = events[-2]
    assert isinstance(shown, CertificatesShown)
    assert shown.message.certificates == (b"DER of a leaf",)
    assert (shown.message.compression, shown.message.uncompressed_octets) == (1, len(body))
    assert events[-1] == Stopped("asked")
    ours, theirs = client(), Peer()
    events = ours.receive(theirs.hello(ours.start()) + theirs.flight(EXTENSIONS, squeezed, PROOF))
    assert isinstance(events[-1], HandshakeCompleted)


def test_a_client_certificate_is_asked_for() -> None:
    schemes = Extension(reg.SIGNATURE_ALGORITHMS, b"\x00\x02\x04\x03")
    request = message(reg.CERTIFICATE_REQUEST, b"\x03ctx" + block(schemes))
    ours, theirs = client(), Peer()
    events = ours.receive(theirs.hello(ours.start()) + theirs.flight(EXTENSIONS, request, CERTIFICATE, PROOF))
    asked = next(event for event in events if isinstance(event, CertificateRequestSeen))
    assert (asked.message.schemes, asked.message.context) == ((0x0403,), b"ctx")
    assert isinstance(events[-1], HandshakeCompleted)
    ((_, fragment),) = theirs.read(ours.to_send())
    empty = message(reg.CERTIFICATE, b"\x03ctx\x00\x00\x00")
    assert fragment.startswith(empty)
    assert len(fragment) == len(empty) + 36


def test_the_record_size_limit_of_the_server_is_kept() -> None:
    limit = message(reg.ENCRYPTED_EXTENSIONS, block(Extension(reg.RECORD_SIZE_LIMIT, b"\x00\x41")))
    ours, theirs = client(), Peer()
    ours.receive(theirs.hello(ours.start()) + theirs.flight(limit, CERTIFICATE, PROOF))
    theirs.read(ours.to_send())
    assert [len(octets) for _, octets in theirs.read(ours.send(b"x" * 150))] == [64, 64, 22]


def test_a_ticket() -> None:
    ours, theirs = connected()
    early = Extension(reg.EARLY_DATA, b"\x00\x00\x40\x00")
    body = number(7200, 4) + number(99, 4) + b"\x01n" + vector(b"ticket", 2) + block(early)
    (seen,) = ours.receive(theirs.seal(reg.HANDSHAKE, message(reg.NEW_SESSION_TICKET, body)))
    assert isinstance(seen, TicketSeen)
    resumption = seen.resumption
    assert (resumption.ticket, resumption.lifetime_s, resumption.age_add) == (b"ticket", 7200, 99)
    assert (resumption.suite, resumption.max_early_data_octets) == (0x1301, 0x4000)
    assert len(resumption.secret) == 32


@pytest.mark.parametrize("requested", [False, True])
def test_key_updates(requested: bool) -> None:
    ours, theirs = connected()
    assert theirs.writing is not None
    assert theirs.reading is not None
    for _ in range(3):
        update = theirs.seal(reg.HANDSHAKE, message(reg.KEY_UPDATE, bytes([requested])))
        theirs.writing.update()
        assert ours.receive(update) == [KeyUpdated(requested)]
        answer = theirs.read(ours.to_send())
        assert answer == ([(reg.HANDSHAKE, message(reg.KEY_UPDATE, b"\x00"))] if requested else [])
        if requested:
            theirs.reading.update()
        assert ours.receive(theirs.seal(reg.APPLICATION_DATA, b"data")) == [ApplicationData(b"data")]
        assert theirs.read(ours.send(b"more")) == [(reg.APPLICATION_DATA, b"more")]


def test_too_many_key_updates() -> None:
    ours, theirs = connected()
    assert theirs.writing is not None
    events: list[Event] = []
    for _ in range(MAX_KEY_UPDATES + 1):
        events += ours.receive(theirs.seal(reg.HANDSHAKE, message(reg.KEY_UPDATE, b"\x00")))
        theirs.writing.update()
    assert failed(events) == ("too-many-key-updates", 10)


def test_alerts() -> None:
    ours = client()
    ours.start()
    assert ours.receive(b"\x15\x03\x01\x00\x02\x01\x70") == [AlertReceived(1, 112, encrypted=False)]
    assert not ours.ended
    assert ours.receive(b"\x15\x03\x01\x00\x02\x02\x28") == [AlertReceived(2, 40, encrypted=False)]
    assert (ours.ended, ours.to_send(), ours.close()) == (True, b"", b"")
    ours, theirs = connected()
    assert ours.receive(theirs.seal(reg.ALERT, b"\x01\x5a")) == [AlertReceived(1, 90, encrypted=True)]
    assert ours.receive(theirs.seal(reg.ALERT, b"\x01\x74")) == [AlertReceived(1, 116, encrypted=True)]
    assert ours.ended
    ours, theirs = client(), Peer()
    events = ours.receive(theirs.hello(ours.start()) + b"\x15\x03\x03\x00\x02\x02\x14")
    assert events[-1] == AlertReceived(2, 20, encrypted=False)
    ours, theirs = client(), Peer()
    events = ours.receive(theirs.hello(ours.start()) + theirs.seal(reg.ALERT, b"\x02\x50"))
    assert events[-1] == AlertReceived(2, 80, encrypted=True)


def test_an_alert_cut_short() -> None:
    ours = client()
    ours.start()
    events = ours.receive(b"\x15\x03\x03\x00\x03\x01\x70\x02")
    assert (rules(events), events[-1]) == (["alert-cut-short"], AlertReceived(1, 112, encrypted=False))


def test_closing() -> None:
    ours, theirs = connected()
    assert ours.receive(theirs.seal(reg.ALERT, b"\x01\x00")) == [Closed(in_order=True)]
    assert ours.receive_eof() == []
    assert theirs.read(ours.close()) == [(reg.ALERT, b"\x01\x00")]
    ours, _ = connected()
    assert ours.receive_eof() == [Closed(in_order=False)]
    assert ours.receive_eof() == []


@pytest.mark.parametrize(
    ("flight", "told"),
    [
        ((EXTENSIONS, PROOF, CERTIFICATE), ["message-out-of-order"] * 3),
        ((EXTENSIONS, CERTIFICATE), ["message-out-of-order"]),
        ((EXTENSIONS,), ["message-out-of-order"]),
        ((CERTIFICATE, PROOF), ["message-out-of-order"]),
        ((EXTENSIONS, message(reg.CERTIFICATE, b"\x00"), PROOF), ["field-cut-short"]),
        ((message(reg.ENCRYPTED_EXTENSIONS, b""), CERTIFICATE, PROOF), ["field-cut-short"]),
        ((EXTENSIONS, CERTIFICATE, message(reg.CERTIFICATE_VERIFY, b"\x04")), ["field-cut-short"]),
    ],
)
def test_a_flight_out_of_order_is_read(flight: tuple[bytes, ...], told: list[str]) -> None:
    ours, theirs = client(), Peer()
    events = ours.receive(theirs.hello(ours.start()) + theirs.flight(*flight))
    assert rules(events) == told
    assert isinstance(events[-1], HandshakeCompleted)


@pytest.mark.parametrize(
    "wrong",
    [
        message(reg.NEW_SESSION_TICKET, bytes(20)),
        message(reg.KEY_UPDATE, b"\x00"),
        message(reg.SERVER_HELLO_DONE, b""),
        message(77, b"?"),
        server_hello(0x1301),
    ],
)
def test_a_message_that_has_no_place_in_the_flight(wrong: bytes) -> None:
    ours, theirs = client(), Peer()
    events = ours.receive(theirs.hello(ours.start()) + theirs.flight(EXTENSIONS, wrong, CERTIFICATE, PROOF))
    assert failed(events) == ("message-out-of-order", 10)
    assert theirs.read(ours.to_send()) == [(reg.ALERT, b"\x02\x0a")]


def test_messages_after_the_handshake_that_have_no_place() -> None:
    for wrong in (CERTIFICATE, server_hello(0x1301), message(reg.CERTIFICATE_REQUEST, b"\x00\x00\x00")):
        ours, theirs = connected()
        assert failed(ours.receive(theirs.seal(reg.HANDSHAKE, wrong))) == ("message-out-of-order", 10)
    for broken in (message(reg.KEY_UPDATE, b""), message(reg.NEW_SESSION_TICKET, b"abc")):
        ours, theirs = connected()
        assert failed(ours.receive(theirs.seal(reg.HANDSHAKE, broken))) == ("field-cut-short", 50)


def test_the_flight_before_any_server_hello() -> None:
    ours = client()
    ours.start()
    assert failed(ours.receive(records(reg.HANDSHAKE, EXTENSIONS))) == ("message-out-of-order", 10)


def test_a_wrong_finished() -> None:
    ours, theirs = client(), Peer()
    said = theirs.hello(ours.start())
    wrong = theirs.seal(reg.HANDSHAKE, b"".join(FLIGHT) + message(reg.FINISHED, b"f" * 32))
    assert failed(ours.receive(said + wrong)) == ("finished-wrong", 51)
    assert theirs.read(ours.to_send().removeprefix(CCS)) == [(reg.ALERT, b"\x02\x33")]


def test_messages_must_not_span_a_change_of_keys() -> None:
    ours, theirs = client(), Peer()
    said = theirs.hello(ours.start())
    merged = records(reg.HANDSHAKE, said[5:] + EXTENSIONS)
    assert failed(ours.receive(merged)) == ("message-across-keys", 10)
    ours, theirs = client(), Peer()
    said = theirs.hello(ours.start())
    flight = b"".join(FLIGHT) + theirs.finished(*FLIGHT)
    events = ours.receive(said + theirs.seal(reg.HANDSHAKE, flight + message(reg.KEY_UPDATE, b"\x00")))
    assert failed(events) == ("message-across-keys", 10)
    ours, theirs = connected()
    updates = theirs.seal(reg.HANDSHAKE, message(reg.KEY_UPDATE, b"\x00") * 2)
    assert failed(ours.receive(updates)) == ("message-across-keys", 10)


@pytest.mark.parametrize(
    ("octets", "rule", "alert"),
    [
        (b"220 mx\r\n", "not-a-record", None),
        (b"\x16\x02\x00", "not-a-record", None),
        (b"\x16\x03\x03\x48\x01", "record-too-long", 22),
        (b"\x17\x03\x03\x00\x20" + bytes(32), "unexpected-record", 10),
        (b"\x18\x03\x03\x00\x01\x00", "unexpected-record", 10),
        (CCS + b"junk", "not-a-record", 10),
        (records(reg.HANDSHAKE, b"\x02\xff\xff\xff"), "message-too-long", 10),
        (records(reg.HANDSHAKE, message(reg.SERVER_HELLO, b"\x03\x03short")), "field-cut-short", 50),
    ],
)
def test_what_comes_for_a_server_hello(octets: bytes, rule: str, alert: int | None) -> None:
    ours = client()
    ours.start()
    assert failed(ours.receive(octets)) == (rule, alert)
    sent = b"" if alert is None else b"\x15\x03\x03\x00\x02\x02" + bytes([alert])
    assert ours.to_send() == sent


@pytest.mark.parametrize(
    ("record", "rule", "alert"),
    [
        (b"\x17\x03\x03\x00\x20" + bytes(32), "record-does-not-open", 20),
        (b"\x17\x03\x03\x00\x04" + bytes(4), "record-does-not-open", 20),
        (records(reg.HANDSHAKE, EXTENSIONS), "unexpected-record", 10),
        (b"nonsense", "not-a-record", 10),
    ],
)
def test_what_comes_for_the_flight(record: bytes, rule: str, alert: int) -> None:
    ours, theirs = client(), Peer()
    assert failed(ours.receive(theirs.hello(ours.start()) + record)) == (rule, alert)
    assert theirs.read(ours.to_send()) == [(reg.ALERT, bytes([2, alert]))]


@pytest.mark.parametrize("kind", [0, reg.APPLICATION_DATA, reg.HEARTBEAT_RECORD, reg.CHANGE_CIPHER_SPEC])
def test_what_has_no_place_under_encryption(kind: int) -> None:
    ours, theirs = client(), Peer()
    events = ours.receive(theirs.hello(ours.start()) + theirs.seal(kind, b"x" if kind else b""))
    assert failed(events) == ("unexpected-record", 10)


def test_small_breaches_are_told_and_passed_over() -> None:
    ours, theirs = client(), Peer()
    said = theirs.hello(ours.start())
    flight = b"".join(FLIGHT) + theirs.finished(*FLIGHT)
    cut = len(EXTENSIONS) + 3
    events = ours.receive(
        said
        + b"\x14\x03\x03\x00\x01\x02"
        + theirs.seal(reg.HANDSHAKE, b"")
        + theirs.seal(reg.HANDSHAKE, flight[:cut])
        + theirs.seal(reg.ALERT, b"\x01\x5a")
        + theirs.seal(reg.HANDSHAKE, flight[cut:])
    )
    assert rules(events) == ["change-cipher-spec", "empty-fragment", "handshake-interleaved"]
    assert isinstance(events[-1], HandshakeCompleted)
    assert rules(ours.receive(CCS)) == ["change-cipher-spec"]
    assert not ours.ended


def test_a_record_that_is_longer_than_it_may_be() -> None:
    ours, theirs = connected()
    events = ours.receive(theirs.seal(reg.APPLICATION_DATA, b"x" * 16_384, 300))
    assert rules(events) == ["record-too-long"]
    assert events[-1] == ApplicationData(b"x" * 16_384)
    assert ours.receive(theirs.seal(reg.APPLICATION_DATA, b"", 5)) == []


SHARE = Extension(reg.KEY_SHARE, number(reg.X25519, 2) + vector(b"k" * 32, 2))
ID = client().hello.session_id


@pytest.mark.parametrize(
    ("hello", "told"),
    [
        (server_hello(0x1301, session_id=ID), ["key-share-missing"]),
        (
            server_hello(0x1301, Extension(51, b"\x00\x1d"), session_id=ID),
            ["field-cut-short", "key-share-missing"],
        ),
        (server_hello(0x1301, Extension(51, b"\x00\x19\x00\x01x"), session_id=ID), ["group-not-offered"]),
        (server_hello(0x1301, Extension(51, b"\x00\x1d\x00\x01x"), session_id=ID), ["key-share-unusable"]),
        (
            server_hello(0x1301, Extension(51, b"\x00\x1d\x00\x20" + bytes(32)), session_id=ID),
            ["key-share-unusable"],
        ),
        (
            server_hello(0x1301, Extension(51, b"\x00\x17\x00\x41\x04" + b"x" * 64), session_id=ID),
            ["key-share-unusable"],
        ),
        (server_hello(0x1301, SHARE, Extension(41, b"\x00\x00"), session_id=ID), ["psk-not-offered"]),
        (server_hello(0xC02F, SHARE, session_id=ID), ["suite-not-offered", "suite-of-another-version"]),
    ],
)
def test_a_server_hello_that_ends_it(hello: bytes, told: list[str]) -> None:
    ours = client()
    ours.start()
    events = ours.receive(records(reg.HANDSHAKE, hello))
    assert rules(events) == told
    assert failed(events)[0] == told[-1]


def test_a_server_hello_that_only_breaks_rules() -> None:
    ours = client(Tls13Offer(suites=(0x1302,)))
    ours.start()
    events = ours.receive(records(reg.HANDSHAKE, server_hello(0x1301, SHARE, compression=1)))
    assert rules(events) == ["session-id-not-echoed", "suite-not-offered", "compression-not-null"]
    assert not ours.ended


def resuming(suite: int) -> Tls13Client:
    return client(resume=Resumption(b"ticket", suite, 0, 7200, None, b"s" * SUITES[suite].hash_octets))


def test_a_ticket_that_is_taken_with_another_hash() -> None:
    ours = resuming(0x1302)
    ours.start()
    taken = server_hello(0x1301, SHARE, Extension(41, b"\x00\x00"), session_id=ID)
    assert failed(ours.receive(records(reg.HANDSHAKE, taken))) == ("psk-of-another-hash", 47)


def test_a_ticket_that_is_taken_without_a_key_exchange() -> None:
    ours, theirs = resuming(0x1301), Peer()
    theirs.schedule = KeySchedule.begin("sha256", b"s" * 32)
    theirs.hear(ours.start())
    said = server_hello(0x1301, Extension(41, b"\x00\x00"), session_id=ID)
    theirs.transcript += said
    theirs.schedule.meet(b"", theirs.digest())
    theirs.writing = RecordProtection(theirs.suite, theirs.schedule.server_handshake)
    events = ours.receive(records(reg.HANDSHAKE, said) + theirs.flight(EXTENSIONS))
    assert rules(events) == []
    assert events[-1] == HandshakeCompleted(0x1301, None, resumed=True)
    unknown = server_hello(0x1301, Extension(41, b"\x00\x01"), session_id=ID)
    ours = resuming(0x1301)
    ours.start()
    assert failed(ours.receive(records(reg.HANDSHAKE, unknown))) == ("psk-not-offered", 47)


def test_an_old_version_field_is_told() -> None:
    ours = client()
    ours.start()
    said = bytearray(server_hello(0x1301, SHARE, session_id=ID))
    said[4:6] = b"\x03\x04"
    assert rules(ours.receive(records(reg.HANDSHAKE, bytes(said)))) == ["legacy-version"]


def test_a_group_that_cannot_be_spoken_makes_no_share() -> None:
    with pytest.raises(ValueError, match="secp256k1"):
        key_share(22, random.Random(1).randbytes)
    assert repr(key_share(reg.X25519, random.Random(1).randbytes)) == "KeyShare(x25519)"


def test_a_library_without_mlkem_has_the_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: int) -> None:
        raise ImportError

    monkeypatch.setattr(tls13_groups, "_kem_type", missing)
    curves = tls13_groups.available_groups.__wrapped__()
    assert curves == tuple(group for group in ALL_GROUPS if group < 4000)
    assert curves[:5] == (reg.X25519, reg.SECP256R1, reg.SECP384R1, reg.SECP521R1, reg.X448)


def test_a_library_without_a_curve_leaves_its_group_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: int) -> None:
        raise UnsupportedAlgorithm("no such curve")

    monkeypatch.setattr(tls13_groups, "_curve", missing)
    groups = tls13_groups.available_groups.__wrapped__()
    assert not {31, 32, 33} & set(groups)
    assert {reg.X25519, 256, 260} < set(groups)


def test_a_message_in_pieces_is_interleaved_with_an_alert_in_clear() -> None:
    ours = client()
    ours.start()
    hello = server_hello(0x1301, SHARE, session_id=ID)
    events = ours.receive(records(reg.HANDSHAKE, hello[:20]) + b"\x15\x03\x03\x00\x02\x02\x28")
    assert events == [AlertReceived(2, 40, encrypted=False)]


def test_a_hybrid_share_of_the_wrong_size() -> None:
    for group in ALL_GROUPS:
        for share in (b"", b"\x04" * 65, bytes(1120), bytes(1153), bytes(1665)):
            ours = client(Tls13Offer(groups=(group,), share_groups=(group,)))
            ours.start()
            extension = Extension(reg.KEY_SHARE, number(group, 2) + vector(share, 2))
            said = server_hello(0x1301, extension, session_id=ours.hello.session_id)
            assert failed(ours.receive(records(reg.HANDSHAKE, said)))[0] == "key-share-unusable"


def test_the_hello_says_what_was_offered() -> None:
    hello = client_hello(client(Tls13Offer("mx.example.test", protocols=(b"smtp",))).start()[5:])
    assert numbers_in(hello, reg.SUPPORTED_GROUPS, 2) == (29, 23, 24, 25, 30)
    assert numbers_in(hello, reg.SUPPORTED_VERSIONS, 1) == (0x0304,)
    assert hello.extension(reg.ALPN) == ext.protocols((b"smtp",))
    assert list(shares_in(hello)) == [29, 23]
    bare = client_hello(client(Tls13Offer(tickets=False, certificate_schemes=())).start()[5:])
    assert bare.extensions is not None
    assert [e.number for e in bare.extensions] == [10, 13, 43, 51]
