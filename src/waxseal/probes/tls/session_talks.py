"""Whole handshakes that make a session, resume one, or are begun anew on the same connection.

Up to TLS 1.2 by `FullTalk12`; in TLS 1.3 with a ticket and early data (RFC 8446 §2.3). What is asked of whom
is in ``probes.tls.sessions``.
"""

from typing import Final

from waxseal.facts import Cause, Reaction
from waxseal.probes.tls.full12 import FullTalk12
from waxseal.probes.tls.question import FIRST_OCTETS, Talk
from waxseal.wire.tls12 import NO_RENEGOTIATION, Tls12Client
from waxseal.wire.tls13 import Tls13Client
from waxseal.wire.tls_events import (
    AlertReceived,
    ApplicationData,
    Event,
    Failed,
    HandshakeCompleted,
    RenegotiationCompleted,
    Resumption12,
    SessionTicketSeen,
)

MAX_ATTEMPTS: Final = 11
"""Renegotiations asked for while each is completed: more than any usual limit, and no load."""
ANSWER_LIMIT_S: Final = 3.0
"""How long an answer behind the handshake is waited for."""


class SessionTalk12(FullTalk12):
    """A handshake up to TLS 1.2, for the session that it makes or resumes.

    Attributes:
        session: What resumes it; None where nothing does.
        ticket: What resumes it by the ticket that came; None where none did.
        resumed: Whether the session that was offered was taken; None before the handshake stands.
    """

    def __init__(self, client: Tls12Client) -> None:
        super().__init__(client)
        self.session: Resumption12 | None = None
        self.ticket: Resumption12 | None = None
        self.resumed: bool | None = None

    def saw(self, event: Event) -> bytes:
        """Keep session and ticket."""
        if isinstance(event, SessionTicketSeen) and not self.completed_once:
            self.ticket = event.resumption
        if isinstance(event, HandshakeCompleted):
            self.session, self.resumed = self.client.session, event.resumed
        return super().saw(event)

    @property
    def completed_once(self) -> bool:
        """Whether the first handshake stood before the event at hand."""
        return self.resumed is not None


