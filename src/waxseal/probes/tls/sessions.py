"""Sessions: resumption by id, by ticket and by pre-shared key, early data, renegotiation, client certificates.

Up to TLS 1.2 three connections do: a whole handshake without tickets; a second one that offers its session id
and takes a ticket, on which renegotiation is asked for; a third one that offers that ticket. Renegotiation does
not go over the first one, because some servers forget a session whose connection ended with an alert. In
TLS 1.3 the tickets of the main conversation serve, and early data rides on the one connection that offers one.
"""

from collections.abc import Callable, Iterator
from typing import Final

from waxseal.facts import (
    Cause,
    ClientCertificateRequest,
    Fact,
    MailProtocol,
    RawPublicKeyAnswer,
    Reaction,
    Renegotiation,
    Resumption,
    TicketEcho,
    TlsMode,
    TlsSessions,
)
from waxseal.probes.tls.depth import Depth
from waxseal.probes.tls.full12 import FullTalk12, spoken, whole_hello
from waxseal.probes.tls.hellos import GROUPS_13, SCHEMES_13, HelloMaker
from waxseal.probes.tls.knowledge import Knowledge
from waxseal.probes.tls.question import HelloTalk, Question, Strand, Talk, Tls13Talk, entropy, wait
from waxseal.probes.tls.raw_public_key import X509_OR_RAW, RawKeyTalk, answer_of
from waxseal.probes.tls.renegotiation import RenegotiationTalk
from waxseal.probes.tls.scout import Scouted
from waxseal.wire import smtp_command
from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls12 import Tls12Client
from waxseal.wire.tls13 import Tls13Client
from waxseal.wire.tls13_groups import available_groups, key_share
from waxseal.wire.tls13_keys import SUITES
from waxseal.wire.tls_client_hello import TLS_1_2, TLS_1_3, ClientHello
from waxseal.wire.tls_events import (
    AlertReceived,
    ApplicationData,
    Event,
    Failed,
    HandshakeCompleted,
    Resumption12,
    SessionTicketSeen,
)
from waxseal.wire.tls_events import Resumption as Ticket13
from waxseal.wire.tls_server_certificates import CertificateRequest
from waxseal.wire.tls_server_hello import version_name

SESSION_ID, TICKET, PSK = "session-id", "ticket", "psk"
SHORT_ID_OCTETS: Final = 16
"""Length of the session id that a ticket is offered with; F5's flaw filled it up to 32 (CVE-2016-9244)."""
EARLY_REPLY_LIMIT_S: Final = 3.0
MAX_AUTHORITIES: Final = 64


class EarlyTalk(Talk):
    """A handshake of TLS 1.3 with a ticket, and early data where the ticket allows any.

    Attributes:
        client: The client, for what it knows.
        reply: What the server said under TLS first, at most 64 octets.
    """

    def __init__(self, client: Tls13Client, early: bytes, *, announced: bool) -> None:
        super().__init__()
        self.client = client
        self.reply = b""
        self._early = early
        self._announced = announced
        self._events: list[Event] = []

    def start(self) -> bytes:
        """The hello, and the early data behind it."""
        octets = self.client.start()
        return octets + self.client.send_early(self._early) if self._announced and self._early else octets

    def receive(self, data: bytes) -> bytes:
        """Read to the end of the handshake; where early data was taken, to the answer to it."""
        self.first = (self.first + data)[:64]
        events = self.client.receive(data)
        self._events += events
        for event in events:
            if isinstance(event, ApplicationData):
                self.reply = self.reply or event.octets[:64]
        if self.client.completed:
            self.cause = Cause.COMPLETED
            self.done = not (self.client.early_data_accepted and self._early) or bool(self.reply)
            self.quiet_s = EARLY_REPLY_LIMIT_S
        if self.client.ended and not self.client.completed:
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


class SessionTalk12(FullTalk12):
    """A handshake up to TLS 1.2 for the session that it makes.

    Attributes:
        session: What resumes it; None where nothing does.
        ticket: The NewSessionTicket; None where none came.
    """

    def __init__(self, client: Tls12Client) -> None:
        super().__init__(client)
        self.session: Resumption12 | None = None

    def saw(self, event: Event) -> bytes:
        """Keep the session."""
        if isinstance(event, HandshakeCompleted):
            self.session = self.client.session
        return super().saw(event)


