"""The client of SSL 3.0 to TLS 1.2 against a scripted server: what OpenSSL does not do, and breaches."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.wire.tls12_peer import (
    CCS,
    CERTIFICATE,
    DONE,
    HELLO_REQUEST,
    REQUEST,
    STATUS,
    SUITE,
    TICKET,
    Peer12,
    client,
    complete,
    octets_of,
    offer,
)
from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls12 import Tls12Client
from waxseal.wire.tls12_agreement import offered_versions
from waxseal.wire.tls12_connection import MAX_WARNINGS
from waxseal.wire.tls12_exchange import CURVES_OF_TLS12, exchange_groups, rsa_key_of
from waxseal.wire.tls12_protection import wrong_mac, wrong_padding
from waxseal.wire.tls12_suites import parse_suite
from waxseal.wire.tls_events import (
    AlertReceived,
    ApplicationData,
    CertificateRequestSeen,
    CertificateStatusSeen,
    Closed,
    Deviated,
    Failed,
    HandshakeCompleted,
    HeartbeatSeen,
    HelloRequestSeen,
    RenegotiationCompleted,
    Resumption12,
    ServerHelloDoneSeen,
    ServerKeyExchangeSeen,
    SessionTicketSeen,
    Stopped,
)
from waxseal.wire.tls_extensions import Extension
from waxseal.wire.tls_fields import message, number, records, vector
from waxseal.wire.tls_suites import suite_name

EMS = Extension(reg.EXTENDED_MASTER_SECRET)
ETM = Extension(reg.ENCRYPT_THEN_MAC)
BOUND = Extension(reg.RENEGOTIATION_INFO, b"\x00")
OLD_SUITES = (0x0016, 0x001B, 0x0018, 0x0033, 0x0015, 0x0034, 0x001A)  # DHE and DH_anon: 3DES, RC4, AES, DES


def rules(events: list[object]) -> list[str]:
    return [event.deviation.rule for event in events if isinstance(event, Deviated)]


def failure(events: list[object]) -> tuple[str, int | None]:
    assert isinstance(events[-1], Failed), events
    assert Deviated(events[-1].deviation) in events
    return events[-1].deviation.rule, events[-1].alert


@pytest.mark.parametrize("version", [0x0300, 0x0301, 0x0302, 0x0303])
@pytest.mark.parametrize("number", OLD_SUITES, ids=suite_name)
def test_old_suites_in_old_versions(version: int, number: int) -> None:
    ours, theirs = client(offer(number, version=version)), Peer12(number, version)
    events = complete(ours, theirs)
    assert events[-1] == HandshakeCompleted(number, None, resumed=False)
    assert not rules(events)
    assert ours.version == version
    assert theirs.read(ours.send(b"EHLO x\r\n" * 4000))[-1][0] == reg.APPLICATION_DATA
    said = [ApplicationData(b"250 x\r\n")] * 2
    assert ours.receive(theirs.seal(23, b"250 x\r\n") + theirs.seal(23, b"250 x\r\n")) == said
    assert theirs.read(ours.close()) == [(reg.ALERT, b"\x01\x00")]


@pytest.mark.parametrize("number", [0xC02F, 0xC013, 0xCCA8, 0x009E, 0xC018], ids=suite_name)
@pytest.mark.parametrize("agreed", [(), (BOUND, EMS), (BOUND, ETM), (BOUND, EMS, ETM)])
def test_what_is_agreed_on(number: int, agreed: tuple[Extension, ...]) -> None:
    ours, theirs = client(offer(number, further=(EMS, ETM))), Peer12(number)
    events = complete(ours, theirs, *agreed)
    assert isinstance(events[-1], HandshakeCompleted)
    cbc = parse_suite(number).cipher.block_octets > 1  # type: ignore[union-attr]
    assert rules(events) == ([] if ETM not in agreed or cbc else ["encrypt-then-mac-without-cbc"])
    assert (ours.extended_main_secret, ours.encrypt_then_mac) == (EMS in agreed, ETM in agreed)
    assert ours.receive(theirs.seal(23, b"x")) == [ApplicationData(b"x")]


def test_a_flight_with_all_there_is() -> None:
    ours, theirs = client(offer(further=(ext.session_ticket(), ext.status_request()))), Peer12()
    heard = ours.start()[5:]
    said = theirs.hello(heard, BOUND, Extension(reg.SESSION_TICKET), Extension(reg.STATUS_REQUEST))
    flight = theirs.say(said, CERTIFICATE, STATUS, theirs.exchange(), REQUEST, DONE)
    events: list[object] = list(ours.receive(flight))
    kinds = [type(event) for event in events]
    assert kinds[2:] == [
        CertificateStatusSeen,
        ServerKeyExchangeSeen,
        CertificateRequestSeen,
        ServerHelloDoneSeen,
    ]
    sent = theirs.read(ours.to_send())
    assert sent[0][1].startswith(message(reg.CERTIFICATE, b"\x00\x00\x00"))
    events += ours.receive(theirs.say(TICKET) + theirs.finish())
    assert not rules(events)
    (ticket,) = [event for event in events if isinstance(event, SessionTicketSeen)]
    assert ticket.resumption is not None
    assert ticket.resumption == ours.session
    assert (ticket.resumption.ticket, ticket.resumption.lifetime_s) == (b"a ticket", 7200)


def test_ssl3_says_by_an_alert_that_it_has_no_certificate() -> None:
    ours, theirs = client(offer(0x0016, version=0x0300)), Peer12(0x0016, 0x0300)
    request = message(reg.CERTIFICATE_REQUEST, vector(b"\x01", 1) + vector(b"", 2))
    heard = ours.start()[5:]
    ours.receive(theirs.say(theirs.hello(heard), CERTIFICATE, theirs.exchange(), request, DONE))
    sent = theirs.read(ours.to_send())
    assert sent[0] == (reg.ALERT, b"\x01\x29")
    assert sent[1][1][0] == reg.CLIENT_KEY_EXCHANGE
    assert isinstance(ours.receive(theirs.finish())[-1], HandshakeCompleted)


def session(number: int = SUITE, extended: bool = False) -> Resumption12:
    return Resumption12(b"i" * 32, b"", 0, number, 0x0303, extended, b"m" * 48)


def resumed(
    resume: Resumption12, *extensions: Extension, tail: bytes = b""
) -> tuple[Tls12Client, list[object]]:
    ours, theirs = client(offer(further=(EMS, ext.session_ticket())), resume), Peer12()
    heard = ours.start()[5:]
    octets = theirs.say(theirs.hello(heard, *extensions, session_id=ours.hello.session_id))
    theirs.secrets.main = resume.secret
    theirs.prepare()
    if tail:
        octets += theirs.say(tail)
    events: list[object] = list(ours.receive(octets + theirs.finish()))
    if ours.completed:
        theirs.read(ours.to_send())
        assert ours.receive(theirs.seal(23, b"x")) == [ApplicationData(b"x")]
    return ours, events


def test_resumption() -> None:
    ours, events = resumed(session())
    assert not rules(events)
    assert events[-1] == HandshakeCompleted(SUITE, None, resumed=True)
    assert ours.session == session()
    ours, events = resumed(session(), BOUND, Extension(reg.SESSION_TICKET), tail=TICKET)
    assert not rules(events)
    assert ours.session == replace(session(), ticket=b"a ticket", lifetime_s=7200)
    assert rules(resumed(session(), BOUND, Extension(reg.SESSION_TICKET))[1]) == ["ticket-missing"]
    assert rules(resumed(session(), BOUND, tail=TICKET)[1]) == ["ticket-not-announced"]


def test_what_a_resumed_session_must_keep() -> None:
    assert failure(resumed(session(0xC013))[1]) == ("session-changed", 47)
    assert failure(resumed(session(extended=True))[1]) == ("session-extended-otherwise", 40)
    assert failure(resumed(session(), EMS)[1]) == ("session-extended-otherwise", 40)
    ours, events = resumed(session(extended=True), EMS)
    assert not rules(events)
    assert ours.resumed


def test_a_session_id_is_repeated_and_yet_all_begins_anew() -> None:
    ours, theirs = client(offer(), session()), Peer12()
    events = complete(ours, theirs, session_id=b"i" * 32)
    assert rules(events) == ["message-out-of-order"]
    assert events[-1] == HandshakeCompleted(SUITE, reg.X25519, resumed=False)
    ours, theirs = client(offer(session_id=b"z" * 32)), Peer12()
    events = complete(ours, theirs, session_id=b"z" * 32)
    assert rules(events) == ["session-id-repeated"]
    assert ours.completed
    assert ours.session is not None


def renegotiating(*, bound: bool | None = None, secure: bool = True) -> tuple[Tls12Client, Peer12, bytes]:
    """A completed connection with a renegotiation begun, and the hello that the client sent."""
    ours, theirs = client(), Peer12()
    extensions = (BOUND,) if secure else (Extension(reg.EC_POINT_FORMATS, b"\x01\x00"),)
    complete(ours, theirs, *extensions)
    assert ours.secure_renegotiation is secure
    ((kind, hello),) = theirs.read(ours.renegotiate(bound=bound))
    assert kind == reg.HANDSHAKE
    return ours, theirs, hello


@pytest.mark.parametrize("secure", [False, True])
def test_renegotiation(secure: bool) -> None:
    ours, theirs, hello = renegotiating(secure=secure)
    named = theirs.verify[0] if secure else None
    told = ours.hello.extension(reg.RENEGOTIATION_INFO)
    assert (None if told is None else told.octets) == (None if named is None else vector(named, 1))
    with pytest.raises(RuntimeError):
        ours.renegotiate()
    info = ext.renegotiation_info(b"".join(theirs.verify))
    answer = theirs.hello(hello, *((info,) if secure else (Extension(reg.EC_POINT_FORMATS, b"\x01\x00"),)))
    data = theirs.seal(reg.APPLICATION_DATA, b"meanwhile")
    assert ours.receive(data) == [ApplicationData(b"meanwhile")]
    events: list[object] = list(ours.receive(theirs.say(answer, *theirs.flight())))
    theirs.read(ours.to_send())
    events += ours.receive(theirs.finish())
    assert events[-1] == RenegotiationCompleted(SUITE, reg.X25519, secure)
    assert rules(events) == ([] if secure else ["extension-not-offered"])
    assert len(ours.key_log()) == 2
    assert theirs.read(ours.send(b"x")) == [(reg.APPLICATION_DATA, b"x")]


@pytest.mark.parametrize(
    ("info", "rule"),
    [(ext.renegotiation_info(b"x" * 24), "renegotiation-info-wrong"), (EMS, "renegotiation-info-missing")],
)
def test_a_renegotiation_that_is_not_bound(info: Extension, rule: str) -> None:
    ours, theirs, hello = renegotiating()
    events: list[object] = list(ours.receive(theirs.say(theirs.hello(hello, info), *theirs.flight())))
    assert failure(events) == (rule, 40)


def test_a_renegotiation_that_changes_the_version() -> None:
    ours, theirs, hello = renegotiating()
    events: list[object] = list(ours.receive(theirs.say(theirs.hello(hello, version=0x0302))))
    assert failure(events) == ("version-changed", 70)


def test_a_renegotiation_that_is_refused() -> None:
    ours, theirs, _ = renegotiating()
    before = ours.server_hello
    assert ours.receive(theirs.seal(reg.ALERT, b"\x01\x64")) == [AlertReceived(1, 100, encrypted=True)]
    assert not ours.ended
    assert ours.server_hello is before
    assert theirs.read(ours.send(b"x")) == [(reg.APPLICATION_DATA, b"x")]
    assert theirs.read(ours.renegotiate())[0][0] == reg.HANDSHAKE
    assert ours.receive(theirs.seal(reg.ALERT, b"\x02\x28")) == [AlertReceived(2, 40, encrypted=True)]
    assert ours.ended
    with pytest.raises(RuntimeError):
        ours.renegotiate()


def test_a_hello_request_is_told_and_answered_by_nobody_but_the_caller() -> None:
    ours, theirs = client(), Peer12()
    complete(ours, theirs)
    assert ours.receive(theirs.seal(reg.HANDSHAKE, HELLO_REQUEST)) == [HelloRequestSeen()]
    assert ours.to_send() == b""
    assert theirs.read(ours.send_record(reg.ALERT, b"\x01\x64")) == [(reg.ALERT, b"\x01\x64")]
    assert theirs.read(ours.renegotiate())[0][1][0] == reg.CLIENT_HELLO


def test_heartbeats_in_clear_and_under_keys() -> None:
    ours, theirs = client(), Peer12()
    flight = theirs.first(ours)
    assert ours.send_record(24, b"\x01\x00\x00") == b"\x18\x03\x01\x00\x03\x01\x00\x00"
    beat = records(24, b"\x02\x00\x01x", 0x0303)
    events = ours.receive(flight + beat)
    assert events[-1] == HeartbeatSeen(b"\x02\x00\x01x", encrypted=False)
    theirs.read(ours.to_send())
    ours.receive(theirs.finish())
    assert theirs.read(ours.send_record(24, b"\x01\x00\x00")) == [(24, b"\x01\x00\x00")]
    assert ours.receive(theirs.seal(24, b"y")) == [HeartbeatSeen(b"y", encrypted=True)]


@pytest.mark.parametrize("number", [0xC013, 0x0016, 0xC02F, 0x0018], ids=suite_name)
def test_a_spoilt_record_does_not_open(number: int) -> None:
    ours, theirs = client(offer(number)), Peer12(number)
    complete(ours, theirs)
    spoilt = ours.send_record(23, b"NOOP\r\n", spoil=wrong_mac)
    assert theirs.reading is not None
    assert theirs.reading.open(23, spoilt[5:]) is None
    if theirs.suite.cipher.block_octets > 1:
        spoilt = ours.send_record(23, b"NOOP\r\n", spoil=wrong_padding)
        assert theirs.reading.open(23, spoilt[5:]) is None
    assert theirs.read(ours.send(b"x")) == [(23, b"x")]


def first_answer(change: Callable[[Peer12, bytes], bytes], hello: object = None) -> list[object]:
    ours, theirs = client(hello), Peer12()  # type: ignore[arg-type]
    heard = ours.start()[5:]
    return [*ours.receive(change(theirs, heard)), *([ours] if ours.ended else [])]


def judged(**changes: object) -> tuple[list[str], Tls12Client | None]:
    """Rules broken by a flight whose ServerHello is changed, and the client if it ended."""
    events = first_answer(
        lambda theirs, heard: theirs.say(theirs.hello(heard, **changes), *theirs.flight())  # type: ignore[arg-type]
    )
    ended = events[-1] if isinstance(events[-1], Tls12Client) else None
    return rules(events), ended


@pytest.mark.parametrize(
    ("changes", "rule", "ends"),
    [
        ({"version": 0x0304}, "version-not-offered", True),
        ({"version": 0x02FF}, "version-not-offered", True),
        ({"version": 0x0302}, "suite-of-another-version", False),
        ({"suite": 0xC030}, "suite-not-offered", False),
        ({"suite": 0xFFFF}, "suite-not-offered", True),
        ({"compression": 1}, "compression-not-offered", True),
        ({"session_id": b"x" * 33}, "session-id-too-long", False),
    ],
)
def test_what_a_server_hello_must_not_choose(changes: dict[str, object], rule: str, ends: bool) -> None:
    broken, ended = judged(**changes)
    assert broken[0] == rule
    assert (ended is not None) is ends


def test_extensions_only_answer_ours() -> None:
    ours, theirs = client(), Peer12()
    wrong = Extension(reg.RENEGOTIATION_INFO, b"\x01x")
    events = complete(ours, theirs, wrong, ETM, Extension(reg.HEARTBEAT, b"\x01"))
    assert rules(events) == ["extension-not-offered"] * 2 + ["renegotiation-info-wrong"]
    assert not ours.encrypt_then_mac
    # The server of this test took it for agreed on; with an AEAD that changes nothing.
    assert ours.completed


def test_the_downgrade_sentinel() -> None:
    def low(theirs: Peer12, heard: bytes) -> bytes:
        theirs.random = b"S" * 24 + b"DOWNGRD\x00"
        theirs.version = 0x0302
        return theirs.say(theirs.hello(heard))

    assert rules(first_answer(low)) == ["downgrade-sentinel", "suite-of-another-version"][::-1]
    versions = ext.supported_versions((0x0304, 0x0303))
    assert first_answer(
        lambda theirs, heard: theirs.say(theirs.hello(heard, Extension(43, b"\x03\x04"))),
        offer(further=(versions,)),
    )[-2] == Stopped("other-version")


def test_the_versions_that_a_hello_offers() -> None:
    assert offered_versions(offer()) == (0x0300, 0x0301, 0x0302, 0x0303)
    assert offered_versions(offer(further=(ext.supported_versions((0x0304, 0x0302)),))) == (0x0304, 0x0302)


def flight_of(*messages: bytes) -> list[object]:
    return first_answer(lambda theirs, heard: theirs.say(theirs.hello(heard), *messages))


EXCHANGE = Peer12().exchange()


@pytest.mark.parametrize(
    ("messages", "broken", "last"),
    [
        ((EXCHANGE, CERTIFICATE, DONE), ["message-out-of-order"] * 2, None),
        ((EXCHANGE, DONE), ["message-out-of-order"], None),
        ((CERTIFICATE, EXCHANGE, STATUS, DONE), ["message-out-of-order"], None),
        ((CERTIFICATE, DONE), ["server-key-exchange-missing"], 40),
        ((CERTIFICATE, Peer12().exchange(23), DONE), ["group-not-offered", "public-point-unusable"], 40),
        ((CERTIFICATE, Peer12().exchange(1), DONE), ["group-not-offered", "group-not-spoken"], 40),
        ((CERTIFICATE, EXCHANGE, TICKET), ["message-out-of-order"], 10),
        ((CERTIFICATE, EXCHANGE, message(20, b"x" * 12)), ["message-out-of-order"], 10),
        ((message(reg.SERVER_HELLO, b""),), ["message-out-of-order"], 10),
        ((CERTIFICATE, EXCHANGE, DONE, DONE), ["message-out-of-order"], 10),
        ((CERTIFICATE, EXCHANGE, message(reg.SERVER_HELLO_DONE, b"x")), ["trailing-octets"], None),
        (
            (CERTIFICATE, b"\x0c\x00\x00\x01\x03", DONE),
            ["field-cut-short", "server-key-exchange-missing"],
            40,
        ),
        ((b"\x0b\x02\x00\x00",), ["message-too-long"], 10),
    ],
)
def test_flights_in_disorder(messages: tuple[bytes, ...], broken: list[str], last: int | None) -> None:
    events = flight_of(*messages)
    assert rules(events) == broken
    if last is None:
        assert isinstance(events[-1], ServerHelloDoneSeen)
    else:
        assert isinstance(events[-2], Failed)
        assert events[-2].alert == last
        ended = events[-1]
        assert isinstance(ended, Tls12Client)
        sent = ended.to_send()
        assert sent.endswith(bytes([21, 3, 3, 0, 2, 2, last])) is (b"\x14\x03\x03" not in sent)
        assert ended.close() == b""
        with pytest.raises(RuntimeError):
            ended.send_record(23, b"")


def test_an_endless_handshake_ends() -> None:
    long = message(reg.CERTIFICATE, vector(vector(b"x" * 100_000, 3), 3))
    events = first_answer(lambda theirs, heard: records(22, theirs.hello(heard) + 6 * long, 0x0303))
    assert rules(events)[-1] == "handshake-too-long"


def test_suites_that_are_only_looked_at() -> None:
    export = message(
        reg.SERVER_KEY_EXCHANGE, vector(b"\xf1" * 64, 2) + vector(b"\x03", 2) + vector(b"sig", 2)
    )
    ours, theirs = client(offer(0x0003, version=0x0301)), Peer12(0x0016, 0x0301)
    heard = ours.start()[5:]
    events: list[object] = list(
        ours.receive(theirs.say(theirs.hello(heard, suite=0x0003), CERTIFICATE, export, DONE))
    )
    (seen,) = [event for event in events if isinstance(event, ServerKeyExchangeSeen)]
    assert seen.message.prime_bits == 512
    assert seen.signed == b"c" * 32 + b"S" * 32 + export[4:73]
    assert failure(events) == ("suite-not-spoken", 40)
    assert ours.suite is None


@pytest.mark.parametrize(
    ("numbers", "rule"),
    [
        ((b"\xf1" * 63, b"\x02", b"\x05"), "prime-size-not-spoken"),
        ((b"\xf1" * 2049, b"\x02", b"\x05"), "prime-size-not-spoken"),
        ((b"\xf1" * 64, b"\x02", b"\x01"), "public-value-unusable"),
        ((b"\xf1" * 64, b"\x02", b"\xf1" * 63 + b"\xf0"), "public-value-unusable"),
        ((b"\xf1" * 64, b"\x01", b"\x05"), "public-value-unusable"),
        ((b"\xf1" * 64, b"", b"\x05"), "public-value-unusable"),
        ((b"\xf1" * 64, b"\x02", b"\x05"), None),
        ((b"\xf1" * 2048, b"\x02", b"\x05"), None),
    ],
)
def test_the_numbers_of_a_diffie_hellman_group(numbers: tuple[bytes, ...], rule: str | None) -> None:
    exchange = message(reg.SERVER_KEY_EXCHANGE, b"".join(vector(n, 2) for n in numbers) + b"\x04\x01\x00\x00")
    ours, theirs = client(offer(0x0033)), Peer12(0x0033)
    heard = ours.start()[5:]
    events: list[object] = list(ours.receive(theirs.say(theirs.hello(heard), CERTIFICATE, exchange, DONE)))
    if rule is None:
        assert events[-1] == ServerHelloDoneSeen()
    else:
        assert failure(events) == (rule, 40)


@pytest.mark.parametrize("certificate", [CERTIFICATE, message(11, b"\x00\x00\x00")])
def test_a_certificate_without_an_rsa_key(certificate: bytes) -> None:
    ours, theirs = client(offer(0x009C)), Peer12()
    heard = ours.start()[5:]
    events: list[object] = list(
        ours.receive(theirs.say(theirs.hello(heard, suite=0x009C), certificate, DONE))
    )
    assert failure(events) == ("rsa-key-missing", 40)
    assert rsa_key_of(b"\x30\x03\x30\x01\x02") is None


def finished_wrong(octets: bytes) -> list[object]:
    ours, theirs = client(), Peer12()
    ours.receive(theirs.first(ours))
    theirs.read(ours.to_send())
    return list(ours.receive(theirs.change() + theirs.seal(22, octets)))


def test_finished() -> None:
    assert failure(finished_wrong(message(20, b"x" * 12))) == ("finished-wrong", 51)
    assert failure(finished_wrong(message(20, b""))) == ("finished-wrong", 51)
    assert failure(finished_wrong(DONE)) == ("message-out-of-order", 10)


def test_an_alert_that_ssl3_does_not_know() -> None:
    ours, theirs = client(offer(0x0016, version=0x0300)), Peer12(0x0016, 0x0300)
    ours.receive(theirs.first(ours))
    theirs.read(ours.to_send())
    events: list[object] = list(ours.receive(theirs.change() + theirs.seal(22, message(20, b"x" * 36))))
    assert failure(events) == ("finished-wrong", 40)
    assert theirs.read(ours.to_send()) == [(reg.ALERT, b"\x02\x28")]


def change(*octets: bytes) -> list[object]:
    """What comes in place of the server's ChangeCipherSpec."""
    ours, theirs = client(), Peer12()
    ours.receive(theirs.first(ours))
    theirs.read(ours.to_send())
    return list(ours.receive(b"".join(octets)))


