"""The TLS 1.3 client against OpenSSL, as the standard library has it, in memory."""

import os
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.orders import Key, LeafOrder, TlsOrder
from waxseal.lab.tls import server_context
from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13 import Tls13Client
from waxseal.wire.tls13_groups import KeyShare
from waxseal.wire.tls13_offer import SCHEMES_OF_KEY_TYPE, Tls13Offer
from waxseal.wire.tls_client_hello import ClientHello, padded, with_grease
from waxseal.wire.tls_credentials import ClientCredentials
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
    HandshakeCompleted,
    HelloRetry,
    Resumption,
    Stopped,
    TicketSeen,
)
from waxseal.wire.tls_extensions import Extension
from waxseal.wire.tls_fields import message, records

HOST = "mx.example.test"
CA = CertificateAuthority()
RSA_LEAF = LeafOrder(names=(HOST,), key=Key.RSA_2048)
EC_LEAF = LeafOrder(names=(HOST,))
SUITES = (0x1301, 0x1302, 0x1303)
GROUPS = (reg.X25519, reg.SECP256R1, reg.SECP384R1, reg.SECP521R1, reg.X448)


def context(*leaves: LeafOrder, **changes: str) -> ssl.SSLContext:
    return server_context(TlsOrder(leaves=leaves or (RSA_LEAF, EC_LEAF), **changes), CA)  # type: ignore[arg-type]


class Pair:
    """The client and OpenSSL's server, and what passes between them."""

    def __init__(
        self,
        server: ssl.SSLContext,
        offer: Tls13Offer | None = None,
        hello: ClientHello | None = None,
        shares: Sequence[KeyShare] | None = None,
        **options: object,
    ) -> None:
        made, shares = (offer or Tls13Offer(HOST)).hello(os.urandom, shares)
        self.client = Tls13Client(hello or made, shares, os.urandom, **options)  # type: ignore[arg-type]
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.server = server.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.events: list[Event] = []
        self.incoming.write(self.client.start())

    def shake(self) -> "Pair":
        """Until neither has anything to say."""
        for _ in range(5):
            try:
                self.server.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                self.hear()
                return self
            self.hear()
        return self

    def hear(self) -> list[Event]:
        events = self.client.receive(self.outgoing.read())
        self.events += events
        answer = self.client.to_send()
        if answer:
            self.incoming.write(answer)
        return events

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


def talks(pair: Pair) -> None:
    """Both hear each other, and nobody broke a rule."""
    assert pair.client.completed
    pair.incoming.write(pair.client.send(b"EHLO x\r\n"))
    assert pair.server.read() == b"EHLO x\r\n"
    pair.server.write(b"250 x\r\n")
    assert pair.hear()[-1] == ApplicationData(b"250 x\r\n")
    assert not pair.of(Deviated)


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("suite", SUITES)
def test_every_suite_with_every_group(suite: int, group: int) -> None:
    pair = Pair(context(), Tls13Offer(HOST, (suite,), (group,), (group,))).shake()
    assert pair.of(HandshakeCompleted) == [HandshakeCompleted(suite, group, resumed=False)]
    cipher = pair.server.cipher()
    assert cipher is not None
    assert pair.client.suite is not None
    assert cipher[1] == "TLSv1.3"
    talks(pair)


