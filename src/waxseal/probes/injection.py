"""Tries whether octets in clear are executed under TLS: command injection behind STARTTLS.

A server that keeps what stood behind STARTTLS in its buffer executes it once TLS stands, as if it had come
under TLS, though anybody on the path can have put it there (RFC 3207 §4.2, RFC 9051 §11.1; CVE-2011-0411 was
of this kind). At most four connections: a control in which the command is said under TLS by right and its
answer is learnt, and three trials. The command changes nothing and carries a random word where the server
says it back. What proves the flaw, is judged in ``checks/starttls``.
"""

import secrets
import string

from msgspec import Struct

from waxseal.facts import (
    Answer,
    Cause,
    CommandInjection,
    InjectionTrial,
    MailProtocol,
    Stage,
    Subject,
)
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.probes.exchange import GO_AHEAD, Exchange, joined
from waxseal.probes.recorder import Recorder, Run, attempt, completed, declined
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.way import Way

PROBE = "starttls.injection"
_STATE_CHANGES = frozenset((MailProtocol.SMTP, MailProtocol.LMTP))
"""Where the answer to a command may be another one behind EHLO, so that the control asks twice."""
_CLOSE_LIMIT_S = 2.0
"""How long the server may take to close behind its goodbye; what comes late comes by then."""


async def try_injection(
    peer: Peer, recorder: Recorder, subjects: tuple[Subject, ...], settings: ProbeSettings, way: Way
) -> None:
    """Hold the control and the trials; record them (`starttls.injection/1`) once TLS stood in the control.

    Args:
        peer: The address and port, with what is left of its limits.
        recorder: Where the facts go.
        subjects: Port subjects.
        settings: The name for EHLO.
        way: How the server is spoken to; TLS begins with STARTTLS.
    """
    async with attempt(recorder, subjects, PROBE, peer.network.clock) as run:
        trials = _Trials(peer, run, settings, way)
        try:
            await trials.hold()
        finally:
            if trials.trials:
                run.emit(
                    CommandInjection(nonce=trials.nonce, command=trials.command, trials=tuple(trials.trials))
                )
            if trials.exchanges:
                run.emit(joined(PROBE, trials.exchanges))


class Split(Struct, frozen=True):
    """A command and where it is cut for the trial ``across``."""

    command: str
    at: int


def candidates(protocol: MailProtocol, nonce: str) -> tuple[str, ...]:
    """Commands to smuggle, each harmless before a login, in the order in which the control says them.

    ``across`` cuts the first one, so that its end makes up another of them, or cuts the random word of one
    that is said back.
    """
    match protocol:
        case MailProtocol.IMAP:
            return (f"{nonce} NOOP",)
        case MailProtocol.POP3:
            return (f"USER {nonce}", f"ER {nonce}")
        case MailProtocol.SIEVE:  # its NOOP says the word back (RFC 5804 §2.13)
            return (f'NOOP "{nonce}"', f'OP "{nonce}"')
        case _:
            return (f"NOOP {nonce}", f"OP {nonce}", f"VRFY {nonce}")


