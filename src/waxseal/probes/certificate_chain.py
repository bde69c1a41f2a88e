"""Certificates as they are shown: the chain of a handshake, and the further handshakes that show others.

A server may hold several: one per key type, others per server name. Each further handshake is a short
conversation of its own (greeting, EHLO, STARTTLS, handshake, QUIT) that asks for one thing.
"""

from waxseal.facts import (
    Cause,
    Certificate,
    CertificateChain,
    CertificateTypeQuery,
    Ended,
    MailProtocol,
    NoSniAnswer,
    Stage,
    Subject,
    TlsMode,
    TrustAnchors,
    describe,
)
from waxseal.net.errors import NetError
from waxseal.net.network import Network
from waxseal.net.peer import Peer
from waxseal.net.tls import TlsOffer
from waxseal.probes.recorder import Recorder, Run, attempt, completed, declined
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.smtp_conversation import SealedStream, SmtpConversation
from waxseal.trust.anchors import candidates
from waxseal.trust.certificate import parse
from waxseal.wire import smtp_command
from waxseal.wire.tls13_offer import SCHEMES_OF_KEY_TYPE, Tls13Offer

HANDSHAKE_FAILURE = 40
MAX_CERTIFICATES = 32
QUIT_LIMIT_S = 2.0


def emit_chain(run: Run, tls: SealedStream, network: Network) -> Certificate | None:
    """Record the chain that a handshake showed, and the roots that could end it; give its leaf.

    Of a chain of more than `MAX_CERTIFICATES` the first are kept, and the number that was sent.
    """
    sent = tls.certificates()
    shown = tuple(parse(der) for der in sent[:MAX_CERTIFICATES])
    if not shown:
        return None
    place = {"server_name": tls.offer.server_name, "certificate_type": shown[0].key_type or "unknown"}
    chain = CertificateChain(
        certificates=shown,
        shown_at=network.clock.now(),
        version=tls.version,
        sent_count=len(sent) if len(sent) > len(shown) else 0,
    )
    run.emit(chain, **place)
    roots = network.roots
    anchors = TrustAnchors(store=roots.id, store_size=roots.size, candidates=candidates(shown, roots))
    run.emit(anchors, **place)
    return shown[0]


