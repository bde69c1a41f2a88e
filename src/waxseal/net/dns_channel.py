"""Channels to resolvers that prove who they are: where they are, how users write them, and the TLS to them.

Strict privacy (RFC 8310 §5): the resolver proves its name by a certificate, or nothing is asked. The standard
library's TLS does that, with our root store, because our own client verifies nothing (``net.tls_stream``).
What is spoken over a channel is in ``net.dns_encrypted``.
"""

import asyncio
import contextlib
import ipaddress
import re
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from waxseal.errors import UsageError
from waxseal.facts import DnsStatus, ValidatorKind
from waxseal.wire.dns_rdata import address_records
from waxseal.wire.idna import InvalidName, hostname_problem, to_a_label

if TYPE_CHECKING:
    from waxseal.net.dns import Resolver
    from waxseal.trust.anchors import RootStore

TLS_PORT: Final = 853
HTTPS_PORT: Final = 443
DEFAULT_PATH: Final = "/dns-query"

CONNECT_LIMIT_S: Final = 5.0
MAX_ADDRESSES: Final = 3
"""Of a resolver given by name, so many are tried."""
MAX_MESSAGE_OCTETS: Final = 65_535

_PLACE = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\[\]:/#?@]+))(?::(?P<port>[0-9]{1,5}))?")
_PATH = re.compile(r"/[!-\"$-~]*")


@dataclass(frozen=True, slots=True)
class Channel:
    """Where a resolver is, and who it has to prove to be.

    Attributes:
        kind: TLS or HTTPS.
        host: Where to connect: an address, or an A-label that is looked up first.
        port: TCP port.
        name: What its certificate has to be for: an A-label, or an address (RFC 9110 §4.3.5).
        path: Of the URL; "" for TLS.
    """

    kind: ValidatorKind
    host: str
    port: int
    name: str
    path: str = ""

    @property
    def authority(self) -> str:
        """``host:port``, IPv6 in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        """As the user writes it."""
        if self.kind is ValidatorKind.HTTPS:
            return f"https://{self.authority.removesuffix(f':{HTTPS_PORT}')}{self.path}"
        place = self.authority.removesuffix(f":{TLS_PORT}")
        return f"tls://{place}" if self.name == self.host else f"tls://{place}#{self.name}"


def parse_channel(text: str) -> Channel:
    """Read ``tls://9.9.9.9#dns.quad9.net``, ``tls://dns.quad9.net``, ``https://dns.quad9.net/dns-query``.

    Raises:
        UsageError: It is of neither form.
    """
    scheme, _, rest = text.partition("://")
    kind = {"tls": ValidatorKind.TLS, "https": ValidatorKind.HTTPS}.get(scheme.lower())
    if kind is ValidatorKind.TLS:
        place, mark, name_text = rest.partition("#")
        example, default, path = "tls://9.9.9.9#dns.quad9.net", TLS_PORT, ""
    else:
        place, slash, tail = rest.partition("/")
        mark = name_text = ""
        example, default = "https://dns.example/dns-query", HTTPS_PORT
        # With POST the URI template is processed without its variable (RFC 8484 §4.1).
        path = f"/{tail}".removesuffix("{?dns}") if slash else DEFAULT_PATH
    found = _PLACE.fullmatch(place)
    host = _host(found["v6"] or found["host"]) if found else ""
    name = _host(name_text) if mark else host
    port = int(found["port"] or default) if found else 0
    if kind is None or not host or not name or not 0 < port < 65_536 or (path and not _PATH.fullmatch(path)):
        raise UsageError(f"{text!r} is no resolver over TLS or HTTPS", f"write it as {example}")
    if kind is ValidatorKind.TLS and port == 53:  # (RFC 7858 §3.1)
        raise UsageError(f"{text!r}: DNS over TLS is never spoken at port 53", f"write it as {example}")
    return Channel(kind, host, port, name, path)


def _host(text: str) -> str:
    """An address in canonical form, or an A-label; "" for neither."""
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        pass
    try:
        name = to_a_label(text).removesuffix(".")
    except InvalidName:
        return ""
    return name if hostname_problem(name) is None else ""


class ChannelError(Exception):
    """The channel cannot be had, or broke; the message says why.

    Attributes:
        status: What that makes of a question.
    """

    def __init__(self, message: str, status: DnsStatus = DnsStatus.UNREACHABLE) -> None:
        super().__init__(message)
        self.status = status


class StaleError(ChannelError):
    """A kept connection was at its end before anything came, so the question may be asked once more."""


@dataclass(slots=True)
class Stream:
    """Both directions of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def close(self) -> None:
        """Let go at once."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self.writer.transport.abort()


class Dialler:
    """Makes authenticated connections to one channel."""

    def __init__(self, channel: Channel, roots: "RootStore", resolver: "Resolver | None") -> None:
        self._channel = channel
        self._resolver = resolver
        self._context = tls_context(roots, "dot" if channel.kind is ValidatorKind.TLS else "http/1.1")

    async def connect(self) -> Stream:
        """Connect to the first address that lets us.

        Raises:
            ChannelError: None does.
        """
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                return await self._connect()
        except TimeoutError:
            message = f"no connection within {CONNECT_LIMIT_S:g} s"
            raise ChannelError(message, DnsStatus.TIMED_OUT) from None

    async def _connect(self) -> Stream:
        failure = f"{self._channel.host} has no address"
        for address in (await self._addresses())[:MAX_ADDRESSES]:
            try:
                reader, writer = await asyncio.open_connection(
                    address,
                    self._channel.port,
                    ssl=self._context,
                    server_hostname=self._channel.name,
                    limit=2 * MAX_MESSAGE_OCTETS,
                )
            except ssl.SSLCertVerificationError as error:
                # Strict privacy: without a proof of the name nothing is asked (RFC 8310 §6.6).
                failure = f"it does not prove to be {self._channel.name}: {error.verify_message}"
            except ssl.SSLError as error:
                failure = f"no TLS with it: {error.reason or error}"
            except OSError as error:
                failure = f"no connection: {error.strerror or type(error).__name__}"
            else:
                return Stream(reader, writer)
        raise ChannelError(failure)

    async def _addresses(self) -> tuple[str, ...]:
        """A name's come from the plain resolver (RFC 8310 §7.2); the certificate decides who is believed."""
        host = self._channel.host
        try:
            return (str(ipaddress.ip_address(host)),)
        except ValueError:
            pass
        if self._resolver is None:
            return ()
        answers = await asyncio.gather(*(self._resolver.query(host, kind) for kind in ("A", "AAAA")))
        return tuple(address for answer in answers for address in address_records(answer))


def tls_context(roots: "RootStore", protocol: str) -> ssl.SSLContext:
    """TLS 1.2 or later (RFC 8310 §9) to a server that proves its name (RFC 8310 §8.1).

    Args:
        roots: Whom to believe; a root that OpenSSL cannot read is passed over.
        protocol: ALPN protocol to offer.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies the chain, and the name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False  # the subject field MUST NOT be inspected (RFC 8310 §8.1)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.set_alpn_protocols([protocol])
    for root in roots.roots:
        with contextlib.suppress(ssl.SSLError):
            context.load_verify_locations(cadata=root)
    return context
