"""Parsers of a server's messages: real flights of OpenSSL, messages by hand, and octets of any kind."""

import base64
import random
import ssl
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.tls13_peer import CERTIFICATE, block, server_hello
from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.orders import Key, LeafOrder, TlsOrder
from waxseal.lab.tls import server_context
from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_client_hello import ClientHello
from waxseal.wire.tls_extensions import MAX_EXTENSIONS, Extension, ServerExtensions, read_extensions
from waxseal.wire.tls_fields import FieldReader, message, number, vector
from waxseal.wire.tls_key_exchange import KeyExchange, ServerKeyExchange, key_exchange_of
from waxseal.wire.tls_record import RecordScanner
from waxseal.wire.tls_server_certificates import (
    MAX_ENTRIES,
    MAX_UNCOMPRESSED_OCTETS,
    CertificateMessage,
    CertificateRequest,
    CertificateStatus,
    CertificateVerify,
)
from waxseal.wire.tls_server_flight import (
    Finished,
    HelloRequest,
    KeyUpdate,
    Message,
    NewSessionTicket,
    OtherMessage,
    ServerHelloDone,
    parse_message,
)
from waxseal.wire.tls_server_hello import EncryptedExtensions, ServerHello, Unreadable, version_name

HOST = "mx.example.test"
CA = CertificateAuthority()
RSA_LEAF = LeafOrder(names=(HOST,), key=Key.RSA_2048)
TLS_1_2, TLS_1_3 = 0x0303, 0x0304
OAKLEY_2 = bytes.fromhex(
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd"
    "ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed"
    "ee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffff"
)
"""The prime of 1024 bits of RFC 2409 §6.2."""


def flight(suite: int, *further: Extension, server: ssl.SSLContext) -> dict[int, bytes]:
    """A server's first flight in TLS 1.2, by message type, for a hello of ours."""
    hello = ClientHello(
        random.Random(1).randbytes(32),
        (suite,),
        (
            ext.server_name(HOST),
            ext.supported_groups((reg.SECP384R1,)),
            ext.point_formats(),
            ext.signature_algorithms((0x0401, 0x0804)),
            *further,
        ),
    )
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    incoming.write(hello.records())
    with pytest.raises(ssl.SSLWantReadError):
        server.wrap_bio(incoming, outgoing, server_side=True).do_handshake()
    scanner = RecordScanner()
    scanner.feed(outgoing.read())
    return dict(scanner.messages)


def rules(parsed: Message) -> list[str]:
    return [deviation.rule for deviation in parsed.deviations]


def test_an_ecdhe_flight_of_openssl() -> None:
    server = server_context(TlsOrder(leaves=(RSA_LEAF,), highest="TLSv1.2"), CA)
    server.verify_mode = ssl.CERT_OPTIONAL
    further = (
        ext.extended_main_secret(),
        ext.encrypt_then_mac(),
        ext.renegotiation_info(),
        ext.session_ticket(),
    )
    messages = flight(0xC030, *further, server=server)
    hello, shown, exchange, request, done = (parse_message(octets) for octets in messages.values())
    assert isinstance(hello, ServerHello)
    assert (hello.version, hello.suite, hello.compression, hello.retry) == (TLS_1_2, 0xC030, 0, False)
    assert hello.extensions.has(reg.EXTENDED_MASTER_SECRET)
    assert hello.extensions.renegotiated_connection == b""
    assert hello.extensions.octets(reg.SESSION_TICKET) == b""
    assert hello.extensions.octets(99) is None
    assert hello.extensions.point_formats == (0, 1, 2)
    assert hello.downgrade_sentinel is None
    assert isinstance(shown, CertificateMessage)
    assert shown.certificates == CA.leaf(RSA_LEAF).sent
    assert isinstance(exchange, ServerKeyExchange)
    assert (exchange.curve_type, exchange.group, exchange.scheme) == (3, reg.SECP384R1, 0x0804)
    assert (len(exchange.public), len(exchange.signature)) == (97, 256)
    assert isinstance(request, CertificateRequest)
    assert 1 in request.types
    assert 0x0804 in request.schemes
    assert isinstance(done, ServerHelloDone)
    assert not any(rules(parsed) for parsed in (hello, shown, exchange, request, done))


