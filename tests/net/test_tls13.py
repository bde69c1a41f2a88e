"""Our own TLS 1.3 over loopback, against the standard library's server: what it shows and how it fails."""

import asyncio
import hashlib
import random
import ssl
from collections.abc import Awaitable, Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.net.loopback import connected
from waxseal.facts import Cause
from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.listener import LabStream, PeerGone
from waxseal.lab.orders import Key, LeafOrder, TlsOrder, alert_record
from waxseal.lab.tls import server_context
from waxseal.net import tls_stream as net_tls_stream
from waxseal.net.errors import NetError
from waxseal.net.tls13 import Tls13Stream, shown_certificates
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13_offer import SCHEMES_OF_KEY_TYPE, Tls13Offer

HOST = "mx.example.test"
CA = CertificateAuthority()
EC_LEAF = LeafOrder(names=(HOST,))
RSA_LEAF = LeafOrder(names=(HOST,), key=Key.RSA_2048)
OFFER = Tls13Offer(HOST)
BOTH = TlsOrder(leaves=(RSA_LEAF, EC_LEAF), lowest="TLSv1.3")
RECORD = b"\x17\x03\x03"
Talk = Callable[[LabStream], Awaitable[None]]


def serving(context: ssl.SSLContext, says: bytes = b"", *, hears: bytes = b"") -> Talk:
    """Shake hands, say something, hear something, answer it, wait for the client to go."""

    async def talk(stream: LabStream) -> None:
        await stream.start_tls(context)
        if says:
            await stream.write(says)
        if hears:
            assert await stream.read_line() + b"\r\n" == hears
            await stream.write(b"221 heard\r\n")
        await stream.swallow()

    return talk


def saying(*pieces: bytes, reset: bool = False) -> Talk:
    async def talk(stream: LabStream) -> None:
        await stream.read_client_hello()
        for piece in pieces:
            await stream.write(piece)
        if reset:
            await asyncio.sleep(0.02)
            stream.reset()
            raise PeerGone

    return talk


def shake(talk: Talk, work: Callable[[Tls13Stream], Awaitable[None]], offer: Tls13Offer = OFFER) -> None:
    async def run() -> None:
        async with connected(talk) as stream:
            tls = Tls13Stream(stream, offer)
            await asyncio.wait_for(tls.handshake(), 10)
            await asyncio.wait_for(work(tls), 10)
            await tls.close()

    asyncio.run(run())


def failure(talk: Talk, offer: Tls13Offer = OFFER) -> NetError:
    async def run() -> NetError:
        async with connected(talk) as stream:
            tls = Tls13Stream(stream, offer)
            with pytest.raises(NetError) as caught:
                await asyncio.wait_for(tls.handshake(), 10)
            await tls.close()
            return caught.value

    return asyncio.run(run())


def shown(order: TlsOrder, key_type: str) -> tuple[bytes, ...]:
    schemes = SCHEMES_OF_KEY_TYPE[key_type]

    async def run() -> tuple[bytes, ...]:
        async with connected(serving(server_context(order, CA))) as stream:
            return await asyncio.wait_for(
                shown_certificates(stream, server_name=HOST, signature_algorithms=schemes), 10
            )

    return asyncio.run(run())


def test_a_server_of_tls13_alone_shows_the_certificate_that_is_asked_for() -> None:
    rsa_chain, ec_chain = shown(BOTH, "rsa"), shown(BOTH, "ec")
    assert rsa_chain == CA.leaf(RSA_LEAF).sent
    assert ec_chain == CA.leaf(EC_LEAF).sent
    assert isinstance(x509.load_der_x509_certificate(rsa_chain[0]).public_key(), rsa.RSAPublicKey)
    assert isinstance(x509.load_der_x509_certificate(ec_chain[0]).public_key(), ec.EllipticCurvePublicKey)
    assert shown(BOTH, "") in (rsa_chain, ec_chain)


@pytest.mark.parametrize(("leaf", "asked"), [(RSA_LEAF, "ec"), (EC_LEAF, "rsa"), (EC_LEAF, "eddsa")])
def test_a_type_that_the_server_lacks_is_a_handshake_failure(leaf: LeafOrder, asked: str) -> None:
    with pytest.raises(NetError) as caught:
        shown(TlsOrder(leaves=(leaf,), lowest="TLSv1.3"), asked)
    assert (caught.value.cause, caught.value.alert) == (Cause.ALERT, 40)


