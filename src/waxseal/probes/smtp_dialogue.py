"""The main conversation with one SMTP endpoint: greeting, EHLO, STARTTLS, handshake, EHLO again, QUIT.

Facts are emitted as they are seen, so whatever the server does, what came before it is kept. On an endpoint
with implicit TLS (RFC 8314 §3) the handshake comes first and there is one EHLO.
"""

from typing import Any

import msgspec
from msgspec import Struct

from waxseal.facts import (
    DIALOGUE,
    Cause,
    EhloClear,
    EhloTls,
    Ended,
    Greeting,
    Handshake,
    MailProtocol,
    QuitAnswer,
    Stage,
    StapledResponse,
    StarttlsAnswer,
    Subject,
    Timestamps,
    Timing,
    TlsMode,
)
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.probes.certificate_chain import emit_chain
from waxseal.probes.key_proof import key_proof
from waxseal.probes.recorder import Recorder, Run, attempt, completed, declined
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.smtp_conversation import Heard, SmtpConversation
from waxseal.probes.tls.depth import Depth
from waxseal.probes.tls.scout import Scouted
from waxseal.wire import smtp_command
from waxseal.wire.smtp_ehlo import greeting_host_name, parse_ehlo

QUIT_LIMIT_S = 5.0
"""How long the answer to QUIT is waited for; nothing depends on it."""
_MEASURABLE_ROUND_TRIP_S = 0.0001


class DialogueResult(Struct):
    """What the planner needs to know to decide what else to ask.

    Attributes:
        cause: How the conversation ended.
        stage: Where it ended.
        handshake_completed: Whether TLS stood.
        version: Negotiated version; "" without TLS.
        key_type: Key type of the leaf ("" without TLS).
        leaf_sha256: Of the leaf.
        dns_names: The leaf's subjectAltName names.
        leaf_curve: The curve of its key; "" for other keys.
        own_name: The name that was sent with EHLO; "" where none was.
        scouted: What else the handshake showed; with the tickets, once the conversation is over.
    """

    cause: Cause = Cause.COMPLETED
    stage: Stage | None = None
    handshake_completed: bool = False
    version: str = ""
    key_type: str = ""
    leaf_sha256: str = ""
    dns_names: tuple[str, ...] = ()
    leaf_curve: str = ""
    own_name: str = ""
    scouted: Scouted = msgspec.field(default_factory=Scouted)


async def smtp_dialogue(
    peer: Peer,
    recorder: Recorder,
    subjects: tuple[Subject, ...],
    settings: ProbeSettings,
    mode: TlsMode,
    server_name: str,
    protocol: MailProtocol = MailProtocol.SMTP,
) -> DialogueResult:
    """Hold the conversation and record it for every subject; never raises for what the peer does."""
    result = DialogueResult()
    async with attempt(recorder, subjects, DIALOGUE, peer.network.clock) as run:
        dialogue = _Dialogue(peer, run, settings, mode, server_name, result)
        try:
            if protocol is MailProtocol.SMTP:
                await dialogue.hold()
            else:
                await dialogue.only_tls()
        finally:
            if dialogue.talk.tls is not None:
                result.scouted = dialogue.talk.tls.scouted()
            run.emit(dialogue.talk.transcript())
            run.emit(dialogue.timing())
    result.cause, result.stage = run.ended.cause, run.ended.stage
    return result


