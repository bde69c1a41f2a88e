"""TLS by our own client as it is driven over a stream: what stands, what it is called, and how it fails."""

import asyncio
import hashlib
import os
import random
import socket
import ssl
from collections.abc import Awaitable, Callable

import pytest
from cryptography import x509

from tests.net.loopback import connected
from tests.wire.tls12_peer import DONE, Peer12, client
from waxseal.facts import Cause
from waxseal.lab.ca import CertificateAuthority, pem
from waxseal.lab.listener import LabStream, PeerGone
from waxseal.lab.orders import Authority, Key, LeafOrder, TlsOrder, alert_record
from waxseal.lab.tls import server_context, speaks_old_versions
from waxseal.net import tls_stream as net_tls_stream
from waxseal.net.errors import NetError
from waxseal.net.stream import READ_OCTETS, ByteStream, SocketStream
from waxseal.net.tls_stream import MAX_HANDSHAKE_OCTETS, TlsClientStream
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_client import TlsClient
from waxseal.wire.tls_client_hello import TLS_1_3
from waxseal.wire.tls_client_offer import ALL_VERSIONS, ClientOffer, default_suites
from waxseal.wire.tls_events import AlertReceived, Closed
from waxseal.wire.tls_fields import message, vector
from waxseal.wire.tls_suite_properties import suite_properties
from waxseal.wire.tls_summary import summarize

HOST = "mx.example.test"
CA = CertificateAuthority()
EC_LEAF = LeafOrder(names=(HOST,))
RSA_LEAF = LeafOrder(names=(HOST,), key=Key.RSA_2048)
OFFER = ClientOffer(HOST, versions=ALL_VERSIONS)
UP_TO_12 = ClientOffer(HOST, versions=ALL_VERSIONS[1:])
ONLY_13 = ClientOffer(HOST, versions=(TLS_1_3,))
Talk = Callable[[LabStream], Awaitable[None]]


def made(stream: ByteStream, offer: ClientOffer = OFFER) -> TlsClientStream:
    hello, shares = offer.hello(os.urandom)
    return TlsClientStream(stream, TlsClient(hello, shares, os.urandom))


def only_suites_signed_by(signer: str) -> ClientOffer:
    """Up to TLS 1.2, what a certificate of one key type can answer."""
    properties = ((suite, suite_properties(suite)) for suite in default_suites(UP_TO_12.versions))
    suites = tuple(s for s, p in properties if p is not None and p.authentication == signer)
    return ClientOffer(HOST, versions=UP_TO_12.versions, suites=suites)


def serving(context: ssl.SSLContext, says: bytes = b"") -> Talk:
    """Shake hands, say something, wait for the client to go."""

    async def talk(stream: LabStream) -> None:
        await stream.start_tls(context)
        if says:
            await stream.write(says)
        await stream.swallow()

    return talk


def saying(*pieces: bytes, hold: bool = False, reset: bool = False) -> Talk:
    """Answer the ClientHello with octets."""

    async def talk(stream: LabStream) -> None:
        await stream.read_client_hello()
        for piece in pieces:
            await stream.write(piece)
        if hold:
            await stream.swallow()
        if reset:
            await asyncio.sleep(0.02)
            stream.reset()
            raise PeerGone

    return talk


def shake(talk: Talk, work: Callable[[TlsClientStream], Awaitable[None]], offer: ClientOffer = OFFER) -> None:
    async def run() -> None:
        async with connected(talk) as stream:
            tls = made(stream, offer)
            await asyncio.wait_for(tls.handshake(), 10)
            await asyncio.wait_for(work(tls), 10)
            await tls.close()

    asyncio.run(run())


def failure(talk: Talk, offer: ClientOffer = OFFER) -> NetError:
    """How a handshake fails."""

    async def run() -> NetError:
        async with connected(talk) as stream:
            tls = made(stream, offer)
            with pytest.raises(NetError) as caught:
                await asyncio.wait_for(tls.handshake(), 10)
            return caught.value

    return asyncio.run(run())


def seen(order: TlsOrder, offer: ClientOffer = OFFER) -> TlsClientStream:
    """The client's end of a handshake that stands."""
    kept: list[TlsClientStream] = []

    async def work(tls: TlsClientStream) -> None:
        kept.append(tls)

    shake(serving(server_context(order, CA)), work, offer)
    return kept[0]


def order(*leaves: LeafOrder, **changes: str) -> TlsOrder:
    return TlsOrder(leaves=leaves or (EC_LEAF,), **changes)  # type: ignore[arg-type]


