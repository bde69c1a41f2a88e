"""The client of TLS 1.0 to 1.2 against OpenSSL, as the standard library has it, in memory."""

import os
import ssl
import tempfile

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key

from tests.wire.tls12_pair import CA, EC_LEAF, EVERYTHING, RSA_LEAF, Pair, context, hello, names_of
from waxseal.lab.orders import LeafOrder
from waxseal.lab.tls import speaks_old_versions
from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls12 import Tls12Client
from waxseal.wire.tls12_credentials import credentials_of_key
from waxseal.wire.tls12_protection import Spoil, wrong_mac, wrong_padding
from waxseal.wire.tls12_suites import Mode, parse_suite, spoken_suites
from waxseal.wire.tls_events import (
    AlertReceived,
    ApplicationData,
    CertificateRequestSeen,
    CertificatesShown,
    Closed,
    HandshakeCompleted,
    Resumption12,
    ServerHelloDoneSeen,
    ServerHelloSeen,
    ServerKeyExchangeSeen,
    SessionTicketSeen,
    Stopped,
)
from waxseal.wire.tls_extensions import Extension
from waxseal.wire.tls_key_exchange import KeyExchange
from waxseal.wire.tls_suites import suite_name

OLD = pytest.mark.skipif(not speaks_old_versions(), reason="this OpenSSL does not speak TLS 1.0 and 1.1")
VERSIONS = [
    pytest.param(0x0301, marks=OLD),
    pytest.param(0x0302, marks=OLD),
    0x0303,
]
ECDHE_RSA_GCM, ECDHE_ECDSA_GCM, RSA_CBC, ECDHE_RSA_CBC = 0xC02F, 0xC02B, 0x002F, 0xC013
SERVER = context()
THEIRS = names_of(SERVER)
COMMON = [
    number
    for number in spoken_suites()
    if number in THEIRS and (suite := parse_suite(number)) and suite.authentication != "DSS"
]


PAIRS = [
    pytest.param(
        version, number, id=f"{version:04x}-{suite_name(number)}", marks=OLD if version < 0x0303 else ()
    )
    for version in (0x0301, 0x0302, 0x0303)
    for number in COMMON
    if version == 0x0303 or not getattr(parse_suite(number), "only_tls12", True)
]


def client(*suites: int, **options: object) -> Tls12Client:
    return Tls12Client(hello(*suites), os.urandom, **options)  # type: ignore[arg-type]


def test_enough_is_tested() -> None:
    """All kinds of exchange and cipher that OpenSSL has by default are among those below."""
    suites = [suite for number in COMMON if (suite := parse_suite(number))]
    assert {suite.exchange for suite in suites} == {KeyExchange.RSA, KeyExchange.DHE, KeyExchange.ECDHE}
    assert {suite.authentication for suite in suites} == {"RSA", "ECDSA", ""}
    assert {suite.cipher.mode for suite in suites} == set(Mode)
    assert len(suites) > 50


@pytest.mark.parametrize("more", [False, True])
@pytest.mark.parametrize(("version", "number"), PAIRS)
def test_every_suite_in_every_version(version: int, number: int, more: bool) -> None:
    suite = parse_suite(number)
    assert suite is not None
    ours = Tls12Client(hello(number, version=version, further=EVERYTHING if more else ()), os.urandom)
    pair = Pair(SERVER, ours).shake()
    group = reg.X25519 if suite.exchange is KeyExchange.ECDHE else None
    assert pair.of(HandshakeCompleted) == [HandshakeCompleted(number, group, resumed=False)]
    assert (ours.version, ours.suite, ours.group, ours.resumed) == (version, suite, group, False)
    assert ours.extended_main_secret is more
    assert ours.secure_renegotiation
    pair.talks()
    # OpenSSL agrees to encrypt-then-MAC with NULL suites too, which are stream ciphers (RFC 7366 §3).
    told = more and suite.cipher.algorithm == ""
    assert pair.rules() == (["encrypt-then-mac-without-cbc"] if told else [])
    assert ours.encrypt_then_mac is (told or (more and suite.cipher.mode is Mode.CBC))


@pytest.mark.parametrize(
    ("curve", "group"),
    [
        ("X25519", 29),
        ("X448", 30),
        ("prime256v1", 23),
        ("secp384r1", 24),
        ("secp521r1", 25),
        ("secp256k1", 22),
        ("brainpoolP256r1", 26),
        ("brainpoolP384r1", 27),
        ("brainpoolP512r1", 28),
        ("secp224r1", 21),
        ("prime192v1", 19),
    ],
)
def test_every_curve(curve: str, group: int) -> None:
    server = context()
    try:
        server.set_ecdh_curve(curve)
    except (ssl.SSLError, ValueError):
        pytest.skip("this Python cannot choose that curve for a server")
    pair = Pair(server, Tls12Client(hello(ECDHE_RSA_GCM, groups=(group,)), os.urandom)).shake()
    if pair.events == [AlertReceived(2, 40, encrypted=False)]:
        pytest.skip("this OpenSSL does not speak that curve")
    assert pair.client.group == group
    assert not pair.rules()
    pair.talks()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("number", [ECDHE_RSA_CBC, 0xC009, 0x0033], ids=suite_name)