def test_the_conversation_goes_on_under_it() -> None:
    async def work(tls: Tls13Stream) -> None:
        assert (tls.version, tls.group) == ("TLSv1.3", "x25519")
        assert tls.suite in {"TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"}
        assert tls.signature_scheme == "rsa_pss_rsae_sha256"
        assert (tls.alert, tls.server_groups) == (None, None)
        assert tls.local_address == "127.0.0.1"
        assert await tls.read(4) == b"220 "
        assert await tls.read() == b"mx\r\n"
        await tls.write(b"QUIT\r\n")
        assert await tls.read() == b"221 heard\r\n"
        assert (tls.octets_in, tls.octets_out) == (19, 6)

    offer = Tls13Offer(HOST, schemes=SCHEMES_OF_KEY_TYPE["rsa"])
    shake(serving(server_context(BOTH, CA), b"220 mx\r\n", hears=b"QUIT\r\n"), work, offer)


def test_the_group_that_the_server_wants_is_given_on_retry() -> None:
    context = server_context(BOTH, CA)
    context.set_ecdh_curve("secp384r1")

    async def work(tls: Tls13Stream) -> None:
        assert tls.group == "secp384r1"
        assert tls.scanner.hello_retry

    shake(serving(context), work)


def test_much_data_both_ways() -> None:
    data = random.Random(1).randbytes(300_000)
    context = server_context(BOTH, CA)

    async def talk(stream: LabStream) -> None:
        await stream.start_tls(context)
        heard = b""
        while len(heard) < len(data) and await stream.wait_for_octets(5):
            heard += stream.discard_buffer()
        await stream.write(hashlib.sha256(heard).digest() + heard)
        await stream.swallow()

    async def work(tls: Tls13Stream) -> None:
        await tls.write(data)
        back = b""
        while len(back) < len(data) + 32:
            back += await tls.read()
        assert back == hashlib.sha256(data).digest() + data

    shake(talk, work)


def test_the_end_of_the_stream_is_read_as_such() -> None:
    context = server_context(BOTH, CA)

    async def talk(stream: LabStream) -> None:
        await stream.start_tls(context)
        await stream.write(b"421 bye\r\n")

    async def work(tls: Tls13Stream) -> None:
        assert await tls.read() == b"421 bye\r\n"
        assert await tls.read() == b""
        assert await tls.read() == b""
        with pytest.raises(NetError) as caught:
            await tls.write(b"QUIT\r\n")
        assert caught.value.cause is Cause.CLOSED

    shake(talk, work)


@pytest.mark.parametrize(
    ("answer", "cause", "detail"),
    [
        ((alert_record(70),), Cause.ALERT, "protocol_version"),
        ((b"454 not now\r\n",), Cause.NOT_TLS, "first octets b'454 not now\\r\\n'"),
        ((), Cause.CLOSED, "the stream ended within the handshake"),
        ((b"\x16\x03\x03\x00",), Cause.CLOSED, "the stream ended within the handshake"),
        ((RECORD + b"\x00\x05hello",), Cause.TLS_FAILED, "unexpected-record (RFC 8446 §5)"),
        (
            (b"\x16\x03\x03\x00\x2c\x02\x00\x00\x28\x03\x03" + b"r" * 32 + b"\x00\xc0\x2f\x00\x00\x00",),
            Cause.TLS_FAILED,
            "the server chose TLSv1.2, which was not offered",
        ),
    ],
)
def test_failures_have_one_cause(answer: tuple[bytes, ...], cause: Cause, detail: str) -> None:
    error = failure(saying(*answer))
    assert (error.cause, error.detail, error.phase) == (cause, detail, None)
    assert error.alert == (70 if cause is Cause.ALERT else None)


def test_a_reset_is_a_reset() -> None:
    assert failure(saying(b"\x16\x03\x03", reset=True)).cause is Cause.RESET


def test_a_flood_of_records_reaches_a_limit() -> None:
    error = failure(saying(b"\x14\x03\x03\x00\x01\x01" * 100_000))
    assert (error.cause, "handshake longer than" in error.detail) == (Cause.LIMIT, True)


def test_records_without_data_reach_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(net_tls_stream, "MAX_IDLE_OCTETS", 100)

    async def work(tls: Tls13Stream) -> None:
        with pytest.raises(NetError) as caught:
            await tls.read()
        assert caught.value.cause is Cause.LIMIT

    shake(serving(server_context(BOTH, CA)), work)  # the tickets are such records


def test_only_events_within_bounds_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(net_tls_stream, "MAX_EVENTS", 4)

    async def work(tls: Tls13Stream) -> None:
        assert await tls.read() == b"220 mx\r\n"
        assert len(tls.events) == 4

    shake(serving(server_context(BOTH, CA), b"220 mx\r\n"), work)


def test_what_was_drawn_decides_the_hello() -> None:
    octets = random.Random(7)
    hello, shares = OFFER.hello(octets.randbytes)
    assert hello.random == random.Random(7).randbytes(32)
    assert [share.group for share in shares] == [reg.X25519, reg.SECP256R1]
    assert OFFER.hello(random.Random(7).randbytes)[0] == hello
