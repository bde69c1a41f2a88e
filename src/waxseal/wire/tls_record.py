"""A passive look at one direction of a TLS connection: record headers, plaintext handshake messages, alerts.

Reads RFC 8446 §5.1 and RFC 5246 §6.2.1 records as they stand on the wire, so that an alert is known by its
octets and not by what a library says about it. Nothing is decrypted; certificates are parsed elsewhere.
"""

from dataclasses import dataclass
from typing import Final

from waxseal.facts import Deviation
from waxseal.wire.tls_registry import ALERT_NAMES

MAX_RECORD_OCTETS: Final = 2**14 + 2048
"""The longest record payload that any TLS version allows (RFC 5246 §6.2.3; less in RFC 8446 §5.2)."""
MAX_FIRST_OCTETS: Final = 64
MAX_SERVER_HELLO_OCTETS: Final = 16 * 1024
MAX_MESSAGE_OCTETS: Final = 128 * 1024
"""The longest handshake message that is kept, its header included."""
MAX_KEPT_OCTETS: Final = 256 * 1024
"""Octets of handshake messages that are kept in all."""
MAX_MESSAGES: Final = 64
MAX_ALERTS: Final = 16

CHANGE_CIPHER_SPEC: Final = 20
ALERT: Final = 21
HANDSHAKE: Final = 22
APPLICATION_DATA: Final = 23
HEARTBEAT: Final = 24

SERVER_HELLO: Final = 2
CERTIFICATE: Final = 11
SERVER_KEY_EXCHANGE: Final = 12

_VERSION_NAMES = {0x0300: "SSLv3", 0x0301: "TLSv1", 0x0302: "TLSv1.1", 0x0303: "TLSv1.2", 0x0304: "TLSv1.3"}
_HELLO_RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
_SUPPORTED_VERSIONS = 43
_KEY_SHARE = 51
_NAMED_CURVE = 3


@dataclass(frozen=True, slots=True)
class Alert:
    """A TLS alert: level (1 warning, 2 fatal) and description, as sent (RFC 8446 §6)."""

    level: int
    description: int


def alert_name(description: int) -> str:
    """Registered name of an alert description; ``alert 99`` for a number without one."""
    return ALERT_NAMES.get(description, f"alert {description}")


