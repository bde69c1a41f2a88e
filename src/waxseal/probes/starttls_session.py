"""Asks what a server keeps and forgets over STARTTLS, and what it makes of STARTTLS where it does not belong.

Two connections as a rule, one in IMAP and ManageSieve, one more for each answer that ends a conversation. The
server has to forget what was said in clear (RFC 3207 §4.2, RFC 2595 §4, RFC 9051 §6.2.1, RFC 5804 §2.2). No
message is sent: recipients are in a reserved domain (RFC 2606 §2), DATA is never said. Logins, ANONYMOUS and
one of a made-up user, are tried only where the user wants it (`ProbeSettings.active_auth`).
"""

import base64

from waxseal.facts import Answer, Cause, MailProtocol, Stage, StarttlsSession, Subject
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.probes.exchange import GO_AHEAD, Exchange, joined
from waxseal.probes.injection import random_word, refusal, welcome
from waxseal.probes.recorder import Recorder, Run, attempt, completed, declined
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.way import Way
from waxseal.wire import smtp_command

PROBE = "starttls.session"
PARAMETER = b"WAXSEAL"
_MAIL = smtp_command.mail_from("")[:-2]
_TRACE = base64.b64encode(b"waxseal")
"""What AUTH ANONYMOUS says of us (RFC 4505 §2)."""


async def try_session(
    peer: Peer, recorder: Recorder, subjects: tuple[Subject, ...], settings: ProbeSettings, way: Way
) -> None:
    """Hold the conversations and record the answers (`starttls.session/1`), as far as they came.

    Args:
        peer: The address and port, with what is left of its limits.
        recorder: Where the facts go.
        subjects: Port subjects.
        settings: The name for EHLO.
        way: How the server is spoken to; TLS begins with STARTTLS.
    """
    async with attempt(recorder, subjects, PROBE, peer.network.clock) as run:
        asked = _Session(peer, run, settings, way)
        try:
            await asked.hold()
        finally:
            if asked.heard or asked.greeted:
                run.emit(StarttlsSession(**asked.heard))
            if asked.exchanges:
                run.emit(joined(PROBE, asked.exchanges))


class _GaveUp(Exception):  # noqa: N818  # leaves one conversation; no error
    """The server would not go on; how the attempt ended is recorded."""


