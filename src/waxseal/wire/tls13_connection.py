"""The record layer of a TLS 1.3 client, sans-IO: records and alerts in and out, data, KeyUpdate, closing.

RFC 8446 §5 and §6. The handshake on top of it is in ``wire.tls13``; how a record is protected is in
``wire.tls13_protection``. Octets may come cut anywhere; they give the same events and never raise.
"""

from abc import abstractmethod

from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13_protection import MAX_CIPHERTEXT_OCTETS, MAX_PLAINTEXT_OCTETS, RecordProtection
from waxseal.wire.tls_connection import (
    BAD_RECORD_MAC,
    CLOSE_NOTIFY,
    UNEXPECTED_MESSAGE,
    USER_CANCELED,
    WARNING,
    Record,
    TlsConnection,
)
from waxseal.wire.tls_events import AlertReceived, ApplicationData, Closed
from waxseal.wire.tls_fields import MAX_DEVIATION_OCTETS, records
from waxseal.wire.tls_record import MAX_MESSAGE_OCTETS


class Tls13Connection(TlsConnection):
    """Both directions of a connection: what came becomes events, what goes out waits in `to_send`.

    Attributes:
        completed: Whether the handshake is completed.
        ended: Whether nothing more is read: closed, failed, refused by an alert, or stopped.
    """

    def __init__(self) -> None:
        super().__init__(MAX_PLAINTEXT_OCTETS)
        self._speaks_tls13 = False
        self._reading: RecordProtection | None = None
        self._writing: RecordProtection | None = None

    def _emit(self, kind: int, octets: bytes) -> None:
        """Queue octets of one content type, protected where there are keys."""
        if self._writing is None:
            self._out += records(kind, octets)
            return
        for at in range(0, len(octets), self._fragment_octets):
            self._out += self._writing.seal(kind, octets[at : at + self._fragment_octets])

    def _take(self, record: Record) -> None:
        """One record: opened where it is protected, and passed on by its content type."""
        limit = MAX_CIPHERTEXT_OCTETS if record.kind == reg.APPLICATION_DATA else MAX_PLAINTEXT_OCTETS
        if len(record.payload) > limit:
            self._flag("record-too-long", "RFC 8446 §5.2", record.header, record.at)
        if record.kind == reg.CHANGE_CIPHER_SPEC:
            # It means nothing, and comes before the server's Finished if at all (RFC 8446 §5).
            if record.payload != b"\x01" or self.completed:
                self._flag("change-cipher-spec", "RFC 8446 §5", record.payload, record.at)
            return
        kind, fragment = record.kind, record.payload
        if self._reading is not None and kind == reg.APPLICATION_DATA:
            opened = self._reading.open(record.header, record.payload)
            if opened is None:
                self._broken_record("record-does-not-open", record, BAD_RECORD_MAC)
                return
            kind, fragment = opened
        elif kind == reg.ALERT:
            self._take_alerts(fragment, record.at, encrypted=False)
            return
        elif self._reading is not None or kind != reg.HANDSHAKE:
            self._broken_record("unexpected-record", record, UNEXPECTED_MESSAGE)
            return
        self._take_fragment(kind, fragment, record)

    def _broken_record(self, rule: str, record: Record, alert: int) -> None:
        start = record.header + record.payload[:MAX_DEVIATION_OCTETS]
        self._fail(self._flag(rule, "RFC 8446 §5", start, record.at), alert)

    def _take_fragment(self, kind: int, fragment: bytes, record: Record) -> None:
        """What a record held, by its true content type."""
        if self._handshake and kind != reg.HANDSHAKE:
            # Records of another type must not stand within a handshake message (RFC 8446 §5.1).
            self._flag("handshake-interleaved", "RFC 8446 §5.1", record.header, record.at)
        if kind == reg.HANDSHAKE:
            if not fragment:
                self._flag("empty-fragment", "RFC 8446 §5.1", record.header, record.at)
            self._take_handshake(fragment, record.at)
        elif kind == reg.ALERT:
            self._take_alerts(fragment, record.at, encrypted=True)
        elif kind == reg.APPLICATION_DATA and self.completed:
            if fragment:
                self._events.append(ApplicationData(fragment))
        else:
            self._fail(
                self._flag("unexpected-record", "RFC 8446 §5", bytes([kind]), record.at), UNEXPECTED_MESSAGE
            )

    def _take_alerts(self, fragment: bytes, at: int, *, encrypted: bool) -> None:
        """Alerts, whose level means nothing in TLS 1.3 (RFC 8446 §6)."""
        if len(fragment) < 2 or len(fragment) % 2:
            self._flag("alert-cut-short", "RFC 8446 §5.1", fragment, at)
        for start in range(0, len(fragment) - 1, 2):
            level, description = fragment[start], fragment[start + 1]
            if description == CLOSE_NOTIFY:
                self._end(Closed(in_order=True))
                return
            alert = AlertReceived(level, description, encrypted)
            if level == WARNING and (description == USER_CANCELED or not self._speaks_tls13):
                self._events.append(alert)
                continue
            self._may_write = False
            self._end(alert)
            return

    def _take_handshake(self, fragment: bytes, at: int) -> None:
        """Handshake messages, which may span records or share one (RFC 8446 §5.1)."""
        if self._handshake:
            self._handshake += fragment
            if not _has_message(self._handshake):
                return
            fragment = bytes(self._handshake)
            self._handshake.clear()
        begin = 0
        while not self.ended and len(fragment) - begin >= 4:
            end = begin + 4 + int.from_bytes(fragment[begin + 1 : begin + 4], "big")
            if end - begin > MAX_MESSAGE_OCTETS:
                header = fragment[begin : begin + 4]
                self._fail(self._flag("message-too-long", "limit of waxseal", header, at), UNEXPECTED_MESSAGE)
                return
            if end > len(fragment):
                break
            octets = fragment[begin:end]
            begin = end
            before, updates = self._reading, self._reading.updates if self._reading is not None else 0
            self._message(octets, at)
            same = self._reading is before and (before is None or before.updates == updates)
            if not same and begin < len(fragment) and not self.ended:
                # Messages must not span a change of keys (RFC 8446 §5.1).
                left = fragment[begin:]
                self._fail(self._flag("message-across-keys", "RFC 8446 §5.1", left, at), UNEXPECTED_MESSAGE)
        self._handshake += fragment[begin:]

    @abstractmethod
    def _message(self, octets: bytes, at: int) -> None:
        """One whole handshake message, of the record that began at `at`."""


def _has_message(octets: bytearray) -> bool:
    """Whether a whole message is there, or one that is too long for us."""
    if len(octets) < 4:
        return False
    end = 4 + int.from_bytes(octets[1:4], "big")
    return len(octets) >= end or end > MAX_MESSAGE_OCTETS
