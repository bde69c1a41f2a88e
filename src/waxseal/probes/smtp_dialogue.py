"""The main conversation with an SMTP or LMTP endpoint: greeting, EHLO, STARTTLS, handshake, EHLO again, QUIT.

Facts are emitted as they are seen, so whatever the server does, what came before it is kept. On an endpoint
with implicit TLS (RFC 8314 §3) the handshake comes first and there is one EHLO. LMTP has LHLO in the place of
EHLO, and no HELO (RFC 2033 §4.1).
"""

from typing import Any

from waxseal.facts import (
    EhloClear,
    EhloTls,
    Ended,
    Greeting,
    MailProtocol,
    QuitAnswer,
    Stage,
    StarttlsAnswer,
    Subject,
    TlsMode,
)
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.probes.dialogue import QUIT_LIMIT_S, Dialogue, DialogueResult, hold_dialogue
from waxseal.probes.recorder import Recorder, Run, completed, declined
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.smtp_conversation import Heard, SmtpConversation
from waxseal.wire import smtp_command
from waxseal.wire.smtp_ehlo import greeting_host_name, parse_ehlo


async def smtp_dialogue(
    peer: Peer,
    recorder: Recorder,
    subjects: tuple[Subject, ...],
    settings: ProbeSettings,
    mode: TlsMode,
    server_name: str,
    protocol: MailProtocol = MailProtocol.SMTP,
) -> DialogueResult:
    """Hold the conversation in SMTP or LMTP and record it for every subject.

    Never raises for what the peer does.
    """
    lmtp = protocol is MailProtocol.LMTP
    return await hold_dialogue(
        peer,
        recorder,
        subjects,
        lambda run, result: SmtpDialogue(
            SmtpConversation(peer, run), run, settings, mode, server_name, result, lmtp=lmtp
        ),
    )


class SmtpDialogue(Dialogue[SmtpConversation]):
    """SMTP, and LMTP."""

    def __init__(
        self,
        talk: SmtpConversation,
        run: Run,
        settings: ProbeSettings,
        mode: TlsMode,
        server_name: str,
        result: DialogueResult,
        *,
        lmtp: bool = False,
    ) -> None:
        super().__init__(talk, run, settings, mode, server_name, result)
        self.lmtp = lmtp

    async def converse(self) -> None:
        """See `Dialogue.converse`."""
        if not await self._greet():
            return
        offered = await self._ehlo_clear()
        if offered is None:
            return
        if offered and not self.implicit and not await self._seal():
            return
        await self._quit(completed(Stage.QUIT))

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
        await self.shake_hands(behind_starttls=True)
        heard, answer = await self._ehlo(Stage.EHLO_TLS)
        self.seconds["ehlo_tls_s"] = heard.elapsed_s
        self.run.emit(EhloTls(**answer))
        if heard.go_on(Stage.EHLO_TLS) != 250:
            await self._decline(Stage.EHLO_TLS, heard)
            return False
        return True

    async def _ehlo(self, stage: Stage) -> tuple[Heard, dict[str, Any]]:
        """EHLO, and HELO where EHLO is rejected with 5xx (RFC 5321 §3.2), as far as that is answered."""
        name = self.result.own_name = self.talk.own_name(self.settings.ehlo_name)
        command, rejected = ("LHLO" if self.lmtp else "EHLO"), None
        hello = smtp_command.lhlo(name) if self.lmtp else smtp_command.ehlo(name)
        heard = await self.talk.command(hello, stage)
        code = heard.reply.code or 0
        if heard.broken is None and 500 <= code <= 599 and code != 521 and not self.lmtp:
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
            "keywords": keywords if command != "HELO" and heard.reply.code == 250 else (),
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
