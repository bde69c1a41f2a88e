"""What both TLS clients have in common: a stream cut into records, events out of it, octets to send, the end.

What a record means, and how it is protected, differs between TLS 1.3 (``wire.tls13_connection``) and the
versions before it (``wire.tls12_connection``). Octets may come cut anywhere; nothing raises.
"""

from abc import ABC, abstractmethod
from typing import Final, NamedTuple

from waxseal.facts import Deviation
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_events import Closed, Deviated, Event, Failed, Stopped
from waxseal.wire.tls_fields import MAX_DEVIATION_OCTETS
from waxseal.wire.tls_record import MAX_RECORD_OCTETS

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


class TlsConnection(ABC):
    """Both directions of a connection: what came becomes events, what goes out waits in `to_send`.

    Attributes:
        completed: Whether the first handshake is completed.
        ended: Whether nothing more is read: closed, failed, refused by an alert, or stopped.
    """

    def __init__(self, fragment_octets: int) -> None:
        self.completed = False
        self.ended = False
        self._may_write = False
        self._records = RecordReader()
        self._fragment_octets = fragment_octets
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
            alert = self._alert_for(alert)
            self._emit(reg.ALERT, bytes([FATAL, alert]))
        self._may_write = False
        self._end(Failed(deviation, alert))

    def _alert_for(self, alert: int) -> int:
        """The alert that says this in the version at hand."""
        return alert

    def _stop(self, why: str) -> None:
        self._end(Stopped(why))

    @abstractmethod
    def _take(self, record: Record) -> None:
        """Act on one record."""

    @abstractmethod
    def _emit(self, kind: int, octets: bytes) -> None:
        """Queue octets of one content type, protected where there are keys."""