class _Trials:
    """The control and the trials of one server."""

    def __init__(self, peer: Peer, run: Run, settings: ProbeSettings, way: Way) -> None:
        self.run = run
        self.nonce = random_word()
        self.candidates = candidates(way.protocol, self.nonce)
        self.command = self.candidates[0]
        self.split = Split(self.command, self.command.index(self.nonce) + len(self.nonce) // 2)
        self.exchanges: list[Exchange] = []
        self.trials: list[InjectionTrial] = []
        self._peer = peer
        self._settings = settings
        self._way = way

    async def hold(self) -> None:
        """The control, then the trials, as far as connections and time go."""
        if not await self._control():
            return
        smuggled = self.command.encode() + b"\r\n"
        if not await self._add(await self._trial("one-segment", (smuggled,), "")):
            return
        if self.trials[-1].ended.stage is Stage.HANDSHAKE:
            # In two segments it fares no better, so the connection goes to the one thing that can be shown.
            if not await self._add(await self._with_hello()):
                return
        elif not await self._add(await self._trial("two-segments", (b"", smuggled), "")):
            return
        first, second = self.split.command[: self.split.at], self.split.command[self.split.at :]
        if await self._add(await self._trial("across", (first.encode(),), second)):
            self.run.ended = completed(Stage.QUIT)

    async def _add(self, trial: InjectionTrial) -> bool:
        """Keep a trial; False where there is no time or connection left."""
        if trial.ended.cause is Cause.BUDGET_SPENT:
            self.run.ended = trial.ended
            return False
        self.trials.append(trial)
        return True

    async def _control(self) -> bool:
        """Say the candidates under TLS by right; whether every one of them was answered.

        Raises:
            NetError: TLS was not reached.
        """
        exchange = self._exchange()
        clear = await self._to_starttls(exchange)
        if clear is None:
            return False
        await exchange.write(clear)
        go_ahead = await exchange.hear()
        if go_ahead.status not in GO_AHEAD:
            self.run.ended = declined(Stage.STARTTLS, *refusal(go_ahead))
            await exchange.leave()
            return False
        await exchange.start_tls()
        said: list[str] = []
        unasked, ended = 0, completed(Stage.QUIT)
        learnt: dict[str, Answer] = {}
        around: set[str] = set()
        try:
            await exchange.collect(exchange.quiet_s)
            unasked = len(exchange.answers)
            for command in self.candidates:
                learnt[command] = await self._say(exchange, command.encode(), said, tagged=True)
            around.add((await self._say(exchange, exchange.hello_command, said)).status)
            self._choose(learnt, around)
            if self._way.protocol in _STATE_CHANGES:
                await self._say(exchange, self.command.encode(), said)
            await self._goodbye(exchange, said)
        except NetError as error:
            ended = error.ended()
        finally:
            await exchange.close()
        self.trials.append(
            InjectionTrial(
                way="control",
                clear=clear,
                ended=ended,
                go_ahead=go_ahead,
                commands=tuple(said),
                answers=tuple(exchange.answers),
                unasked=unasked,
            )
        )
        if ended.cause is not Cause.COMPLETED:
            self.run.ended = ended
        return ended.cause is Cause.COMPLETED

    def _choose(self, learnt: dict[str, Answer], around: set[str]) -> None:
        """Take the command whose answer holds the random word, or else stands out from those around it."""
        nonce = self.nonce.encode()
        echoing = [c for c, answer in learnt.items() if nonce in answer.raw.lower()]
        distinct = [c for c, answer in learnt.items() if answer.status not in around]
        self.command = next(iter(echoing + distinct), self.candidates[0])
        if echoing:
            self.split = Split(self.command, self.command.index(self.nonce) + len(self.nonce) // 2)
        elif len(self.candidates) > 1:
            self.split = Split(self.candidates[0], 2)

    async def _trial(self, way: str, segments: tuple[bytes, ...], rest: str) -> InjectionTrial:
        """Smuggle these octets behind STARTTLS; the first of them goes in its segment.

        Args:
            way: As in `InjectionTrial`.
            segments: What goes behind STARTTLS, one write each; the first one in one segment with it.
            rest: The first line under TLS; "" for none.
        """
        exchange = self._exchange()
        said: list[str] = []
        clear, go_ahead, unasked, ended = b"", None, 0, completed(Stage.QUIT)
        try:
            starttls = await self._to_starttls(exchange)
            if starttls is not None:
                clear = starttls + b"".join(segments)
                await exchange.write(starttls + segments[0])
                for segment in segments[1:]:
                    await exchange.write(segment)
                go_ahead = await exchange.hear()
            if go_ahead is None or go_ahead.status not in GO_AHEAD:
                ended = declined(Stage.STARTTLS, *refusal(go_ahead)) if go_ahead else self.run.ended
                await exchange.leave()
            else:
                await exchange.start_tls()
                unasked = await self._under_tls(exchange, said, rest)
        except NetError as error:
            ended = error.ended()
        finally:
            await exchange.close()
        answers = tuple(exchange.answers) if exchange.in_tls else ()
        return InjectionTrial(way, clear, ended, go_ahead, tuple(said), answers, unasked)

    async def _with_hello(self) -> InjectionTrial:
        """STARTTLS and the ClientHello in one segment."""
        exchange = self._exchange()
        said: list[str] = []
        clear, go_ahead, unasked, ended = b"", None, 0, completed(Stage.QUIT)
        try:
            clear = await self._to_starttls(exchange, prepared=False) or b""
            go_ahead = await exchange.start_tls_at_once() if clear else None
            if exchange.in_tls:
                unasked = await self._under_tls(exchange, said, "")
            else:
                ended = declined(Stage.STARTTLS, *refusal(go_ahead)) if go_ahead else self.run.ended
                await exchange.leave()
        except NetError as error:
            ended = error.ended()
        finally:
            await exchange.close()
        answers = tuple(exchange.answers) if exchange.in_tls else ()
        return InjectionTrial("with-hello", clear, ended, go_ahead, tuple(said), answers, unasked)

    async def _under_tls(self, exchange: Exchange, said: list[str], rest: str) -> int:
        """The hello and the goodbye under TLS; how many answers came before the first command."""
        if rest:
            unasked = len(exchange.answers)
            said.append(rest)
            await exchange.write(rest.encode() + b"\r\n")
            await exchange.collect(exchange.quiet_s)
        else:
            await exchange.collect(exchange.quiet_s)
            unasked = len(exchange.answers)
        await self._say(exchange, exchange.hello_command, said)
        if rest in self.candidates:  # how its end is answered by itself, on this very connection
            await self._say(exchange, rest.encode(), said)
        await self._goodbye(exchange, said)
        return unasked

    async def _to_starttls(self, exchange: Exchange, *, prepared: bool = True) -> bytes | None:
        """Greeting and hello in clear; the octets of STARTTLS, or None where the server would not go on.

        Args:
            exchange: Not connected yet.
            prepared: Whether STARTTLS is registered, so that the octets can be written.

        Raises:
            NetError: The conversation broke off.
        """
        stage, answer = Stage.GREETING, await exchange.open()
        if welcome(answer):
            stage, answer = Stage.EHLO, await exchange.hello()
        offered = any(keyword.name == exchange.starttls_command.decode() for keyword in exchange.keywords)
        if not welcome(answer) or not offered:
            why = "STARTTLS not offered" if welcome(answer) else answer.text
            self.run.ended = declined(stage, refusal(answer)[0], why)
            await exchange.leave()
            return None
        if not prepared:
            return exchange.starttls_command + b"\r\n"
        return exchange.prepare(exchange.starttls_command)

    async def _say(
        self, exchange: Exchange, command: bytes, said: list[str], *, tagged: bool = False
    ) -> Answer:
        """Say one line under TLS and wait for its answer, which has one line even where CAPA has several.

        So an answer that nobody asked for cannot be taken for the first line of a long one.
        """
        octets = exchange.prepare(command, tagged=tagged)
        said.append(octets.decode().rstrip("\r\n"))
        await exchange.write(octets)
        return await exchange.hear()

    async def _goodbye(self, exchange: Exchange, said: list[str]) -> None:
        """Say the last command, and take in whatever comes until the server closes."""
        octets = exchange.prepare(exchange.farewell_command)
        said.append(octets.decode().rstrip("\r\n"))
        await exchange.write(octets)
        await exchange.collect(_CLOSE_LIMIT_S)

    def _exchange(self) -> Exchange:
        exchange = Exchange(self._peer, self.run, self._way, self._settings)
        self.exchanges.append(exchange)
        return exchange


def random_word() -> str:
    """Sixteen small letters: any part of it is a word, and no line that begins with one is thrown out unread.

    Postfix hangs up on lines that begin with anything but a letter (``smtpd_forbidden_commands``).
    """
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(16))


def welcome(answer: Answer) -> bool:
    """Whether a greeting or a hello was answered with yes."""
    return answer.status in ("220", "250", "OK", "+OK", "PREAUTH")


def refusal(answer: Answer) -> tuple[int | None, str]:
    """Code and text; there is a code in SMTP and LMTP only."""
    return (int(answer.status) if answer.status.isdigit() else None), answer.text
