"""Octets sent in clear behind a server's first flight, and what comes of them.

`ClearTalk` goes on where a flight was read; `Joined` makes hello, flight and what follows it one talk, for
questions of its own.
"""

from collections.abc import Callable
from typing import Final

from waxseal.facts import Cause, Reaction
from waxseal.probes.tls.question import HelloTalk, Talk
from waxseal.wire.tls_first_flight import FirstFlight

QUIET_S: Final = 1.0
"""How long silence must last to count as an answer, beside the time that the hello's answer took."""
_MAX_WAIT_S: Final = 5.0


def quiet_after(elapsed_s: float) -> float:
    """How long silence must last with a server that has taken so long to answer a hello."""
    return min(QUIET_S + 3 * elapsed_s, _MAX_WAIT_S)


class ClearTalk(Talk):
    """Octets in clear, and the first thing that the server does then; silence counts too, as TIMED_OUT."""

    def __init__(self, octets: bytes, quiet_s: float) -> None:
        super().__init__()
        self._octets = octets
        self.quiet_s = quiet_s
        self.flight = FirstFlight()

    def start(self) -> bytes:
        """The octets."""
        return self._octets

    def receive(self, data: bytes) -> bytes:
        """Read on until an alert, or anything else that is whole."""
        over = self.flight.feed(data)
        self.first = self.flight.first
        if over or self.flight.messages:
            self.done = True
            self.alert = self.flight.alert
            self.cause = Cause.COMPLETED if self.alert is None else Cause.ALERT
            if self.flight.not_tls:
                self.cause = Cause.NOT_TLS
        return b""

    def silence(self) -> bytes:
        """Nothing came."""
        self.end(Cause.TIMED_OUT, f"silence for {self.quiet_s:.1f} s")
        return b""

    def reply(self) -> Reaction | None:
        """What came, once it is known; None where the test could not be ended."""
        answered = self.done and self.cause not in (Cause.BUDGET_SPENT, Cause.LIMIT)
        return self.reaction() if answered else None

    def farewell(self) -> bytes:
        """Nothing: the handshake was spoilt."""
        return b""


class Joined(Talk):
    """A hello, and what is made of its flight, as one talk.

    Its own cause tells how the hello was answered; what came behind the flight is told by `further`, so that
    a server that breaks off there is not taken for one that will not be asked.

    Attributes:
        first_talk: The hello.
        further: What went on behind it; None where the flight did not come whole, or
            there is nothing to go on with.
    """

    def __init__(self, first_talk: HelloTalk, go_on: Callable[[HelloTalk], Talk | None]) -> None:
        super().__init__()
        self.first_talk = first_talk
        self.further: Talk | None = None
        self._go_on = go_on

    def start(self) -> bytes:
        """The hello."""
        return self.first_talk.start()

    def receive(self, data: bytes) -> bytes:
        """Hand it to the talk whose turn it is."""
        if self.further is not None:
            return self._after(self.further.receive(data))
        self.first_talk.receive(data)
        if not self.first_talk.done:
            return b""
        self.further = self._go_on(self.first_talk) if self.first_talk.flight.whole else None
        if self.further is None:
            self.done = True
            self.cause, self.alert = self.first_talk.cause, self.first_talk.alert
            return b""
        return self._after(self.further.start())

    def silence(self) -> bytes:
        """Only what goes on behind the flight counts silence."""
        return self._after(b"" if self.further is None else self.further.silence())

    def end(self, cause: Cause, detail: str = "") -> None:
        """Hand it to the talk whose turn it is."""
        super().end(cause if self.further is None else Cause.COMPLETED, detail)
        (self.further or self.first_talk).end(cause, detail)

    def farewell(self) -> bytes:
        """That of the talk whose turn it is."""
        return (self.further or self.first_talk).farewell()

    def _after(self, octets: bytes) -> bytes:
        if self.further is not None:
            self.done, self.cause, self.quiet_s = self.further.done, Cause.COMPLETED, self.further.quiet_s
        return octets