def test_the_signed_octets_are_those_that_were_signed(version: int, number: int) -> None:
    pair = Pair(SERVER, Tls12Client(hello(number, version=version), os.urandom)).shake()
    (shown,) = pair.of(CertificatesShown)
    (seen,) = pair.of(ServerKeyExchangeSeen)
    assert isinstance(shown, CertificatesShown)
    assert isinstance(seen, ServerKeyExchangeSeen)
    key = x509.load_der_x509_certificate(shown.message.certificates[0]).public_key()
    signature = seen.message.signature
    if isinstance(key, ec.EllipticCurvePublicKey):
        scheme = seen.message.scheme or 0x0203
        algorithm = {2: hashes.SHA1(), 4: hashes.SHA256()}[scheme >> 8]
        key.verify(signature, seen.signed, ec.ECDSA(algorithm))
        return
    assert isinstance(key, rsa.RSAPublicKey)
    if version == 0x0303:
        assert seen.message.scheme == 0x0804
        key.verify(signature, seen.signed, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        return
    digests = [hashes.Hash(hashes.MD5()), hashes.Hash(hashes.SHA1())]
    for digest in digests:
        digest.update(seen.signed)
    recovered = key.recover_data_from_signature(signature, padding.PKCS1v15(), None)
    assert recovered == b"".join(digest.finalize() for digest in digests)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("tickets", [False, True])
@pytest.mark.parametrize("extended", [False, True])
def test_resumption(version: int, tickets: bool, extended: bool) -> None:
    server = context()
    if not tickets:
        server.options |= ssl.OP_NO_TICKET
    further = (ext.session_ticket(), *((ext.extended_main_secret(),) if extended else ()))

    def shaken(resume: Resumption12 | None = None) -> Pair:
        offered = hello(ECDHE_RSA_CBC, version=version, further=further)
        pair = Pair(server, Tls12Client(offered, os.urandom, resume=resume)).shake()
        pair.talks()
        assert not pair.rules()
        return pair

    first = shaken()
    assert isinstance(first.client, Tls12Client)
    session = first.client.session
    assert session is not None
    assert bool(session.ticket) is tickets
    assert bool(session.session_id) is not tickets
    assert bool(first.of(SessionTicketSeen)) is tickets
    assert session.secret.hex() not in repr(session)
    again = shaken(session)
    assert isinstance(again.client, Tls12Client)
    assert again.client.resumed
    assert again.server.session_reused
    assert not again.of(CertificatesShown)
    assert again.of(HandshakeCompleted) == [HandshakeCompleted(ECDHE_RSA_CBC, None, resumed=True)]
    assert again.client.session is not None
    assert shaken(again.client.session).client.resumed


def test_a_session_that_the_server_does_not_know() -> None:
    for resume in (
        Resumption12(b"i" * 32, b"", 0, ECDHE_RSA_GCM, 0x0303, False, b"s" * 48),
        Resumption12(b"", b"unknown" * 20, 0, ECDHE_RSA_GCM, 0x0303, False, b"s" * 48),
    ):
        pair = Pair(SERVER, client(ECDHE_RSA_GCM, resume=resume)).shake()
        assert not pair.client.resumed
        assert pair.of(CertificatesShown)
        pair.talks()


def asking(mode: ssl.VerifyMode) -> ssl.SSLContext:
    server = context()
    server.verify_mode = mode
    server.load_verify_locations(cadata=CA.root_der)
    return server


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("number", [ECDHE_RSA_CBC, RSA_CBC], ids=suite_name)
@pytest.mark.parametrize("rsa_key", [False, True])
@pytest.mark.parametrize("extended", [False, True])
def test_a_client_certificate(version: int, number: int, rsa_key: bool, extended: bool) -> None:
    leaf = CA.leaf(
        LeafOrder(
            names=("client.example.test",), key=RSA_LEAF.key if rsa_key else EC_LEAF.key, client_only=True
        )
    )
    credentials = credentials_of_key(leaf.sent, leaf.key)
    further = (ext.extended_main_secret(),) if extended else ()
    offered = hello(number, version=version, further=further)
    ours = Tls12Client(offered, os.urandom, credentials=credentials)
    pair = Pair(asking(ssl.CERT_REQUIRED), ours).shake()
    assert pair.of(CertificateRequestSeen)
    pair.talks()
    assert pair.server.getpeercert(binary_form=True) == leaf.sent[0]
    assert not pair.rules()


@pytest.mark.parametrize("version", VERSIONS)
def test_no_client_certificate(version: int) -> None:
    offered = hello(ECDHE_RSA_CBC, version=version)
    Pair(asking(ssl.CERT_OPTIONAL), Tls12Client(offered, os.urandom)).shake().talks()
    refused = Pair(asking(ssl.CERT_REQUIRED), Tls12Client(offered, os.urandom)).shake()
    assert isinstance(refused.events[-1], AlertReceived)
    assert refused.events[-1].level == 2
    assert not refused.client.completed


def test_alpn() -> None:
    server = context()
    server.set_alpn_protocols(["smtp"])
    offered = hello(ECDHE_RSA_GCM, further=(ext.protocols((b"smtp",)),))
    pair = Pair(server, Tls12Client(offered, os.urandom)).shake()
    (seen,) = pair.of(ServerHelloSeen)
    assert isinstance(seen, ServerHelloSeen)
    assert seen.hello.extensions.protocol == b"smtp"
    pair.talks()


@pytest.mark.parametrize(
    ("stop", "last"),
    [
        (reg.SERVER_HELLO, ServerHelloSeen),
        (reg.CERTIFICATE, CertificatesShown),
        (reg.SERVER_KEY_EXCHANGE, ServerKeyExchangeSeen),
        (reg.SERVER_HELLO_DONE, ServerHelloDoneSeen),
    ],
)
def test_looking_no_further(stop: int, last: type) -> None:
    pair = Pair(SERVER, client(ECDHE_RSA_GCM, stop_after=stop)).shake()
    assert pair.events[-1] == Stopped("asked")
    assert isinstance(pair.events[-2], last)
    pair.incoming.write(pair.client.close())
    with pytest.raises(ssl.SSLError):
        pair.server.do_handshake()


@pytest.mark.parametrize("number", [ECDHE_RSA_GCM, RSA_CBC])
def test_the_server_closes_and_so_do_we(number: int) -> None:
    pair = Pair(SERVER, client(number)).shake()
    pair.server.write(b"221 bye\r\n")
    with pytest.raises(ssl.SSLWantReadError):
        pair.server.unwrap()
    assert pair.hear() == [ApplicationData(b"221 bye\r\n"), Closed(in_order=True)]
    pair.incoming.write(pair.client.close())
    pair.server.unwrap()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("further", "spoil"), [((), wrong_mac), ((), wrong_padding), ((ext.encrypt_then_mac(),), wrong_mac)]
)
def test_openssl_does_not_open_a_spoilt_record(
    version: int, further: tuple[Extension, ...], spoil: Spoil
) -> None:
    pair = Pair(SERVER, Tls12Client(hello(RSA_CBC, version=version, further=further), os.urandom)).shake()
    assert isinstance(pair.client, Tls12Client)
    pair.incoming.write(pair.client.send_record(23, b"NOOP\r\n"))
    assert pair.server.read() == b"NOOP\r\n"
    pair.incoming.write(pair.client.send_record(23, b"NOOP\r\n", spoil=spoil))
    with pytest.raises(ssl.SSLError, match=r"(?i)bad.record.mac"):
        pair.server.read()
    assert pair.hear() == [AlertReceived(2, 20, encrypted=True)]


