"""Tries to log in with a user and a password made up for this run, in clear and under TLS.

Only where the user wants it (`ProbeSettings.active_auth`), and sparing: at most `MAX_CONNECTIONS` connections
and `MAX_TRIALS` logins an endpoint, of which two in clear. Servers and the programs that watch their logs
(such as fail2ban, which bans after five failures by default) count failed logins by address, and RFC 4954 §9
has a server bear at least three of them on a connection.

Tried are the logins that send the password itself: PLAIN (RFC 4616), LOGIN, IMAP's LOGIN (RFC 9051 §6.2.3),
POP3's USER and PASS (RFC 1939 §7). In clear PLAIN and the protocol's own command are said even where the
server does not list them, or says that LOGIN is disabled: it has to turn them down. No initial response is
sent, so the server is seen to ask for the password. OAUTHBEARER and XOAUTH2 are left out, as a made-up token
may be passed on to a third party. What the answers mean is in ``checks/auth``.
"""

import secrets
from collections.abc import Sequence

from waxseal.facts import (
    Answer,
    AuthTrial,
    AuthTrials,
    Cause,
    MailProtocol,
    Stage,
    Subject,
    TlsMode,
    Transcript,
)
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.probes.exchange import GO_AHEAD, Exchange
from waxseal.probes.recorder import Recorder, Run, attempt, completed, declined
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.way import Way
from waxseal.wire import sasl
from waxseal.wire.access_command import authenticate, quoted

PROBE = "auth.trials"
MAX_CONNECTIONS = 2
"""One in clear and one under TLS."""
MAX_TRIALS = 4
MAX_TRIALS_EACH = MAX_TRIALS // MAX_CONNECTIONS
MAX_ANSWERS = 4
"""Answers heard in one login; a challenge that is the last of them ends the connection."""
RESERVED_DOMAIN = "example.org"
"""Stands in for the domain of the made-up user where none is known (RFC 2606 §3)."""

_MAIL = (MailProtocol.SMTP, MailProtocol.LMTP)
_GOOD = frozenset({"235", "OK", "+OK"})
_GO_ON = frozenset({"334", "+"})
_OWN_COMMAND = {MailProtocol.IMAP: "LOGIN", MailProtocol.POP3: "USER"}
"""What logs in without SASL, named as in `AuthTrial.mechanism`."""


class _LetInError(Exception):
    """The server let the made-up user in: nothing more is tried on this connection."""


async def try_auth(
    peer: Peer, recorder: Recorder, subjects: tuple[Subject, ...], settings: ProbeSettings, way: Way
) -> None:
    """Try the logins, and record the answers (`auth.trials/1`), whatever comes of it."""
    async with attempt(recorder, subjects, PROBE, peer.network.clock) as run:
        made_up = _MadeUp(peer, run, settings, way)
        try:
            if way.mode is TlsMode.STARTTLS:
                await made_up.converse(in_tls=False)
            if way.mode is TlsMode.IMPLICIT or made_up.tls_offered:
                await made_up.converse(in_tls=True)
        finally:
            if made_up.trials:
                run.emit(AuthTrials(user=made_up.user, trials=tuple(made_up.trials)))
            for transcript in made_up.transcripts:
                run.emit(transcript)


