"""Dialling through a proxy: HTTP CONNECT or SOCKS5 in front of any dialer.

What is said to the proxy is in ``wire.proxy_dialogue``. A user name and password are kept out of every text
that is shown: not in a repr, not in an error.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from waxseal.errors import UsageError
from waxseal.facts import Cause, Stage
from waxseal.facts.address import canonical
from waxseal.net.dial import Dialer
from waxseal.net.errors import NetError
from waxseal.net.guard import AddressGuard
from waxseal.net.stream import READ_OCTETS, ByteStream
from waxseal.wire.proxy_dialogue import HttpConnect, ProxyDialogue, Socks5

_SOCKS_PORT = 1080
_FORM = "write it as http://host:port or socks5://host:port, with user:password@ before the host if needed"


@dataclass(frozen=True)
class Proxy:
    """A proxy, as its URL says.

    Attributes:
        kind: ``http`` or ``socks5``.
        host: Name or address of the proxy.
        port: TCP port.
        user: User name; None where none was given.
        password: The password that belongs to it.
    """

    kind: str
    host: str
    port: int
    user: str | None = field(default=None, repr=False)
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        """For people, without credentials."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.kind}://{host}:{self.port}"

    def dialogue(self, host: str, port: int) -> ProxyDialogue:
        """What is to be said for a connection to a host, by name or address."""
        speak = HttpConnect if self.kind == "http" else Socks5
        return speak(host, port, self.user, self.password)


def parse_proxy(url: str) -> Proxy:
    """Read a proxy's URL: ``http://user:password@host:port``, ``socks5://host:port``.

    ``socks5h://`` is the same, since names are resolved by the proxy anyway.

    Raises:
        UsageError: It is of another form; the text does not repeat the URL, which may hold a password.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise UsageError("the proxy's URL cannot be read", _FORM) from None
    kind = {"http": "http", "socks5": "socks5", "socks5h": "socks5"}.get(parts.scheme.lower())
    host = parts.hostname or ""
    if kind is None or not re.fullmatch("[a-z0-9._:%-]{1,253}", host):
        raise UsageError("the proxy's URL names no HTTP or SOCKS5 proxy", _FORM)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise UsageError("the proxy's URL has a path, which means nothing here", _FORM)
    if port is None and kind == "socks5":
        port = _SOCKS_PORT
    if not port:
        raise UsageError("the proxy's URL names no port", _FORM)
    user = unquote(parts.username) if parts.username is not None else None
    found = Proxy(kind, host, port, user, unquote(parts.password or ""))
    try:
        found.dialogue("mx.example.org", 25)
    except ValueError as error:
        raise UsageError(f"the proxy's URL cannot be used: {error}", _FORM) from None
    return found


class ProxyDialer:
    """A `Dialer` that asks a proxy for each connection, by address or by name.

    Args:
        dialer: Reaches the proxy.
        proxy: The proxy.
        address: Address of the proxy, where `proxy` has a name.
    """

    def __init__(self, dialer: Dialer, proxy: Proxy, address: str = "") -> None:
        self._dialer = dialer
        self._proxy = proxy
        self._address = address or proxy.host

    async def dial(self, address: str, port: int) -> "ProxyStream":
        """See `Dialer.dial`; a name is resolved by the proxy.

        What stands between us and the proxy is BLOCKED_HERE, so that no fault of the proxy is laid to the
        server; what the proxy says of the server has its own cause.
        """
        dialogue = self._proxy.dialogue(address, port)
        try:
            stream = await self._dialer.dial(self._address, self._proxy.port)
        except NetError as error:
            raise self._failed(f"no connection to it: {error}") from error
        try:
            await self._talk(stream, dialogue)
        except BaseException:
            stream.abort()
            raise
        return ProxyStream(stream, dialogue.leftover)

    async def _talk(self, stream: ByteStream, dialogue: ProxyDialogue) -> None:
        try:
            await stream.write(dialogue.start())
            while not dialogue.done and dialogue.refusal is None:
                data = await stream.read(4096)
                if not data:
                    raise self._failed("it closed the connection")
                if answer := dialogue.receive(data):
                    await stream.write(answer)
        except NetError as error:
            raise (
                error if error.phase else self._failed(f"the connection to it broke off: {error}")
            ) from error
        if dialogue.refusal is not None:
            raise self._failed(dialogue.refusal.text, dialogue.refusal.cause)

    def _failed(self, text: str, cause: Cause = Cause.BLOCKED_HERE) -> NetError:
        return NetError(cause, f"the proxy {self._proxy}: {text}", phase=Stage.CONNECT)


class RemoteNames(AddressGuard):
    """A guard that lets host names pass, since the proxy resolves them; addresses are judged as ever."""

    def refusal(self, address: str) -> str | None:
        """See `AddressGuard.refusal`."""
        try:
            canonical(address)
        except ValueError:
            return None
        return super().refusal(address)


class ProxyStream:
    """A `ByteStream` behind a proxy; first octets of it may have come in with the proxy's answer."""

    def __init__(self, inner: ByteStream, first: bytes) -> None:
        self._inner = inner
        self._first = first

    @property
    def octets_in(self) -> int:
        """Octets read, those of the proxy's answer included, and those that wait here left out."""
        return self._inner.octets_in - len(self._first)

    @property
    def octets_out(self) -> int:
        """Octets written, those to the proxy included."""
        return self._inner.octets_out

    @property
    def local_address(self) -> str:
        """The address that we speak from to the proxy."""
        return self._inner.local_address

    async def read(self, limit_octets: int = READ_OCTETS) -> bytes:
        """See `ByteStream.read`."""
        if not self._first:
            return await self._inner.read(limit_octets)
        data, self._first = self._first[:limit_octets], self._first[limit_octets:]
        return data

    async def write(self, data: bytes) -> None:
        """See `ByteStream.write`."""
        await self._inner.write(data)

    async def close_writing(self) -> None:
        """See `ByteStream.close_writing`."""
        await self._inner.close_writing()

    async def close(self) -> None:
        """See `ByteStream.close`."""
        await self._inner.close()

    def abort(self) -> None:
        """See `ByteStream.abort`."""
        self._inner.abort()