class Sessions:
    """The sessions of one server; each strand keeps what it finds here."""

    def __init__(
        self,
        knowledge: Knowledge,
        maker: HelloMaker,
        depth: Depth,
        protocol: MailProtocol,
        mode: TlsMode,
        *,
        own_name: Callable[[], str],
        now: Callable[[], float],
    ) -> None:
        """Prepare the strands.

        Args:
            knowledge: What is known of the server.
            maker: Makes the hellos.
            depth: Only at ``full`` are connections spent.
            protocol: What the server speaks.
            mode: How TLS begins; early data holds a command only behind STARTTLS, where it is our turn.
            own_name: For EHLO.
            now: A clock that only goes forward, for the age of tickets.
        """
        self.knowledge = knowledge
        self.maker = maker
        self.depth = depth
        self.protocol = protocol
        self.mode = mode
        self.ticket_echo: TicketEcho | None = None
        self.renegotiation: Renegotiation | None = None
        self.raw_public_key: RawPublicKeyAnswer | None = None
        self._own_name = own_name
        self._now = now
        self._began = now()
        self._main = Scouted()
        self._main_stood = False
        self._request: tuple[str, CertificateRequest | None] | None = None
        self._completed_without: bool | None = None
        self._by_id: Resumption | None = None
        self._by_ticket: Resumption | None = None
        self._by_psk: Resumption | None = None
        self._early_accepted: bool | None = None
        self._early_reply = b""

    def take_main(self, main: Scouted, *, stood: bool) -> None:
        """What the main conversation showed: tickets of TLS 1.3, and whether a certificate was asked for.

        Args:
            main: Its handshake, which was completed.
            stood: Whether the server went on talking afterwards, without a certificate of ours.
        """
        self._main, self._main_stood = main, stood
        hello = main.hello
        if hello is None:
            return
        self._request = version_name(hello.version), main.request
        if hello.version == TLS_1_3:
            tickets = main.tickets
            lifetime = tickets[-1].lifetime_s if tickets else None
            self._by_psk = Resumption(PSK, bool(tickets), lifetime_s=lifetime, tickets=len(tickets))

    def see(self, talk: Talk) -> None:
        """Look for a CertificateRequest in whatever was answered; the first one that comes stays."""
        if self._request is not None and self._request[1] is not None:
            return
        if isinstance(talk, HelloTalk) and talk.flight.whole and (talk.flight.version or 0) <= TLS_1_2:
            self._note_request(talk.flight.version or 0, talk.flight.request)
        elif isinstance(talk, Tls13Talk) and talk.scheme is not None and talk.selected is not None:
            self._note_request(talk.selected.version, talk.request)

    def _note_request(self, version: int, request: CertificateRequest | None) -> None:
        if self._request is None or request is not None:
            self._request = version_name(version), request

    def ask(self, when: Callable[[], bool]) -> Strand:
        """Everything that takes connections of its own, at depth ``full``.

        Args:
            when: Whether versions and suites up to TLS 1.2 are known.
        """
        if self.depth is not Depth.FULL:
            return
        yield from self._ask_psk()
        yield from wait(when)
        place = self._place()
        if place is None:
            yield from self._ask_raw_key()
            return
        version, suites = place
        by_id = yield from self._whole(version, suites)
        ticket = yield from self._resume_by_id(version, suites, by_id)
        if ticket is not None:
            yield from self._resume_by_ticket(version, suites, ticket)

    def _place(self) -> tuple[int, tuple[int, ...]] | None:
        """The highest version up to TLS 1.2, and its suites that we speak, in reverse of the order found."""
        for number, known in self.knowledge.versions.items():
            suites = tuple(reversed(spoken(known.suites)))
            if number <= TLS_1_2 and known.accepted and suites:
                return number, suites
        return None

    def _whole(
        self, version: int, suites: tuple[int, ...]
    ) -> "Iterator[Question]":  # replaced below
        raise NotImplementedError
