"""Asks how a server answers the envelope of a message that is never sent: MAIL and RCPT, then RSET and QUIT.

Only where the user wants it (`ProbeSettings.envelope`). It shows greylisting, rate limits, and whether mail
is turned down where the sender uses no TLS (RFC 3207 §4 forbids that of a public server). DATA is never said,
so nothing can be delivered.
"""

from waxseal.facts import EnvelopeAnswers, Reply, Stage, Subject, TlsMode
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.probes.recorder import Recorder, attempt, completed, declined
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.smtp_conversation import SmtpConversation
from waxseal.wire import smtp_command

PROBE = "smtp.envelope"
QUIT_LIMIT_S = 5.0


async def try_envelope(
    peer: Peer,
    recorder: Recorder,
    subjects: tuple[Subject, ...],
    settings: ProbeSettings,
    mode: TlsMode,
    server_name: str,
    recipient: str,
) -> None:
    """Hold one conversation and record the replies (`smtp.envelope/1`), whatever comes of it.

    Args:
        peer: The address and port, with what is left of its limits.
        recorder: Where the facts go.
        subjects: Port subjects.
        settings: The name for EHLO.
        mode: With implicit TLS there is no clear part.
        server_name: SNI.
        recipient: For RCPT, such as ``postmaster@example.org``, which every domain that takes mail has (RFC
            5321 §4.5.1); "" to leave RCPT out.
    """
    async with attempt(recorder, subjects, PROBE, peer.network.clock) as run:
        talk = SmtpConversation(peer, run)
        asked = _Envelope(talk, recipient)
        try:
            await talk.connect()
            if mode is TlsMode.IMPLICIT:
                await talk.start_tls(server_name, behind_starttls=False)
            code = (await talk.greeting()).go_on(Stage.GREETING)
            if code != 220:
                run.ended = declined(Stage.GREETING, code)
                return
            hello = smtp_command.ehlo(talk.own_name(settings.ehlo_name))
            await asked.say(hello, Stage.EHLO)
            if mode is TlsMode.STARTTLS:
                asked.clear_mail = await asked.say(smtp_command.mail_from(""))
                await asked.say(smtp_command.rset())
                answer = await asked.say(smtp_command.starttls(), Stage.STARTTLS)
                if answer.code != 220:
                    run.ended = declined(Stage.STARTTLS, answer.code)
                    return
                await talk.start_tls(server_name, behind_starttls=True)
                await asked.say(hello, Stage.EHLO_TLS)
            await asked.under_tls()
            run.ended = completed(Stage.QUIT)
            await talk.command(smtp_command.quit_(), Stage.QUIT, QUIT_LIMIT_S)
        except NetError as error:
            if error.phase is not Stage.QUIT:
                raise
        finally:
            run.emit(asked.answers())
            run.emit(talk.transcript())


class _Envelope:
    """The replies of one conversation."""

    def __init__(self, talk: SmtpConversation, recipient: str) -> None:
        self.talk = talk
        self.recipient = recipient
        self.clear_mail: Reply | None = None
        self.tls_mail: Reply | None = None
        self.tls_recipient: Reply | None = None

    async def say(self, line: bytes, stage: Stage = Stage.ENVELOPE) -> Reply:
        """Send a command and give its reply.

        Raises:
            NetError: The dialogue cannot go on.
        """
        heard = await self.talk.command(line, stage)
        heard.go_on(stage)
        return heard.reply

    async def under_tls(self) -> None:
        """MAIL, RCPT where MAIL was taken, and RSET."""
        self.tls_mail = await self.say(smtp_command.mail_from(""))
        if self.tls_mail.code == 250 and self.recipient:
            self.tls_recipient = await self.say(smtp_command.rcpt_to(self.recipient))
        await self.say(smtp_command.rset())

    def answers(self) -> EnvelopeAnswers:
        """What was heard so far."""
        return EnvelopeAnswers(
            recipient=self.recipient,
            clear_mail=self.clear_mail,
            tls_mail=self.tls_mail,
            tls_recipient=self.tls_recipient,
        )
