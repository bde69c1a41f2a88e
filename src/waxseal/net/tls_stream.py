"""TLS over a stream by a client of our own: drives any of them, whatever versions it speaks.

The protocol is in ``wire`` (``tls13``, ``tls12``, ``tls_client``). Every octet passes through our hands: the
record scanner sees what the server sent before encryption, so an alert is read as octets and never guessed
from a message text (DESIGN §6). Nothing is verified but the server's Finished: the handshake comes first,
proofs over the certificates come later and elsewhere (``trust``).
"""

import contextlib
from typing import Protocol, runtime_checkable

from waxseal.facts import Cause
from waxseal.net.errors import NetError
from waxseal.net.stream import READ_OCTETS, ByteStream
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_events import (
    AlertReceived,
    ApplicationData,
    CertificatesShown,
    CertificateVerifySeen,
    Closed,
    EncryptedExtensionsSeen,
    Event,
    Failed,
    HandshakeCompleted,
    ServerHelloSeen,
    ServerKeyExchangeSeen,
    Stopped,
)
from waxseal.wire.tls_record import RecordScanner, alert_name, server_hello_version
from waxseal.wire.tls_suites import suite_name

MAX_HANDSHAKE_OCTETS = 512 * 1024
MAX_IDLE_OCTETS = 512 * 1024
"""Octets of TLS records behind the handshake that may come without one octet of data."""
MAX_EVENTS = 256
"""Events kept, data left out."""


class TlsProtocol(Protocol):
    """What a sans-IO client has to offer to be driven."""

    @property
    def completed(self) -> bool:
        """Whether the handshake is completed."""
        ...

    @property
    def ended(self) -> bool:
        """Whether nothing more is read."""
        ...

    def key_log(self) -> tuple[str, ...]:
        """Lines for an SSLKEYLOGFILE. Secret."""
        ...

    def start(self) -> bytes:
        """The ClientHello in records."""
        ...

    def receive(self, data: bytes) -> list[Event]:
        """Take in octets."""
        ...

    def receive_eof(self) -> list[Event]:
        """The stream ended."""
        ...

    def to_send(self) -> bytes:
        """What is to go out now."""
        ...

    def send(self, data: bytes) -> bytes:
        """Records that carry data."""
        ...

    def close(self) -> bytes:
        """close_notify."""
        ...


@runtime_checkable
class EarlyProtocol(Protocol):
    """A client that can send early data (RFC 8446 §2.3)."""

    def send_early(self, data: bytes) -> bytes:
        """Records that carry early data, to go out behind the ClientHello."""
        ...


