"""TLS 1.3 over a stream by our own client, for what the standard library cannot offer or does not show.

The library cannot be told which signature schemes to offer, so it cannot ask a server of TLS 1.3 alone
for its other certificate; `Tls13Stream` can. The protocol is in ``wire.tls13``; nothing is verified but the
server's Finished. Causes of failure are those of ``net.tls``.
"""

import contextlib
import os

from waxseal.facts import Cause
from waxseal.net.errors import NetError
from waxseal.net.stream import READ_OCTETS, ByteStream
from waxseal.net.tls import MAX_HANDSHAKE_OCTETS, MAX_IDLE_OCTETS
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13 import Tls13Client
from waxseal.wire.tls13_groups import Entropy
from waxseal.wire.tls13_offer import Tls13Offer
from waxseal.wire.tls_events import (
    AlertReceived,
    ApplicationData,
    CertificatesShown,
    CertificateVerifySeen,
    Closed,
    EncryptedExtensionsSeen,
    Event,
    Failed,
    Stopped,
)
from waxseal.wire.tls_record import RecordScanner, alert_name, server_hello_version
from waxseal.wire.tls_suites import suite_name

MAX_EVENTS = 256
"""Events kept, data left out."""


class Tls13Stream:
    """A `ByteStream` under TLS 1.3 over another `ByteStream`.

    Attributes:
        offer: What the ClientHello offered.
        scanner: What the server's octets showed before encryption.
        events: What the handshake showed, the first `MAX_EVENTS`; data is not among it.
        octets_in, octets_out: Octets of the protocol above.
    """

    def __init__(self, inner: ByteStream, offer: Tls13Offer, *, entropy: Entropy = os.urandom) -> None:
        self._inner = inner
        self.offer = offer
        self.scanner = RecordScanner()
        self.events: list[Event] = []
        hello, shares = offer.hello(entropy)
        self._client = Tls13Client(hello, shares, entropy)
        self._data = bytearray()
        self._last: Event | None = None
        self.octets_in = 0
        self.octets_out = 0

    @property
    def local_address(self) -> str:
        """The address that we speak from."""
        return self._inner.local_address

    async def handshake(self) -> None:
        """Shake hands to the end; the caller sets the time limit.

        Raises:
            NetError: ALERT with its number, NOT_TLS, CLOSED, RESET, LIMIT or TLS_FAILED.
        """
        await self._inner.write(self._client.start())
        while not self._client.completed:
            alive = await self._fill()
            if self._client.completed:
                return
            if self._client.ended or not alive:
                raise self._ended("the stream ended within the handshake")
            if self.scanner.octets > MAX_HANDSHAKE_OCTETS:
                raise NetError(Cause.LIMIT, f"handshake longer than {MAX_HANDSHAKE_OCTETS} octets")

    async def read(self, limit_octets: int = READ_OCTETS) -> bytes:
        """See `ByteStream.read`; LIMIT where records come without end that hold no data.

        An end without close_notify is an end like another: that the server omits it stands in `events`.
        """
        began = self.scanner.octets
        while not self._data:
            if self._client.ended:
                if isinstance(self._last, Closed):
                    return b""
                raise self._ended("the stream ended")
            await self._fill()
            if not self._data and self.scanner.octets - began > MAX_IDLE_OCTETS:
                raise NetError(Cause.LIMIT, f"{MAX_IDLE_OCTETS} octets of records without data")
        data = bytes(self._data[:limit_octets])
        del self._data[:limit_octets]
        self.octets_in += len(data)
        return data

    async def write(self, data: bytes) -> None:
        """See `ByteStream.write`."""
        if self._client.ended:
            raise self._ended("the stream ended")
        await self._inner.write(self._client.send(data))
        self.octets_out += len(data)

    async def close(self) -> None:
        """Send close_notify and end in order, without waiting for the peer's (RFC 8446 §6.1)."""
        with contextlib.suppress(NetError):
            farewell = self._client.close()
            if farewell:
                await self._inner.write(farewell)
        await self._inner.close()

    def abort(self) -> None:
        """See `ByteStream.abort`."""
        self._inner.abort()

    @property
    def version(self) -> str:
        """Negotiated version, read from the ServerHello; "" before it."""
        return server_hello_version(self.scanner.server_hello) or ""

    @property
    def suite(self) -> str:
        """IANA name of the negotiated suite; "" before it."""
        return suite_name(self._client.suite.number) if self._client.suite is not None else ""

    @property
    def group(self) -> str:
        """IANA name of the group of the key exchange; "" before it."""
        return reg.group_name(self._client.group) if self._client.group is not None else ""

    @property
    def signature_scheme(self) -> str:
        """IANA name of CertificateVerify's signature scheme; "" before it."""
        seen = next((e.message for e in self.events if isinstance(e, CertificateVerifySeen)), None)
        return reg.scheme_name(seen.scheme) if seen is not None else ""

    @property
    def server_groups(self) -> tuple[int, ...] | None:
        """The groups that the server lists in EncryptedExtensions, its order; None where it lists none."""
        seen = next((e.message for e in self.events if isinstance(e, EncryptedExtensionsSeen)), None)
        return seen.extensions.groups if seen is not None else None

    def certificates(self) -> tuple[bytes, ...]:
        """DER of each certificate as sent, leaf first; empty before they came."""
        seen = next((e.message for e in self.events if isinstance(e, CertificatesShown)), None)
        return seen.certificates if seen is not None else ()

    @property
    def alert(self) -> int | None:
        """Number of the alert by which the server ended the connection, in clear or under encryption."""
        last = self._last if self._client.ended else None
        return last.description if isinstance(last, AlertReceived) else None

    async def _fill(self) -> bool:
        """Take in what the server sent and answer where that asks for it; False at the end of the stream."""
        data = await self._inner.read()
        self.scanner.feed(data)
        for event in self._client.receive(data) if data else self._client.receive_eof():
            if isinstance(event, ApplicationData):
                self._data += event.octets
            else:
                self._last = event
                if len(self.events) < MAX_EVENTS:
                    self.events.append(event)
        answer = self._client.to_send()
        if answer and not self._client.ended:
            await self._inner.write(answer)
        elif answer:  # an alert: why it ended matters more than whether that still arrives
            with contextlib.suppress(NetError):
                await self._inner.write(answer)
        return bool(data)

    def _ended(self, otherwise: str) -> NetError:
        """The one cause, of what the octets said."""
        if self.alert is not None:
            return NetError(Cause.ALERT, alert_name(self.alert), alert=self.alert)
        if self.scanner.not_tls:
            return NetError(Cause.NOT_TLS, f"first octets {self.scanner.first_octets[:16]!r}")
        if isinstance(self._last, Failed):
            wrong = self._last.deviation
            return NetError(Cause.TLS_FAILED, f"{wrong.rule} ({wrong.source})")
        if isinstance(self._last, Stopped):
            return NetError(Cause.TLS_FAILED, f"the server chose {self.version}, which was not offered")
        return NetError(Cause.CLOSED, otherwise)


async def shown_certificates(
    stream: ByteStream,
    *,
    server_name: str,
    signature_algorithms: tuple[int, ...],
    entropy: Entropy = os.urandom,
) -> tuple[bytes, ...]:
    """The certificates that a server shows to a client that takes only some signatures; the stream is closed.

    To go on talking under TLS, use `Tls13Stream` with the same offer.

    Args:
        stream: Stands where the ClientHello is due.
        server_name: SNI; "" for none.
        signature_algorithms: Schemes for the handshake; ``wire.tls13_offer.SCHEMES_OF_KEY_TYPE`` has those
            that only a certificate of one key type can answer.
        entropy: Source of random octets.

    Returns:
        DER of each certificate, leaf first.

    Raises:
        NetError: As `Tls13Stream.handshake`; ALERT 40, handshake_failure, where the server has no certificate
            of that type (RFC 8446 §4.4.2.2).
    """
    offer = Tls13Offer(server_name=server_name, schemes=signature_algorithms)
    tls = Tls13Stream(stream, offer, entropy=entropy)
    try:
        await tls.handshake()
    finally:
        await tls.close()
    return tls.certificates()
