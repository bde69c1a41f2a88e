"""The record layer of a client of SSL 3.0 to TLS 1.2, sans-IO: records, alerts, data, heartbeats, closing.

RFC 5246 §6 and §7.2, RFC 6520. The handshake on top of it is in ``wire.tls12``; how a record is protected is
in ``wire.tls12_protection``. Octets may come cut anywhere; they give the same events and never raise.
"""

from abc import abstractmethod
from typing import Final

from waxseal.wire import tls_registry as reg
from waxseal.wire.tls12_keys import SSL_3_0
from waxseal.wire.tls12_protection import TLS_1_0, Spoil, Tls12Protection
from waxseal.wire.tls_connection import (
    BAD_RECORD_MAC,
    CLOSE_NOTIFY,
    UNEXPECTED_MESSAGE,
    WARNING,
    Record,
    TlsConnection,
)
from waxseal.wire.tls_events import AlertReceived, ApplicationData, Closed, HeartbeatSeen
from waxseal.wire.tls_fields import MAX_DEVIATION_OCTETS, number, records
from waxseal.wire.tls_record import MAX_MESSAGE_OCTETS

HANDSHAKE_FAILURE: Final = 40
_ALERTS_OF_SSL3: Final = frozenset({0, 10, 20, 30, *range(40, 48)})
"""The alerts that SSL 3.0 knows (RFC 6101 §5.4.2)."""
MAX_FRAGMENT_OCTETS: Final = 2**14
"""The longest content of one record (RFC 5246 §6.2.1)."""
MAX_WARNINGS: Final = 64
"""Warnings of one connection that are passed over."""


