"""A small HTTP client for what certificates point at: OCSP responders and CRLs, over plain http.

Plain, because the answers are signed and https would need certificates of its own to be judged (RFC 5280 §8).
Every connection goes through the injected resolver, the address guard and the dialer; size, time and
redirections are bounded. The messages are read in ``wire.http_message``.
"""

import asyncio
import ipaddress

from waxseal.facts import Cause, DnsStatus, Stage
from waxseal.net.errors import NetError
from waxseal.net.network import Network
from waxseal.net.stream import ByteStream
from waxseal.wire.dns_rdata import address_records
from waxseal.wire.http_message import (
    HttpResponse,
    HttpUrl,
    ResponseReader,
    parse_url,
    redirected,
    request,
)

MAX_REDIRECTIONS = 3
MAX_ADDRESSES = 3
DEFAULT_LIMIT_S = 10.0
_MOVED = {301, 302, 303, 307, 308}
_MOVED_AS_IT_IS = {307, 308}


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
            time_limit_s: For one `fetch`, look-ups and redirections included.
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
        """GET a URL, or POST to it where there is a body, and give the response of status 200.

        Raises:
            NetError: NOT_ALLOWED (the guard, or no plain http), DNS, TIMED_OUT, LIMIT, DECLINED (another
                status, or no HTTP), or what the connection met.
        """
        place = parse_url(url)
        if place is None:
            raise NetError(Cause.NOT_ALLOWED, "not a URL of the scheme http")
        began = self._network.clock.monotonic()
        try:
            async with asyncio.timeout(self._time_limit_s):
                return await self._follow(place, size_limit, body, content_type, accept)
        except TimeoutError as error:
            elapsed = self._network.clock.monotonic() - began
            raise NetError(Cause.TIMED_OUT, f"after {elapsed:.1f} s", elapsed_s=elapsed) from error
        except NetError as error:
            error.elapsed_s = self._network.clock.monotonic() - began
            raise

    async def _follow(
        self, place: HttpUrl, size_limit: int, body: bytes | None, content_type: str, accept: str
    ) -> HttpResponse:
        """Ask, and go where a redirection leads; a POST only where it may be repeated (RFC 9110 §15.4)."""
        moved = _MOVED if body is None else _MOVED_AS_IT_IS
        for _ in range(MAX_REDIRECTIONS + 1):
            octets = request(place, body=body, content_type=content_type, accept=accept)
            response = await self._ask(place, octets, size_limit)
            if response.status == 200:
                return response
            if response.status not in moved:
                raise NetError(Cause.DECLINED, f"HTTP status {response.status}")
            target = redirected(place, response.field("location"))
            if target is None:
                raise NetError(Cause.NOT_ALLOWED, "redirected to what is not plain http")
            place = target
        raise NetError(Cause.DECLINED, f"more than {MAX_REDIRECTIONS} redirections")

    async def _ask(self, place: HttpUrl, octets: bytes, size_limit: int) -> HttpResponse:
        stream = await self._dial(place)
        try:
            await stream.write(octets)
            reader = ResponseReader(size_limit)
            while not reader.done:
                data = await stream.read()
                if data:
                    reader.feed(data)
                else:
                    reader.end()
        finally:
            stream.abort()
        if reader.response is None:
            raise NetError(Cause.LIMIT if reader.over_limit else Cause.DECLINED, reader.failure)
        return reader.response

    async def _dial(self, place: HttpUrl) -> ByteStream:
        """Connect to the first address that answers; each is shown to the guard before it is dialled."""
        failure: NetError | None = None
        for address in (await self._addresses(place.host))[:MAX_ADDRESSES]:
            refusal = self._network.guard.refusal(address)
            if refusal is not None:
                failure = failure or NetError(Cause.NOT_ALLOWED, refusal, phase=Stage.CONNECT)
                continue
            self.connections += 1
            try:
                stream = await self._network.dialer.dial(address, place.port)
            except NetError as error:
                failure = error
                continue
            self.streams.append(stream)
            return stream
        raise failure or NetError(Cause.DNS, f"{place.host} has no address", phase=Stage.RESOLVE)

    async def _addresses(self, host: str) -> tuple[str, ...]:
        try:
            return (str(ipaddress.ip_address(host)),)
        except ValueError:
            pass
        answers = await asyncio.gather(*(self._network.resolver.query(host, kind) for kind in ("A", "AAAA")))
        found = tuple(address for answer in answers for address in address_records(answer))
        if not found:
            empty = (DnsStatus.NO_DATA, DnsStatus.NXDOMAIN)
            status = next((a.status for a in answers if a.status not in empty), answers[0].status)
            raise NetError(Cause.DNS, f"{host} {status.value}", phase=Stage.RESOLVE)
        return found
