"""Record headers, plaintext messages and alerts, of hand-made octets and of real handshakes in memory."""

import datetime
import hashlib
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.cuts import cut_places, pieces
from waxseal.wire import tls_record
from waxseal.wire.tls_record import (
    MAX_ALERTS,
    MAX_KEPT_OCTETS,
    MAX_MESSAGES,
    Alert,
    RecordScanner,
    alert_name,
    key_exchange_group,
    server_hello_group,
    server_hello_suite,
    server_hello_version,
)
from waxseal.wire.tls_registry import ALERT_NAMES

RETRY_RANDOM = hashlib.sha256(b"HelloRetryRequest").digest()  # RFC 8446 §4.1.3
KEY_SHARE_X25519 = (51, b"\x00\x1d\x00\x20" + b"k" * 32)


def record(kind: int, payload: bytes, version: int = 0x0303) -> bytes:
    return bytes([kind]) + version.to_bytes(2, "big") + len(payload).to_bytes(2, "big") + payload


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def hello(
    version: int = 0x0303,
    extensions: tuple[tuple[int, bytes], ...] | None = (),
    random: bytes = b"r" * 32,
    session: bytes = b"",
) -> bytes:
    body = version.to_bytes(2, "big") + random + bytes([len(session)]) + session + b"\x13\x01\x00"
    if extensions is not None:
        block = b"".join(
            number.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data for number, data in extensions
        )
        body += len(block).to_bytes(2, "big") + block
    return message(2, body)


HELLO_13 = hello(extensions=((43, b"\x03\x04"), KEY_SHARE_X25519), session=b"s" * 32)
RETRY_13 = hello(extensions=((43, b"\x03\x04"), (51, b"\x00\x17")), random=RETRY_RANDOM)
CCS = record(20, b"\x01")


def scan(octets: bytes) -> RecordScanner:
    scanner = RecordScanner()
    scanner.feed(octets)
    return scanner


def state(scanner: RecordScanner) -> tuple[object, ...]:
    return (
        scanner.alerts,
        scanner.deviations,
        scanner.not_tls,
        scanner.lost,
        scanner.encrypted,
        scanner.hello_retry,
        scanner.octets,
        scanner.first_octets,
        scanner.server_hello,
        scanner.messages,
        scanner.looks_like,
    )


def test_a_tls12_flight() -> None:
    certificate, key_exchange, done = (
        message(11, b"c" * 20_000),
        message(12, b"\x03\x00\x1dxyz"),
        message(14, b""),
    )
    flight = hello() + certificate + key_exchange + done
    octets = b"".join(record(22, flight[at : at + 16_384]) for at in range(0, len(flight), 16_384))
    scanner = scan(octets + CCS + record(22, b"\x02encrypted finished") + record(21, b"\x02\x28"))
    assert scanner.server_hello == hello()
    assert scanner.messages == ((2, hello()), (11, certificate), (12, key_exchange), (14, done))
    assert scanner.encrypted
    assert scanner.alerts == []
    assert scanner.deviations == []
    assert scanner.first_octets == octets[:64]
    assert key_exchange_group(key_exchange) == 0x1D


def test_a_tls13_flight_with_retry_and_compatibility_ccs() -> None:
    scanner = scan(record(22, RETRY_13) + CCS)
    assert (scanner.server_hello, scanner.hello_retry, scanner.encrypted) == (RETRY_13, True, False)
    scanner.feed(record(22, HELLO_13))
    assert (scanner.server_hello, scanner.encrypted) == (HELLO_13, False)
    scanner.feed(record(23, b"x" * 100) + record(21, b"\x02\x28"))
    assert scanner.encrypted
    assert scanner.alerts == []
    assert [kind for kind, _ in scanner.messages] == [2, 2]


@pytest.mark.parametrize(
    ("octets", "alerts", "fatal"),
    [
        (record(21, b"\x02\x28"), [Alert(2, 40)], Alert(2, 40)),
        (record(21, b"\x01\x70") + record(22, hello()), [Alert(1, 112)], None),
        (record(21, b"\x01\x70\x02\x46"), [Alert(1, 112), Alert(2, 70)], Alert(2, 70)),
        (record(21, b"\x02") + record(21, b"\x50"), [Alert(2, 80)], Alert(2, 80)),
        (record(21, b"\x02"), [], None),
        (record(22, HELLO_13) + CCS + record(21, b"\x02\x2f"), [Alert(2, 47)], Alert(2, 47)),
        (record(21, b"\x02\x46", version=0x0300), [Alert(2, 70)], Alert(2, 70)),
    ],
)
def test_alerts_are_read_as_octets(octets: bytes, alerts: list[Alert], fatal: Alert | None) -> None:
    scanner = scan(octets)
    assert scanner.alerts == alerts
    assert scanner.fatal_alert == fatal
    assert not scanner.not_tls