VERSIONS = ["TLSv1.2", "TLSv1.3"] + (["TLSv1", "TLSv1.1"] if speaks_old_versions() else [])


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_stands_and_has_its_name(version: str) -> None:
    assert seen(order(lowest=version, highest=version)).version == version


def test_an_offer_up_to_tls_12_gets_no_13() -> None:
    assert seen(order(), UP_TO_12).version == "TLSv1.2"


@pytest.mark.parametrize(
    ("openssl", "iana"),
    [
        ("ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
        ("ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
        ("ECDHE-ECDSA-AES256-SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
    ],
)
def test_suites_bear_their_registered_names(openssl: str, iana: str) -> None:
    assert seen(order(highest="TLSv1.2", suites=openssl + ":@SECLEVEL=0")).suite == iana


def test_a_suite_of_tls_13_is_read_from_the_server_hello() -> None:
    tls = seen(order(lowest="TLSv1.3"))
    assert tls.suite in ("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256")
    assert tls.scanner.server_hello[0] == 2


def test_rsa_key_exchange_is_still_seen() -> None:
    tls = seen(order(RSA_LEAF, highest="TLSv1.2", suites="AES128-SHA:@SECLEVEL=0"))
    assert tls.suite == "TLS_RSA_WITH_AES_128_CBC_SHA"


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize(
    "sent",
    [
        (),
        (Authority.ISSUING,),
        (Authority.ISSUING, Authority.ROOT),
        (Authority.ROOT, Authority.STRANGER_ROOT, Authority.ISSUING),
    ],
)
def test_certificates_are_given_as_sent_leaf_first(version: str, sent: tuple[Authority, ...]) -> None:
    leaf = LeafOrder(names=(HOST,), sent=sent)
    certificates = seen(order(leaf, lowest=version, highest=version)).certificates()
    assert certificates == (CA.leaf(leaf).der, *map(CA.authority_der, sent))


def test_of_two_certificate_messages_the_one_that_keys_rest_on_is_given() -> None:
    def shown(name: bytes) -> bytes:
        return message(reg.CERTIFICATE, vector(vector(name, 3), 3))

    ours, theirs = client(), Peer12()
    heard = ours.start()[5:]
    flight = (theirs.hello(heard), shown(b"of another"), shown(b"its own"), theirs.exchange(), DONE)
    events = ours.receive(theirs.say(*flight))
    theirs.read(ours.to_send())
    events += ours.receive(theirs.finish())
    assert ours.completed

    async def given() -> tuple[bytes, ...]:
        with socket.socket() as unused:
            tls = TlsClientStream(SocketStream(unused), ours)
            tls.events = events
            return tls.certificates()

    assert asyncio.run(given()) == (b"its own",)


def test_a_certificate_that_nobody_would_trust_is_shown_all_the_same() -> None:
    leaf = LeafOrder(names=("other.test",), issuer=None, to_days=-5, spoilt=True)
    assert seen(order(leaf)).certificates() == (CA.leaf(leaf).der,)


def test_there_are_no_certificates_before_the_handshake() -> None:
    async def run() -> None:
        async with connected(saying(hold=True)) as stream:
            tls = made(stream)
            assert tls.certificates() == ()
            assert (tls.version, tls.suite, tls.alert) == ("", "", None)

    asyncio.run(run())


SIGNERS = {"rsa": "RSA", "ec": "ECDSA"}


@pytest.mark.parametrize(("key_type", "leaf"), [("rsa", RSA_LEAF), ("ec", EC_LEAF)])
@pytest.mark.parametrize("order_of_leaves", [(EC_LEAF, RSA_LEAF), (RSA_LEAF, EC_LEAF)])
def test_a_key_type_that_is_asked_for_is_shown_by_a_dual_server(
    key_type: str, leaf: LeafOrder, order_of_leaves: tuple[LeafOrder, ...]
) -> None:
    tls = seen(order(*order_of_leaves), only_suites_signed_by(SIGNERS[key_type]))
    assert tls.certificates()[0] == CA.leaf(leaf).der


@pytest.mark.parametrize(("key_type", "leaf"), [("rsa", EC_LEAF), ("ec", RSA_LEAF)])
def test_a_server_without_that_key_type_says_handshake_failure(key_type: str, leaf: LeafOrder) -> None:
    error = failure(serving(server_context(order(leaf), CA)), only_suites_signed_by(SIGNERS[key_type]))
    assert (error.cause, error.alert, error.detail) == (Cause.ALERT, 40, "handshake_failure")


def test_a_server_of_tls_13_only_says_protocol_version() -> None:
    error = failure(serving(server_context(order(lowest="TLSv1.3"), CA)), UP_TO_12)
    assert (error.cause, error.alert, error.detail) == (Cause.ALERT, 70, "protocol_version")


@pytest.mark.parametrize(
    "name", [HOST, "mail_server.example.test", "xn--bcher-kva.test", "a" * 63 + ".test", ""]
)
def test_the_name_is_sent_and_none_is_sent_for_an_empty_one(name: str) -> None:
    names: list[str | None] = []
    context = server_context(order(), CA)

    def note(_: ssl.SSLObject, given: str | None, __: ssl.SSLContext) -> None:
        names.append(given)

    context.sni_callback = note

    async def work(_: TlsClientStream) -> None:
        return

    shake(serving(context), work, ClientOffer(name))
    assert names == [name or None]


def test_octets_go_both_ways_and_are_counted() -> None:
    got: list[bytes] = []

    async def talk(stream: LabStream) -> None:
        await stream.start_tls(server_context(order(), CA))
        got.append(await stream.read_line())
        await stream.write(b"answer")

    async def work(tls: TlsClientStream) -> None:
        await tls.write(b"question\r\n")
        assert await tls.read(3) == b"ans"
        assert await tls.read() == b"wer"
        assert await tls.read() == b""
        assert (tls.octets_in, tls.octets_out) == (6, 10)
        assert tls.local_address == "127.0.0.1"

    shake(talk, work)
    assert got == [b"question"]


# Failures.


@pytest.mark.parametrize("number", [0x28, 0x46, 0x50, 0x70, 0xFE])
@pytest.mark.parametrize("end", ["close", "hold", "reset"])
def test_an_alert_in_clear_is_read_as_octets(number: int, end: str) -> None:
    error = failure(saying(alert_record(number), hold=end == "hold", reset=end == "reset"))
    assert (error.cause, error.alert) == (Cause.ALERT, number)
    assert error.phase is None


def test_an_alert_in_two_pieces_is_one_alert() -> None:
    whole = alert_record(40)
    error = failure(saying(whole[:5], whole[5:6], whole[6:]))
    assert (error.cause, error.alert) == (Cause.ALERT, 40)


def test_a_warning_is_no_failure() -> None:
    """unrecognized_name as a warning before the ServerHello (RFC 6066 §3), as some servers send it."""
    context = server_context(order(highest="TLSv1.2"), CA)

    async def talk(stream: LabStream) -> None:
        await stream.write(b"\x15\x03\x01\x00\x02\x01\x70")
        await stream.start_tls(context)
        await stream.swallow()

    async def work(tls: TlsClientStream) -> None:
        assert tls.alert is None
        assert [alert.description for alert in tls.scanner.alerts] == [112]

    shake(talk, work)


@pytest.mark.parametrize(
    "octets",
    [
        b"220 mx.example.test ESMTP\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x00" * 32,
        b"\xff" * 32,
        b"\x80\x2e\x01\x00\x02" + b"\x00" * 40,
    ],
)
@pytest.mark.parametrize("hold", [True, False])
def test_what_is_no_tls_is_not_tls(octets: bytes, hold: bool) -> None:
    error = failure(saying(octets, hold=hold))
    assert error.cause is Cause.NOT_TLS
    assert repr(octets[:16]) in error.detail
    assert error.alert is None


@pytest.mark.parametrize("head", [b"", b"\x16\x03\x03", b"\x16\x03\x03\x00\x5a\x02\x00\x00\x56\x03\x03"])
def test_an_end_within_the_handshake_is_closed(head: bytes) -> None:
    assert failure(saying(head)).cause is Cause.CLOSED


def test_a_reset_within_the_handshake_is_a_reset() -> None:
    assert failure(saying(reset=True)).cause is Cause.RESET


ENDLESS: dict[str, bytes] = {
    "a certificate message": b"\x16\x03\x03\x40\x00" + b"\x0b\xff\xff\xff" + b"\x00" * 16380,
    "a ServerHello": b"\x16\x03\x03\x40\x00" + b"\x02\xff\xff\xff" + b"\x00" * 16380,
    "noise in handshake records": b"\x16\x03\x03\x40\x00" + random.Random(1).randbytes(16384),
    "empty fragments": b"\x16\x03\x03\x00\x00" * 1000,
    "changes of cipher": b"\x14\x03\x03\x00\x01\x01" * 1000,
    "requests for a hello": b"\x16\x03\x03\x00\x04\x00\x00\x00\x00" * 1000,
    "warnings": b"\x15\x03\x03\x00\x02\x01\x70" * 1000,
    "encrypted records": b"\x17\x03\x03\x40\x00" + b"\x00" * 16384,
}


@pytest.mark.parametrize("offer", [OFFER, UP_TO_12, ONLY_13], ids=["all", "up-to-1.2", "1.3"])
@pytest.mark.parametrize("what", ENDLESS)
def test_a_handshake_without_end_is_bounded(what: str, offer: ClientOffer) -> None:
    async def talk(stream: LabStream) -> None:
        await stream.read_client_hello()
        while True:
            await stream.write(ENDLESS[what])

    async def run() -> TlsClientStream:
        async with connected(talk) as stream:
            tls = made(stream, offer)
            with pytest.raises(NetError) as caught:
                await asyncio.wait_for(tls.handshake(), 10)
            assert caught.value.cause in (Cause.LIMIT, Cause.TLS_FAILED), caught.value
            assert caught.value.detail
            return tls

    tls = asyncio.run(run())
    assert tls.scanner.octets <= MAX_HANDSHAKE_OCTETS + READ_OCTETS
    assert not tls.client.completed


def test_records_without_data_behind_the_handshake_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that renews its tickets for ever says nothing, however much it sends."""
    monkeypatch.setattr(net_tls_stream, "MAX_IDLE_OCTETS", 2000)
    context = server_context(order(), CA)
    context.num_tickets = 40

    async def work(tls: TlsClientStream) -> None:
        with pytest.raises(NetError) as caught:
            await tls.read()
        assert caught.value.cause is Cause.LIMIT

    shake(serving(context), work)


def test_a_server_hello_and_then_garbage_is_our_clients_failure_and_no_alert() -> None:
    hello = bytes.fromhex("0303") + b"\x07" * 32 + b"\x00" + bytes.fromhex("c02b") + b"\x00"
    body = b"\x02" + len(hello).to_bytes(3, "big") + hello
    record = b"\x16\x03\x03" + len(body).to_bytes(2, "big") + body
    error = failure(saying(record, b"\x16\x03\x03\x00\x04\x63\x00\x00\x00", hold=True))
    assert error.cause is Cause.TLS_FAILED
    assert error.alert is None
    assert error.detail


def client_certificate_wanted(version: str) -> ssl.SSLContext:
    context = server_context(order(lowest=version, highest=version), CA)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=pem(CA.root_der).decode())
    return context


def test_a_server_that_demands_a_certificate_under_tls_13_says_so_behind_the_handshake() -> None:
    """certificate_required comes encrypted, at the first read, and is known by its number all the same."""

    async def work(tls: TlsClientStream) -> None:
        with pytest.raises(NetError) as caught:
            await tls.read()
        assert caught.value.cause is Cause.ALERT
        assert caught.value.alert == tls.alert == 116
        assert caught.value.detail == "certificate_required"
        assert tls.scanner.alerts == []
        (seen_alert,) = [e for e in tls.events if isinstance(e, AlertReceived)]
        assert seen_alert.encrypted

    shake(serving(client_certificate_wanted("TLSv1.3")), work)


def test_a_server_that_demands_a_certificate_under_tls_12_refuses_the_handshake() -> None:
    error = failure(serving(client_certificate_wanted("TLSv1.2")))
    assert error.cause is Cause.ALERT
    assert error.alert == 40


def test_alerts_of_one_connection_are_not_those_of_another() -> None:
    async def run() -> None:
        async with (
            connected(saying(alert_record(40))) as first,
            connected(serving(server_context(order(), CA))) as second,
        ):
            refused, standing = made(first), made(second)
            results = await asyncio.gather(refused.handshake(), standing.handshake(), return_exceptions=True)
            assert isinstance(results[0], NetError)
            assert results[1] is None
            assert (refused.alert, standing.alert) == (40, None)

    asyncio.run(run())


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("politely", [True, False])
def test_an_end_behind_the_handshake_is_an_end_with_or_without_close_notify(
    politely: bool, version: str
) -> None:
    context = server_context(order(lowest=version, highest=version), CA)

    async def talk(stream: LabStream) -> None:
        await stream.start_tls(context)
        await stream.write(b"bye")
        if not politely:
            stream._socket.shutdown(socket.SHUT_WR)
            await stream.swallow()

    async def work(tls: TlsClientStream) -> None:
        assert await tls.read() == b"bye"
        assert await tls.read() == b""
        assert await tls.read() == b""
        assert [e for e in tls.events if isinstance(e, Closed)] == [Closed(in_order=politely)]
        with pytest.raises(NetError) as caught:
            await tls.write(b"QUIT\r\n")
        assert caught.value.cause is Cause.CLOSED

    shake(talk, work)


def test_closing_says_close_notify_and_may_be_done_twice() -> None:
    ends: list[bool] = []
    context = server_context(order(), CA)

    async def talk(stream: LabStream) -> None:
        await stream.start_tls(context)
        try:
            await stream.read_line()
        except PeerGone as gone:
            ends.append(gone.__cause__ is None)

    async def run() -> None:
        async with connected(talk) as stream:
            tls = made(stream)
            await tls.handshake()
            await tls.close()
            await tls.close()
            tls.abort()
            await asyncio.sleep(0.05)

    asyncio.run(run())
    assert ends == [True]


def test_nothing_is_read_ahead_of_the_handshake() -> None:
    """What comes behind the last record of the handshake is data, and is there when it is asked for."""

    async def work(tls: TlsClientStream) -> None:
        assert await tls.read() == b"early data of the server"

    shake(serving(server_context(order(highest="TLSv1.2"), CA), b"early data of the server"), work)


def test_the_leaf_is_the_one_that_the_library_names() -> None:
    der = seen(order()).certificates()[0]
    assert x509.load_der_x509_certificate(der).subject.rfc4514_string().startswith("CN=" + HOST)


@pytest.mark.parametrize(
    ("highest", "suites", "group", "scheme"),
    [
        ("TLSv1.3", "", "x25519", "ecdsa_secp256r1_sha256"),
        ("TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256", "x25519", "ecdsa_secp256r1_sha256"),
        ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", "x25519", "rsa_pss_rsae_sha256"),
        ("TLSv1.2", "AES128-SHA256", "", ""),
    ],
)
def test_conversation_in_any_version(highest: str, suites: str, group: str, scheme: str) -> None:
    context = server_context(order(EC_LEAF, RSA_LEAF, highest=highest, suites=suites), CA)

    async def talk(stream: LabStream) -> None:
        await stream.start_tls(context)
        await stream.write(b"220 " + await stream.read_line() + b"\r\n")
        await stream.swallow()

    async def work(tls: TlsClientStream) -> None:
        await tls.write(b"EHLO a.test\r\n")
        assert await tls.read() == b"220 EHLO a.test\r\n"
        assert (tls.version, tls.group) == (highest, group)
        assert tls.certificates() in {CA.leaf(leaf).sent for leaf in (EC_LEAF, RSA_LEAF)}
        if scheme.startswith("ecdsa") or not scheme:
            assert tls.signature_scheme == scheme
        assert summarize(tls.events).completed
        assert (tls.octets_out, tls.octets_in) == (13, 17)

    shake(talk, work)


@pytest.mark.parametrize(("schemes", "leaf"), [(reg.RSA_SCHEMES, RSA_LEAF), (reg.ECDSA_SCHEMES, EC_LEAF)])
def test_a_server_of_tls_13_alone_shows_the_certificate_that_is_asked_for(
    schemes: tuple[int, ...], leaf: LeafOrder
) -> None:
    dual = order(EC_LEAF, RSA_LEAF, lowest="TLSv1.3")
    offer = ClientOffer(HOST, versions=(TLS_1_3,), schemes=(*schemes, *reg.PKCS1_SCHEMES))
    assert seen(dual, offer).certificates() == CA.leaf(leaf).sent
    other = RSA_LEAF if leaf is EC_LEAF else EC_LEAF
    error = failure(serving(server_context(order(other, lowest="TLSv1.3"), CA)), offer)
    assert (error.cause, error.alert) == (Cause.ALERT, 40)


def test_the_group_that_the_server_wants_is_given_on_retry() -> None:
    context = server_context(order(), CA)
    context.set_ecdh_curve("secp384r1")

    async def work(tls: TlsClientStream) -> None:
        assert tls.group == "secp384r1"
        assert tls.scanner.hello_retry

    shake(serving(context), work)


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_much_data_both_ways(version: str) -> None:
    data = random.Random(1).randbytes(300_000)
    context = server_context(order(lowest=version, highest=version), CA)

    async def talk(stream: LabStream) -> None:
        await stream.start_tls(context)
        heard = b""
        while len(heard) < len(data) and await stream.wait_for_octets(5):
            heard += stream.discard_buffer()
        await stream.write(hashlib.sha256(heard).digest() + heard)
        await stream.swallow()

    async def work(tls: TlsClientStream) -> None:
        await tls.write(data)
        back = b""
        while len(back) < len(data) + 32:
            back += await tls.read()
        assert back == hashlib.sha256(data).digest() + data

    shake(talk, work)
