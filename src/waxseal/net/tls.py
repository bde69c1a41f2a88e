"""TLS over a stream, by the standard library's engine on memory buffers.

Every octet passes through our hands: the record scanner sees what the server sent before encryption, so an
alert is read as octets and never guessed from a message text (DESIGN §6). Nothing is verified here: the
handshake comes first, proofs over the certificates come later and elsewhere (``trust``).
"""

import contextlib
import ssl
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from waxseal.facts import Cause
from waxseal.net.errors import NetError
from waxseal.net.stream import READ_OCTETS, ByteStream
from waxseal.wire.tls_record import RecordScanner, alert_name, server_hello_suite, server_hello_version
from waxseal.wire.tls_suites import suite_name

MAX_HANDSHAKE_OCTETS = 512 * 1024
MAX_IDLE_OCTETS = 512 * 1024
"""Octets of TLS records behind the handshake that may come without one octet of data."""
_VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_ALERT_CONTENT_TYPE = 21


@dataclass(frozen=True)
class TlsOffer:
    """What a ClientHello offers.

    Attributes:
        server_name: SNI, A-label; "" sends none (an address never is a server name, RFC 6066 §3).
        highest: ``TLSv1.2`` or ``TLSv1.3``.
        key_type: Ask only for certificates of this type, ``rsa`` or ``ec``; "" for any. It binds only up to
            TLS 1.2, where the suite names it, so it needs `highest` ``TLSv1.2``.
    """

    server_name: str = ""
    highest: str = "TLSv1.3"
    key_type: str = ""

    @property
    def versions(self) -> tuple[str, ...]:
        """Offered versions, lowest first."""
        return _VERSIONS[: _VERSIONS.index(self.highest) + 1]


_SUITES = {
    "": "ALL:!aNULL:!eNULL:@SECLEVEL=0",
    "rsa": "aRSA:!aNULL:!eNULL:@SECLEVEL=0",
    "ec": "aECDSA:!aNULL:!eNULL:@SECLEVEL=0",
}