class TlsClientStream:
    """A `ByteStream` under TLS over another `ByteStream`.

    Attributes:
        client: The protocol.
        scanner: What the server's octets showed before encryption.
        events: What the handshake showed, the first `MAX_EVENTS`; data is not among it.
        octets_in, octets_out: Octets of the protocol above; early data is counted apart by the caller.
    """

    def __init__(self, inner: ByteStream, client: TlsProtocol) -> None:
        self._inner = inner
        self.client = client
        self.scanner = RecordScanner()
        self.events: list[Event] = []
        self._data = bytearray()
        self._last: Event | None = None
        self.octets_in = 0
        self.octets_out = 0

    @property
    def local_address(self) -> str:
        """The address that we speak from."""
        return self._inner.local_address

    async def handshake(self, early_data: bytes = b"") -> None:
        """Shake hands to the end; the caller sets the time limit.

        Args:
            early_data: Goes out with the ClientHello, where the client was made to announce it.

        Raises:
            NetError: ALERT with its number, NOT_TLS, CLOSED, RESET, LIMIT or TLS_FAILED.
            RuntimeError: The client announced no early data.
            ValueError: It is more than the ticket allows.
        """
        octets = self.client.start()
        if early_data:
            if not isinstance(self.client, EarlyProtocol):
                raise RuntimeError("this client sends no early data")
            octets += self.client.send_early(early_data)
        await self._inner.write(octets)
        while not self.client.completed:
            alive = await self._fill()
            if len(self.events) >= MAX_EVENTS:  # what is not kept could be what a proof rests on
                raise NetError(Cause.LIMIT, f"more than {MAX_EVENTS} events within the handshake")
            if self.client.completed:
                return
            if self.client.ended or not alive:
                raise self._ended("the stream ended within the handshake")
            if self.scanner.octets > MAX_HANDSHAKE_OCTETS:
                raise NetError(Cause.LIMIT, f"handshake longer than {MAX_HANDSHAKE_OCTETS} octets")

    async def read(self, limit_octets: int = READ_OCTETS) -> bytes:
        """See `ByteStream.read`; LIMIT where records come without end that hold no data.

        An end without close_notify is an end like another: that the server omits it stands in `events`.
        """
        began = self.scanner.octets
        while not self._data:
            if self.client.ended:
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
        if self.client.ended:
            raise self._ended("the stream ended")
        await self._inner.write(self.client.send(data))
        self.octets_out += len(data)

    async def close_writing(self) -> None:
        """Send close_notify and end our side; what the peer still sends is not read."""
        with contextlib.suppress(NetError):
            farewell = self.client.close()
            if farewell:
                await self._inner.write(farewell)
        await self._inner.close_writing()

    async def close(self) -> None:
        """Send close_notify and end in order, without waiting for the peer's (RFC 8446 §6.1)."""
        with contextlib.suppress(NetError):
            farewell = self.client.close()
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
        seen = next((e for e in self.events if isinstance(e, ServerHelloSeen)), None)
        return suite_name(seen.hello.suite) if seen is not None else ""

    @property
    def group(self) -> str:
        """IANA name of the group of the key exchange; "" before it, and where there is none."""
        for event in self.events:
            group = None
            if isinstance(event, ServerHelloSeen):
                group = event.hello.extensions.group
            elif isinstance(event, ServerKeyExchangeSeen):
                group = event.message.group
            elif isinstance(event, HandshakeCompleted):
                group = event.group
            if group is not None:
                return reg.group_name(group)
        return ""

    @property
    def signature_scheme(self) -> str:
        """IANA name of the scheme that the server proved its key with; "" where none is named."""
        for event in self.events:
            if isinstance(event, CertificateVerifySeen | ServerKeyExchangeSeen):
                scheme = event.message.scheme
                return reg.scheme_name(scheme) if scheme is not None else ""
        return ""

    @property
    def server_groups(self) -> tuple[int, ...] | None:
        """The groups that the server lists in EncryptedExtensions, its order; None where it lists none."""
        seen = next((e.message for e in self.events if isinstance(e, EncryptedExtensionsSeen)), None)
        return seen.extensions.groups if seen is not None else None

    def certificates(self) -> tuple[bytes, ...]:
        """DER of each certificate as sent, leaf first; empty before they came.

        Of several messages, which no rule allows, the last: keys are exchanged with that one.
        """
        shown = [e.message.certificates for e in self.events if isinstance(e, CertificatesShown)]
        return shown[-1] if shown else ()

    @property
    def alert(self) -> int | None:
        """Number of the alert by which the server ended the connection, in clear or under encryption."""
        last = self._last if self.client.ended else None
        return last.description if isinstance(last, AlertReceived) else None

    async def _fill(self) -> bool:
        """Take in what the server sent and answer where that asks for it; False at the end of the stream."""
        data = await self._inner.read()
        self.scanner.feed(data)
        for event in self.client.receive(data) if data else self.client.receive_eof():
            if isinstance(event, ApplicationData):
                self._data += event.octets
            else:
                self._last = event
                if len(self.events) < MAX_EVENTS:
                    self.events.append(event)
        answer = self.client.to_send()
        if answer and not self.client.ended:
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
