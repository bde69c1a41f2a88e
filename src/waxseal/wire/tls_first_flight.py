"""A server's answer to a ClientHello as far as it comes in clear, sans-IO and quick.

Up to TLS 1.2 that is everything to ServerHelloDone (RFC 5246 §7.3); in TLS 1.3 a HelloRetryRequest or the
ServerHello (RFC 8446 §2), what follows being encrypted (for that, see ``wire.tls13``). Octets may come cut
anywhere; nothing raises. The handshake never goes further than this.
"""

from functools import cached_property
from typing import Final

from waxseal.facts import Deviation
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_key_exchange import ServerKeyExchange, key_exchange_of, parse_server_key_exchange
from waxseal.wire.tls_record import MAX_MESSAGE_OCTETS, MAX_RECORD_OCTETS
from waxseal.wire.tls_server_certificates import (
    CertificateMessage,
    CertificateRequest,
    CertificateStatus,
    parse_certificate,
    parse_certificate_request,
    parse_certificate_status,
)
from waxseal.wire.tls_server_hello import ServerHello, Unreadable, parse_server_hello

MAX_FLIGHT_OCTETS: Final = 256 * 1024
"""Octets of one answer that are read."""
MAX_WARNINGS: Final = 16
_FATAL = 2
_TLS_1_3 = 0x0304
_FIRST_OCTETS = 64