def test_a_dhe_flight_of_openssl(tmp_path: Path) -> None:
    integers = b"\x02\x81\x81\x00" + OAKLEY_2 + b"\x02\x01\x02"
    file = tmp_path / "dh.pem"
    der = base64.encodebytes(b"\x30\x81" + vector(integers, 1)).decode()
    file.write_text(f"-----BEGIN DH PARAMETERS-----\n{der}-----END DH PARAMETERS-----\n")
    order = TlsOrder(leaves=(RSA_LEAF,), highest="TLSv1.2", suites="ALL:@SECLEVEL=0")
    server = server_context(order, CA)
    server.load_dh_params(str(file))
    messages = flight(0x009F, server=server)
    exchange = parse_message(messages[reg.SERVER_KEY_EXCHANGE], TLS_1_2, KeyExchange.DHE)
    assert isinstance(exchange, ServerKeyExchange)
    assert (exchange.prime, exchange.generator) == (OAKLEY_2, b"\x02")
    assert (exchange.prime_bits, exchange.scheme) == (1024, 0x0804)
    assert len(exchange.public) <= len(exchange.prime)
    assert not exchange.deviations


def test_the_downgrade_sentinel_of_openssl() -> None:
    server = server_context(TlsOrder(leaves=(RSA_LEAF,)), CA)
    hello = parse_message(flight(0xC030, server=server)[reg.SERVER_HELLO])
    assert isinstance(hello, ServerHello)
    assert hello.downgrade_sentinel == TLS_1_2


@pytest.mark.parametrize(
    ("suite", "exchange"),
    [
        (0xC02F, KeyExchange.ECDHE),
        (0xC018, KeyExchange.ECDHE),
        (0x009E, KeyExchange.DHE),
        (0x0034, KeyExchange.DHE),
        (0x0019, KeyExchange.DHE),
        (0x0003, KeyExchange.RSA),
        (0x002F, KeyExchange.RSA),
        (0x002C, KeyExchange.OTHER),
        (0x1301, KeyExchange.OTHER),
        (0xFFFF, KeyExchange.OTHER),
    ],
)
def test_the_key_exchange_of_a_suite(suite: int, exchange: KeyExchange) -> None:
    assert key_exchange_of(suite) is exchange


DHE = vector(b"\xff" * 128, 2) + vector(b"\x05", 2) + vector(b"y" * 128, 2)


def test_key_exchanges_by_hand() -> None:
    export = message(12, vector(b"\xc0" + b"m" * 63, 2) + vector(b"\x01\x00\x01", 2) + vector(b"sig", 2))
    parsed = parse_message(export, 0x0301, KeyExchange.RSA)
    assert isinstance(parsed, ServerKeyExchange)
    assert (parsed.prime_bits, parsed.generator, parsed.public) == (512, b"\x01\x00\x01", b"")
    assert (parsed.scheme, parsed.signature) == (None, b"sig")
    anonymous = parse_message(message(12, DHE), TLS_1_2, KeyExchange.DHE)
    assert isinstance(anonymous, ServerKeyExchange)
    assert (anonymous.prime_bits, anonymous.scheme, anonymous.signature) == (1024, None, b"")
    explicit = parse_message(message(12, b"\x01parameters"), TLS_1_2, KeyExchange.ECDHE)
    assert isinstance(explicit, ServerKeyExchange)
    assert (explicit.curve_type, explicit.group, explicit.rest) == (1, None, b"parameters")
    assert rules(explicit) == ["curve-not-named"]
    hint = parse_message(message(12, b"\x00\x00"), TLS_1_2, KeyExchange.OTHER)
    assert isinstance(hint, ServerKeyExchange)
    assert hint.rest == b"\x00\x00"
    assert rules(parse_message(message(12, DHE[:-1]), TLS_1_2, KeyExchange.DHE)) == ["field-cut-short"]
    assert rules(parse_message(message(12, DHE + b"\x04"), TLS_1_2, KeyExchange.DHE)) == ["field-cut-short"]
    assert isinstance(parse_message(message(12, b""), TLS_1_2, KeyExchange.OTHER), ServerKeyExchange)
    assert isinstance(parse_message(message(12, b""), TLS_1_2, KeyExchange.ECDHE), Unreadable)