@pytest.mark.parametrize(
    ("octets", "guess"),
    [
        (b"454 TLS not available\r\n", "smtp"),
        (b"220-mx\r\n", "smtp"),
        (b"HTTP/1.1 400 Bad Request\r\n", "http"),
        (b"\x80\x2f\x04\x00\x01\x00\x02", "sslv2"),
        (b"\x80\x03\x00\x00\x01", "sslv2"),
        (b"ERR\n", "text"),
        (b"2", "text"),
        (b"\x00\x00", "other"),
        (b"\x16\x02\x00", "other"),
        (b"\x16\x03\x03\xff\xff", "other"),
        (b"\x19\x03\x03", "other"),
    ],
)
def test_octets_that_are_no_tls(octets: bytes, guess: str) -> None:
    scanner = scan(octets)
    assert (scanner.not_tls, scanner.lost, scanner.looks_like) == (True, False, guess)
    assert scanner.first_octets == octets
    assert len(scanner.deviations) == 1
    scanner.feed(record(21, b"\x02\x28"))
    assert scanner.alerts == []


@pytest.mark.parametrize("octets", [b"", b"\x16", b"\x16\x03", b"\x15\x03\x01\x00", b"\x18\x03\x03\x00\x00"])
def test_octets_that_may_still_be_tls(octets: bytes) -> None:
    scanner = scan(octets)
    assert (scanner.not_tls, scanner.lost, scanner.looks_like) == (False, False, "")


def test_clear_text_in_the_middle_loses_the_place() -> None:
    start = record(22, hello())
    scanner = scan(start + b"500 what?\r\n")
    assert (scanner.not_tls, scanner.lost, scanner.looks_like) == (False, True, "")
    (deviation,) = scanner.deviations
    assert (deviation.rule, deviation.octets, deviation.offset) == ("not-a-record", b"5", len(start))


def test_a_record_that_is_too_long() -> None:
    start = record(22, hello())
    assert scan(start + b"\x17\x03\x03\x48\x00").deviations == []
    (deviation,) = scan(start + b"\x17\x03\x03\x48\x01").deviations
    assert (deviation.rule, deviation.offset) == ("record-too-long", len(start))


def test_messages_that_are_too_much_to_keep_are_passed_over() -> None:
    huge = message(11, b"c" * 200_000)
    octets = b"".join(record(22, huge[at : at + 16_000]) for at in range(0, len(huge), 16_000))
    scanner = scan(record(22, message(2, b"h" * 17_000)[:16_384]))
    assert scanner.server_hello == b""
    scanner = scan(record(22, hello()) + octets + record(22, message(14, b"")))
    assert [kind for kind, _ in scanner.messages] == [2, 14]
    (deviation,) = scanner.deviations
    assert (deviation.rule, deviation.offset) == ("message-not-kept", len(record(22, hello())) + 5)


def test_floods_are_bounded() -> None:
    scanner = scan(record(22, message(0, b"") * 4000) * 10 + record(21, b"\x01\x5a" * 8000) * 10)
    assert len(scanner.messages) == MAX_MESSAGES
    assert len(scanner.alerts) == MAX_ALERTS
    scanner = scan(record(22, message(11, b"c" * 15_000)) * 100)
    assert sum(len(octets) for _, octets in scanner.messages) <= MAX_KEPT_OCTETS


@pytest.mark.parametrize(
    ("octets", "version", "group", "suite"),
    [
        (HELLO_13, "TLSv1.3", 0x1D, 0x1301),
        (RETRY_13, "TLSv1.3", 0x17, 0x1301),
        (hello(), "TLSv1.2", None, 0x1301),
        (hello(extensions=None), "TLSv1.2", None, 0x1301),
        (hello(0x0302), "TLSv1.1", None, 0x1301),
        (hello(0x0301, extensions=None), "TLSv1", None, 0x1301),
        (hello(0x0300, extensions=None), "SSLv3", None, 0x1301),
        (hello(extensions=((43, b"\x7f\x1c"),)), "0x7f1c", None, 0x1301),
        (hello(extensions=((43, b""), (51, b"\x00"))), "TLSv1.2", None, 0x1301),
        (hello()[:-1], "TLSv1.2", None, 0x1301),
        (hello(extensions=None)[:41], None, None, None),
        (hello(session=b"s" * 32)[:60], None, None, None),
        (b"\x01" + hello()[1:], None, None, None),
        (b"", None, None, None),
        (b"\x02\x00\x00\x00" + b"x" * 60, None, None, None),
    ],
)
def test_what_a_server_hello_selects(
    octets: bytes, version: str | None, group: int | None, suite: int | None
) -> None:
    assert server_hello_version(octets) == version
    assert server_hello_group(octets) == group
    assert server_hello_suite(octets) == suite