class RecordScanner:
    """Follows the octets that one peer sends, cut anywhere, and keeps what can be read in clear.

    Made for the direction server to client. It never raises on any octets, and what it keeps is bounded.
    Where the octets are no records (any more), it stops reading: see `not_tls` and `lost`.

    Attributes:
        alerts: Alerts seen before encryption, in order, the first `MAX_ALERTS`.
        deviations: What broke the record layer's rules, each rule once, and limits of ours that were reached.
        not_tls: Whether the very first octets are no TLS record header.
        lost: Whether a later record header is none, so that the place in the stream is lost.
        encrypted: Whether encryption began: at ChangeCipherSpec up to TLS 1.2, at the first application data
            record in TLS 1.3, where ChangeCipherSpec means nothing (RFC 8446 §5 and appendix D.4).
        hello_retry: Whether a HelloRetryRequest was among the messages (RFC 8446 §4.1.4).
        octets: How many octets were fed.
    """

    def __init__(self) -> None:
        self.alerts: list[Alert] = []
        self.deviations: list[Deviation] = []
        self.not_tls = False
        self.lost = False
        self.encrypted = False
        self.hello_retry = False
        self.octets = 0
        self._first = bytearray()
        self._messages: list[tuple[int, bytes]] = []
        self._kept = 0
        self._server_hello = b""
        self._at = 0
        self._header = bytearray()
        self._records = 0
        self._left = 0
        self._type = 0
        self._alert = bytearray()
        self._message = bytearray()
        self._message_at = 0
        self._skip = 0

    @property
    def first_octets(self) -> bytes:
        """The first octets, at most 64."""
        return bytes(self._first)

    @property
    def server_hello(self) -> bytes:
        """The ServerHello with its 4-octet header; the HelloRetryRequest while there is no other; or b""."""
        return self._server_hello

    @property
    def messages(self) -> tuple[tuple[int, bytes], ...]:
        """Complete handshake messages seen before encryption: type, and octets with the 4-octet header."""
        return tuple(self._messages)

    @property
    def fatal_alert(self) -> Alert | None:
        """The first alert of level 2."""
        return next((alert for alert in self.alerts if alert.level == 2), None)

    @property
    def looks_like(self) -> str:
        """What first octets that are no TLS look like: ``smtp``, ``http``, ``sslv2``, ``text`` or ``other``.

        Empty while they are TLS, or none came.
        """
        return _name_foreign(bytes(self._first)) if self.not_tls else ""

    def feed(self, data: bytes) -> None:
        """Take in octets."""
        self.octets += len(data)
        if len(self._first) < MAX_FIRST_OCTETS:
            self._first += data[: MAX_FIRST_OCTETS - len(self._first)]
        position = 0
        while position < len(data) and not self.not_tls and not self.lost:
            if self._left:
                chunk = data[position : position + self._left]
                self._payload(chunk)
                self._left -= len(chunk)
            else:
                chunk = data[position : position + 1]
                self._header += chunk
                self._read_header()
            position += len(chunk)
            self._at += len(chunk)

    def _read_header(self) -> None:
        """Type, version and length of a record, judged octet by octet (RFC 8446 §5.1)."""
        header = self._header
        fits = CHANGE_CIPHER_SPEC <= header[0] <= HEARTBEAT and (len(header) < 2 or header[1] == 3)
        length = int.from_bytes(header[3:5], "big")
        if not fits or length > MAX_RECORD_OCTETS:
            rule = "record-too-long" if fits else "not-a-record"
            source = "RFC 5246 §6.2.3" if fits else "RFC 8446 §5.1"
            self._flag(rule, source, bytes(header), self._at + 1 - len(header))
            self.lost = self._records > 0
            self.not_tls = not self.lost
            return
        if len(header) < 5:
            return
        self._records += 1
        self._type = header[0]
        self._left = length
        header.clear()
        if self._type == APPLICATION_DATA or (self._type == CHANGE_CIPHER_SPEC and not self._speaks_tls13()):
            self.encrypted = True

    def _speaks_tls13(self) -> bool:
        return server_hello_version(self._server_hello) == "TLSv1.3"

    def _payload(self, chunk: bytes) -> None:
        if self.encrypted:
            return
        if self._type == ALERT:
            self._read_alerts(chunk)
        elif self._type == HANDSHAKE:
            self._read_handshake(chunk)

    def _read_alerts(self, chunk: bytes) -> None:
        for octet in chunk:
            self._alert.append(octet)
            if len(self._alert) == 2:
                if len(self.alerts) < MAX_ALERTS:
                    self.alerts.append(Alert(*self._alert))
                self._alert.clear()

    def _read_handshake(self, chunk: bytes) -> None:
        """Handshake messages, which may span records or share one (RFC 8446 §5.1)."""
        position = 0
        while position < len(chunk):
            if self._skip:
                step = min(self._skip, len(chunk) - position)
                self._skip -= step
                position += step
                continue
            if not self._message:
                self._message_at = self._at + position
            wanted = 4 if len(self._message) < 4 else self._message_octets()
            piece = chunk[position : position + wanted - len(self._message)]
            self._message += piece
            position += len(piece)
            if len(self._message) < 4:
                return
            self._end_message()

    def _message_octets(self) -> int:
        return 4 + int.from_bytes(self._message[1:4], "big")

    def _end_message(self) -> None:
        """Keep a message that is complete; skip one that would be too much to keep."""
        total = self._message_octets()
        kind = self._message[0]
        most = MAX_SERVER_HELLO_OCTETS if kind == SERVER_HELLO else MAX_MESSAGE_OCTETS
        full = len(self._messages) >= MAX_MESSAGES or self._kept + total > MAX_KEPT_OCTETS
        if total > most or full:
            self._flag("message-not-kept", "limit of waxseal", bytes(self._message[:4]), self._message_at)
            self._skip = total - len(self._message)
            self._message.clear()
            return
        if len(self._message) < total:
            return
        octets = bytes(self._message)
        self._message.clear()
        self._messages.append((kind, octets))
        self._kept += total
        if kind == SERVER_HELLO:
            retry = octets[6:38] == _HELLO_RETRY_RANDOM
            self.hello_retry = self.hello_retry or retry
            if not retry or not self._server_hello:
                self._server_hello = octets

    def _flag(self, rule: str, source: str, octets: bytes, offset: int) -> None:
        if all(deviation.rule != rule for deviation in self.deviations):
            self.deviations.append(Deviation(rule, source, octets, offset))