def test_change_cipher_spec_has_its_place_and_form() -> None:
    assert failure(change(records(CCS, b"\x02", 0x0303))) == ("change-cipher-spec", 10)
    assert failure(change(records(22, TICKET[:5], 0x0303), records(CCS, b"\x01", 0x0303))) == (
        "change-cipher-spec",
        10,
    )
    early = first_answer(
        lambda theirs, heard: theirs.say(theirs.hello(heard)) + records(CCS, b"\x01", 0x0303)
    )
    assert failure(early[:-1]) == ("change-cipher-spec", 10)
    assert failure(change(records(22, message(20, b"x" * 12), 0x0303))) == ("message-out-of-order", 10)
    assert failure(change(records(23, b"x", 0x0303))) == ("unexpected-record", 10)


def test_records_that_do_not_open() -> None:
    ours, theirs = client(), Peer12()
    complete(ours, theirs)
    events: list[object] = list(ours.receive(records(23, b"x" * 40, 0x0303)))
    assert failure(events) == ("record-does-not-open", 20)


def test_alerts() -> None:
    ours, theirs = client(), Peer12()
    flight = theirs.first(ours)
    events = ours.receive(records(21, b"\x01\x70", 0x0303) + flight)
    assert events[0] == AlertReceived(1, 112, encrypted=False)
    assert isinstance(events[-1], ServerHelloDoneSeen)
    many = client()
    many.start()
    events = many.receive(records(21, b"\x01\x70", 0x0303) * (MAX_WARNINGS + 1))
    assert isinstance(events[-1], Failed)
    cut = client()
    cut.start()
    assert rules(list(cut.receive(records(21, b"\x02", 0x0303)))) == ["alert-cut-short"]
    assert cut.receive(records(21, b"\x02\x28", 0x0303)) == [AlertReceived(2, 40, encrypted=False)]
    assert cut.receive(b"more") == cut.receive_eof() == []
    assert cut.close() == b""


