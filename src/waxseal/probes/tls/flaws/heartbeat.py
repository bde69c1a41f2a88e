"""Heartbleed (CVE-2014-0160), seen without reading any memory: a heartbeat whose lengths are right, unpadded.

RFC 6520 §4 wants at least 16 octets of padding in a HeartbeatRequest, and a request that is too short to be
dropped in silence. The code that came with Heartbleed looked at neither length; the patch looks at both. So a
request that carries its whole payload and no padding is echoed by the one and dropped by the other, and the
echo holds nothing but our own octets. A request that is right is the control: only where it is echoed, a
missing echo of the other says anything.
"""

from typing import Final

from waxseal.facts import Cause, HeartbeatAnswer, Reaction
from waxseal.probes.tls.flaws.clear import ClearTalk
from waxseal.probes.tls.question import entropy
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_fields import number, records

REQUEST: Final = 1
RESPONSE: Final = 2
PADDING_OCTETS: Final = 16
"""The least padding (RFC 6520 §4)."""
PAYLOAD_OCTETS: Final = 18


def request(payload: bytes, padding: bytes) -> bytes:
    """A HeartbeatRequest (RFC 6520 §4) that asks for exactly what it carries."""
    return bytes([REQUEST]) + number(len(payload), 2) + payload + padding


class HeartbeatTalk(ClearTalk):
    """Both requests behind a flight, one after the other.

    Attributes:
        without_padding, well_formed: What came of each; None while that is not known.
    """

    def __init__(self, mode: int, version: int, quiet_s: float) -> None:
        super().__init__(b"", quiet_s)
        self._mode = mode
        self._version = version
        self._payloads = (entropy(PAYLOAD_OCTETS), entropy(PAYLOAD_OCTETS))
        self.without_padding: Reaction | None = None
        self.well_formed: Reaction | None = None

    def start(self) -> bytes:
        """The request without padding."""
        return records(reg.HEARTBEAT_RECORD, request(self._payloads[0], b""), self._version)

    def receive(self, data: bytes) -> bytes:
        """Look for an echo, or the end."""
        self.first = (self.first + data)[:64]
        self.flight.feed(data)
        if self.without_padding is None and self._echoed(0):
            self.without_padding = Reaction(Cause.COMPLETED, octets=self.first)
            return self._second()
        if self.without_padding is not None and self._echoed(1):
            self.well_formed = Reaction(Cause.COMPLETED, octets=self.first)
            if self._echoed(0) and self.without_padding.cause is Cause.TIMED_OUT:  # it came late
                self.without_padding = Reaction(Cause.COMPLETED, octets=self.first)
            self.end(Cause.COMPLETED)
        elif self.flight.alert is not None:
            self.alert = self.flight.alert
            self.end(Cause.ALERT)
        elif self.flight.done:
            self.end(Cause.TLS_FAILED, "what came is no heartbeat")
        return b""

    def silence(self) -> bytes:
        """After the first request that is the right answer; after the second it is none."""
        if self.without_padding is None:
            self.without_padding = Reaction(Cause.TIMED_OUT, detail="silence")
            return self._second()
        self.end(Cause.TIMED_OUT, "silence")
        return b""

    def end(self, cause: Cause, detail: str = "") -> None:
        """What was not answered yet has this for its answer."""
        super().end(cause, detail)
        if self.without_padding is None:
            self.without_padding = self.reaction()
        elif self.well_formed is None:
            self.well_formed = self.reaction()

    def _second(self) -> bytes:
        self.first = b""
        octets = request(self._payloads[1], entropy(PADDING_OCTETS))
        return records(reg.HEARTBEAT_RECORD, octets, self._version)

    def _echoed(self, which: int) -> bool:
        payload = self._payloads[which]
        echo = bytes([RESPONSE]) + number(len(payload), 2) + payload
        return any(found.startswith(echo) for found in self.flight.heartbeats)

    def fact(self) -> HeartbeatAnswer:
        """What is known."""
        return HeartbeatAnswer(
            mode=self._mode, without_padding=self.without_padding, well_formed=self.well_formed
        )