class Asker:
    """Asks one endpoint for further certificates, one short conversation each."""

    def __init__(
        self,
        peer: Peer,
        recorder: Recorder,
        subjects: tuple[Subject, ...],
        settings: ProbeSettings,
        mode: TlsMode,
        protocol: MailProtocol = MailProtocol.SMTP,
    ) -> None:
        self.peer = peer
        self.recorder = recorder
        self.subjects = subjects
        self.settings = settings
        self.mode = mode
        self.protocol = protocol

    async def without_name(self, known_leaf_sha256: str) -> None:
        """The same handshake without SNI: record how it ended, and the chain where it differs."""
        async with attempt(self.recorder, self.subjects, "tls.no-sni", self.peer.network.clock) as run:
            tls, ended = await self._shake_hands(run, TlsOffer())
            if tls is None:
                if ended.cause in (Cause.ALERT, Cause.CLOSED, Cause.RESET) and ended.stage is Stage.HANDSHAKE:
                    run.emit(NoSniAnswer(completed=False, alert=ended.alert, detail=describe(ended)))
                return
            leaf = _leaf(tls)
            sha256 = leaf.sha256 if leaf is not None else ""
            run.emit(NoSniAnswer(completed=True, leaf_sha256=sha256))
            if sha256 != known_leaf_sha256:
                emit_chain(run, tls, self.peer.network)

    async def of_key_type(self, key_type: str, server_name: str, version: str) -> CertificateTypeQuery:
        """Handshakes that admit one key type only: by signature schemes in TLS 1.3, by suites before it.

        Asked first in the version that the main conversation had, then, where that decided nothing, in TLS
        1.2. A handshake_failure alert is the server's "none" (RFC 8446 §4.4.2.2, RFC 5246 §7.4.1.3).
        """
        offers: list[TlsOffer | Tls13Offer] = [TlsOffer(server_name, "TLSv1.2", key_type)]
        if version == "TLSv1.3":
            offers.insert(0, Tls13Offer(server_name, schemes=SCHEMES_OF_KEY_TYPE[key_type]))
        first: CertificateTypeQuery | None = None
        for offer in offers:
            query, ended = await self._ask_for(key_type, offer)
            first = first or query
            if query.shown is not None:
                return query
            if ended.stage is not Stage.HANDSHAKE or ended.cause is Cause.TIMED_OUT:
                break  # it was not the question that the server could not answer
        return first or CertificateTypeQuery(key_type, None, "not asked")

    async def _ask_for(
        self, key_type: str, offer: TlsOffer | Tls13Offer
    ) -> tuple[CertificateTypeQuery, Ended]:
        probe = f"tls.certificate-{key_type}"
        shown: bool | None = None
        why = ""
        async with attempt(self.recorder, self.subjects, probe, self.peer.network.clock) as run:
            tls, ended = await self._shake_hands(run, offer)
            leaf = _leaf(tls) if tls is not None else None
            if tls is None or leaf is None:
                refused = ended.cause is Cause.ALERT and ended.alert == HANDSHAKE_FAILURE
                shown = False if refused else None
            elif leaf.key_type != key_type:
                why = f"a certificate of type {leaf.key_type} came"
            else:
                shown = True
                emit_chain(run, tls, self.peer.network)
        if shown is not True:
            why = why or describe(run.ended)
        return CertificateTypeQuery(key_type, shown, why), run.ended

    async def with_name(self, server_name: str) -> None:
        """A handshake with another SNI: record the chain that it shows."""
        async with attempt(self.recorder, self.subjects, "tls.other-name", self.peer.network.clock) as run:
            tls, _ = await self._shake_hands(run, TlsOffer(server_name))
            if tls is not None:
                emit_chain(run, tls, self.peer.network)

    async def _shake_hands(self, run: Run, offer: TlsOffer | Tls13Offer) -> tuple[SealedStream | None, Ended]:
        """Connect and get as far as a handshake; what ends it short is the attempt's end as well."""
        talk = SmtpConversation(self.peer, run)
        try:
            await talk.connect()
            if self.mode is TlsMode.STARTTLS and not await self._reach_starttls(talk, run):
                return None, run.ended
            await talk.start_tls(offer, behind_starttls=self.mode is TlsMode.STARTTLS)
            run.ended = completed(Stage.QUIT)
        except NetError as error:
            run.ended = error.ended()
            return None, run.ended
        else:
            await self._say_goodbye(talk)
            return talk.tls, run.ended
        finally:
            run.emit(talk.transcript())

    async def _reach_starttls(self, talk: SmtpConversation, run: Run) -> bool:
        heard = await talk.greeting()
        stage = Stage.GREETING
        if heard.go_on(stage) == 220:
            stage = Stage.EHLO
            heard = await talk.command(smtp_command.ehlo(talk.own_name(self.settings.ehlo_name)), stage)
            if heard.go_on(stage) == 250:
                stage = Stage.STARTTLS
                heard = await talk.command(smtp_command.starttls(), stage)
                if heard.go_on(stage) == 220:
                    return True
        run.ended = declined(stage, heard.reply.code, heard.reply.text)
        if heard.reply.code == 421:  # the server closes by itself then (RFC 5321 §3.8)
            self.peer.back_off()
            await talk.close()
        else:
            await self._say_goodbye(talk)
        return False

    async def _say_goodbye(self, talk: SmtpConversation) -> None:
        """QUIT without waiting for long: what it answers is known from the main conversation."""
        try:
            if self.protocol is MailProtocol.SMTP:
                if self.mode is TlsMode.IMPLICIT:
                    await talk.greeting(QUIT_LIMIT_S)
                await talk.command(smtp_command.quit_(), Stage.QUIT, QUIT_LIMIT_S)
        except NetError:
            return
        finally:
            await talk.close()


def _leaf(tls: SealedStream) -> Certificate | None:
    shown = tls.certificates()
    return parse(shown[0]) if shown else None
