"""Sessions: resumption by id, ticket and pre-shared key, early data, renegotiation, client certificates.

Up to TLS 1.2 three connections do: a whole handshake without tickets; a second one that offers its session
id and takes a ticket, on which renegotiation is asked for; a third one that offers that ticket.
Renegotiation does not go over the first one, because some servers forget a session whose connection ended
with an alert. In TLS 1.3 the tickets of the main conversation serve, and early data rides on the one
connection that offers one.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
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
from waxseal.probes.tls.full12 import spoken, whole_hello
from waxseal.probes.tls.hellos import HelloMaker
from waxseal.probes.tls.knowledge import Knowledge
from waxseal.probes.tls.question import HelloTalk, Question, Strand, Talk, Tls13Talk, entropy, wait
from waxseal.probes.tls.scout import Scouted
from waxseal.probes.tls.session_talks import RenegotiationTalk, SessionTalk12, TicketTalk13
from waxseal.probes.tls.suites import turned
from waxseal.wire import smtp_command
from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls12 import Tls12Client
from waxseal.wire.tls13 import Tls13Client
from waxseal.wire.tls13_groups import available_groups, key_share
from waxseal.wire.tls_client_hello import TLS_1_2, TLS_1_3
from waxseal.wire.tls_events import CertificatesShown, Resumption12
from waxseal.wire.tls_server_certificates import CertificateRequest
from waxseal.wire.tls_server_hello import version_name

SESSION_ID, TICKET, PSK = "session-id", "ticket", "psk"
SHORT_ID_OCTETS: Final = 16
"""Length of the id that a ticket is offered with; F5's flaw filled it up to 32 octets (CVE-2016-9244)."""
RAW_PUBLIC_KEY: Final = 2
_X509: Final = 0
_MAX_AUTHORITIES: Final = 64
_COMMANDS: Final = {
    MailProtocol.IMAP: b"w1 NOOP\r\n",
    MailProtocol.POP3: b"CAPA\r\n",
    MailProtocol.SIEVE: b"CAPABILITY\r\n",
}


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
        own_name: str,
        now: Callable[[], float],
    ) -> None:
        """Prepare the strands.

        Args:
            knowledge: What is known of the server.
            maker: Makes the hellos.
            depth: Only at ``full`` are connections spent.
            protocol: What the server speaks.
            mode: How TLS begins; early data holds a command only behind STARTTLS, where it is our turn.
            own_name: For EHLO and LHLO.
            now: A clock that only goes forward, for the age of tickets; the main conversation was just held.
        """
        self.knowledge = knowledge
        self.maker = maker
        self.depth = depth
        self.protocol = protocol
        self.mode = mode
        self._own_name = own_name
        self._now = now
        self._began = now()
        self._main = Scouted()
        self._request: tuple[int, CertificateRequest | None] | None = None
        self._stood: dict[int, bool | None] = {}
        self._found: dict[str, Resumption] = {}
        self._early_accepted: bool | None = None
        self._early_reply = b""
        self._echo: TicketEcho | None = None
        self._renegotiation: Renegotiation | None = None
        self._raw_key: RawPublicKeyAnswer | None = None

    def take_main(self, main: Scouted, *, stood: bool | None) -> None:
        """What the main conversation showed: tickets of TLS 1.3, and whether a certificate was asked for.

        Args:
            main: Its handshake, which was completed.
            stood: Whether the server went on talking afterwards, without a certificate of ours; None where
                that was not seen.
        """
        self._main = main
        hello = main.hello
        if hello is None:
            return
        self._request = hello.version, main.request
        self._stood[hello.version] = stood
        if hello.version == TLS_1_3:
            tickets = main.tickets
            lifetime = tickets[-1].lifetime_s if tickets else None
            given = True if tickets else False if stood else None
            self._found[PSK] = Resumption(PSK, given, lifetime_s=lifetime, tickets=len(tickets))

    def see(self, talk: Talk) -> None:
        """Look for a CertificateRequest in whatever was answered; the first one that came stays."""
        if isinstance(talk, HelloTalk):
            flight = talk.flight
            if flight.whole and flight.version is not None and flight.version <= TLS_1_2:
                self._take_request(flight.version, flight.request)
        elif isinstance(talk, Tls13Talk) and talk.selected is not None and talk.scheme is not None:
            self._take_request(talk.selected.version, talk.request)

    def _take_request(self, version: int, request: CertificateRequest | None) -> None:
        if self._request is None or (request is not None and self._request[1] is None):
            self._request = version, request

    def ask(self, when: Callable[[], bool]) -> Strand:
        """Everything that takes connections of its own, at depth ``full``.

        Args:
            when: Whether versions and suites up to TLS 1.2 are known.
        """
        if self.depth is not Depth.FULL:
            return
        yield from self._ask_psk()
        yield from wait("sessions", when)
        place = self._place()
        if place is None:
            yield from self._ask_raw_key()
        else:
            yield from self._ask_12(*place)

    def _place(self) -> tuple[int, tuple[int, ...]] | None:
        """The highest version up to TLS 1.2, and its suites that we speak, in reverse of the order found."""
        for number, known in self.knowledge.versions.items():
            suites = turned(spoken(known.suites))
            if number <= TLS_1_2 and known.accepted and suites:
                return number, suites
        return None

    def _ask_12(self, version: int, suites: tuple[int, ...]) -> Strand:
        without = whole_hello(self.maker, version, suites, ticket=False)
        raw = ext.server_certificate_types((RAW_PUBLIC_KEY, _X509))
        hello = without if without.extensions is None else without.with_extension(raw)
        first = yield Question("session", lambda: SessionTalk12(Tls12Client(hello, entropy)), more=2)
        if not isinstance(first, SessionTalk12):
            return
        self._take_first(version, first)
        if not first.completed:
            return
        again = whole_hello(self.maker, version, suites)
        second = yield Question(
            "session id and renegotiation",
            lambda: RenegotiationTalk(Tls12Client(again, entropy, resume=first.session)),
            more=self._offers_tickets(version),
        )
        if not isinstance(second, RenegotiationTalk):
            return
        self._take_second(version, second)
        tried: SessionTalk12 = second
        if first.session is not None and second.resumed is False:
            # With tickets at hand, some look at no session id; others ask for neither (RFC 5077 §3.4).
            alone = yield Question(
                "session id", lambda: SessionTalk12(Tls12Client(without, entropy, resume=first.session))
            )
            tried = alone if isinstance(alone, SessionTalk12) else second
        self._take_resumed(first, tried)
        ticket, lacks = second.ticket, second.completed
        if ticket is None and second.resumed and self._offers_tickets(version):
            # One that took the id may have seen no need of a ticket.
            third = yield Question("ticket", lambda: SessionTalk12(Tls12Client(again, entropy)))
            ticket = third.ticket if isinstance(third, SessionTalk12) else None
            lacks = isinstance(third, SessionTalk12) and third.completed
        yield from self._ask_ticket(version, suites, ticket, lacks=lacks)

    def _offers_tickets(self, version: int) -> bool:
        return reg.SESSION_TICKET in self.knowledge.versions[version].extensions

    def _take_first(self, version: int, talk: SessionTalk12) -> None:
        hello = talk.server_hello
        known = self.knowledge.versions[version]
        if hello is not None and hello.version == version and hello.suite in known.suites:
            known.evidence.note(talk.client.hello.suites, hello.suite)
        self._stood[version] = True if talk.completed else False if talk.cause is Cause.ALERT else None
        given = None if hello is None else bool(hello.session_id)
        self._found[SESSION_ID] = Resumption(SESSION_ID, given, reaction=_failure(talk))
        if version > 0x0300:
            self._raw_key = _raw_answer_12(talk)

    def _take_resumed(self, first: SessionTalk12, tried: SessionTalk12) -> None:
        """What came of the session id; where there was none, nothing was offered."""
        if first.session is not None:
            self._found[SESSION_ID] = Resumption(
                SESSION_ID, True, resumed=tried.resumed, reaction=_failure(tried)
            )

    def _take_second(self, version: int, talk: RenegotiationTalk) -> None:
        if talk.completed:
            self._renegotiation = Renegotiation(
                version=version_name(version),
                info_sent=talk.client.secure_renegotiation,
                attempted=talk.attempted,
                completed=talk.renegotiated,
                reaction=talk.how,
                without_info=talk.without_info,
            )

    def _ask_ticket(
        self, version: int, suites: tuple[int, ...], ticket: Resumption12 | None, *, lacks: bool
    ) -> Strand:
        """Offer the ticket, with a short session id: a server repeats that as it is (RFC 5077 §3.4)."""
        if ticket is None:
            self._found[TICKET] = Resumption(TICKET, False if lacks else None)
            return
        sent = entropy(SHORT_ID_OCTETS)
        hello = replace(whole_hello(self.maker, version, suites), session_id=sent)
        talk = yield Question(
            "ticket offered", lambda: SessionTalk12(Tls12Client(hello, entropy, resume=ticket))
        )
        self._found[TICKET] = Resumption(
            TICKET,
            True,
            resumed=talk.resumed if isinstance(talk, SessionTalk12) else None,
            lifetime_s=ticket.lifetime_s or None,  # zero leaves it open (RFC 5077 §3.3)
            tickets=1,
            reaction=_failure(talk),
        )
        answer = talk.server_hello if isinstance(talk, SessionTalk12) else None
        if answer is not None:
            received = answer.session_id
            self._echo = TicketEcho(
                version=version_name(version), sent=sent, received=received, reaction=talk.reaction()
            )

    def _ask_psk(self) -> Strand:
        """Offer a ticket of the main conversation, with early data where it allows any."""
        if not self._main.tickets:
            return
        ticket = self._main.tickets[-1]
        early = self._early_command()
        if len(early) > (ticket.max_early_data_octets or 0):
            early = b""

        def resumption() -> Talk:
            usual = self._main.group
            group = usual if usual in available_groups() else self.maker.share_group
            share = key_share(group, entropy)
            # Of the ticket's own suite, for servers choose the suite first, and its hash has to fit.
            hello = self.maker.tls13((ticket.suite,), shares=()).hello
            hello = hello.with_extension(ext.key_shares(((share.group, share.public),)))
            age_ms = int(1000 * (self._now() - self._began))
            client = Tls13Client(hello, (share,), entropy, resume=ticket, age_ms=age_ms, early_data=True)
            return TicketTalk13(client, early)

        talk = yield Question("ticket TLSv1.3", resumption)
        if not isinstance(talk, TicketTalk13):
            return
        seen = talk.client.server_hello is not None
        self._found[PSK] = Resumption(
            PSK,
            True,
            resumed=talk.client.resumed if seen else None,
            lifetime_s=ticket.lifetime_s,
            tickets=len(self._main.tickets),
            reaction=_failure(talk),
        )
        if talk.client.completed:
            self._early_accepted = talk.client.early_data_accepted
            self._early_reply = talk.reply if talk.client.early_data_accepted else b""

    def _early_command(self) -> bytes:
        """A command that changes nothing, for early data; b"" where the server speaks first."""
        if self.mode is TlsMode.IMPLICIT:
            return b""
        if self.protocol is MailProtocol.SMTP:
            return smtp_command.ehlo(self._own_name)
        if self.protocol is MailProtocol.LMTP:
            return b"LHLO" + smtp_command.ehlo(self._own_name)[4:]
        return _COMMANDS.get(self.protocol, b"")

    def _ask_raw_key(self) -> Strand:
        """Where there is TLS 1.3 alone: a hello that takes a raw public key (RFC 7250 §3)."""
        known = self.knowledge.versions[TLS_1_3]
        if not known.suites:
            return
        suites = tuple(known.suites)
        raw = ext.server_certificate_types((RAW_PUBLIC_KEY, _X509))
        talk = yield Question("raw public key", lambda: self.maker.tls13(suites, further=(raw,)))
        if isinstance(talk, Tls13Talk):
            self._raw_key = _raw_answer_13(talk)

    def facts(self) -> Iterator[Fact]:
        """What was found, also where it was cut short."""
        if self._request is not None:
            yield self._certificate_request(*self._request)
        if self._found:
            sizes = [t.max_early_data_octets for t in self._main.tickets]
            yield TlsSessions(
                resumptions=tuple(
                    self._found[means] for means in (SESSION_ID, TICKET, PSK) if means in self._found
                ),
                early_data_octets=max((size for size in sizes if size is not None), default=None),
                early_data_accepted=self._early_accepted,
                early_data_reply=self._early_reply,
            )
        yield from (fact for fact in (self._renegotiation, self._echo, self._raw_key) if fact is not None)

    def _certificate_request(
        self, version: int, request: CertificateRequest | None
    ) -> ClientCertificateRequest:
        stood = self._stood.get(version)
        if request is None:
            return ClientCertificateRequest(
                version=version_name(version), asked=False, completed_without=stood
            )
        extensions = request.extensions
        return ClientCertificateRequest(
            version=version_name(version),
            asked=True,
            types=request.types,
            schemes=request.schemes,
            authorities=(request.authorities or extensions.authorities or ())[:_MAX_AUTHORITIES],
            completed_without=stood,
        )