class _Dialogue:
    """The conversation in its stages; ends early by setting `run.ended`, or by a `NetError`."""

    def __init__(
        self,
        peer: Peer,
        run: Run,
        settings: ProbeSettings,
        mode: TlsMode,
        server_name: str,
        result: DialogueResult,
    ) -> None:
        self.talk = SmtpConversation(peer, run)
        self.run = run
        self.settings = settings
        self.implicit = mode is TlsMode.IMPLICIT
        self.server_name = server_name
        self.result = result
        self.seconds: dict[str, float] = {}

    async def hold(self) -> None:
        """The whole conversation, as far as the server lets it go."""
        await self.talk.connect()
        self.seconds["connect_s"] = self.talk.connect_s
        if self.implicit:
            await self._handshake(behind_starttls=False)
        if not await self._greet():
            return
        offered = await self._ehlo_clear()
        if offered is None:
            return
        if offered and not self.implicit and not await self._seal():
            return
        await self._quit(completed(Stage.QUIT))

    async def only_tls(self) -> None:
        """The handshake of a protocol of which only the TLS is looked at."""
        await self.talk.connect()
        self.seconds["connect_s"] = self.talk.connect_s
        await self._handshake(behind_starttls=False)
        self.run.ended = completed(Stage.HANDSHAKE)
        await self.talk.close()

    async def _greet(self) -> bool:
        heard = await self.talk.greeting()
        self.seconds["greeting_s"] = heard.elapsed_s
        self.run.emit(
            Greeting(
                reply=heard.reply,
                host_name=greeting_host_name(heard.reply),
                first_octet_s=heard.first_octet_s,
                elapsed_s=heard.elapsed_s,
                extra=heard.extra,
                in_tls=self.implicit,
            )
        )
        if heard.go_on(Stage.GREETING) == 220:
            return True
        await self._decline(Stage.GREETING, heard)
        return False

    async def _ehlo_clear(self) -> bool | None:
        """Whether STARTTLS is offered; None where the server would not go on."""
        heard, answer = await self._ehlo(Stage.EHLO)
        self.seconds["ehlo_s"] = heard.elapsed_s
        self.run.emit(EhloClear(**answer))
        if heard.go_on(Stage.EHLO) != 250:
            await self._decline(Stage.EHLO, heard)
            return None
        return any(keyword.name == "STARTTLS" for keyword in answer["keywords"])

    async def _seal(self) -> bool:
        """STARTTLS, the handshake, and EHLO again (RFC 3207 §4, §4.2)."""
        heard = await self.talk.command(smtp_command.starttls(), Stage.STARTTLS)
        self.seconds["starttls_s"] = heard.elapsed_s
        self.run.emit(
            StarttlsAnswer(reply=heard.reply, offered=True, extra=heard.extra, elapsed_s=heard.elapsed_s)
        )
        if heard.go_on(Stage.STARTTLS) != 220:
            await self._decline(Stage.STARTTLS, heard)
            return False
        await self._handshake(behind_starttls=True)
        heard, answer = await self._ehlo(Stage.EHLO_TLS)
        self.seconds["ehlo_tls_s"] = heard.elapsed_s
        self.run.emit(EhloTls(**answer))
        if heard.go_on(Stage.EHLO_TLS) != 250:
            await self._decline(Stage.EHLO_TLS, heard)
            return False
        return True

    async def _handshake(self, *, behind_starttls: bool) -> None:
        elapsed = await self.talk.start_tls(self.server_name, behind_starttls=behind_starttls)
        self.seconds["handshake_s"] = elapsed
        tls = self.talk.tls
        if tls is None:
            raise RuntimeError("no TLS after the handshake")
        self.result.handshake_completed = True
        self.result.version = tls.version
        self.run.emit(
            Handshake(
                version=tls.version,
                suite=tls.suite,
                server_name=self.server_name,
                offered_versions=tls.offered_versions,
                elapsed_s=elapsed,
                server_hello=tls.scanner.server_hello[:4096],
                key_proof=key_proof(tls.events),
            )
        )
        scouted = self.result.scouted = tls.scouted()
        network = self.talk.peer.network
        leaf = emit_chain(
            self.run,
            tls.certificates(),
            tls.version,
            self.server_name,
            network,
            openssl=self.settings.depth is not Depth.GRADE,
        )
        if leaf is not None:
            self.result.leaf_curve = leaf.curve
            self.result.key_type = leaf.key_type
            self.result.leaf_sha256 = leaf.sha256
            self.result.dns_names = leaf.dns_names
            place = {"server_name": self.server_name, "certificate_type": leaf.key_type or "unknown"}
            staple = StapledResponse(offered=True, shown_at=network.clock.now(), octets=scouted.status)
            self.run.emit(staple, **place)
            self.run.emit(Timestamps(offered=True, octets=scouted.timestamps), **place)

    async def _ehlo(self, stage: Stage) -> tuple[Heard, dict[str, Any]]:
        """EHLO, and HELO where EHLO is rejected with 5xx (RFC 5321 §3.2), as far as that is answered."""
        name = self.result.own_name = self.talk.own_name(self.settings.ehlo_name)
        heard = await self.talk.command(smtp_command.ehlo(name), stage)
        command, rejected = "EHLO", None
        code = heard.reply.code or 0
        if heard.broken is None and 500 <= code <= 599 and code != 521:
            try:
                second = await self.talk.command(smtp_command.helo(name), stage)
            except NetError as error:
                heard.broken = error
            else:
                command, rejected, heard = "HELO", heard.reply, second
        host_name, keywords = parse_ehlo(heard.reply)
        return heard, {
            "command": command,
            "reply": heard.reply,
            "host_name": host_name,
            "keywords": keywords if command == "EHLO" and heard.reply.code == 250 else (),
            "rejected": rejected,
            "extra": heard.extra,
            "elapsed_s": heard.elapsed_s,
        }

    async def _decline(self, stage: Stage, heard: Heard) -> None:
        """The reply leaves nothing more to ask: say goodbye and end there."""
        ended = declined(stage, heard.reply.code, heard.reply.text)
        self.run.ended = ended
        if heard.reply.code != 421:  # the server closes by itself then (RFC 5321 §3.8)
            await self._quit(ended)
        else:
            self.talk.peer.back_off()
            await self.talk.close()

    async def _quit(self, ended: Ended) -> None:
        """QUIT; a server that does not answer it changes nothing of how the conversation ended."""
        try:
            heard = await self.talk.command(smtp_command.quit_(), Stage.QUIT, QUIT_LIMIT_S)
        except NetError as error:
            self.run.emit(QuitAnswer(reply=None, elapsed_s=error.elapsed_s))
        else:
            self.seconds["quit_s"] = heard.elapsed_s
            self.run.emit(QuitAnswer(reply=heard.reply, elapsed_s=heard.elapsed_s))
        self.run.ended = ended
        await self.talk.close()

    def timing(self) -> Timing:
        """Seconds of each stage that was reached, and what sealing cost beside a bare round trip."""
        parts = [self.seconds.get(name) for name in ("starttls_s", "handshake_s", "ehlo_tls_s")]
        extra: float | None = None
        trips: float | None = None
        if not self.implicit and all(part is not None for part in parts):
            extra = sum(part for part in parts if part is not None)
            connect = self.seconds["connect_s"]
            trips = extra / connect if connect >= _MEASURABLE_ROUND_TRIP_S else None
        return Timing(**self.seconds, starttls_extra_s=extra, round_trips_extra=trips)