def server_hello_version(server_hello: bytes) -> str | None:
    """The version that a ServerHello selects, extension supported_versions first (RFC 8446 §4.2.1).

    Args:
        server_hello: The message with its 4-octet header.

    Returns:
        ``SSLv3``, ``TLSv1``, ``TLSv1.1``, ``TLSv1.2``, ``TLSv1.3``, or the number as ``0x7f1c`` where it is
        none of these. None where the message cannot be read.
    """
    extensions = _hello_extensions(server_hello)
    if extensions is None:
        return None
    selected = extensions.get(_SUPPORTED_VERSIONS, b"")
    number = int.from_bytes(selected if len(selected) == 2 else server_hello[4:6], "big")
    return _VERSION_NAMES.get(number, f"{number:#06x}")


def server_hello_suite(server_hello: bytes) -> int | None:
    """Number of the cipher suite that a ServerHello selects; None where the message cannot be read."""
    if _hello_extensions(server_hello) is None:
        return None
    after = 39 + server_hello[38]
    return int.from_bytes(server_hello[after : after + 2], "big")


def server_hello_group(server_hello: bytes) -> int | None:
    """Number of the group in a ServerHello's key_share (RFC 8446 §4.2.8), a HelloRetryRequest's included.

    None where there is none: up to TLS 1.2 the group stands in ServerKeyExchange (`key_exchange_group`).
    """
    share = (_hello_extensions(server_hello) or {}).get(_KEY_SHARE, b"")
    return int.from_bytes(share[:2], "big") if len(share) >= 2 else None


def key_exchange_group(server_key_exchange: bytes) -> int | None:
    """Number of the named curve in a TLS 1.2 ECDHE ServerKeyExchange (RFC 8422 §5.4).

    Args:
        server_key_exchange: The message with its 4-octet header, of an ECDHE suite: other key exchanges have
            another form that cannot be told apart.

    Returns:
        The number; None where the message names no curve.
    """
    if len(server_key_exchange) < 7 or server_key_exchange[0] != SERVER_KEY_EXCHANGE:
        return None
    return int.from_bytes(server_key_exchange[5:7], "big") if server_key_exchange[4] == _NAMED_CURVE else None


def _hello_extensions(server_hello: bytes) -> dict[int, bytes] | None:
    """Extensions of a ServerHello, the first of each number; None where it is no readable ServerHello."""
    body = server_hello[: 4 + int.from_bytes(server_hello[1:4], "big")]
    if len(body) < 42 or body[0] != SERVER_HELLO:
        return None
    # legacy_version 2, random 32, session id with its length, suite 2, compression 1 (RFC 8446 §4.1.3).
    at = 39 + body[38] + 3
    if at > len(body):
        return None
    extensions: dict[int, bytes] = {}
    end = min(len(body), at + 2 + int.from_bytes(body[at : at + 2], "big"))
    at += 2
    while at + 4 <= end:
        length = int.from_bytes(body[at + 2 : at + 4], "big")
        extensions.setdefault(
            int.from_bytes(body[at : at + 2], "big"), body[at + 4 : min(end, at + 4 + length)]
        )
        at += 4 + length
    return extensions


def _name_foreign(octets: bytes) -> str:
    """A guess from the first octets of a stream that is no TLS."""
    if octets[:3].isdigit() and octets[3:4] in {b" ", b"-", b"\r", b"\n"}:
        return "smtp"
    if octets.startswith(b"HTTP/"):
        return "http"
    # SSL 2.0: a 2-octet header with its high bit set, then SERVER-HELLO (4) with version 0.2, or ERROR (0).
    if len(octets) >= 3 and octets[0] & 0x80:
        length = int.from_bytes(octets[:2], "big") & 0x7FFF
        if (octets[2] == 4 and octets[5:7] == b"\x00\x02") or (octets[2] == 0 and length == 3):
            return "sslv2"
    if octets and all(octet in b"\t\r\n" or 0x20 <= octet <= 0x7E for octet in octets):
        return "text"
    return "other"