@pytest.mark.parametrize(
    ("random_end", "version"), [(b"DOWNGRD\x01", 0x0303), (b"DOWNGRD\x00", 0x0302), (b"DOWNGRD\x02", None)]
)
def test_downgrade_sentinels(random_end: bytes, version: int | None) -> None:
    hello = parse_message(server_hello(0xC02F, version=0, random=b"r" * 24 + random_end))
    assert isinstance(hello, ServerHello)
    assert hello.downgrade_sentinel == version


def test_a_server_hello_without_extensions() -> None:
    hello = parse_message(message(2, b"\x03\x00" + b"r" * 32 + b"\x00\x00\x05\x01"))
    assert isinstance(hello, ServerHello)
    assert (hello.version, hello.suite, hello.compression, hello.extensions.raw) == (0x0300, 5, 1, ())
    assert (version_name(hello.version), version_name(0x0304), version_name(0x7F1C)) == (
        "SSLv3",
        "TLSv1.3",
        "0x7F1C",
    )


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (server_hello(1) + b"x", ["message-length"]),
        (server_hello(1)[:-1], ["message-length", "field-cut-short"]),
        (message(2, server_hello(1)[4:] + b"x"), ["trailing-octets"]),
        (server_hello(1, session_id=b"s" * 33), ["session-id-too-long"]),
        (server_hello(1, Extension(43, b"\x03\x04")), ["duplicate-extension"]),
        (server_hello(1, Extension(16, b"\x00\x03\x02h2\x00")), ["trailing-octets"]),
        (server_hello(1, Extension(16, b"\x00\x03\x05h2")), ["field-cut-short"]),
        (server_hello(1, Extension(51, b"\x00")), ["field-cut-short"]),
        (server_hello(1, Extension(51, b"\x00\x1d\x00\x02k")), ["field-cut-short"]),
        (server_hello(1, *[Extension(n) for n in range(300, 600)]), ["extensions-not-kept"]),
    ],
)
def test_deviations_of_a_server_hello(octets: bytes, told: list[str]) -> None:
    hello = parse_message(octets)
    assert isinstance(hello, ServerHello)
    assert rules(hello) == told
    assert hello.suite == 1
    assert all(len(deviation.octets) <= 64 for deviation in hello.deviations)


@pytest.mark.parametrize(
    "octets", [b"", b"\x02", b"\x02\x00\x00\x00", server_hello(1)[:30], message(8, b"\x00")]
)
def test_what_cannot_be_read(octets: bytes) -> None:
    parsed = parse_message(octets)
    assert isinstance(parsed, Unreadable)
    assert parsed.kind == (octets[0] if octets else None)
    assert "field-cut-short" in rules(parsed)


def decoded(*extensions: Extension) -> ServerExtensions:
    reader = FieldReader(block(*extensions), "test")
    found = read_extensions(reader)
    assert reader.deviations == []
    return found


def test_extensions_are_decoded() -> None:
    found = decoded(
        Extension(0),
        Extension(1, b"\x02"),
        Extension(5, b"\x01" + vector(b"OCSP", 3)),
        Extension(10, b"\x00\x04\x00\x1d\x00\x17"),
        Extension(11, b"\x02\x00\x01"),
        Extension(13, b"\x00\x02\x04\x03"),
        Extension(15, b"\x01"),
        Extension(16, b"\x00\x05\x04smtp"),
        Extension(18, vector(vector(b"sct1", 2) + vector(b"sct2", 2), 2)),
        Extension(28, b"\x40\x01"),
        Extension(41, b"\x00\x00"),
        Extension(42),
        Extension(44, b"\x00\x01c"),
        Extension(47, vector(vector(b"name", 2), 2)),
        Extension(50, b"\x00\x02\x04\x01"),
        Extension(51, b"\x00\x1d\x00\x01k"),
        Extension(0xFF01, b"\x01v"),
        Extension(0x4A4A, b"anything"),
    )
    assert found.numbers == (0, 1, 5, 10, 11, 13, 15, 16, 18, 28, 41, 42, 44, 47, 50, 51, 0xFF01, 0x4A4A)
    assert (found.max_fragment_length, found.status, found.groups) == (2, (1, b"OCSP"), (29, 23))
    assert (found.point_formats, found.schemes, found.heartbeat_mode) == ((0, 1), (0x0403,), 1)
    assert (found.protocol, found.timestamps) == (b"smtp", (b"sct1", b"sct2"))
    assert (found.record_size_limit, found.selected_identity) == (0x4001, 0)
    assert (found.max_early_data_octets, found.has(reg.EARLY_DATA)) == (None, True)
    assert (found.cookie, found.authorities, found.certificate_schemes) == (b"c", (b"name",), (0x0401,))
    assert (found.group, found.share, found.renegotiated_connection) == (29, b"k", b"v")
    assert decoded(Extension(5)).status == (0, b"")
    assert decoded(Extension(42, b"\x00\x00\x40\x00")).max_early_data_octets == 0x4000
    assert decoded(*[Extension(n) for n in range(1000, 1000 + MAX_EXTENSIONS)]).numbers[-1] == 1255