class FirstFlight:
    """Collects the answer to one hello.

    Attributes:
        done: Whether nothing more is awaited: the flight is whole, or came to its end.
        hello: The ServerHello, or HelloRetryRequest; None before it, or where it cannot be read.
        messages: The messages behind it, type and octets with their 4-octet header.
        alert: Number of the alert that ended the handshake; None where none did.
        warnings: Numbers of alerts of level 1, which do not end a handshake up to TLS 1.2.
        not_tls: Whether the octets are no TLS records.
        heartbeats: Payloads of heartbeat records.
        deviations: What breaks a rule.
        octets: How many octets came.
        first: The first of them, at most 64.
    """

    __slots__ = (
        "__dict__",
        "_buffer",
        "_handshake",
        "alert",
        "deviations",
        "done",
        "first",
        "heartbeats",
        "hello",
        "messages",
        "not_tls",
        "octets",
        "warnings",
    )

    def __init__(self) -> None:
        self.done = False
        self.hello: ServerHello | None = None
        self.messages: list[tuple[int, bytes]] = []
        self.alert: int | None = None
        self.warnings: list[int] = []
        self.not_tls = False
        self.heartbeats: list[bytes] = []
        self.deviations: list[Deviation] = []
        self.octets = 0
        self.first = b""
        self._buffer = bytearray()
        self._handshake = bytearray()

    def feed(self, data: bytes) -> bool:
        """Take in octets; whether the flight is done."""
        self.octets += len(data)
        if len(self.first) < _FIRST_OCTETS:
            self.first = (self.first + data)[:_FIRST_OCTETS]
        if self.done:
            return True
        buffer = self._buffer
        buffer += data
        at = 0
        size = len(buffer)
        while not self.done and size - at >= 5:
            kind = buffer[at]
            length = int.from_bytes(buffer[at + 3 : at + 5], "big")
            if not reg.CHANGE_CIPHER_SPEC <= kind <= reg.HEARTBEAT_RECORD or buffer[at + 1] != 3:
                self._not_a_record(bytes(buffer[at : at + 5]), "not-a-record")
                break
            if length > MAX_RECORD_OCTETS:
                self._not_a_record(bytes(buffer[at : at + 5]), "record-too-long")
                break
            if size - at < 5 + length:
                break
            self._record(kind, bytes(buffer[at + 5 : at + 5 + length]))
            at += 5 + length
        del buffer[:at]
        if 0 < len(buffer) < 5 and not self.done and not 20 <= buffer[0] <= 24:
            self._not_a_record(bytes(buffer), "not-a-record")
        if self.octets > MAX_FLIGHT_OCTETS and not self.done:
            self._flag("flight-too-long", "limit of waxseal", b"")
            self.done = True
        return self.done

    def feed_heartbeats(self, data: bytes) -> None:
        """Take in octets that come behind the flight, for the heartbeats among them."""
        self.done = False
        self.feed(data)

    def _not_a_record(self, octets: bytes, rule: str) -> None:
        self.not_tls = self.hello is None and self.alert is None
        self._flag(rule, "RFC 8446 §5.1", octets)
        self.done = True

    def _flag(self, rule: str, source: str, octets: bytes) -> None:
        self.deviations.append(Deviation(rule, source, octets[:_FIRST_OCTETS]))

    def _record(self, kind: int, payload: bytes) -> None:
        if kind == reg.HANDSHAKE:
            self._handshake += payload
            self._take_messages()
        elif kind == reg.ALERT:
            for at in range(0, len(payload) - 1, 2):
                self._alert(payload[at], payload[at + 1])
        elif kind == reg.HEARTBEAT_RECORD:
            if len(self.heartbeats) < MAX_WARNINGS:
                self.heartbeats.append(payload)
        else:  # ChangeCipherSpec or data: what follows is not in clear
            self.done = True

    def _alert(self, level: int, description: int) -> None:
        """A fatal alert, or close_notify, ends it; so does any alert that answers a hello of TLS 1.3."""
        if level == _FATAL or description == 0:
            if self.alert is None:
                self.alert = description
            self.done = True
        elif len(self.warnings) < MAX_WARNINGS:
            self.warnings.append(description)

    def _take_messages(self) -> None:
        handshake = self._handshake
        while not self.done and len(handshake) >= 4:
            end = 4 + int.from_bytes(handshake[1:4], "big")
            if end > MAX_MESSAGE_OCTETS:
                self._flag("message-too-long", "limit of waxseal", bytes(handshake[:4]))
                self.done = True
                return
            if len(handshake) < end:
                return
            octets = bytes(handshake[:end])
            del handshake[:end]
            self._message(octets[0], octets)

    def _message(self, kind: int, octets: bytes) -> None:
        if kind == reg.SERVER_HELLO and self.hello is None:
            hello = parse_server_hello(octets)
            self.deviations += hello.deviations
            if isinstance(hello, Unreadable):
                self.done = True
                return
            self.hello = hello
            self.done = hello.version >= _TLS_1_3
            return
        if self.hello is None:
            self._flag("message-out-of-order", "RFC 8446 §4", octets)
        self.messages.append((kind, octets))
        self.done = kind == reg.SERVER_HELLO_DONE

    @property
    def version(self) -> int | None:
        """The version that the server selected."""
        return None if self.hello is None else self.hello.version

    @property
    def suite(self) -> int | None:
        """The suite that the server selected."""
        return None if self.hello is None else self.hello.suite

    @property
    def whole(self) -> bool:
        """Whether the server's part came to its planned end: ServerHelloDone, or a ServerHello of TLS 1.3."""
        if self.hello is None or self.alert is not None:
            return False
        last = self.messages[-1][0] if self.messages else None
        return self.hello.version >= _TLS_1_3 or last == reg.SERVER_HELLO_DONE

    def _first(self, kind: int) -> bytes | None:
        return next((octets for found, octets in self.messages if found == kind), None)

    @cached_property
    def key_exchange(self) -> ServerKeyExchange | None:
        """The ServerKeyExchange; None where none came, or it cannot be read."""
        octets = self._first(reg.SERVER_KEY_EXCHANGE)
        if octets is None or self.hello is None:
            return None
        exchange = key_exchange_of(self.hello.suite)
        found = parse_server_key_exchange(octets, exchange, version=self.hello.version)
        self.deviations += found.deviations
        return None if isinstance(found, Unreadable) else found

    @property
    def group(self) -> int | None:
        """The named group: of the key exchange up to TLS 1.2, of the key share in TLS 1.3."""
        if self.hello is None:
            return None
        if self.hello.version >= _TLS_1_3:
            return self.hello.extensions.group
        return None if self.key_exchange is None else self.key_exchange.group

    @property
    def scheme(self) -> int | None:
        """The scheme that the key exchange is signed with, in TLS 1.2."""
        return None if self.key_exchange is None else self.key_exchange.scheme

    @cached_property
    def certificates(self) -> CertificateMessage | None:
        """The Certificate message."""
        octets = self._first(reg.CERTIFICATE)
        found = None if octets is None else parse_certificate(octets, tls13=False)
        return None if isinstance(found, Unreadable) else found

    @cached_property
    def status(self) -> CertificateStatus | None:
        """The stapled OCSP response."""
        octets = self._first(reg.CERTIFICATE_STATUS)
        found = None if octets is None else parse_certificate_status(octets)
        return None if isinstance(found, Unreadable) else found

    @cached_property
    def request(self) -> CertificateRequest | None:
        """The CertificateRequest; None where the server asks for no client certificate."""
        octets = self._first(reg.CERTIFICATE_REQUEST)
        version = 0x0303 if self.hello is None else self.hello.version
        found = None if octets is None else parse_certificate_request(octets, version=version)
        return None if isinstance(found, Unreadable) else found