class _MadeUp:
    """The logins of one endpoint."""

    def __init__(self, peer: Peer, run: Run, settings: ProbeSettings, way: Way) -> None:
        self.user = f"waxseal-{secrets.token_hex(8)}@{way.domain or RESERVED_DOMAIN}"
        self.trials: list[AuthTrial] = []
        self.transcripts: list[Transcript] = []
        self.tls_offered = False
        self._password = secrets.token_urlsafe(18)
        self._peer = peer
        self._run = run
        self._settings = settings
        self._way = way

    async def converse(self, *, in_tls: bool) -> None:
        """One connection with its logins.

        Raises:
            NetError: It broke off before a login could be tried.
        """
        talk = Exchange(self._peer, self._run, self._way, self._settings)
        tried = len(self.trials)
        try:
            if not await self._ready(talk, in_tls=in_tls):
                return
            for mechanism in self._mechanisms(talk, in_tls=in_tls):
                await self._try(talk, mechanism)
            self._run.ended = completed(Stage.ENVELOPE)
            await talk.leave()
        except _LetInError:
            self._run.ended = completed(Stage.ENVELOPE)
            await talk.leave()
        except NetError:
            if len(self.trials) == tried:
                raise
            # the trial itself says how it ended
        finally:
            if not talk.in_step:  # an answer may have been another command's, so none is proof
                self._run.ended = declined(Stage.QUIT, None, "more answers came than commands went")
                self.trials[tried:] = [
                    AuthTrial(one.mechanism, one.in_tls, (), self._run.ended) for one in self.trials[tried:]
                ]
            self.transcripts.append(talk.transcript())

    async def _ready(self, talk: Exchange, *, in_tls: bool) -> bool:
        """Reach the place where a login may be said; False where the server declines."""
        greeting = await talk.open()
        if greeting.status not in ("220", "OK", "+OK"):  # PREAUTH leaves nothing to log in to
            return await self._give_up(talk, Stage.GREETING, greeting)
        hello = await talk.hello()
        if not _yes(hello) and self._way.protocol in _MAIL:
            return await self._give_up(talk, Stage.EHLO, hello)
        self.tls_offered = self.tls_offered or _offers_tls(talk)
        if in_tls and not talk.in_tls:
            go_ahead = await talk.say(talk.starttls_command)
            if go_ahead.status not in GO_AHEAD:
                return await self._give_up(talk, Stage.STARTTLS, go_ahead)
            await talk.start_tls()
            hello = await talk.hello()
            if not _yes(hello) and self._way.protocol in _MAIL:
                return await self._give_up(talk, Stage.EHLO_TLS, hello)
        return True

    def _mechanisms(self, talk: Exchange, *, in_tls: bool) -> Sequence[str]:
        """What to try: in clear PLAIN and one other whether they are offered or not; under TLS what is."""
        own = _OWN_COMMAND.get(self._way.protocol)
        offered = [name for name in ("PLAIN", "LOGIN") if name in talk.mechanisms]
        names = {keyword.name for keyword in talk.keywords}
        if not in_tls:
            # LOGIN stands for IMAP's command there, so its mechanism is left out
            wanted = ["PLAIN", own] if own else [*offered, "PLAIN"]
        elif own == "LOGIN":
            wanted = [*offered[:1], own] if "LOGINDISABLED" not in names else offered[:1]
        elif own == "USER":
            wanted = [*offered[:1], own] if "USER" in names or not offered else offered[:1]
        else:
            wanted = list(offered)
        left = min(MAX_TRIALS_EACH, MAX_TRIALS - len(self.trials))
        return [name for name in dict.fromkeys(wanted) if name][:left]

    async def _try(self, talk: Exchange, mechanism: str) -> None:
        """One login.

        Raises:
            NetError: The connection is over; the trial is recorded before.
            _LetInError: The server let the user in.
        """
        answers: list[Answer] = []
        ended = completed(Stage.ENVELOPE)
        in_tls = talk.in_tls
        try:
            if mechanism == _OWN_COMMAND.get(self._way.protocol):
                await self._own_command(talk, answers)
            else:
                await self._sasl(talk, mechanism, answers)
        except NetError as error:
            ended = error.ended()
            raise
        finally:
            self.trials.append(AuthTrial(mechanism, in_tls, tuple(answers), ended))
        if answers[-1].status in _GOOD and (mechanism != "USER" or len(answers) > 1):
            raise _LetInError
        if talk.closed:
            raise NetError(Cause.CLOSED, phase=Stage.ENVELOPE)

    async def _own_command(self, talk: Exchange, answers: list[Answer]) -> None:
        if self._way.protocol is MailProtocol.IMAP:
            login = b"LOGIN " + quoted(self.user) + b" " + quoted(self._password)
            answers.append(await talk.say(login, secret=True))
            return
        answers.append(await talk.say(b"USER " + self.user.encode()))
        if _yes(answers[0]):
            answers.append(await talk.say(b"PASS " + self._password.encode(), secret=True))

    async def _sasl(self, talk: Exchange, mechanism: str, answers: list[Answer]) -> None:
        """AUTH or AUTHENTICATE, and an answer to each challenge; what goes on too long is cancelled."""
        login = sasl.client(mechanism, self.user, self._password, "")
        command = b"AUTH " + mechanism.encode()
        if self._way.protocol not in _MAIL:
            command = authenticate(self._way.protocol, mechanism)
        answers.append(await talk.say(command))
        while answers[-1].status in _GO_ON and len(answers) < MAX_ANSWERS:
            try:
                line = sasl.encoded(login.answer(sasl.decoded(answers[-1].text.encode()) or b""))
            except sasl.SaslError:
                line = b"*"
            answers.append(await talk.go_on(self._framed(line)))
        if answers[-1].status in _GO_ON:  # whatever is said next would be taken for an answer to that
            raise NetError(Cause.LIMIT, "challenges without an end", phase=Stage.ENVELOPE)

    def _framed(self, line: bytes) -> bytes:
        """A response is a line, in ManageSieve a string on a line (RFC 5804 §2.1)."""
        return quoted(line.decode("ascii")) if self._way.protocol is MailProtocol.SIEVE else line

    async def _give_up(self, talk: Exchange, stage: Stage, answer: Answer) -> bool:
        code = int(answer.status) if answer.status.isdigit() else None
        self._run.ended = declined(stage, code, str(answer))
        if answer.status in ("421", "BYE"):
            await talk.close()
        else:
            await talk.leave()
        return False


def _yes(answer: Answer) -> bool:
    return answer.status in ("220", "250", "OK", "+OK")


def _offers_tls(talk: Exchange) -> bool:
    return any(keyword.name in ("STARTTLS", "STLS") for keyword in talk.keywords)
