"""One TLS handshake as asked, and everything seen on the way: connection, dialogue in clear, handshake, end.

What the handshake comes to is in ``wire.tls_summary``. The connection stays open for whoever goes on talking.
"""

import os
from dataclasses import dataclass, field

from waxseal.facts import Cause, Ended, MailProtocol, Stage, TlsMode
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.net.stream import READ_OCTETS, ByteStream
from waxseal.net.tls_stream import TlsClientStream, TlsProtocol
from waxseal.wire import smtp_command
from waxseal.wire.starttls import Opener, opener
from waxseal.wire.tls13 import Tls13Client
from waxseal.wire.tls13_groups import Entropy
from waxseal.wire.tls_client import TlsClient
from waxseal.wire.tls_client_offer import ClientOffer
from waxseal.wire.tls_credentials import ClientCredentials
from waxseal.wire.tls_events import Resumption, Resumption12
from waxseal.wire.tls_summary import HandshakeSummary, summarize

FAREWELLS = {
    MailProtocol.SMTP: b"QUIT\r\n",
    MailProtocol.LMTP: b"QUIT\r\n",
    MailProtocol.POP3: b"QUIT\r\n",
    MailProtocol.IMAP: b"z1 LOGOUT\r\n",
    MailProtocol.SIEVE: b"LOGOUT\r\n",
}
FAREWELL_LIMIT_S = 3.0
QUIET_S = 0.3
"""How long tickets are waited for where there is no protocol to say good-bye in."""
MAX_FAREWELL_OCTETS = 64 * 1024


@dataclass(frozen=True)
class HandshakeOrder:
    """What is to be done.

    Attributes:
        offer: What the ClientHello offers.
        protocol: What is spoken; None where that is not known, with implicit TLS.
        mode: How TLS begins.
        own_name: For EHLO; "" for the literal of the local address.
        credentials: What a CertificateRequest is answered with.
        resume: A session to take up again.
        age_ms: The age of a TLS 1.3 ticket.
        early_data: Goes out with the ClientHello; only with a TLS 1.3 ticket.
    """

    offer: ClientOffer
    protocol: MailProtocol | None
    mode: TlsMode
    own_name: str = ""
    credentials: ClientCredentials | None = None
    resume: Resumption | Resumption12 | None = field(default=None, repr=False)
    age_ms: int = 0
    early_data: bytes = b""


@dataclass
class Look:
    """What one connection showed so far.

    Attributes:
        order: What was asked.
        ended: How it ended: completed, declined in clear, or the one cause of failure.
        address, port: What was dialled.
        local_address: The address that we spoke from; "" where nothing was connected.
        opener: The dialogue in clear; None before the connection stood.
        tls: The stream under TLS; None before the ClientHello.
        connect_s, dialogue_s, handshake_s: Seconds; None where it was not begun.
        round_trips: Of the handshake alone: how often an answer was waited for.
        octets_in, octets_out: Of the handshake alone.
        application: What the server said under TLS of its own accord, and as its farewell.
    """

    order: HandshakeOrder
    address: str
    port: int
    ended: Ended = field(default_factory=lambda: Ended(Cause.COMPLETED))
    local_address: str = ""
    opener: Opener | None = None
    tls: TlsClientStream | None = None
    connect_s: float | None = None
    dialogue_s: float | None = None
    handshake_s: float | None = None
    round_trips: int = 0
    octets_in: int = 0
    octets_out: int = 0
    application: bytes = b""

    @property
    def completed(self) -> bool:
        """Whether the handshake was completed."""
        return self.tls is not None and self.tls.client.completed

    @property
    def summary(self) -> HandshakeSummary:
        """What the handshake showed so far, tickets included that came later."""
        return summarize(self.tls.events if self.tls is not None else ())

    @property
    def early_data_accepted(self) -> bool | None:
        """Whether early data was taken; None where none was sent, or that was not seen."""
        client = self.tls.client if self.tls is not None else None
        return client.early_data_accepted if isinstance(client, Tls13Client) else None

    def session(self) -> Resumption | Resumption12 | None:
        """The newest session that could be taken up again; None where there is none."""
        sessions = self.summary.sessions
        if sessions:
            return sessions[-1]
        client = self.tls.client if self.tls is not None else None
        below = client.below if isinstance(client, TlsClient) else None
        return below.session if below is not None and below.completed else None


async def shake_hands(peer: Peer, order: HandshakeOrder, *, entropy: Entropy = os.urandom) -> Look:
    """Connect, go through the clear dialogue, and shake hands. Never raises for what network or peer do."""
    look = Look(order, peer.address, peer.port)
    stream: ByteStream | None = None
    try:
        stream, look.connect_s = await peer.dial()
        look.local_address = stream.local_address
        if await _open(peer, look, stream):
            await _seal(peer, look, stream, entropy)
    except NetError as error:
        look.ended = error.ended()
    if stream is not None and not look.completed:
        await _hang_up(look, stream)
    return look