def can_choose(curve: str) -> bool:
    """Whether this Python's library lets a server choose a group that is no curve of its old interface."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).set_ecdh_curve(curve)
    except ssl.SSLError:
        return False
    return True


X448 = pytest.mark.skipif(not can_choose("X448"), reason="this Python cannot choose X448 for a server")


@pytest.mark.parametrize(
    ("curve", "group"),
    [
        ("secp384r1", reg.SECP384R1),
        ("prime256v1", reg.SECP256R1),
        pytest.param("X448", reg.X448, marks=X448),
    ],
)
@pytest.mark.parametrize("share", [(), (reg.X25519,)])
def test_a_retry(curve: str, group: int, share: tuple[int, ...]) -> None:
    server = context()
    server.set_ecdh_curve(curve)
    pair = Pair(server, Tls13Offer(HOST, share_groups=share)).shake()
    (retry,) = pair.of(HelloRetry)
    assert isinstance(retry, HelloRetry)
    assert retry.hello.extensions.group == group
    assert pair.client.group == group
    talks(pair)


@pytest.mark.parametrize(("key_type", "leaf", "scheme"), [("rsa", RSA_LEAF, 0x0804), ("ec", EC_LEAF, 0x0403)])
def test_the_certificate_follows_the_signature_schemes(key_type: str, leaf: LeafOrder, scheme: int) -> None:
    pair = Pair(context(), Tls13Offer(HOST, schemes=SCHEMES_OF_KEY_TYPE[key_type])).shake()
    (shown,) = pair.of(CertificatesShown)
    (proof,) = pair.of(CertificateVerifySeen)
    assert isinstance(shown, CertificatesShown)
    assert isinstance(proof, CertificateVerifySeen)
    assert shown.message.certificates == CA.leaf(leaf).sent
    assert proof.message.scheme == scheme
    key = x509.load_der_x509_certificate(shown.message.certificates[0]).public_key()
    if isinstance(key, rsa.RSAPublicKey):
        filling = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        key.verify(proof.message.signature, proof.signed, filling, hashes.SHA256())
    else:
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(proof.message.signature, proof.signed, ec.ECDSA(hashes.SHA256()))
    talks(pair)


def test_no_certificate_of_the_type() -> None:
    pair = Pair(context(RSA_LEAF), Tls13Offer(HOST, schemes=SCHEMES_OF_KEY_TYPE["ec"])).shake()
    assert pair.events == [AlertReceived(2, 40, encrypted=False)]


def test_a_server_without_tls13() -> None:
    pair = Pair(context(highest="TLSv1.2")).shake()
    assert pair.events == [AlertReceived(2, 70, encrypted=False)]


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("curve", ["", "secp384r1"])
def test_resumption(suite: int, curve: str) -> None:
    server = context()
    first = Pair(server, Tls13Offer(HOST, (suite,))).shake()
    talks(first)
    tickets = [event for event in first.events if isinstance(event, TicketSeen)]
    assert len(tickets) == 2
    assert tickets[0].resumption.secret != tickets[1].resumption.secret
    assert tickets[0].message.lifetime_s == 7200
    if curve:
        server.set_ecdh_curve(curve)  # so the binder is made anew for the second hello
    resume: Resumption = tickets[0].resumption
    again = Pair(server, Tls13Offer(HOST, (suite,)), resume=resume, age_ms=10).shake()
    assert again.client.resumed
    assert again.server.session_reused
    assert not again.of(CertificatesShown)
    assert bool(again.of(HelloRetry)) == bool(curve)
    talks(again)


def test_a_ticket_of_another_hash_is_dropped_on_retry() -> None:
    server = context()
    first = Pair(server, Tls13Offer(HOST, (0x1301,))).shake()
    talks(first)
    (ticket, *_) = [event for event in first.events if isinstance(event, TicketSeen)]
    server.set_ecdh_curve("secp384r1")
    again = Pair(server, Tls13Offer(HOST, (0x1302,)), resume=ticket.resumption).shake()
    assert not again.client.resumed
    assert again.client.hello.extension(reg.PRE_SHARED_KEY) is None
    talks(again)


def test_a_ticket_that_the_server_does_not_know() -> None:
    resume = Resumption(b"unknown" * 20, 0x1302, 1, 7200, None, b"s" * 48)
    pair = Pair(context(), resume=resume).shake()
    assert not pair.client.resumed
    assert pair.of(CertificatesShown)
    talks(pair)


def test_a_client_certificate_is_asked_for_and_not_needed() -> None:
    server = context()
    server.verify_mode = ssl.CERT_OPTIONAL
    pair = Pair(server).shake()
    (asked,) = pair.of(CertificateRequestSeen)
    assert isinstance(asked, CertificateRequestSeen)
    assert 0x0804 in asked.message.schemes
    talks(pair)


def test_a_client_certificate_is_needed() -> None:
    server = context()
    server.verify_mode = ssl.CERT_REQUIRED
    pair = Pair(server).shake()
    assert pair.client.completed
    assert pair.events[-1] == AlertReceived(2, 116, encrypted=True)
    assert pair.client.ended


class Ours:
    """A self-signed client certificate, and the server's trust in it."""

    def __init__(self, folder: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "looker.example.test")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        certificate = builder.sign(key, hashes.SHA256())
        self.der = certificate.public_bytes(Encoding.DER)
        self.path = folder / "client.pem"
        self.path.write_bytes(certificate.public_bytes(Encoding.PEM))
        self.key = key
        self.signed: list[int] = []

    def sign(self, scheme: int, data: bytes) -> bytes:
        self.signed.append(scheme)
        if isinstance(self.key, rsa.RSAPrivateKey):
            digest = {0x0804: hashes.SHA256(), 0x0805: hashes.SHA384()}[scheme]
            return self.key.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        assert scheme == 0x0403
        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))

    def credentials(self, *schemes: int) -> ClientCredentials:
        return ClientCredentials((self.der,), schemes, self.sign)