class _Session:
    """The answers of all connections.

    Attributes:
        heard: By the names of `StarttlsSession`.
        greeted: Whether any conversation got as far as the hello.
    """

    def __init__(self, peer: Peer, run: Run, settings: ProbeSettings, way: Way) -> None:
        self.run = run
        self.heard: dict[str, Answer] = {}
        self.greeted = False
        self.exchanges: list[Exchange] = []
        self._anonymous = False
        self._judged = 0
        self._nonce = random_word()
        self._peer = peer
        self._settings = settings
        self._way = way

    async def hold(self) -> None:
        """Every conversation that the protocol asks for; one that breaks off does not end the others."""
        mail = (self._before_hello, self._without_hello, self._over_tls, self._login)
        talks = {
            MailProtocol.SMTP: mail,
            MailProtocol.LMTP: mail,
            MailProtocol.POP3: (self._user, self._plain),
        }.get(self._way.protocol, (self._plain,))
        ended = completed(Stage.QUIT)
        for talk in talks:
            if talk in (self._without_hello, self._login) and not self._worthwhile(talk):
                continue
            before = dict(self.heard)
            exchange = self._exchange()
            try:
                await talk(exchange)
            except _GaveUp:
                return
            except NetError as error:
                ended = error.ended()
                if error.cause is Cause.BUDGET_SPENT or error.phase in (Stage.CONNECT, Stage.GREETING):
                    break
            finally:
                if not await self._leave():
                    self.heard = before
                    ended = self.run.ended = declined(
                        Stage.QUIT, None, "more answers came than commands went"
                    )
        self.run.ended = ended

    async def _leave(self) -> bool:
        """Say goodbye on every connection; False where the answers on one were out of step with commands."""
        for held in self.exchanges:
            await held.leave()
        in_step = all(held.in_step for held in self.exchanges[self._judged :])
        self._judged = len(self.exchanges)
        return in_step

    def _worthwhile(self, talk: object) -> bool:
        """Whether the answers so far ask for it."""
        if talk == self._login:
            return self._anonymous and self._settings.active_auth
        fresh, unheralded = self.heard.get("fresh_mail"), self.heard.get("unheralded")
        return (
            fresh is not None
            and fresh.status != "250"
            and unheralded is not None
            and unheralded.status == "250"
        )

    async def _before_hello(self, exchange: Exchange) -> None:
        """SMTP and LMTP: MAIL before EHLO in clear and under TLS, and STARTTLS with a parameter."""
        await self._greeting(exchange)
        self.heard["fresh_mail"] = await exchange.say(_MAIL)
        if self.heard["fresh_mail"].status == "250":
            await exchange.say(smtp_command.rset()[:-2])
        if not await self._hello(exchange):
            return
        exchange = await self._parameter(exchange)
        await self._seal(exchange)
        self.heard["unheralded"] = await exchange.say(_MAIL)
        await exchange.say(smtp_command.rset()[:-2])

    async def _without_hello(self, exchange: Exchange) -> None:
        """SMTP and LMTP: MAIL under TLS where EHLO was said nowhere, if STARTTLS is taken then."""
        await self._greeting(exchange)
        if (await exchange.say(exchange.starttls_command)).status in GO_AHEAD:
            await _cross(exchange)
            self.heard["fresh_mail"] = await exchange.say(_MAIL)

    async def _over_tls(self, exchange: Exchange) -> None:
        """SMTP and LMTP: MAIL in clear, RCPT under TLS before EHLO, which would end a message that was begun
        (RFC 5321 §4.1.4); then STARTTLS inside TLS.
        """
        await self._greeting(exchange)
        if not await self._hello(exchange):
            return
        await self._clear_mail(exchange)
        kept = self.heard["clear_mail"].status == "250"
        if kept and not await self._seal_within(exchange):
            kept = False
            await exchange.say(smtp_command.rset()[:-2])
        if not exchange.in_tls:
            await self._seal(exchange)
        if kept:
            recipient = smtp_command.rcpt_to(f"{self._nonce}@example.invalid")[:-2]
            self.heard["kept_mail"] = await exchange.say(recipient)
            await exchange.say(smtp_command.rset()[:-2])
            self.heard["fresh_recipient"] = await exchange.say(recipient)
            await exchange.say(smtp_command.rset()[:-2])
        if welcome(await exchange.hello()):
            await self._again(exchange)

    async def _login(self, exchange: Exchange) -> None:
        """SMTP and LMTP: a login by AUTH ANONYMOUS in clear and another under TLS, where it is offered."""
        await self._greeting(exchange)
        if not await self._hello(exchange):
            return
        command = b"AUTH ANONYMOUS " + _TRACE
        self.heard["auth_in_clear"] = await exchange.say(command)
        if self.heard["auth_in_clear"].status != "235":
            return
        await self._seal(exchange)
        # Exim says 503 too, to a mechanism that it does not offer.
        if welcome(await exchange.hello()) and "ANONYMOUS" in exchange.mechanisms:
            self.heard["kept_auth"] = await exchange.say(command)

    async def _user(self, exchange: Exchange) -> None:
        """POP3: USER in clear; and PASS under TLS, a login that fails, where the user wants logins tried."""
        await self._greeting(exchange)
        if not await self._hello(exchange):
            return
        self.heard["clear_user"] = await exchange.say(b"USER " + self._nonce.encode())
        if not self._settings.active_auth:
            return
        if self.heard["clear_user"].status == "+OK" and await self._seal_within(exchange):
            self.heard["kept_user"] = await self._password(exchange)

    async def _plain(self, exchange: Exchange) -> None:
        """STARTTLS with a parameter, then inside TLS; in POP3, PASS without USER."""
        await self._greeting(exchange)
        if not await self._hello(exchange):
            return
        exchange = await self._parameter(exchange)
        await self._seal(exchange)
        if "kept_user" in self.heard:
            self.heard["fresh_user"] = await self._password(exchange)
        await self._again(exchange)

    async def _greeting(self, exchange: Exchange) -> None:
        answer = await exchange.open()
        if not welcome(answer):
            self.run.ended = declined(Stage.GREETING, *refusal(answer))
            raise _GaveUp

    async def _hello(self, exchange: Exchange) -> bool:
        """Whether STARTTLS is offered; where it is not, MAIL in clear is asked and nothing else."""
        answer = await exchange.hello()
        if not welcome(answer):
            self.run.ended = declined(Stage.EHLO, *refusal(answer))
            raise _GaveUp
        self.greeted = True
        self._anonymous = self._anonymous or "ANONYMOUS" in exchange.mechanisms
        if exchange.starttls_command.decode() in {keyword.name for keyword in exchange.keywords}:
            return True
        await self._clear_mail(exchange)
        self.run.ended = declined(Stage.EHLO, refusal(answer)[0], "STARTTLS not offered")
        raise _GaveUp

    async def _clear_mail(self, exchange: Exchange) -> None:
        if self._way.protocol in (MailProtocol.SMTP, MailProtocol.LMTP):
            self.heard["clear_mail"] = await exchange.say(_MAIL)

    async def _parameter(self, exchange: Exchange) -> Exchange:
        """STARTTLS with a parameter; the connection to go on with, a new one where it was taken."""
        answer = await exchange.say(exchange.starttls_command + b" " + PARAMETER)
        self.heard["parameter"] = answer
        if answer.status not in GO_AHEAD:
            # Cyrus takes the parameter for one more command, so that answers would be taken for others.
            await exchange.collect(exchange.quiet_s)
            exchange.surplus = 0
            if not exchange.closed and not answer.status.startswith("4"):
                return exchange
        await exchange.close()
        fresh = self._exchange()
        await self._greeting(fresh)
        await self._hello(fresh)
        return fresh

    async def _seal(self, exchange: Exchange) -> None:
        """STARTTLS and the handshake; where it is turned down, whether the server goes on in clear.

        Raises:
            NetError: The handshake failed, or the server broke off.
        """
        answer = await exchange.say(exchange.starttls_command)
        if answer.status in GO_AHEAD:
            await _cross(exchange)
            return
        self.run.ended = declined(Stage.STARTTLS, *refusal(answer))
        try:
            self.heard["recovery_hello"] = await exchange.hello()
            self.heard["recovery_starttls"] = again = await exchange.say(exchange.starttls_command)
            if again.status in GO_AHEAD:  # TLS is due now, so nothing may be said
                await exchange.close()
            elif "clear_mail" not in self.heard:
                await self._clear_mail(exchange)
        except NetError as error:
            if error.cause is Cause.BUDGET_SPENT:  # then silence says nothing
                raise
        self.heard["turned_down"] = answer
        raise _GaveUp

    async def _seal_within(self, exchange: Exchange) -> bool:
        """STARTTLS behind MAIL or USER, where some servers do not take it, and the handshake.

        Raises:
            NetError: As in `_seal`.
        """
        answer = await exchange.say(exchange.starttls_command)
        if answer.status in GO_AHEAD:
            await _cross(exchange)
            return True
        self.heard["refused_within"] = answer
        return False

    async def _password(self, exchange: Exchange) -> Answer:
        return await exchange.say(b"PASS " + self._nonce.encode(), secret=True)

    async def _again(self, exchange: Exchange) -> None:
        """STARTTLS inside TLS; where it is taken, a handshake would be due, so the connection ends there."""
        self.heard["again"] = await exchange.say(exchange.starttls_command)
        if self.heard["again"].status in GO_AHEAD:
            await exchange.close()

    def _exchange(self) -> Exchange:
        exchange = Exchange(self._peer, self.run, self._way, self._settings)
        self.exchanges.append(exchange)
        return exchange


async def _cross(exchange: Exchange) -> None:
    """The handshake; and what the server says behind it unasked, which some do, is taken in.

    Raises:
        NetError: The handshake failed.
    """
    await exchange.start_tls()
    await exchange.collect(exchange.quiet_s)
    exchange.surplus = 0