def test_no_suite_in_common() -> None:
    pair = Pair(context(RSA_LEAF), client(ECDHE_ECDSA_GCM)).shake()
    assert pair.events == [AlertReceived(2, 40, encrypted=False)]
    assert pair.client.ended


@pytest.mark.parametrize("further", [(ext.max_fragment_length(1),), ()])
def test_small_records(further: tuple[Extension, ...]) -> None:
    ours = Tls12Client(hello(RSA_CBC, further=further), os.urandom, max_fragment_octets=100)
    pair = Pair(SERVER, ours).shake()
    octets = ours.send(b"x" * 250)
    sizes = []
    while octets:
        size = 5 + int.from_bytes(octets[3:5], "big")
        sizes.append(size)
        pair.incoming.write(octets[:size])
        octets = octets[size:]
    assert len(sizes) == 3
    assert b"".join(pair.server.read() for _ in sizes) == b"x" * 250


def test_the_key_log_is_that_of_openssl() -> None:
    server = context()
    with tempfile.NamedTemporaryFile() as file:
        server.keylog_filename = file.name
        pair = Pair(server, client(ECDHE_RSA_GCM)).shake()
        pair.talks()
        lines = [line for line in file.read().decode().splitlines() if not line.startswith("#")]
    assert list(pair.client.key_log()) == lines
    assert len(lines) == 1


def test_a_key_of_another_kind_has_no_credentials() -> None:
    with pytest.raises(ValueError, match="elliptic"):
        credentials_of_key(
            (), load_der_private_key(bytes.fromhex("302e020100300506032b657004220420" + "11" * 32), None)
        )