class Tls12Connection(TlsConnection):
    """Both directions of a connection: what came becomes events, what goes out waits in `to_send`.

    Attributes:
        version: The negotiated version; None before ServerHello.
        completed: Whether the first handshake is completed.
        ended: Whether nothing more is read: closed, failed, refused by an alert, or stopped.
    """

    def __init__(self, max_fragment_octets: int = MAX_FRAGMENT_OCTETS) -> None:
        super().__init__(max_fragment_octets)
        self.version: int | None = None
        self._reading: Tls12Protection | None = None
        self._writing: Tls12Protection | None = None
        self._warnings = 0
        self._told_version = False

    def send_record(self, kind: int, octets: bytes, *, spoil: Spoil | None = None) -> bytes:
        """One record of any content type, and whatever waited before it; protected where we have keys.

        Args:
            kind: Content type.
            octets: The content, in one record whatever it is; at most `MAX_FRAGMENT_OCTETS`.
            spoil: Puts a protected record together another way than the right one.

        Raises:
            RuntimeError: The connection is not begun, or was closed or failed.
        """
        if not self._may_write:
            raise RuntimeError("no record can be sent now")
        if self._writing is None:
            self._out += bytes([kind]) + number(self._record_version(), 2) + number(len(octets), 2) + octets
        else:
            self._out += self._writing.seal(kind, octets, spoil=spoil)
        return self.to_send()

    def _broken(self, rule: str, source: str, octets: bytes, alert: int, offset: int = 0) -> None:
        """Note a breach that we cannot go on from."""
        self._fail(self._flag(rule, source, octets, offset), alert)

    def _alert_for(self, alert: int) -> int:
        """SSL 3.0 knows few alerts; handshake_failure stands for the others (RFC 6101 §5.4.2)."""
        return HANDSHAKE_FAILURE if self.version == SSL_3_0 and alert not in _ALERTS_OF_SSL3 else alert

    def _record_version(self) -> int:
        """Of records that are sent: before ServerHello TLS 1.0 (RFC 5246 appendix E.1)."""
        return TLS_1_0 if self.version is None else self.version

    def _emit(self, kind: int, octets: bytes) -> None:
        """Queue octets of one content type, protected where there are keys."""
        if self._writing is None:
            self._out += records(kind, octets, self._record_version(), self._fragment_octets)
            return
        for at in range(0, len(octets), self._fragment_octets):
            self._out += self._writing.seal(kind, octets[at : at + self._fragment_octets])

    def _take(self, record: Record) -> None:
        """One record: opened where it is protected, and passed on by its content type."""
        kind, fragment = record.kind, record.payload
        version = int.from_bytes(record.header[1:3], "big")
        if self.version is not None and version != self.version and not self._told_version:
            self._told_version = True
            self._flag("record-version", "RFC 5246 §6.2.1", record.header, record.at)
        if self._reading is not None:
            opened = self._reading.open(kind, fragment)
            if opened is None:
                start = record.header + record.payload[:MAX_DEVIATION_OCTETS]
                self._broken("record-does-not-open", "RFC 5246 §6.2.3", start, BAD_RECORD_MAC, record.at)
                return
            fragment = opened
        if len(fragment) > MAX_FRAGMENT_OCTETS:
            self._flag("record-too-long", "RFC 5246 §6.2.1", record.header, record.at)
        if self._handshake and kind != reg.HANDSHAKE:
            # Told, not refused: only TLS 1.3 forbids it in words (RFC 8446 §5.1).
            self._flag("handshake-interleaved", "RFC 8446 §5.1", record.header, record.at)
        self._take_fragment(kind, fragment, record)

    def _take_fragment(self, kind: int, fragment: bytes, record: Record) -> None:
        """What a record held, by its content type."""
        if kind == reg.HANDSHAKE:
            if not fragment:
                self._flag("empty-fragment", "RFC 5246 §6.2.1", record.header, record.at)
            self._take_handshake(fragment, record.at)
        elif kind == reg.ALERT:
            self._take_alerts(fragment, record.at)
        elif kind == reg.CHANGE_CIPHER_SPEC:
            self._take_change(fragment, record.at)
        elif kind == reg.HEARTBEAT_RECORD:
            self._events.append(HeartbeatSeen(fragment, self._reading is not None))
        elif self.completed:
            if fragment:
                self._events.append(ApplicationData(fragment))
        else:
            self._broken("unexpected-record", "RFC 5246 §6.2.1", record.header, UNEXPECTED_MESSAGE, record.at)

    def _take_alerts(self, fragment: bytes, at: int) -> None:
        """Alerts: one of level 2 ends the connection, as does close_notify (RFC 5246 §7.2)."""
        if len(fragment) < 2 or len(fragment) % 2:
            self._flag("alert-cut-short", "RFC 5246 §7.2", fragment, at)
        for start in range(0, len(fragment) - 1, 2):
            level, description = fragment[start], fragment[start + 1]
            if description == CLOSE_NOTIFY:
                self._end(Closed(in_order=True))
                return
            alert = AlertReceived(level, description, self._reading is not None)
            if level != WARNING:
                self._may_write = False
                self._end(alert)
                return
            self._events.append(alert)
            self._warned(description)
            self._warnings += 1
            if self._warnings > MAX_WARNINGS:
                self._broken("too-many-warnings", "limit of waxseal", fragment, UNEXPECTED_MESSAGE, at)
                return

    def _take_handshake(self, fragment: bytes, at: int) -> None:
        """Handshake messages, which may span records or share one (RFC 5246 §6.2.1)."""
        self._handshake += fragment
        while not self.ended and len(self._handshake) >= 4:
            end = 4 + int.from_bytes(self._handshake[1:4], "big")
            if end > MAX_MESSAGE_OCTETS:
                header = bytes(self._handshake[:4])
                self._broken("message-too-long", "limit of waxseal", header, UNEXPECTED_MESSAGE, at)
                return
            if len(self._handshake) < end:
                return
            octets = bytes(self._handshake[:end])
            del self._handshake[:end]
            self._message(octets, at)

    @abstractmethod
    def _message(self, octets: bytes, at: int) -> None:
        """One whole handshake message, of the record that began at `at`."""

    @abstractmethod
    def _take_change(self, fragment: bytes, at: int) -> None:
        """A ChangeCipherSpec, of the record that began at `at`."""

    @abstractmethod
    def _warned(self, description: int) -> None:
        """A warning alert came, and was told."""