def test_certificates() -> None:
    early = parse_message(message(11, vector(vector(b"leaf", 3) + vector(b"ca", 3), 3)), TLS_1_2)
    assert isinstance(early, CertificateMessage)
    assert (early.certificates, early.compression, rules(early)) == ((b"leaf", b"ca"), None, [])
    stapled = block(Extension(5, b"\x01" + vector(b"OCSP", 3)))
    late = parse_message(message(11, b"\x00" + vector(vector(b"leaf", 3) + stapled, 3)), TLS_1_3)
    assert isinstance(late, CertificateMessage)
    assert late.entries[0].extensions.status == (1, b"OCSP")
    none = parse_message(message(11, b"\x00\x00\x00"), TLS_1_2)
    assert isinstance(none, CertificateMessage)
    assert none.certificates == ()


@pytest.mark.parametrize(
    ("body", "told", "count"),
    [
        (vector(vector(b"leaf", 3) + b"\x00\x00\x09cut", 3), ["field-cut-short"], 1),
        (vector(vector(b"", 3), 3), ["empty-certificate"], 1),
        (vector(vector(b"leaf", 3), 3) + b"!", ["trailing-octets"], 1),
        (vector(vector(b"c", 3) * 80, 3), ["certificates-not-kept"], MAX_ENTRIES),
    ],
)
def test_deviations_of_certificates(body: bytes, told: list[str], count: int) -> None:
    parsed = parse_message(message(11, body), TLS_1_2)
    assert isinstance(parsed, CertificateMessage)
    assert (rules(parsed), len(parsed.entries)) == (told, count)


def compressed(octets: bytes, announced: int, algorithm: int = 1) -> CertificateMessage:
    parsed = parse_message(
        message(25, number(algorithm, 2) + number(announced, 3) + vector(octets, 3)), TLS_1_3
    )
    assert isinstance(parsed, CertificateMessage)
    assert parsed.compression == algorithm
    return parsed


def test_compressed_certificates() -> None:
    body = CERTIFICATE[4:]
    squeezed = zlib.compress(body)
    assert compressed(squeezed, len(body)).certificates == (b"DER of a leaf",)
    for octets, announced, told in (
        (squeezed, len(body) + 1, ["compressed-certificate-size"]),
        (squeezed, len(body) - 1, ["compressed-certificate-size"]),
        (squeezed[:-2], len(body), ["compressed-certificate-size"]),
        (b"rubbish", 5, ["compressed-certificate-broken"]),
        (zlib.compress(b"\x00"), 1, ["field-cut-short"]),
        (zlib.compress(bytes(10**7)), 100, ["compressed-certificate-size"]),
        (squeezed, MAX_UNCOMPRESSED_OCTETS + 1, ["certificate-not-kept"]),
    ):
        parsed = compressed(octets, announced)
        assert (rules(parsed), parsed.certificates) == (told, ())
    for algorithm, name in ((2, "brotli"), (3, "zstd"), (99, "0x0063")):
        kept = compressed(squeezed, len(body), algorithm)
        assert (rules(kept), kept.certificates, kept.readable) == ([], (), False)
        assert (kept.compression_name, squeezed in kept.octets) == (name, True)
    assert isinstance(parse_message(message(25, b"\x00\x01\x00")), Unreadable)
    assert (
        rules(parse_message(message(25, number(1, 2) + number(1, 3) + vector(b"x", 3) + b"!")))[0]
        == "trailing-octets"
    )