@pytest.mark.parametrize(
    "octets", [b"", b"\x0c\x00\x00", message(12, b"\x01\x00\x1d"), message(2, b"\x03\x00\x1d")]
)
def test_no_named_curve(octets: bytes) -> None:
    assert key_exchange_group(octets) is None


def test_alert_names() -> None:
    assert alert_name(40) == "handshake_failure"
    assert alert_name(112) == "unrecognized_name"
    assert alert_name(99) == "alert 99"
    assert all(0 <= number <= 255 for number in ALERT_NAMES)
    assert len(set(ALERT_NAMES.values())) == len(ALERT_NAMES)
    # The same numbers as the interpreter's TLS library has, and the same names but for one.
    for description in ssl.AlertDescription:
        name = description.name.removeprefix("ALERT_DESCRIPTION_").lower().replace("cancelled", "canceled")
        assert alert_name(description.value) == name


@pytest.fixture(scope="module")
def server_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mx.example.org")])
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=36_500))
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


def handshake(server_file: Path, version: ssl.TLSVersion, client_version: ssl.TLSVersion) -> bytes:
    """What the server sends in a handshake in memory."""
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(server_file)
    server_context.minimum_version = server_context.maximum_version = version
    client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_context.check_hostname = False
    client_context.verify_mode = ssl.CERT_NONE
    client_context.minimum_version = client_context.maximum_version = client_version
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    client = client_context.wrap_bio(to_client, to_server, server_hostname="mx.example.org")
    sent = b""
    for _ in range(6):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                return sent + to_client.read()
            if side is server:
                octets = to_client.read()
                sent += octets
                to_client.write(octets)
    return sent


def test_a_real_tls12_handshake(server_files: Path) -> None:
    scanner = scan(handshake(server_files, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2))
    assert server_hello_version(scanner.server_hello) == "TLSv1.2"
    messages = dict(scanner.messages)
    assert x509.load_der_x509_certificate(messages[tls_record.CERTIFICATE][10:]).serial_number == 1
    assert key_exchange_group(messages[tls_record.SERVER_KEY_EXCHANGE]) is not None
    assert scanner.encrypted
    assert (scanner.alerts, scanner.deviations) == ([], [])


def test_a_real_tls13_handshake(server_files: Path) -> None:
    scanner = scan(handshake(server_files, ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3))
    assert server_hello_version(scanner.server_hello) == "TLSv1.3"
    assert server_hello_group(scanner.server_hello) is not None
    assert [kind for kind, _ in scanner.messages][-1] == tls_record.SERVER_HELLO
    assert scanner.encrypted
    assert (scanner.alerts, scanner.deviations) == ([], [])


def test_a_real_alert(server_files: Path) -> None:
    scanner = scan(handshake(server_files, ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2))
    assert scanner.fatal_alert == Alert(2, 70)
    assert alert_name(70) == "protocol_version"


_records = st.lists(
    st.one_of(
        st.binary(max_size=12),
        st.builds(
            record,
            st.integers(min_value=20, max_value=24),
            st.one_of(
                st.binary(max_size=50),
                st.sampled_from(
                    [hello(), HELLO_13, RETRY_13, HELLO_13[:50], HELLO_13[50:], b"\x01", b"\x02\x28"]
                ),
                st.builds(message, st.integers(min_value=0, max_value=20), st.binary(max_size=40)),
                st.just(b"\x0b\xff\xff\xff"),
            ),
        ),
    ),
    max_size=15,
).map(b"".join)


@given(_records, cut_places)
def test_cut_anywhere(octets: bytes, cuts: list[int]) -> None:
    whole, cut, single = scan(octets), RecordScanner(), RecordScanner()
    for piece in pieces(octets, cuts):
        cut.feed(piece)
    for octet in octets:
        single.feed(bytes([octet]))
    assert state(cut) == state(whole) == state(single)


@given(st.binary(max_size=120))
def test_no_octets_raise(octets: bytes) -> None:
    for start in (b"", b"\x02", HELLO_13[:40], b"\x02\x00\x00\x60" + b"\x03\x03"):
        server_hello_version(start + octets)
        server_hello_group(start + octets)
        server_hello_suite(start + octets)
        key_exchange_group(start + octets)
    scan(octets)