async def say_goodbye(peer: Peer, look: Look) -> None:
    """End a completed handshake's connection politely, and take in the tickets that came behind it.

    On implicit TLS the server's greeting is waited for first, since it must not be spoken before
    (RFC 5321 §3.1). Never raises for what network or peer do.
    """
    tls = look.tls
    if tls is None or not look.completed:
        return
    farewell = FAREWELLS.get(look.order.protocol) if look.order.protocol is not None else None
    try:
        if farewell is None:
            await _listen(peer, look, tls, QUIET_S, to_end=True)
        else:
            if look.order.mode is TlsMode.IMPLICIT:
                await _listen(peer, look, tls, FAREWELL_LIMIT_S, to_end=False)
            await peer.timed(Stage.QUIT, tls.write(farewell), FAREWELL_LIMIT_S)
            await _listen(peer, look, tls, FAREWELL_LIMIT_S, to_end=True)
    except NetError:
        pass  # how it parts says nothing of the handshake
    await tls.close()


async def _listen(peer: Peer, look: Look, tls: TlsClientStream, limit_s: float, *, to_end: bool) -> None:
    """Read to the end of the stream, or to the first octets; at most so long.

    Raises:
        NetError: Also where nothing came in time.
    """
    while len(look.application) < MAX_FAREWELL_OCTETS:
        data, _ = await peer.timed(Stage.QUIT, tls.read(), limit_s)
        look.application += data
        if not data or not to_end:
            return


async def _open(peer: Peer, look: Look, stream: ByteStream) -> bool:
    """Reach the moment where the ClientHello is due; False where the server declines."""
    order = look.order
    own_name = order.own_name or smtp_command.address_literal(stream.local_address or "127.0.0.1")
    talk = opener(order.protocol or MailProtocol.SMTP, order.mode, own_name, keep_lines=True)
    look.opener = talk
    clock = peer.network.clock
    began = clock.monotonic()
    while not talk.ready and talk.declined is None:
        data, _ = await peer.timed(talk.stage, stream.read())
        if not data:
            raise NetError(Cause.CLOSED, phase=talk.stage, elapsed_s=clock.monotonic() - began)
        if answer := talk.receive(data):
            await peer.timed(talk.stage, stream.write(answer))
    look.dialogue_s = clock.monotonic() - began
    declined = talk.declined
    if declined is not None:
        look.ended = Ended(Cause.DECLINED, declined.stage, code=declined.code, detail=declined.text)
    return declined is None


async def _seal(peer: Peer, look: Look, stream: ByteStream, entropy: Entropy) -> None:
    counted = _Counted(stream)
    look.tls = TlsClientStream(counted, _client(look.order, entropy))
    try:
        _, look.handshake_s = await peer.timed(Stage.HANDSHAKE, look.tls.handshake(look.order.early_data))
        look.ended = Ended(Cause.COMPLETED, Stage.HANDSHAKE)
    except NetError as error:
        look.handshake_s = error.elapsed_s
        raise
    finally:
        look.round_trips = counted.round_trips
        look.octets_in, look.octets_out = counted.octets_in, counted.octets_out


def _client(order: HandshakeOrder, entropy: Entropy) -> TlsProtocol:
    """The client that speaks what is offered."""
    hello, shares = order.offer.hello(entropy)
    if order.early_data and isinstance(order.resume, Resumption):
        return Tls13Client(
            hello,
            shares,
            entropy,
            resume=order.resume,
            age_ms=order.age_ms,
            early_data=True,
            credentials=order.credentials,
        )
    return TlsClient(
        hello, shares, entropy, resume=order.resume, age_ms=order.age_ms, credentials=order.credentials
    )


async def _hang_up(look: Look, stream: ByteStream) -> None:
    """Leave a connection that came to nothing: politely where the dialogue allows it."""
    if look.tls is not None:
        await look.tls.close()
        return
    farewell = look.opener.goodbye() if look.opener is not None else b""
    try:
        if farewell:
            await stream.write(farewell)
    except NetError:
        pass
    finally:
        await stream.close()


class _Counted:
    """A `ByteStream` that counts from here on, and how often an answer was waited for."""

    def __init__(self, inner: ByteStream) -> None:
        self._inner = inner
        self.octets_in = 0
        self.octets_out = 0
        self.round_trips = 0
        self._spoke = False

    @property
    def local_address(self) -> str:
        return self._inner.local_address

    async def read(self, limit_octets: int = READ_OCTETS) -> bytes:
        data = await self._inner.read(limit_octets)
        self.octets_in += len(data)
        if self._spoke and data:
            self.round_trips += 1
            self._spoke = False
        return data

    async def write(self, data: bytes) -> None:
        await self._inner.write(data)
        self.octets_out += len(data)
        self._spoke = True

    async def close_writing(self) -> None:
        await self._inner.close_writing()

    async def close(self) -> None:
        await self._inner.close()

    def abort(self) -> None:
        self._inner.abort()