def test_other_messages() -> None:
    status = parse_message(message(22, b"\x01" + vector(b"OCSP", 3)))
    assert isinstance(status, CertificateStatus)
    assert (status.status_type, status.response) == (1, b"OCSP")
    proof = parse_message(message(15, b"\x08\x07" + vector(b"sig", 2)))
    assert isinstance(proof, CertificateVerify)
    assert (proof.scheme, proof.signature) == (0x0807, b"sig")
    old = parse_message(message(13, b"\x02\x01\x40" + vector(vector(b"dn", 2), 2)), 0x0301)
    assert isinstance(old, CertificateRequest)
    assert (old.types, old.schemes, old.authorities) == ((1, 64), (), (b"dn",))
    new = parse_message(message(13, b"\x00" + block()), TLS_1_3)
    assert rules(new) == ["signature-algorithms-missing"]
    ticket = parse_message(message(4, number(300, 4) + vector(b"ticket", 2)), TLS_1_2)
    assert isinstance(ticket, NewSessionTicket)
    assert (ticket.lifetime_s, ticket.ticket, ticket.age_add) == (300, b"ticket", None)
    assert ticket.max_early_data_octets is None
    long = message(4, number(700_000, 4) + number(1, 4) + b"\x00" + vector(b"", 2) + block())
    assert rules(parse_message(long, TLS_1_3)) == ["ticket-lifetime-too-long", "ticket-empty"]
    update = parse_message(message(24, b"\x02"))
    assert isinstance(update, KeyUpdate)
    assert (update.requested, rules(update)) == (False, ["key-update-request"])
    finished = parse_message(message(20, b"v" * 12))
    assert isinstance(finished, Finished)
    assert finished.verify_data == b"v" * 12
    assert isinstance(parse_message(message(0, b"")), HelloRequest)
    assert rules(parse_message(message(14, b"x"))) == ["trailing-octets"]
    assert isinstance(parse_message(message(8, b"\x00\x00")), EncryptedExtensions)
    assert parse_message(message(77, b"?")) == OtherMessage(message(77, b"?"))


def test_a_field_at_its_place() -> None:
    octets = server_hello(1, Extension(16, b"\x00\x09\x02h2"))
    (deviation,) = parse_message(octets).deviations
    assert (deviation.rule, deviation.source) == ("field-cut-short", "RFC 7301 §3.1")
    assert octets[deviation.offset :].startswith(deviation.octets)
    assert deviation.octets == b"\x02h2"


_kinds = st.sampled_from([0, 2, 4, 8, 11, 12, 13, 14, 15, 20, 22, 24, 25, 77])
_versions = st.sampled_from([0x0300, 0x0301, TLS_1_2, TLS_1_3])
_real = st.sampled_from(
    [
        server_hello(0x1301, Extension(51, b"\x00\x1d\x00\x01k"), session_id=b"s" * 32),
        CERTIFICATE,
        message(12, b"\x03\x00\x1d\x01p\x04\x03" + vector(b"sig", 2)),
        message(12, DHE),
        message(13, b"\x00" + block(Extension(13, b"\x00\x02\x04\x03"))),
        message(4, number(1, 4) + number(1, 4) + b"\x01n" + vector(b"t", 2) + block(Extension(42, bytes(4)))),
        message(25, b"\x00\x01\x00\x00\x18" + vector(zlib.compress(CERTIFICATE[4:]), 3)),
    ]
)


@given(st.builds(message, _kinds, st.binary(max_size=200)), _versions, st.sampled_from(KeyExchange))
def test_no_message_raises(octets: bytes, version: int, exchange: KeyExchange) -> None:
    parsed = parse_message(octets, version, exchange)
    assert parsed.octets == octets


@given(
    _real,
    _versions,
    st.sampled_from(KeyExchange),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=4),
    st.integers(0, 10_000),
)
def test_no_mutated_message_raises(
    octets: bytes, version: int, exchange: KeyExchange, changes: list[tuple[int, int]], end: int
) -> None:
    mutated = bytearray(octets)
    for place, value in changes:
        mutated[place % len(mutated)] = value
    cut = bytes(mutated[: end % (len(mutated) + 1)])
    assert parse_message(cut, version, exchange).octets == cut
    assert parse_message(bytes(mutated), version, exchange).octets == bytes(mutated)