@pytest.fixture(params=["ec", "rsa"])
def ours(request: pytest.FixtureRequest, tmp_path: Path) -> Ours:
    ec_key = request.param == "ec"
    return Ours(
        tmp_path, ec.generate_private_key(ec.SECP256R1()) if ec_key else rsa.generate_private_key(65537, 2048)
    )


@pytest.mark.parametrize("suite", SUITES)
def test_a_client_certificate_is_shown(suite: int, ours: Ours) -> None:
    server = context()
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(ours.path)
    schemes = (0x0403,) if isinstance(ours.key, ec.EllipticCurvePrivateKey) else (0x0401, 0x0805, 0x0804)
    pair = Pair(server, Tls13Offer(HOST, (suite,)), credentials=ours.credentials(*schemes)).shake()
    talks(pair)
    assert pair.server.getpeercert(binary_form=True) == ours.der
    assert ours.signed == [next(scheme for scheme in schemes if scheme != 0x0401)]


def test_a_client_certificate_with_a_wrong_signature_is_refused(tmp_path: Path) -> None:
    ours = Ours(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    server = context()
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(ours.path)
    wrong = ClientCredentials((ours.der,), (0x0403,), lambda scheme, data: ours.sign(scheme, data + b"!"))
    pair = Pair(server, credentials=wrong).shake()
    assert pair.events[-1] == AlertReceived(2, 51, encrypted=True)


@pytest.mark.parametrize("shown", [True, False])
def test_a_client_certificate_is_asked_for_after_the_handshake(ours: Ours, shown: bool) -> None:
    server = context()
    server.load_verify_locations(ours.path)
    server.verify_mode = ssl.CERT_OPTIONAL
    server.post_handshake_auth = True
    credentials = ours.credentials(0x0403, 0x0804) if shown else None
    if shown and isinstance(ours.key, rsa.RSAPrivateKey):
        credentials = ours.credentials(0x0804)
    pair = Pair(server, Tls13Offer(HOST, post_handshake_auth=True), credentials=credentials).shake()
    assert not pair.of(CertificateRequestSeen)
    talks(pair)
    for times in (1, 2):
        pair.server.verify_client_post_handshake()
        pair.server.write(b"334 who are you\r\n")
        pair.hear()
        asked = pair.of(CertificateRequestSeen)
        assert len(asked) == times
        assert all(isinstance(event, CertificateRequestSeen) and event.after_handshake for event in asked)
        talks(pair)
        assert pair.server.getpeercert(binary_form=True) == (ours.der if shown else None)


def test_a_client_that_did_not_offer_it_is_not_asked() -> None:
    server = context()
    server.post_handshake_auth = True
    server.verify_mode = ssl.CERT_OPTIONAL
    pair = Pair(server).shake()
    talks(pair)
    with pytest.raises(ssl.SSLError, match="EXTENSION_NOT_RECEIVED"):
        pair.server.verify_client_post_handshake()


def test_shares_that_serve_many_connections() -> None:
    server, offer = context(), Tls13Offer(HOST)
    _, shares = offer.hello(os.urandom)
    for _ in range(3):
        pair = Pair(server, offer, shares=shares).shake()
        talks(pair)
        assert pair.client.group == reg.X25519


def test_alpn_and_the_order_of_groups() -> None:
    server = context()
    server.set_alpn_protocols(["smtp"])
    offer = Tls13Offer(
        HOST, groups=(reg.X448, reg.SECP521R1), share_groups=(reg.SECP521R1,), protocols=(b"smtp",)
    )
    pair = Pair(server, offer).shake()
    (seen,) = pair.of(EncryptedExtensionsSeen)
    assert isinstance(seen, EncryptedExtensionsSeen)
    assert seen.message.extensions.protocol == b"smtp"
    talks(pair)


def test_looking_no_further_than_the_certificate() -> None:
    pair = Pair(context(), stop_after=reg.CERTIFICATE).shake()
    assert pair.events[-1] == Stopped("asked")
    pair.incoming.write(pair.client.close())
    with pytest.raises(ssl.SSLError):
        pair.server.do_handshake()


def test_the_server_closes_and_so_do_we() -> None:
    pair = Pair(context()).shake()
    talks(pair)
    pair.server.write(b"221 bye\r\n")
    with pytest.raises(ssl.SSLWantReadError):
        pair.server.unwrap()
    assert pair.hear() == [ApplicationData(b"221 bye\r\n"), Closed(in_order=True)]
    pair.incoming.write(pair.client.close())
    pair.server.unwrap()


@pytest.mark.parametrize("requested", [False, True])
def test_our_key_update_is_no_part_of_this(requested: bool) -> None:
    """OpenSSL answers ours; the client follows the server's."""
    pair = Pair(context()).shake()
    talks(pair)
    update = message(reg.KEY_UPDATE, bytes([requested]))
    client = pair.client
    assert client._writing is not None
    pair.incoming.write(client._writing.seal(reg.HANDSHAKE, update))
    client._writing.update()
    pair.incoming.write(client.send(b"NOOP\r\n"))
    assert pair.server.read() == b"NOOP\r\n"
    talks(pair)


def test_a_hello_in_small_records_with_grease_and_padding() -> None:
    made, shares = Tls13Offer(HOST).hello(os.urandom)
    greased = padded(with_grease(made, bytes(range(6))), 1500)
    assert len(greased.message()) == 1500
    client = Tls13Client(greased, shares, os.urandom)
    client.start()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context().wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(greased.records(record_octets=100))
    with pytest.raises(ssl.SSLWantReadError):
        server.do_handshake()
    events = client.receive(outgoing.read())
    assert isinstance(events[-1], HandshakeCompleted)
    incoming.write(client.to_send())
    server.do_handshake()


@pytest.mark.parametrize(
    "extension",
    [
        ext.status_request(),
        ext.signed_certificate_timestamps(),
        ext.compress_certificate((1, 2, 3)),
        ext.record_size_limit(16385),
        ext.max_fragment_length(4),
        ext.heartbeat(),
        ext.extended_main_secret(),
        ext.encrypt_then_mac(),
        ext.renegotiation_info(),
        ext.session_ticket(),
        ext.point_formats(),
        ext.post_handshake_auth(),
        ext.server_certificate_types((0,)),
        ext.padding(100),
    ],
)
def test_a_server_takes_every_extension_as_we_write_it(extension: Extension) -> None:
    pair = Pair(context(), Tls13Offer(HOST, further=(extension,))).shake()
    talks(pair)


def test_records_of_nothing_are_none() -> None:
    assert records(reg.HANDSHAKE, b"") == b""
