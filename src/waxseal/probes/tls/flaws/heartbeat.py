"""Heartbleed (CVE-2014-0160), seen without reading any memory: a heartbeat whose lengths are right, unpadded.

RFC 6520 §4 wants at least 16 octets of padding in a HeartbeatRequest, and one that is too short to be
dropped in silence. The code that came with Heartbleed looked at neither length; the patch looks at both. So
a request that carries its whole payload and no padding is echoed by the one and dropped by the other, and
the echo holds nothing but our own octets. A request that is right is the control: only where that is echoed,
silence at the other says anything. Both go out behind a completed handshake, since none should within one
(RFC 6520 §3), and OpenSSL would hold back the echo there.
"""

from typing import Final

from waxseal.facts import Cause, HeartbeatAnswer, Reaction
from waxseal.probes.tls.full12 import FullTalk12
from waxseal.probes.tls.question import FIRST_OCTETS, HelloTalk, entropy
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls12 import Tls12Client
from waxseal.wire.tls_events import Event, HandshakeCompleted, HeartbeatSeen
from waxseal.wire.tls_fields import number

REQUEST: Final = 1
RESPONSE: Final = 2
PADDING_OCTETS: Final = 16
"""The least padding (RFC 6520 §4)."""
PAYLOAD_OCTETS: Final = 18


def request(payload: bytes, padding: bytes) -> bytes:
    """A HeartbeatRequest (RFC 6520 §4) that asks for exactly what it carries."""
    return bytes([REQUEST]) + number(len(payload), 2) + payload + padding


class HeartbeatTalk(FullTalk12):
    """A whole handshake behind a flight, then both requests, one after the other.

    Attributes:
        without_padding, well_formed: What came of each; None while that is not known.
    """

    def __init__(self, mode: int, behind: HelloTalk, quiet_s: float) -> None:
        super().__init__(Tls12Client(behind.hello, entropy), behind)
        self._mode = mode
        self._silence_s = quiet_s
        self._payloads = (entropy(PAYLOAD_OCTETS), entropy(PAYLOAD_OCTETS))
        self._sent = 0
        self.without_padding: Reaction | None = None
        self.well_formed: Reaction | None = None

    def saw(self, event: Event) -> bytes:
        """Send a request as soon as the handshake stands, the second one once the first is answered."""
        if isinstance(event, HandshakeCompleted):
            self.quiet_s = self._silence_s
            return self._send(b"")
        if isinstance(event, HeartbeatSeen):
            self._echo(event.octets)
            if self._sent == 1 and self.without_padding is not None:
                return self._send(entropy(PADDING_OCTETS))
        return b""

    def silence(self) -> bytes:
        """After the first request that is the right answer; after the second it is none."""
        how = Reaction(Cause.TIMED_OUT, detail=f"silence for {self._silence_s:.1f} s")
        if self._sent == 1:
            self.without_padding = how
            return self._send(entropy(PADDING_OCTETS))
        self._over(how)
        return b""

    def stopped(self, how: Reaction) -> None:
        """An alert, or the end."""
        super().stopped(how)
        self._over(Reaction(how.cause, how.alert, self.first, how.detail))

    def end(self, cause: Cause, detail: str = "") -> None:
        """The connection ended."""
        super().end(cause, detail)
        self._over(Reaction(cause, octets=self.first, detail=detail))

    def fact(self) -> HeartbeatAnswer:
        """What is known."""
        return HeartbeatAnswer(
            mode=self._mode, without_padding=self.without_padding, well_formed=self.well_formed
        )

    @property
    def lost(self) -> bool:
        """Whether it ended before any request could go out."""
        return self.done and not self._sent

    def _send(self, padding: bytes) -> bytes:
        if self.client.ended:
            return b""
        octets = request(self._payloads[self._sent], padding)
        self._sent += 1
        self.first = b""
        return self.client.send_record(reg.HEARTBEAT_RECORD, octets)

    def _echo(self, octets: bytes) -> None:
        """A heartbeat came: which one does it echo? That of the first may come late."""
        how = Reaction(Cause.COMPLETED, octets=octets[:FIRST_OCTETS])
        if octets.startswith(_echo_of(self._payloads[0])):
            self.without_padding = how
        elif self._sent == 2 and octets.startswith(_echo_of(self._payloads[1])):
            self.well_formed = how
            self.done = True

    def _over(self, how: Reaction) -> None:
        """What was sent and is not answered yet has this for its answer."""
        self.done = True
        if self._sent and self.without_padding is None:
            self.without_padding = how
        elif self._sent == 2 and self.well_formed is None:
            self.well_formed = how


def _echo_of(payload: bytes) -> bytes:
    return bytes([RESPONSE]) + number(len(payload), 2) + payload
