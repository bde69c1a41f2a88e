"""The way that connections take (``--via``), and what is said at their beginning (``--proxy-protocol``).

A proxy (``net.proxy``) or a program (``net.command_stream``) stands in front of any dialer. Names are looked
up here and servers dialled by address, so that the address guard judges what is connected to. The PROXY
protocol's header goes to mail servers alone, never to a policy host or a responder (`Network.mail_dialer`).
"""

import asyncio
import socket
from dataclasses import replace

from waxseal.errors import UsageError
from waxseal.facts import Cause, Stage
from waxseal.facts.address import UNIX
from waxseal.net.command_stream import CommandDialer, StreamCommand, parse_command
from waxseal.net.dial import Dialer, MappedDialer, TcpDialer
from waxseal.net.errors import NetError
from waxseal.net.network import Network
from waxseal.net.proxy import Proxy, ProxyDialer, parse_proxy
from waxseal.net.stream import ByteStream, SocketStream
from waxseal.wire.proxy_header import Place, Version, proxy_header

SOURCE_PORT = 49152
"""Port of a made-up source where none was given: the first of the dynamic ones (RFC 6335 §6)."""
_COMMAND_PREFIX = "command:"
_FORM = (
    "write it as socks5://host:port or http://host:port, with user:password@ before the host if needed, "
    "or as command:ssh -W %h:%p gateway"
)


def parse_via(text: str) -> Proxy | StreamCommand:
    """Read a way: a proxy's URL, or ``command:`` and a command line. Its ``str`` bears no secret.

    Raises:
        UsageError: It is of another form; the text does not repeat it.
    """
    if text.startswith(_COMMAND_PREFIX):
        return parse_command(text.removeprefix(_COMMAND_PREFIX))
    if not text.lower().startswith(("http://", "socks5://", "socks5h://")):
        raise UsageError("--via names no way that is known", _FORM)
    return parse_proxy(text)


def network_via(network: Network, way: Proxy | StreamCommand) -> Network:
    """The same network, all of whose connections go that way; a map of where to dial stays in force."""
    dialer = CommandDialer(way) if isinstance(way, StreamCommand) else ProxyDialer(HostDialer(), way)
    there = _NoUnixDialer(dialer, str(way))
    inner = network.dialer
    return replace(network, dialer=inner.over(there) if isinstance(inner, MappedDialer) else there)


def network_with_header(network: Network, version: Version, sources: tuple[Place, ...] = ()) -> Network:
    """The same network, whose connections to mail servers begin with the PROXY protocol's header."""
    return replace(network, mail_dialer=HeaderDialer(network.dialer, version, sources))


class HostDialer:
    """Dials a name, as this machine knows it (its hosts file included), at each of its addresses in turn."""

    def __init__(self, inner: Dialer | None = None) -> None:
        self._inner = inner or TcpDialer()
        self._found: dict[str, tuple[str, ...]] = {}

    async def dial(self, address: str, port: int) -> ByteStream:
        """See `Dialer.dial`; an address is dialled as it is."""
        last = NetError(Cause.DNS, f"the name {address} has no address", phase=Stage.CONNECT)
        for place in await self._addresses(address):
            try:
                return await self._inner.dial(place, port)
            except NetError as error:
                last = error
        raise last

    async def _addresses(self, host: str) -> tuple[str, ...]:
        """Looked up once."""
        if host not in self._found:
            try:
                found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
            except OSError:
                return ()
            self._found[host] = tuple(dict.fromkeys(str(place[4][0]) for place in found))
        return self._found[host]


class _NoUnixDialer:
    """Says of a UNIX socket that it is on this machine, where the way does not lead."""

    def __init__(self, inner: Dialer, name: str) -> None:
        self._inner = inner
        self._name = name

    async def dial(self, address: str, port: int) -> ByteStream:
        """See `Dialer.dial`."""
        if address.startswith(UNIX):
            raise NetError(
                Cause.BLOCKED_HERE, f"{self._name} does not lead to a UNIX socket", phase=Stage.CONNECT
            )
        return await self._inner.dial(address, port)


class HeaderDialer:
    """A `Dialer` whose connections begin with the PROXY protocol's header.

    Args:
        inner: Makes the connection.
        version: Form of the header.
        sources: Who is said to connect, at most one of each family. Where none is given it is this end of the
            connection; and where that is not known, as behind another proxy, the header says UNKNOWN (or
            LOCAL), since an address of before the proxy would not be true (The PROXY protocol, §2.1).
    """

    def __init__(self, inner: Dialer, version: Version, sources: tuple[Place, ...] = ()) -> None:
        self._inner = inner
        self._version = version
        self._sources = sources

    async def dial(self, address: str, port: int) -> ByteStream:
        """See `Dialer.dial`."""
        stream = await self._inner.dial(address, port)
        header = proxy_header(self._version, self._source(stream, address), Place(address, port))
        try:
            await stream.write(header)  # in one piece, before any other octet (The PROXY protocol, §2)
        except NetError as error:
            error.phase = error.phase or Stage.CONNECT
            stream.abort()
            raise
        except BaseException:
            stream.abort()
            raise
        return stream

    def _source(self, stream: ByteStream, address: str) -> Place | None:
        own = isinstance(stream, SocketStream)
        port = stream.local_port if isinstance(stream, SocketStream) else SOURCE_PORT
        if self._sources:
            fits = (s for s in self._sources if (":" in s.address) == (":" in address))
            chosen = next(fits, None)
            return chosen if chosen is None or chosen.port else chosen._replace(port=port or SOURCE_PORT)
        return Place(stream.local_address, port) if own and port else None
