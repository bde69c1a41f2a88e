"""TLS over a stream at its bounds: what a client of one version says of another, events kept, early data."""

import asyncio
import os

import pytest

from tests.net.loopback import connected
from tests.net.test_tls_stream import CA, OFFER, ONLY_13, failure, made, order, saying, serving, shake
from waxseal.facts import Cause
from waxseal.lab.tls import server_context
from waxseal.net import tls_stream as net_tls_stream
from waxseal.net.tls_stream import TlsClientStream
from waxseal.wire.tls13 import Tls13Client


@pytest.mark.parametrize(
    ("octets", "detail"),
    [
        (b"\x17\x03\x03\x00\x05hello", "unexpected-record (RFC 8446 §5)"),
        (
            b"\x16\x03\x03\x00\x2c\x02\x00\x00\x28\x03\x03" + b"r" * 32 + b"\x00\xc0\x2f\x00\x00\x00",
            "the server chose TLSv1.2, which was not offered",
        ),
    ],
)
def test_why_a_client_of_tls_13_cannot_go_on_is_told(octets: bytes, detail: str) -> None:
    error = failure(saying(octets), ONLY_13)
    assert (error.cause, error.detail, error.alert) == (Cause.TLS_FAILED, detail, None)


def test_only_events_within_bounds_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(net_tls_stream, "MAX_EVENTS", 6)

    async def work(tls: TlsClientStream) -> None:
        assert await tls.read() == b"220 mx\r\n"
        assert len(tls.events) == 6

    shake(serving(server_context(order(), CA), b"220 mx\r\n"), work)


def test_a_handshake_of_more_events_than_are_kept_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(net_tls_stream, "MAX_EVENTS", 4)
    error = failure(serving(server_context(order(), CA)))
    assert (error.cause, error.detail) == (Cause.LIMIT, "more than 4 events within the handshake")


def test_early_data_needs_a_client_that_announced_it() -> None:
    hello, shares = OFFER.hello(os.urandom)

    async def run() -> None:
        async with connected(lambda stream: stream.swallow()) as stream:
            with pytest.raises(RuntimeError, match="early data"):
                await made(stream).handshake(b"early")
            announced = TlsClientStream(stream, Tls13Client(hello, shares, os.urandom))
            with pytest.raises(RuntimeError):
                await announced.handshake(b"early")

    asyncio.run(run())
