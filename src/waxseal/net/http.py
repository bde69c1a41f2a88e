"""A small HTTP client for http and https: one request on one connection, and everything that was seen of it.

It serves what certificates point at (OCSP responders and CRLs), MTA-STS policy hosts and TLS-RPT endpoints.
Every connection goes through the injected resolver, the address guard and the dialer; size and time are
bounded, the parts of a fetch that failed are kept, and no cache is asked. The messages are read in
``wire.http_message``, TLS begins in ``net.https``, look-ups are in ``net.host_addresses``.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec import Struct

from waxseal.facts import Cause, Ended, Stage
from waxseal.net.dial import dial_within
from waxseal.net.errors import NetError
from waxseal.net.host_addresses import HostLookup, looking_up
from waxseal.net.https import tls_to
from waxseal.net.network import Network
from waxseal.net.stream import ByteStream
from waxseal.net.tls_stream import TlsClientStream
from waxseal.wire.http_message import HttpExchange, HttpUrl, parse_url, redirected
from waxseal.wire.tls_events import Event

MAX_REDIRECTIONS = 3
MAX_ADDRESSES = 3
DEFAULT_LIMIT_S = 10.0
CONNECT_LIMIT_S = 10.0
_MOVED = {301, 302, 303, 307, 308}
_MOVED_AS_IT_IS = {307, 308}
_OURS = {Cause.NO_ROUTE, Cause.NOT_ALLOWED, Cause.BLOCKED_HERE}
"""Failures to connect that say nothing of the host."""


@dataclass
class Fetch:
    """What one request came to, as far as it came.

    Attributes:
        url: What was asked for.
        ended: COMPLETED where a whole response came, whatever its status; else the one cause of failure.
        stage: Where it is, or was when it ended.
        address: The address dialled last; "" for none.
        exchange: The request and the response.
        version: TLS version negotiated; "" without a handshake.
        certificates: DER of each certificate as sent, leaf first; empty before they came, and without TLS.
        events: What the handshake showed; empty where it was not completed.
        elapsed_s: From the call to the end.
    """

    url: HttpUrl
    exchange: HttpExchange
    ended: Ended = field(default_factory=lambda: Ended(Cause.COMPLETED, Stage.RESPONSE))
    stage: Stage = Stage.RESOLVE
    address: str = ""
    version: str = ""
    certificates: tuple[bytes, ...] = ()
    events: tuple[Event, ...] = ()
    elapsed_s: float = 0.0


class HttpResponse(Struct, frozen=True):
    """A whole response of status 200: its content, without the coding of the transfer."""

    body: bytes


class HttpClient:
    """Asks for one thing at a time, each on a connection of its own.

    Attributes:
        connections: How many connections it opened or tried to open.
        streams: Those that stood, for counting their octets and letting go of them.
    """

    def __init__(
        self,
        network: Network,
        *,
        time_limit_s: float = DEFAULT_LIMIT_S,
        streams: list[ByteStream] | None = None,
    ) -> None:
        """Ask by way of a network.

        Args:
            network: The outside world.
            time_limit_s: For one `ask` or `fetch`, look-ups and redirections included.
            streams: The list to keep streams in.
        """
        self._network = network
        self._time_limit_s = time_limit_s
        self.connections = 0
        self.streams: list[ByteStream] = [] if streams is None else streams

    async def fetch(
        self,
        url: str,
        *,
        size_limit: int,
        body: bytes | None = None,
        content_type: str = "",
        accept: str = "*/*",
    ) -> HttpResponse:
        """GET a URL of the scheme http, or POST to it where there is a body, and give what status 200 brings.

        Plain http only, for answers that are signed: https would need certificates of its own to be judged
        (RFC 5280 §8). At most `MAX_REDIRECTIONS` redirections are followed, a POST only where it may be
        repeated (RFC 9110 §15.4).

        Raises:
            NetError: NOT_ALLOWED (the guard, or no plain http), DNS, TIMED_OUT, LIMIT, DECLINED (another
                status), NOT_HTTP, or what the connection met.
        """
        place = parse_url(url)
        if place is None or place.scheme != "http":
            raise NetError(Cause.NOT_ALLOWED, "not a URL of the scheme http")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._time_limit_s
        fields = [("Accept", accept), *([] if body is None else [("Content-Type", content_type)])]
        for _ in range(MAX_REDIRECTIONS + 1):
            exchange = HttpExchange(
                place,
                size_limit,
                method="GET" if body is None else "POST",
                fields=fields,
                content=body or b"",
            )
            found = await self._run(exchange, place, None, max(0.0, deadline - loop.time()))
            ended, status = found.ended, exchange.status
            if ended.cause is not Cause.COMPLETED:
                raise NetError(ended.cause, ended.detail, phase=ended.stage, elapsed_s=found.elapsed_s)
            if status == 200:
                return HttpResponse(exchange.body)
            if status not in (_MOVED if body is None else _MOVED_AS_IT_IS):
                raise NetError(Cause.DECLINED, f"HTTP status {status}", phase=Stage.RESPONSE)
            to = next((value for name, value in exchange.fields if name == "location"), "")
            target = redirected(place, to)
            if target is None or target.scheme != "http":
                raise NetError(Cause.NOT_ALLOWED, "redirected to what is not plain http")
            place = target
        raise NetError(Cause.DECLINED, f"more than {MAX_REDIRECTIONS} redirections", phase=Stage.RESPONSE)

    async def ask(
        self,
        url: HttpUrl,
        *,
        size_limit: int,
        method: str = "GET",
        fields: Iterable[tuple[str, str]] = (),
        lookup: HostLookup | None = None,
    ) -> Fetch:
        """Make one request, and follow nothing. Never raises for what network or peer do.

        Args:
            url: Of the scheme http or https.
            size_limit: How many octets of content are taken; one more is kept, so that it is seen to be more.
            method: ``GET`` or ``HEAD``.
            fields: Further fields of the request.
            lookup: The look-ups of the host where they are under way already.
        """
        exchange = HttpExchange(url, size_limit, method=method, fields=fields)
        return await self._run(exchange, url, lookup, self._time_limit_s)

    async def _run(
        self, exchange: HttpExchange, url: HttpUrl, lookup: HostLookup | None, limit_s: float
    ) -> Fetch:
        clock = self._network.clock
        began = clock.monotonic()
        found = Fetch(url, exchange)
        try:
            async with asyncio.timeout(limit_s):
                if lookup is not None:
                    await self._talk(found, lookup, limit_s)
                else:
                    async with looking_up(self._network.resolver, url.host) as own:
                        await self._talk(found, own, limit_s)
        except TimeoutError:
            elapsed = clock.monotonic() - began
            found.ended = Ended(
                Cause.TIMED_OUT, found.stage, detail=f"after {elapsed:.1f} s", stage_s=round(elapsed, 3)
            )
        except NetError as error:
            error.phase = error.phase or found.stage
            found.ended = error.ended()
        found.elapsed_s = clock.monotonic() - began
        return found

    async def _talk(self, found: Fetch, lookup: HostLookup, limit_s: float) -> None:
        """Connect, shake hands where the scheme is https, ask, and read to the end of the response.

        Raises:
            NetError: What the network or the peer did.
        """
        stream = await self._dial(found, lookup, min(CONNECT_LIMIT_S, limit_s / MAX_ADDRESSES))
        tls: TlsClientStream | None = None
        try:
            if found.url.scheme == "https":
                found.stage = Stage.HANDSHAKE
                stream = tls = tls_to(stream, found.url.host)
                await tls.handshake()
                found.events = tuple(tls.events)
            found.stage = Stage.RESPONSE
            exchange = found.exchange
            await stream.write(exchange.request)
            while not exchange.done:
                data = await stream.read()
                if data:
                    exchange.feed(data)
                else:
                    exchange.end()
            if exchange.failure is not None:
                raise NetError(exchange.failure, exchange.detail)
            with contextlib.suppress(NetError):
                await stream.close()
        finally:
            if tls is not None:
                found.version, found.certificates = tls.version, tls.certificates()
            stream.abort()

    async def _dial(self, found: Fetch, lookup: HostLookup, limit_s: float) -> ByteStream:
        """Connect to the first address that answers; each is shown to the guard before it is dialled.

        Raises:
            NetError: DNS at `Stage.RESOLVE`, or why the last address cannot be connected to.
        """
        failures: list[NetError] = []
        while len(failures) < MAX_ADDRESSES:
            found.stage = Stage.CONNECT if failures else Stage.RESOLVE
            address = await lookup.next_address()
            if address is None:
                break
            found.stage, found.address = Stage.CONNECT, address
            try:
                return await self._connect(address, found.url.port, limit_s)
            except NetError as error:
                failures.append(error)
        told = [error for error in failures if error.cause not in _OURS] or failures
        if not told:
            raise NetError(Cause.DNS, lookup.failure(), phase=Stage.RESOLVE)
        raise told[-1]

    async def _connect(self, address: str, port: int, limit_s: float) -> ByteStream:
        refusal = self._network.guard.refusal(address)
        if refusal is not None:
            raise NetError(Cause.NOT_ALLOWED, refusal, phase=Stage.CONNECT)
        self.connections += 1
        try:
            stream = await dial_within(self._network.dialer, address, port, limit_s)
        except TimeoutError as error:
            raise NetError(
                Cause.TIMED_OUT, f"after {limit_s:.1f} s", phase=Stage.CONNECT, elapsed_s=limit_s
            ) from error
        self.streams.append(stream)
        return stream
