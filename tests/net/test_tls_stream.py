"""Our own TLS of any version over loopback, against the standard library's server."""

import asyncio
import os
import ssl

import pytest

from tests.net.loopback import connected
from waxseal.facts import Cause
from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.listener import LabStream
from waxseal.lab.orders import Key, LeafOrder, TlsOrder
from waxseal.lab.tls import server_context
from waxseal.net.errors import NetError
from waxseal.net.tls_stream import TlsClientStream
from waxseal.wire.tls_client import TlsClient
from waxseal.wire.tls_client_offer import ClientOffer
from waxseal.wire.tls_summary import summarize

HOST = "mx.example.test"
CA = CertificateAuthority()
LEAVES = (LeafOrder(names=(HOST,)), LeafOrder(names=(HOST,), key=Key.RSA_2048))


def context(lowest: str, highest: str, suites: str = "") -> ssl.SSLContext:
    return server_context(TlsOrder(leaves=LEAVES, lowest=lowest, highest=highest, suites=suites), CA)


def made(stream: object, offer: ClientOffer) -> TlsClientStream:
    hello, shares = offer.hello(os.urandom)
    return TlsClientStream(stream, TlsClient(hello, shares, os.urandom))  # type: ignore[arg-type]


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
    async def talk(stream: LabStream) -> None:
        await stream.start_tls(context("TLSv1.2", highest, suites))
        await stream.write(b"220 " + await stream.read_line() + b"\r\n")
        await stream.swallow()

    async def run() -> TlsClientStream:
        async with connected(talk) as stream:
            tls = made(stream, ClientOffer(HOST))
            await asyncio.wait_for(tls.handshake(), 10)
            await tls.write(b"EHLO a.test\r\n")
            assert await asyncio.wait_for(tls.read(), 10) == b"220 EHLO a.test\r\n"
            await tls.close()
            return tls

    tls = asyncio.run(run())
    assert (tls.version, tls.group) == (highest, group)
    assert tls.certificates() in {CA.leaf(leaf).sent for leaf in LEAVES}
    if scheme.startswith("ecdsa") or not scheme:
        assert tls.signature_scheme == scheme
    assert tls.suite.startswith("TLS_")
    assert summarize(tls.events).completed
    assert (tls.octets_out, tls.octets_in) == (13, 17)


def test_a_version_that_is_not_spoken_ends_with_its_alert() -> None:
    async def talk(stream: LabStream) -> None:
        await stream.start_tls(context("TLSv1.3", "TLSv1.3"))

    async def run() -> NetError:
        async with connected(talk) as stream:
            tls = made(stream, ClientOffer(HOST, versions=(0x0303,)))
            with pytest.raises(NetError) as caught:
                await asyncio.wait_for(tls.handshake(), 10)
            return caught.value

    error = asyncio.run(run())
    assert (error.cause, error.alert) == (Cause.ALERT, 70)


def test_early_data_needs_a_client_that_announced_it() -> None:
    async def run() -> None:
        async with connected(lambda stream: stream.swallow()) as stream:
            with pytest.raises(RuntimeError, match="early data"):
                await made(stream, ClientOffer(HOST)).handshake(b"early")

    asyncio.run(run())
