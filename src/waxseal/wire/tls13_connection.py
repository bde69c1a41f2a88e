"""The record layer of a TLS 1.3 client, sans-IO: records and alerts in and out, data, KeyUpdate, closing.

RFC 8446 §5 and §6. The handshake on top of it is in ``wire.tls13``; how a record is protected is in
``wire.tls13_protection``. Octets may come cut anywhere; they give the same events and never raise.
"""

from abc import ABC, abstractmethod
from typing import Final, NamedTuple

from waxseal.facts import Deviation
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13_protection import MAX_CIPHERTEXT_OCTETS, MAX_PLAINTEXT_OCTETS, RecordProtection
from waxseal.wire.tls_events import AlertReceived, ApplicationData, Closed, Deviated, Event, Failed, Stopped
from waxseal.wire.tls_fields import MAX_DEVIATION_OCTETS, records
from waxseal.wire.tls_record import MAX_MESSAGE_OCTETS, MAX_RECORD_OCTETS

WARNING: Final = 1
FATAL: Final = 2
CLOSE_NOTIFY: Final = 0
UNEXPECTED_MESSAGE: Final = 10
BAD_RECORD_MAC: Final = 20
RECORD_OVERFLOW: Final = 22
USER_CANCELED: Final = 90


class Record(NamedTuple):
    """One record: content type, header and payload as they came, and where in the stream it began."""

    kind: int
    header: bytes
    payload: bytes
    at: int


class RecordReader:
    """Cuts a stream into records.

    Attributes:
        broken: What is no record, once there is such; nothing is read from then on.
        count: Records read.
    """

    def __init__(self) -> None:
        self.broken: Deviation | None = None
        self.count = 0
        self._buffer = bytearray()
        self._at = 0

    def feed(self, data: bytes) -> None:
        """Take in octets."""
        if self.broken is None:
            self._buffer += data

    def next(self) -> Record | None:
        """The next whole record; None where more octets are needed, or none can be read any more."""
        buffer = self._buffer
        size = len(buffer)
        if not size or self._judge(size):
            return None
        end = 5 + (buffer[3] << 8 | buffer[4]) if size >= 5 else 5
        if size < end:
            return None
        record = Record(buffer[0], bytes(buffer[:5]), bytes(buffer[5:end]), self._at)
        del buffer[:end]
        self._at += end
        self.count += 1
        return record

    def _judge(self, size: int) -> bool:
        """Whether the header, as far as it is there, is none (RFC 8446 §5.1)."""
        buffer = self._buffer
        bad = 0
        rule, source = "not-a-record", "RFC 8446 §5.1"
        if not reg.CHANGE_CIPHER_SPEC <= buffer[0] <= reg.HEARTBEAT_RECORD:
            bad = 1
        elif size >= 2 and buffer[1] != 3:
            bad = 2
        elif size >= 5 and (buffer[3] << 8 | buffer[4]) > MAX_RECORD_OCTETS:
            bad, rule = 5, "record-too-long"
        if bad:
            self.broken = Deviation(rule, source, bytes(buffer[:bad]), self._at)
            buffer.clear()
        return bool(bad)


class Tls13Connection(ABC):
    """Both directions of a connection: what came becomes events, what goes out waits in `to_send`.

    Attributes:
        completed: Whether the handshake is completed.
        ended: Whether nothing more is read: closed, failed, refused by an alert, or stopped.
    """

    def __init__(self) -> None:
        self.completed = False
        self.ended = False
        self._speaks_tls13 = False
        self._may_write = False
        self._records = RecordReader()
        self._reading: RecordProtection | None = None
        self._writing: RecordProtection | None = None
        self._fragment_octets = MAX_PLAINTEXT_OCTETS
        self._out = bytearray()
        self._events: list[Event] = []
        self._handshake = bytearray()

    def receive(self, data: bytes) -> list[Event]:
        """Take in octets from the server, cut anywhere; `to_send` may have an answer afterwards."""
        if not self.ended:
            self._records.feed(data)
        while not self.ended and (record := self._records.next()) is not None:
            self._take(record)
        if self._records.broken is not None and not self.ended:
            broken = self._records.broken
            overflow = broken.rule == "record-too-long"
            # A peer that never spoke TLS is not answered in it.
            alert = RECORD_OVERFLOW if overflow else UNEXPECTED_MESSAGE if self._records.count else None
            self._fail(broken, alert)
        return self._taken()

    def receive_eof(self) -> list[Event]:
        """The stream ended; without close_notify before, that is not in order (RFC 8446 §6.1)."""
        if not self.ended:
            self._end(Closed(in_order=False))
        return self._taken()

    def to_send(self) -> bytes:
        """Everything that is to go out now; it counts as sent."""
        octets = bytes(self._out)
        self._out.clear()
        return octets

    def send(self, data: bytes) -> bytes:
        """Records that carry this data, and whatever waited before them.

        Raises:
            RuntimeError: The handshake is not completed, or the connection was closed or failed.
        """
        if not (self.completed and self._may_write):
            raise RuntimeError("no data can be sent now")
        self._emit(reg.APPLICATION_DATA, data)
        return self.to_send()

    def close(self) -> bytes:
        """Say good-bye once: close_notify, within the handshake after user_canceled (RFC 8446 §6.1).

        Nothing goes out where the connection had failed, or was refused.
        """
        if self._may_write:
            if not self.completed:
                self._emit(reg.ALERT, bytes([WARNING, USER_CANCELED]))
            self._emit(reg.ALERT, bytes([WARNING, CLOSE_NOTIFY]))
            self._may_write = False
        self.ended = True
        return self.to_send()

    def _taken(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def _end(self, event: Event) -> None:
        self._events.append(event)
        self.ended = True

    def _flag(self, rule: str, source: str, octets: bytes = b"", offset: int = 0) -> Deviation:
        deviation = Deviation(rule, source, octets[:MAX_DEVIATION_OCTETS], offset)
        self._events.append(Deviated(deviation))
        return deviation

    def _fail(self, deviation: Deviation, alert: int | None) -> None:
        """Give up, and tell the server why."""
        if not self._events or self._events[-1] != Deviated(deviation):
            self._events.append(Deviated(deviation))
        if alert is not None:
            self._emit(reg.ALERT, bytes([FATAL, alert]))
        self._may_write = False
        self._end(Failed(deviation, alert))

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

    def _stop(self, why: str) -> None:
        self._end(Stopped(why))


def _has_message(octets: bytearray) -> bool:
    """Whether a whole message is there, or one that is too long for us."""
    if len(octets) < 4:
        return False
    end = 4 + int.from_bytes(octets[1:4], "big")
    return len(octets) >= end or end > MAX_MESSAGE_OCTETS