@cache
def _context(highest: str, key_type: str) -> ssl.SSLContext:
    """A context that offers much and verifies nothing: we look, we do not trust."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_2 if highest == "TLSv1.2" else ssl.TLSVersion.TLSv1_3
    context.set_ciphers(_SUITES[key_type])
    context.options |= ssl.OP_NO_COMPRESSION
    # A server that hangs up without close_notify is a fact about it, no error of ours.
    context.options |= getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    # Old servers without RFC 5746 must still be seen; nothing secret ever goes over these connections.
    context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
    if hasattr(context, "_msg_callback"):
        context._msg_callback = _note_alert
    return context


class TlsStream:
    """A `ByteStream` under TLS over another `ByteStream`.

    Attributes:
        offer: What the ClientHello offered.
        scanner: What the server's octets showed before encryption.
    """

    def __init__(self, inner: ByteStream, offer: TlsOffer) -> None:
        self._inner = inner
        self.offer = offer
        self.scanner = RecordScanner()
        self._encrypted_alerts: list[int] = []
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        context = _context(offer.highest, offer.key_type)
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=offer.server_name or None
        )
        _watched[self._tls] = self._encrypted_alerts
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
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                if not await self._fill():
                    raise self._ended(Cause.CLOSED, "the stream ended within the handshake") from None
                if self.scanner.octets > MAX_HANDSHAKE_OCTETS:
                    raise NetError(
                        Cause.LIMIT, f"handshake longer than {MAX_HANDSHAKE_OCTETS} octets"
                    ) from None
            except ssl.SSLError as error:
                await self._flush_quietly()
                raise self._ended(Cause.TLS_FAILED, error.reason or str(error)) from error
            else:
                await self._flush()
                return

    async def read(self, limit_octets: int = READ_OCTETS) -> bytes:
        """See `ByteStream.read`; LIMIT where records come without end that hold no data."""
        began = self.scanner.octets
        while True:
            try:
                data = self._tls.read(limit_octets)
            except ssl.SSLWantReadError:
                await self._flush()
                if not await self._fill():
                    return b""
                if self.scanner.octets - began > MAX_IDLE_OCTETS:
                    raise NetError(Cause.LIMIT, f"{MAX_IDLE_OCTETS} octets of records without data") from None
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""
            except ssl.SSLError as error:
                raise self._ended(Cause.TLS_FAILED, error.reason or str(error)) from error
            else:
                self.octets_in += len(data)
                return data

    async def write(self, data: bytes) -> None:
        """See `ByteStream.write`."""
        try:
            self._tls.write(data)
        except ssl.SSLError as error:
            raise self._ended(Cause.TLS_FAILED, error.reason or str(error)) from error
        self.octets_out += len(data)
        await self._flush()

    async def close_writing(self) -> None:
        """Send close_notify and end our side; what the peer still sends can be read."""
        with contextlib.suppress(ssl.SSLError, ValueError):
            self._tls.unwrap()
        await self._flush_quietly()
        await self._inner.close_writing()

    async def close(self) -> None:
        """Send close_notify and end in order, without waiting for the peer's (RFC 8446 §6.1)."""
        with contextlib.suppress(ssl.SSLError, ValueError):
            self._tls.unwrap()
        await self._flush_quietly()
        await self._inner.close()

    def abort(self) -> None:
        """See `ByteStream.abort`."""
        self._inner.abort()

    @property
    def version(self) -> str:
        """Negotiated version, read from the ServerHello."""
        return server_hello_version(self.scanner.server_hello) or self._tls.version() or ""

    @property
    def suite(self) -> str:
        """IANA name of the negotiated suite, read from the ServerHello."""
        number = server_hello_suite(self.scanner.server_hello)
        if number is not None:
            return suite_name(number)
        cipher = self._tls.cipher()
        return cipher[0] if cipher else ""

    def certificates(self) -> tuple[bytes, ...]:
        """DER of each certificate as sent, leaf first; empty before the handshake."""
        chain = getattr(self._tls, "get_unverified_chain", None)  # public since Python 3.13
        if chain is not None:
            return tuple(bytes(der) for der in chain() or ())
        session: Any = self._tls._sslobj  # type: ignore[attr-defined]
        return tuple(ssl.PEM_cert_to_DER_cert(c.public_bytes()) for c in session.get_unverified_chain() or ())

    async def _fill(self) -> bool:
        data = await self._inner.read()
        if not data:
            self._incoming.write_eof()
            return False
        self.scanner.feed(data)
        self._incoming.write(data)
        return True

    async def _flush(self) -> None:
        data = self._outgoing.read()
        if data:
            await self._inner.write(data)

    async def _flush_quietly(self) -> None:
        with contextlib.suppress(NetError):
            await self._flush()

    @property
    def alert(self) -> int | None:
        """Number of the fatal alert that the server sent, in clear or under encryption."""
        fatal = self.scanner.fatal_alert
        if fatal is not None:
            return fatal.description
        return self._encrypted_alerts[-1] if self._encrypted_alerts else None

    def _ended(self, cause: Cause, detail: str) -> NetError:
        """The one cause: what the octets say goes before what the library says."""
        if self.alert is not None:
            return NetError(Cause.ALERT, alert_name(self.alert), alert=self.alert)
        if self.scanner.not_tls:
            return NetError(Cause.NOT_TLS, f"first octets {self.scanner.first_octets[:16]!r}")
        return NetError(cause, detail)


_watched: WeakKeyDictionary[Any, list[int]] = WeakKeyDictionary()
"""Where the fatal alerts of each session under way are noted."""


def _note_alert(session: Any, direction: str, version: Any, content: Any, kind: Any, data: bytes) -> None:
    """The library's message hook, which shows an alert's octets even where it came under encryption."""
    if direction == "read" and int(content) == _ALERT_CONTENT_TYPE and len(data) == 2 and data[0] == 2:
        _watched.get(session, []).append(data[1])
