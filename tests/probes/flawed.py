"""Servers of all five mail protocols that handle STARTTLS right, or wrong in one named way each."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.probes.scripted import CA, PLAIN, DialerTo, network
from waxseal.checks.engine import judge_all
from waxseal.checks.registry import all_checks
from waxseal.checks.verdict import Verdict
from waxseal.facts import Attempt, Endpoint, FactSet, MailProtocol, Subject, TlsMode
from waxseal.lab.listener import LOOPBACK, LabStream, Listener, PeerGone
from waxseal.lab.tls import server_context
from waxseal.net.peer import Peer
from waxseal.probes.recorder import Recorder
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.way import Way

SUBJECT = Subject(domain="example.test", host="mx.example.test", address=LOOPBACK, port=25)
SETTINGS = ProbeSettings(ehlo_name="client.example.test", time_limit_s=30.0, connection_limit=8)
CONTEXT = server_context(PLAIN, CA)
ALL = tuple(MailProtocol)
MAIL = (MailProtocol.SMTP, MailProtocol.LMTP)

Probe = Callable[[Peer, Recorder, tuple[Subject, ...], ProbeSettings, Way], Awaitable[None]]


@dataclass
class Manner:
    """How a server handles STARTTLS; all of it right unless said otherwise.

    Attributes:
        keeps: Octets behind STARTTLS are executed under TLS: ``at-once``; ``late``, when the next command has
            long been answered; or ``with-next``, in one record with that answer.
        feeds: Octets behind STARTTLS are taken for TLS.
        breaks: Octets behind STARTTLS make it hang up where the handshake is due.
        refuses: Octets behind STARTTLS are refused in words, without TLS.
        one_line: EHLO is answered with one line.
        again: It greets again under TLS.
        stutters: It answers RSET twice, the second time late.
        echoes: It says unknown commands back.
        kind: SMTP and LMTP: it says 250 to unknown commands.
        twice: EHLO under TLS is answered twice.
        tells: Under TLS it says that it threw octets away, and which.
        parameter: It takes STARTTLS with a parameter.
        nested: It takes STARTTLS inside TLS.
        remembers: What was said in clear counts under TLS: ``hello``, ``mail``, ``user``, ``login``.
        unheralded: It takes MAIL without EHLO, in clear too.
        demands: It takes no mail in clear.
        unavailable: STARTTLS is turned down: ``recovers``, ``closes``, or ``dead``.
        anonymous: It offers AUTH ANONYMOUS.
        hangs_up: It closes behind an unknown command.
        offers: It offers STARTTLS.
    """

    keeps: str = ""
    feeds: bool = False
    breaks: bool = False
    refuses: bool = False
    one_line: bool = False
    again: bool = False
    stutters: bool = False
    echoes: bool = False
    kind: bool = False
    twice: bool = False
    tells: bool = False
    parameter: bool = False
    nested: bool = False
    remembers: str = ""
    unheralded: bool = False
    demands: bool = False
    unavailable: str = ""
    anonymous: bool = False
    hangs_up: bool = False
    offers: bool = True


class FlawedServer(Listener):
    """Acts out a manner in one protocol; of several, each connection gets the next one."""

    def __init__(self, protocol: MailProtocol, *manners: Manner) -> None:
        super().__init__(self._converse)
        self._protocol = protocol
        self._manners = list(manners)

    async def _converse(self, stream: LabStream) -> None:
        kind = {MailProtocol.IMAP: _Imap, MailProtocol.POP3: _Pop3, MailProtocol.SIEVE: _Sieve}
        manner = self._manners.pop(0) if len(self._manners) > 1 else self._manners[0]
        session = kind.get(self._protocol, _Mail)(stream, manner)
        session.lmtp = self._protocol is MailProtocol.LMTP
        await session.hold()


class _Session:
    """One conversation; the subclass knows the protocol."""

    starttls = "STARTTLS"
    farewell = "QUIT"

    def __init__(self, stream: LabStream, manner: Manner) -> None:
        self.stream = stream
        self.manner = manner
        self.kept = b""
        self.state: set[str] = set()
        self.lmtp = False
        self.dead = False

    async def hold(self) -> None:
        await self.stream.write(self.greeting())
        late = twice = b""
        for _ in range(50):
            line = (await self._line()).decode("ascii", "replace")
            word, rest = self.split(line)
            if self.dead:
                await self.stream.swallow(5.0)
                return
            if word == self.starttls and not self.stream.in_tls and self.manner.offers:
                late = await self._starttls(line, rest)
                continue
            answer = self.answer(line, word, rest)
            if twice:
                await self.stream.write(twice)
            twice = answer if self.manner.stutters and word == "RSET" else b""
            if self.manner.keeps == "late" and late:
                await self.stream.write(answer)
                await asyncio.sleep(0.4)
                answer = b""
            await self.stream.write(answer + late)
            late = b""
            if word == self.farewell:
                return
            if self.manner.hangs_up and answer == self.unknown(line):
                return

    async def _line(self) -> bytes:
        if b"\n" in self.kept:
            line, _, self.kept = self.kept.partition(b"\n")
            return line.rstrip(b"\r")
        begun, self.kept = self.kept, b""
        return begun + await self.stream.read_line()

    async def _starttls(self, line: str, rest: str) -> bytes:
        """Cross into TLS; what is to be said late."""
        manner = self.manner
        if manner.unavailable:
            await self.stream.write(self.not_now(line))
            if manner.unavailable == "closes":
                raise PeerGone
            self.dead = manner.unavailable == "dead"
            return b""
        if rest and not manner.parameter:
            await self.stream.write(self.no_parameter(line))
            return b""
        await self.stream.wait_for_octets(0.05)
        if manner.refuses and self.stream.discard_buffer():
            await self.stream.write(self.no_parameter(line))
            return b""
        held = b"" if manner.feeds else self.stream.discard_buffer()
        await self.stream.write(self.go_ahead(line))
        if manner.breaks and held:
            raise PeerGone
        await self.stream.start_tls(CONTEXT)
        self.state = {thing for thing in self.state if thing == manner.remembers}
        if manner.again:
            await self.stream.write(self.greeting())
        if manner.tells and held:
            words = self.unknown("").split(b" ")[:-1]
            await self.stream.write(b" ".join(words[:1] or [b"NO"]) + b" thrown away: " + held)
        if self.unasked():
            await self.stream.write(self.unasked())
        if manner.keeps in ("late", "with-next"):
            smuggled = held.decode().rstrip("\r\n")
            return self.answer(smuggled, *self.split(smuggled)) if smuggled else b""
        self.kept = held if manner.keeps else b""
        return b""

    def split(self, line: str) -> tuple[str, str]:
        word, _, rest = line.partition(" ")
        return word.upper(), rest

    def unasked(self) -> bytes:
        return b""

    def greeting(self) -> bytes:
        raise NotImplementedError

    def answer(self, line: str, word: str, rest: str) -> bytes:
        raise NotImplementedError

    def unknown(self, line: str) -> bytes:
        raise NotImplementedError

    def not_now(self, line: str) -> bytes:
        raise NotImplementedError

    def no_parameter(self, line: str) -> bytes:
        raise NotImplementedError

    def go_ahead(self, line: str) -> bytes:
        raise NotImplementedError


class _Mail(_Session):
    def greeting(self) -> bytes:
        return b"220 mx.example.test ESMTP\r\n"

    def unknown(self, line: str) -> bytes:
        if self.manner.kind:
            return b"250 2.0.0 ok\r\n"
        return f"500 5.5.1 unknown: {line}\r\n".encode() if self.manner.echoes else b"500 5.5.1 unknown\r\n"

    def not_now(self, line: str) -> bytes:
        return b"454 4.3.0 TLS not available\r\n"

    def no_parameter(self, line: str) -> bytes:
        return b"501 5.5.4 no parameters\r\n"

    def go_ahead(self, line: str) -> bytes:
        return b"220 2.0.0 ready\r\n"

    def answer(self, line: str, word: str, rest: str) -> bytes:
        in_tls, state, manner = self.stream.in_tls, self.state, self.manner
        match word:
            case "EHLO" | "LHLO":
                if (word == "LHLO") != self.lmtp:
                    return self.unknown(line)
                if manner.remembers != "mail":
                    state.discard("mail")
                state.add("hello")
                return self._hello() * (2 if manner.twice and in_tls else 1)
            case "NOOP":
                return b"250 2.0.0 ok\r\n"
            case "RSET":
                state.discard("mail")
                return b"250 2.0.0 ok\r\n"
            case "QUIT":
                return b"221 2.0.0 bye\r\n"
            case "VRFY":
                return b"250 2.0.0 ok\r\n" if manner.kind else b"252 2.1.5 perhaps\r\n"
            case "MAIL":
                if "hello" not in state and not manner.unheralded:
                    return b"503 5.5.1 hello first\r\n"
                if manner.demands and not in_tls:
                    return b"530 5.7.0 Must issue a STARTTLS command first\r\n"
                state.add("mail")
                return b"250 2.1.0 ok\r\n"
            case "RCPT":
                return b"250 2.1.5 ok\r\n" if "mail" in state else b"503 5.5.1 MAIL first\r\n"
            case "STARTTLS":
                return b"220 2.0.0 ready\r\n" if manner.nested and in_tls else b"503 5.5.1 TLS stands\r\n"
            case "AUTH":
                if "login" in state:
                    return b"503 5.5.1 already\r\n"
                state.add("login")
                return b"235 2.7.0 welcome\r\n"
        return self.unknown(line)

    def _hello(self) -> bytes:
        if self.stream.in_tls and self.manner.one_line:
            return b"250 mx.example.test\r\n"
        keywords = ["SIZE 1000"]
        if not self.stream.in_tls and self.manner.offers:
            keywords.append("STARTTLS")
        if self.manner.anonymous:
            keywords.append("AUTH ANONYMOUS")
        lines = ["mx.example.test", *keywords]
        return "".join(
            f"250{'-' if at < len(lines) - 1 else ' '}{text}\r\n" for at, text in enumerate(lines)
        ).encode()


class _Imap(_Session):
    farewell = "LOGOUT"
    tag = "*"

    def split(self, line: str) -> tuple[str, str]:
        self.tag, _, command = line.partition(" ")
        return super().split(command)

    def greeting(self) -> bytes:
        return b"* OK ready\r\n"

    def unknown(self, line: str) -> bytes:
        return f"{self.tag} BAD unknown\r\n".encode()

    def not_now(self, line: str) -> bytes:
        return f"{self.tag} NO not now\r\n".encode()

    def no_parameter(self, line: str) -> bytes:
        return f"{self.tag} BAD no parameters\r\n".encode()

    def go_ahead(self, line: str) -> bytes:
        return f"{self.tag} OK begin\r\n".encode()

    def answer(self, line: str, word: str, rest: str) -> bytes:
        ok = f"{self.tag} OK done\r\n"
        match word:
            case "CAPABILITY":
                offer = "" if self.stream.in_tls or not self.manner.offers else " STARTTLS LOGINDISABLED"
                return f"* CAPABILITY IMAP4rev1{offer}\r\n{ok}".encode()
            case "NOOP":
                return ok.encode()
            case "LOGOUT":
                return f"* BYE bye\r\n{ok}".encode()
            case "STARTTLS" if self.manner.nested:
                return ok.encode()
        return self.unknown(line)


class _Pop3(_Session):
    starttls = "STLS"

    def greeting(self) -> bytes:
        return b"+OK ready\r\n"

    def unknown(self, line: str) -> bytes:
        return f"-ERR unknown: {line}\r\n".encode() if self.manner.echoes else b"-ERR unknown\r\n"

    def not_now(self, line: str) -> bytes:
        return b"-ERR not now\r\n"

    def no_parameter(self, line: str) -> bytes:
        return b"-ERR no parameters\r\n"

    def go_ahead(self, line: str) -> bytes:
        return b"+OK begin\r\n"

    def answer(self, line: str, word: str, rest: str) -> bytes:
        match word:
            case "CAPA":
                offer = b"" if self.stream.in_tls or not self.manner.offers else b"STLS\r\n"
                return b"+OK list follows\r\nUSER\r\nUIDL\r\n" + offer + b".\r\n"
            case "USER":
                self.state.add("user")
                return b"+OK and the password\r\n"
            case "PASS":
                return b"-ERR [AUTH] no\r\n" if "user" in self.state else b"-ERR USER first\r\n"
            case "QUIT":
                return b"+OK bye\r\n"
            case "STLS" if self.manner.nested:
                return b"+OK begin\r\n"
        return self.unknown(line)


class _Sieve(_Session):
    farewell = "LOGOUT"

    def greeting(self) -> bytes:
        offer = b"" if self.stream.in_tls or not self.manner.offers else b'"STARTTLS"\r\n'
        return b'"IMPLEMENTATION" "test"\r\n' + offer + b'"SASL" "PLAIN"\r\nOK "ready"\r\n'

    def unasked(self) -> bytes:
        return self.greeting()

    def unknown(self, line: str) -> bytes:
        return b'NO "unknown"\r\n'

    def not_now(self, line: str) -> bytes:
        return b'NO (TRYLATER) "not now"\r\n'

    def no_parameter(self, line: str) -> bytes:
        return b'NO "no parameters"\r\n'

    def go_ahead(self, line: str) -> bytes:
        return b'OK "begin"\r\n'

    def answer(self, line: str, word: str, rest: str) -> bytes:
        match word:
            case "CAPABILITY":
                return self.greeting()
            case "NOOP":
                return f'OK (TAG {rest}) "done"\r\n'.encode() if self.manner.echoes else b'OK "done"\r\n'
            case "LOGOUT":
                return b'OK "bye"\r\n'
            case "STARTTLS" if self.manner.nested:
                return b'OK "begin"\r\n'
        return self.unknown(line)


@dataclass
class Outcome:
    """What a probe recorded."""

    facts: FactSet
    connections: int

    def attempt(self) -> Attempt:
        (found,) = [fact for _, fact in self.facts.within(Attempt, SUBJECT)]
        return found

    def verdicts(self, topic: str = "starttls/") -> dict[str, Verdict]:
        """The verdicts of a topic's checks that are not NOT_APPLICABLE, by the rest of their ids."""
        checks = [check for name, check in all_checks().items() if name.startswith(topic)]
        findings = judge_all(self.facts, checks)
        assert not any(finding.crashed for finding in findings), findings
        return {
            finding.check.removeprefix(topic): finding.verdict
            for finding in findings
            if finding.verdict is not Verdict.NOT_APPLICABLE
        }


def hold(
    probe: Probe,
    protocol: MailProtocol,
    manner: Manner,
    settings: ProbeSettings = SETTINGS,
    *later: Manner,
) -> Outcome:
    """Run a probe against a server of that manner, or one whose later connections meet others."""

    async def run() -> Outcome:
        server = FlawedServer(protocol, manner, *later)
        server.start()
        try:
            outside = network(DialerTo(server.port))
            recorder = Recorder(outside.clock)
            peer = Peer(
                outside,
                LOOPBACK,
                25,
                time_limit_s=settings.seconds,
                connection_limit=settings.connections,
            )
            recorder.emit((SUBJECT,), Endpoint(mode=TlsMode.STARTTLS, protocol=protocol))
            way = Way(protocol, TlsMode.STARTTLS, "mx.example.test", "example.test")
            await probe(peer, recorder, (SUBJECT,), settings, way)
            return Outcome(recorder.facts(), server.connections)
        finally:
            await server.stop()

    return asyncio.run(run())