class RenegotiationTalk(SessionTalk12):
    """A handshake up to TLS 1.2, and further ones that the client begins on the same connection.

    First in the way of RFC 5746 §3.5, as often as they are completed; then once without renegotiation_info,
    which a server that knows RFC 5746 must refuse (§3.7).

    Attributes:
        attempted, renegotiated: How often one was begun, and completed, beside the one without the extension.
        how: What came of the last one; None where none was begun.
        without_info: Whether one without the extension was completed; None where that was not seen.
    """

    def __init__(self, client: Tls12Client) -> None:
        super().__init__(client)
        self.attempted = 0
        self.renegotiated = 0
        self.how: Reaction | None = None
        self.without_info: bool | None = None
        self._asking = ""

    def saw(self, event: Event) -> bytes:
        """Begin the next handshake as soon as one stands."""
        if isinstance(event, HandshakeCompleted):
            super().saw(event)
            self.done = False
            self.quiet_s = ANSWER_LIMIT_S
            return self._next()
        if isinstance(event, RenegotiationCompleted):
            return self._stood()
        if isinstance(event, AlertReceived) and event.description == NO_RENEGOTIATION and event.level == 1:
            if self.client.renegotiating:
                return b""  # it came before what was asked last, and answers nothing
            return self._refused(Reaction(Cause.ALERT, event.description, self.first))
        return super().saw(event)

    def silence(self) -> bytes:
        """No answer, which is neither yes nor no."""
        self._over(Reaction(Cause.TIMED_OUT, detail=f"silence for {ANSWER_LIMIT_S:.1f} s"))
        return b""

    def stopped(self, how: Reaction) -> None:
        """An alert, or the end of the connection, is the server's refusal."""
        super().stopped(how)
        self._over(Reaction(how.cause, how.alert, self.first, how.detail))

    def end(self, cause: Cause, detail: str = "") -> None:
        """The connection ended."""
        super().end(cause, detail)
        self._over(Reaction(cause, octets=self.first, detail=detail))

    def _next(self) -> bytes:
        client = self.client
        if client.ended:
            return b""
        self.first = b""
        if self.attempted < MAX_ATTEMPTS and self._asking != "without" and not self._gave_up:
            self.attempted += 1
            self._asking = "bound"
            return client.renegotiate()
        if client.secure_renegotiation and self._asking != "without":
            self._asking = "without"
            return client.renegotiate(bound=False)
        self.done = True
        return b""

    def _stood(self) -> bytes:
        if self._asking == "without":
            self.without_info = True
            self.done = True
            return b""
        self.renegotiated += 1
        self.how = Reaction(Cause.COMPLETED)
        if not self.client.secure_renegotiation:
            self.without_info = True
        return self._next()

    def _refused(self, how: Reaction) -> bytes:
        """The server says no, and the connection goes on (RFC 5246 §7.2.2)."""
        if self._asking == "without":
            self._over(how)
            return b""
        self.how = how
        if not self.client.secure_renegotiation:
            self.without_info = self.renegotiated > 0
        return self._next()

    @property
    def _gave_up(self) -> bool:
        return self.how is not None and self.how.cause is not Cause.COMPLETED

    def _over(self, how: Reaction) -> None:
        """The last answer of the connection."""
        self.done = True
        refused = how.cause in (Cause.ALERT, Cause.CLOSED, Cause.RESET, Cause.TLS_FAILED)
        if self._asking == "without":
            if self.without_info is None and refused:
                self.without_info = False
        elif self._asking:
            self.how = how
            if refused and not self.client.secure_renegotiation:
                self.without_info = self.renegotiated > 0
        self._asking = ""


class TicketTalk13(Talk):
    """A handshake of TLS 1.3 with a ticket, and early data where the ticket allows any.

    Attributes:
        client: The client, for what it knows.
        reply: What the server said first under TLS, at most 64 octets.
    """

    def __init__(self, client: Tls13Client, early: bytes) -> None:
        super().__init__()
        self.client = client
        self.reply = b""
        self._early = early
        self._events: list[Event] = []

    def start(self) -> bytes:
        """The hello, and the early data behind it."""
        octets = self.client.start()
        return octets + self.client.send_early(self._early) if self._early else octets

    def receive(self, data: bytes) -> bytes:
        """Read to the end of the handshake; where early data was taken, to the answer to it."""
        self.first = (self.first + data)[:FIRST_OCTETS]
        events = self.client.receive(data)
        self._events += events
        for event in events:
            if isinstance(event, ApplicationData) and not self.reply:
                self.reply = event.octets[:FIRST_OCTETS]
        if self.client.completed:
            self.cause = Cause.COMPLETED
            self.quiet_s = ANSWER_LIMIT_S
            self.done = bool(self.reply) or not (self._early and self.client.early_data_accepted)
        elif self.client.ended:
            self._judge()
        self.done = self.done or self.client.ended
        return self.client.to_send()

    def end(self, cause: Cause, detail: str = "") -> None:
        """A handshake that stood stays completed, however the connection ended."""
        super().end(cause, detail)
        if self.client.completed:
            self.cause = Cause.COMPLETED

    def farewell(self) -> bytes:
        """The client's own good-bye."""
        return self.client.close()

    def _judge(self) -> None:
        alert = next((e for e in self._events if isinstance(e, AlertReceived)), None)
        failed = next((e for e in self._events if isinstance(e, Failed)), None)
        if alert is not None:
            self.cause, self.alert = Cause.ALERT, alert.description
        elif failed is not None:
            self.cause, self.detail = Cause.TLS_FAILED, failed.deviation.rule
        else:
            self.cause = Cause.CLOSED
