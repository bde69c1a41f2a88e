"""The main conversation with an IMAP, POP3 or ManageSieve endpoint, in the stages of that with SMTP.

Greeting, capabilities, STARTTLS (STLS in POP3), handshake, capabilities again, LOGOUT (QUIT in POP3), as RFC
9051 §6.2.1, RFC 2595 §4 and RFC 5804 §2.2 have it. Facts are emitted as they are seen. On an endpoint with
implicit TLS (RFC 8314 §3) the handshake comes first, and the capabilities once.
"""

from waxseal.facts import (
    AccessGreeting,
    AccessLogout,
    AccessStarttls,
    Capabilities,
    CapabilitiesClear,
    CapabilitiesTls,
    Cause,
    Ended,
    MailProtocol,
    Stage,
    Subject,
    TlsMode,
)
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.probes.access_conversation import AccessConversation, HeardResponse
from waxseal.probes.dialogue import QUIT_LIMIT_S, Dialogue, DialogueResult, hold_dialogue
from waxseal.probes.recorder import Recorder, Run, completed, declined
from waxseal.probes.settings import ProbeSettings
from waxseal.wire import access_command
from waxseal.wire.access_capabilities import capabilities, lists_capabilities

UNASKED_LIMIT_S = 3.0
"""How long ManageSieve's capabilities behind TLS are waited for before they are asked for."""


async def access_dialogue(
    peer: Peer,
    recorder: Recorder,
    subjects: tuple[Subject, ...],
    settings: ProbeSettings,
    mode: TlsMode,
    server_name: str,
    protocol: MailProtocol,
) -> DialogueResult:
    """Hold the conversation in IMAP, POP3 or ManageSieve and record it for every subject.

    Never raises for what the peer does.
    """
    return await hold_dialogue(
        peer,
        recorder,
        subjects,
        lambda run, result: AccessDialogue(
            AccessConversation(peer, run, protocol), run, settings, mode, server_name, result, protocol
        ),
    )


class AccessDialogue(Dialogue[AccessConversation]):
    """IMAP, POP3 and ManageSieve."""

    def __init__(
        self,
        talk: AccessConversation,
        run: Run,
        settings: ProbeSettings,
        mode: TlsMode,
        server_name: str,
        result: DialogueResult,
        protocol: MailProtocol,
    ) -> None:
        super().__init__(talk, run, settings, mode, server_name, result)
        self.protocol = protocol

    async def converse(self) -> None:
        """See `Dialogue.converse`."""
        greeting = await self._greet()
        if greeting is None:
            return
        listed = await self._list(Stage.EHLO, greeting if self.protocol is MailProtocol.SIEVE else None)
        if listed is None:
            return
        offered = listed.keyword(access_command.starttls(self.protocol).decode("ascii")) is not None
        if offered and not self.implicit and not await self._seal():
            return
        await self._log_out(completed(Stage.QUIT))

    async def _greet(self) -> HeardResponse | None:
        """The greeting where it is one to go on from."""
        heard = await self.talk.greeting()
        self.seconds["greeting_s"] = heard.elapsed_s
        response = heard.response
        listed = lists_capabilities(self.protocol, response)
        self.run.emit(
            AccessGreeting(
                response=response,
                capabilities=capabilities(self.protocol, response) if listed else None,
                first_octet_s=heard.first_octet_s,
                elapsed_s=heard.elapsed_s,
                extra=heard.extra,
                in_tls=self.implicit,
            )
        )
        response = heard.go_on(Stage.GREETING)
        # PREAUTH has left the state in which STARTTLS is valid, so without TLS nothing is left to do but to
        # close (RFC 9051 §7.1.4).
        if response.good and (self.implicit or response.status != "PREAUTH"):
            return heard
        await self._decline(Stage.GREETING, heard)
        return None

    async def _list(self, stage: Stage, greeting: HeardResponse | None = None) -> Capabilities | None:
        """The capabilities, asked for or not; None where the server would not go on.

        Args:
            stage: EHLO for the first ones, EHLO_TLS for those behind STARTTLS.
            greeting: The greeting, where it is what lists them.
        """
        kind = CapabilitiesClear if stage is Stage.EHLO else CapabilitiesTls
        heard, asked = (greeting, False) if greeting is not None else await self._hear_list(stage)
        if asked or stage is Stage.EHLO_TLS:
            self.seconds["ehlo_s" if stage is Stage.EHLO else "ehlo_tls_s"] = heard.elapsed_s
        listed = kind(
            response=heard.response,
            keywords=capabilities(self.protocol, heard.response),
            asked=asked,
            extra=heard.extra,
            elapsed_s=heard.elapsed_s,
        )
        self.run.emit(listed)
        if heard.go_on(stage).good or self._knows_no_capabilities(heard):
            return listed
        await self._decline(stage, heard)
        return None

    async def _hear_list(self, stage: Stage) -> tuple[HeardResponse, bool]:
        """The response that lists capabilities, and whether it was asked for.

        ManageSieve has to list them by itself behind TLS (RFC 5804 §2.2); one that does not is asked.
        """
        if stage is Stage.EHLO_TLS and self.protocol is MailProtocol.SIEVE:
            try:
                return await self.talk.unasked(stage, UNASKED_LIMIT_S), False
            except NetError as error:
                if error.cause is not Cause.TIMED_OUT or not self.talk.peer.remaining_s:
                    raise
        command = access_command.capability(self.protocol)
        return await self.talk.command(command, stage, multiline=True), True

    def _knows_no_capabilities(self, heard: HeardResponse) -> bool:
        """Whether it is a POP3 server that does not know CAPA (RFC 2449 §5), which offers no STLS then.

        Who has STLS must have CAPA (RFC 2595 §4). A code SYS/... says that something else is wrong (RFC 3206
        §4).
        """
        code = heard.response.code.upper()
        return self.protocol is MailProtocol.POP3 and not code.startswith("SYS/")

    async def _seal(self) -> bool:
        """STARTTLS, the handshake, and the capabilities again."""
        command = access_command.starttls(self.protocol)
        heard = await self.talk.command(command, Stage.STARTTLS)
        self.seconds["starttls_s"] = heard.elapsed_s
        self.run.emit(
            AccessStarttls(
                command=command.decode("ascii"),
                response=heard.response,
                offered=True,
                extra=heard.extra,
                elapsed_s=heard.elapsed_s,
            )
        )
        if heard.go_on(Stage.STARTTLS).status not in ("OK", "+OK"):
            await self._decline(Stage.STARTTLS, heard)
            return False
        await self.shake_hands(behind_starttls=True)
        return await self._list(Stage.EHLO_TLS) is not None

    async def _decline(self, stage: Stage, heard: HeardResponse) -> None:
        """The response leaves nothing more to ask: say goodbye and end there."""
        ended = declined(stage, None, str(heard.response))
        self.run.ended = ended
        if heard.response.status != "BYE":  # the server closes by itself then (RFC 9051 §7.1.5)
            await self._log_out(ended)
        else:
            await self.talk.close()

    async def _log_out(self, ended: Ended) -> None:
        """LOGOUT; a server that does not answer it changes nothing of how the conversation ended."""
        command = access_command.logout(self.protocol)
        try:
            heard = await self.talk.command(command, Stage.QUIT, QUIT_LIMIT_S)
        except NetError as error:
            self.run.emit(AccessLogout(response=None, elapsed_s=error.elapsed_s))
        else:
            self.seconds["quit_s"] = heard.elapsed_s
            self.run.emit(AccessLogout(response=heard.response, elapsed_s=heard.elapsed_s))
        self.run.ended = ended
        await self.talk.close()
