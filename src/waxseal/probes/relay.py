"""Asks an SMTP server to carry mail to somebody else's domain: MAIL, RCPT and RSET, and never DATA.

Only where the user wants it (`ProbeSettings.relay`). Recipients are reserved names (``wire.relay_forms``), so
that nobody's mailbox is named. Two connections, under TLS where that is offered, because servers count
refusals.
"""

import secrets

from msgspec import structs

from waxseal.facts import RelayTrial, RelayTrials, Reply, Stage, Subject, Transcript
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.probes.exchange import Exchange
from waxseal.probes.mail_session import SHUTTING_DOWN, ask, hung_up, joined, own_mailbox, ready
from waxseal.probes.recorder import Recorder, Run, attempt, completed, declined
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.way import Way
from waxseal.wire import smtp_command
from waxseal.wire.relay_forms import PER_CONNECTION, Names, RelayForm, relay_forms

PROBE = "smtp.relay"
MOST_CONNECTIONS = 2


async def try_relay(
    peer: Peer, recorder: Recorder, subjects: tuple[Subject, ...], settings: ProbeSettings, way: Way
) -> None:
    """Try every form and record the replies (`smtp.relay/1`), whatever comes of it.

    Args:
        peer: The address and port, with what is left of its limits.
        recorder: Where the facts go.
        subjects: Port subjects.
        settings: The name for EHLO.
        way: SMTP; its domain's postmaster is the control.
    """
    async with attempt(recorder, subjects, PROBE, peer.network.clock) as run:
        asked = _Relay(peer, run, settings, way)
        try:
            await asked.run_through()
        finally:
            run.emit(joined(PROBE, asked.talks))
            if asked.control is not None or asked.trials:
                run.emit(RelayTrials(control=asked.control, trials=tuple(asked.trials)))


class _Relay:
    """The trials, over two connections."""

    def __init__(self, peer: Peer, run: Run, settings: ProbeSettings, way: Way) -> None:
        self.peer = peer
        self.run = run
        self.settings = settings
        self.way = way
        self.user = f"waxseal-{secrets.token_hex(6)}"
        self.control: Reply | None = None
        self.trials: list[RelayTrial] = []
        self.told_to_leave = False
        self.out_of_step = False
        self.talks: list[tuple[float, Transcript]] = []
        self._controlled = False

    async def run_through(self) -> None:
        """Try the forms over the connections, as far as the server goes along; stop at 421 (RFC 5321 §3.8).

        Raises:
            NetError: The dialogue cannot go on.
        """
        clock = self.peer.network.clock
        began = clock.monotonic()
        for number in range(MOST_CONNECTIONS):
            begin_s = clock.monotonic() - began
            done = len(self.trials)
            exchange = Exchange(self.peer, self.run, self.way, self.settings)
            last = number + 1 == MOST_CONNECTIONS
            try:
                if not await ready(exchange, self.run):
                    return
                await self._ask(exchange, None if last else PER_CONNECTION)
                await exchange.leave()
            except NetError as error:
                if last or self.told_to_leave or not self._controlled or not hung_up(error):
                    raise
            finally:
                if not exchange.in_step:
                    self._forget(done)
                self.talks.append((begin_s, exchange.transcript()))
            if self.told_to_leave:
                break
        self.run.ended = completed(Stage.QUIT)
        if self.out_of_step:
            self.run.ended = declined(Stage.QUIT, None, "more answers came than commands went")

    async def _ask(self, exchange: Exchange, most: int | None) -> None:
        """The control, where it was not asked for yet, and the next forms; None for all that are left."""
        if not self._controlled:
            self._controlled = True
            domain = self.way.domain
            recipient = f"postmaster@{domain}" if domain is not None else "Postmaster"
            mail = await self._say(exchange, smtp_command.mail_from(""))
            if mail.code == 250:
                self.control = await self._say(exchange, smtp_command.rcpt_to(recipient))
            await self._say(exchange, smtp_command.rset())
        for form in self._forms()[len(self.trials) :][:most]:
            if self.told_to_leave:
                return
            await self._try(exchange, form)

    async def _try(self, exchange: Exchange, form: RelayForm) -> None:
        mail = rcpt = None
        try:
            mail = await self._say(exchange, smtp_command.mail_from(form.sender))
            if mail.code == 250:
                rcpt = await self._say(exchange, smtp_command.rcpt_to(form.recipient))
        finally:
            self.trials.append(RelayTrial(form.name, form.sender, form.recipient, mail, rcpt))
        if not self.told_to_leave:
            await self._say(exchange, smtp_command.rset())

    def _forget(self, done: int) -> None:
        """Keep no reply of a connection on which the server said more than it was asked, so none is proof."""
        self.out_of_step = True
        if not done:
            self.control = None
        self.trials[done:] = [structs.replace(t, mail=None, rcpt=None) for t in self.trials[done:]]

    async def _say(self, exchange: Exchange, command: bytes) -> Reply:
        reply = await ask(exchange, command)
        self.told_to_leave = self.told_to_leave or reply.code == SHUTTING_DOWN
        return reply

    def _forms(self) -> tuple[RelayForm, ...]:
        local = self.run.streams[0].local_address
        try:
            literal = smtp_command.address_literal(self.peer.address)
        except ValueError:
            literal = ""
        own = self.way.domain or self.way.server_name or literal or "localhost"
        sender = own_mailbox(self.settings.ehlo_name, local)
        return relay_forms(Names(self.user, own, literal, sender))