def _failure(talk: Talk) -> Reaction | None:
    """How a handshake ended that was not completed."""
    return None if talk.cause is Cause.COMPLETED else talk.reaction()


def _raw_answer_12(talk: SessionTalk12) -> RawPublicKeyAnswer:
    """Up to TLS 1.2 the Certificate message holds nothing but the key (RFC 7250 §3)."""
    hello = talk.server_hello
    kind = None if hello is None else hello.extensions.octets(reg.SERVER_CERTIFICATE_TYPE)
    sha256 = ""
    if kind == bytes([RAW_PUBLIC_KEY]):
        shown = next((e.message for e in talk.events if isinstance(e, CertificatesShown)), None)
        sha256 = "" if shown is None else hashlib.sha256(shown.octets[7:]).hexdigest()
    return RawPublicKeyAnswer(
        reaction=talk.reaction(), certificate_type=kind[0] if kind else None, spki_sha256=sha256
    )


def _raw_answer_13(talk: Tls13Talk) -> RawPublicKeyAnswer:
    """In TLS 1.3 the key stands in the place of the leaf (RFC 8446 §4.4.2)."""
    seen = talk.encrypted_extensions
    kind = None if seen is None else seen.message.extensions.octets(reg.SERVER_CERTIFICATE_TYPE)
    sha256 = ""
    if kind == bytes([RAW_PUBLIC_KEY]) and talk.certificates:
        sha256 = hashlib.sha256(talk.certificates[0]).hexdigest()
    return RawPublicKeyAnswer(
        reaction=talk.reaction(), certificate_type=kind[0] if kind else None, spki_sha256=sha256
    )