def test_what_is_no_tls_is_not_answered_in_it() -> None:
    ours = client()
    ours.start()
    assert failure(list(ours.receive(b"554 no TLS here\r\n"))) == ("not-a-record", None)
    assert ours.to_send() == b""


def test_versions_of_records() -> None:
    ours, theirs = client(), Peer12()
    flight = theirs.first(ours)
    assert ours.start()[:3] == b"\x16\x03\x01"
    events: list[object] = list(ours.receive(flight + records(21, b"\x01\x70", 0x0301) * 2))
    assert rules(events) == ["record-version"]
    assert client(offer(0x0016, version=0x0300)).start()[:3] == b"\x16\x03\x00"


def test_before_and_after_there_is_nothing_to_send_on() -> None:
    ours = client()
    with pytest.raises(RuntimeError):
        ours.send(b"x")
    with pytest.raises(RuntimeError):
        ours.send_record(23, b"")
    with pytest.raises(RuntimeError):
        ours.renegotiate()
    assert ours.close() == b""
    begun = client()
    begun.start()
    assert begun.close() == b"\x15\x03\x01\x00\x02\x01\x5a\x15\x03\x01\x00\x02\x01\x00"
    assert begun.session is None
    assert client().receive_eof() == [Closed(in_order=False)]


def test_secrets_show_in_no_repr() -> None:
    ours, theirs = client(), Peer12()
    complete(ours, theirs)
    line = ours.key_log()[0]
    assert line.startswith("CLIENT_RANDOM " + (b"c" * 32).hex())
    main = bytes.fromhex(line.split()[2])
    shown = repr((ours._now, ours._reading, theirs.secrets))
    assert repr(main)[2:-1] not in shown
    assert main.hex() not in shown
    assert octets_of(3) == octets_of(3)


def test_the_groups_of_this_machine() -> None:
    assert reg.X25519 in exchange_groups()
    assert set(exchange_groups()) <= {23, 24, 25, 29, 30, *CURVES_OF_TLS12}
    assert number(0x0303, 2) == b"\x03\x03"
