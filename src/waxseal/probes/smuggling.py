"""Sends messages with a doubtful end of data in their middle to an address of the user's own.

Only where the user names one (`ProbeSettings.own_recipient`). One connection for each variant of
``wire.data_endings``, a message without one first; what tells is how many replies come (RFC 5321 §4.2: one
for each command, and one for the message). Where the doubtful end was an end, the NOOP behind it was
executed, and so was the rest.

The envelope's sender is the null reverse-path: nothing can bounce, and no domain's SPF record speaks of it.
"""

import contextlib
import secrets
from email.utils import format_datetime

from waxseal.facts import Cause, Ended, SmugglingTrial, SmugglingTrials, Stage, Subject, Transcript
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.probes.exchange import Exchange
from waxseal.probes.mail_session import (
    SHUTTING_DOWN,
    ask,
    hung_up,
    joined,
    own_host,
    own_mailbox,
    ready,
    reply_of,
)
from waxseal.probes.recorder import Recorder, Run, attempt, completed, declined
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.way import Way
from waxseal.wire import smtp_command
from waxseal.wire.data_endings import CONTROL, EXPECTED_REPLIES, VARIANTS, DataEnding, Letter, message

PROBE = "smtp.smuggling"
MESSAGE_LIMIT_S = 30.0
"""How long the reply to a message is waited for."""
FAREWELL_LIMIT_S = 5.0
"""How long anything more is waited for behind QUIT."""


async def try_smuggling(
    peer: Peer, recorder: Recorder, subjects: tuple[Subject, ...], settings: ProbeSettings, way: Way
) -> None:
    """Send the messages and record the replies (`smtp.smuggling/1`), whatever comes of it.

    Args:
        peer: The address and port, with what is left of its limits.
        recorder: Where the facts go.
        subjects: Port subjects.
        settings: The name for EHLO, and the recipient.
        way: SMTP.
    """
    async with attempt(recorder, subjects, PROBE, peer.network.clock) as run:
        trials: list[SmugglingTrial] = []
        talks: list[tuple[float, Transcript]] = []
        clock = peer.network.clock
        began = clock.monotonic()
        try:
            for ending in (None, *VARIANTS):
                sent = _Message(peer, run, settings, way, ending)
                begin_s = clock.monotonic() - began
                trial = await sent.send()
                talks.append((begin_s, sent.exchange.transcript()))
                trials.append(trial)
                if trial.ended.cause is not Cause.COMPLETED:
                    run.ended = trial.ended
                if not _go_on(trial):
                    break
        finally:
            run.emit(joined(PROBE, talks))
            if trials:
                run.emit(SmugglingTrials(recipient=settings.own_recipient, trials=tuple(trials)))


def _go_on(trial: SmugglingTrial) -> bool:
    """Whether a further message makes sense: the control was taken, the server can be reached, and no 421."""
    if trial.variant == CONTROL:
        return len(trial.replies) > 1 and trial.replies[1].code == 250
    shut = trial.ended.cause is Cause.DECLINED and trial.ended.code == SHUTTING_DOWN
    return not shut and trial.ended.cause not in (Cause.BUDGET_SPENT, Cause.NOT_ALLOWED)


class _Message:
    """One connection with one message."""

    def __init__(
        self, peer: Peer, run: Run, settings: ProbeSettings, way: Way, ending: DataEnding | None
    ) -> None:
        self.peer = peer
        self.run = run
        self.settings = settings
        self.exchange = Exchange(peer, run, way, settings)
        self.ending = ending

    async def send(self) -> SmugglingTrial:
        """Hold the conversation; never raises for what network or peer do."""
        exchange = self.exchange
        begin: int | None = None
        ended = completed(Stage.QUIT)
        try:
            if not await ready(exchange, self.run):
                ended = self.run.ended
            elif (refusal := await self._to_data()) is not None:
                ended = refusal
            else:
                begin = len(exchange.answers) - 1
                await self._through()
        except NetError as error:
            ended = error.ended()
        with contextlib.suppress(NetError):
            await exchange.close()
        replies = () if begin is None else tuple(reply_of(answer) for answer in exchange.answers[begin:])
        return SmugglingTrial(
            variant=CONTROL if self.ending is None else self.ending.variant,
            octets=b"" if self.ending is None else self.ending.octets,
            expected=EXPECTED_REPLIES,
            ended=ended,
            replies=replies,
        )

    async def _to_data(self) -> Ended | None:
        """MAIL, RCPT and DATA; give the end where one of them is turned down, else None."""
        steps = (
            (smtp_command.mail_from(""), 250),
            (smtp_command.rcpt_to(self.settings.own_recipient), 250),
            (smtp_command.data(), 354),
        )
        for command, wanted in steps:
            reply = await ask(self.exchange, command)
            if reply.code != wanted:
                if reply.code != SHUTTING_DOWN:
                    await self.exchange.leave()
                return declined(Stage.ENVELOPE, reply.code, reply.text)
        return None

    async def _through(self) -> None:
        """The message up to its true end, the reply to it, QUIT, and whatever comes.

        Raises:
            NetError: There was no reply to the message.
        """
        exchange = self.exchange
        text = message(self._letter(), self.ending)
        await exchange.write(text + b"\r\n" + exchange.prepare(b"."))
        await exchange.hear(MESSAGE_LIMIT_S)
        try:
            await exchange.write(exchange.prepare(exchange.farewell_command))
            await exchange.collect(FAREWELL_LIMIT_S)
        except NetError as error:
            if not hung_up(error):
                raise

    def _letter(self) -> Letter:
        local = self.run.streams[-1].local_address
        return Letter(
            sender=own_mailbox(self.settings.ehlo_name, local),
            recipient=self.settings.own_recipient,
            date=format_datetime(self.peer.network.clock.now()),
            nonce=secrets.token_hex(8),
            host=own_host(self.settings.ehlo_name, local),
        )
