"""A mail server that follows a script to the octet, and ways to hold one conversation with it.

The lab's servers behave; these follow orders, one step after the other, so that every way of failing can be
brought about at every stage.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from waxseal.facts import (
    DIALOGUE,
    Attempt,
    DnsAnswer,
    DnsStatus,
    Ended,
    Fact,
    FactSet,
    MailProtocol,
    Subject,
    TlsMode,
)
from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.listener import LOOPBACK, LabStream, Listener, PeerGone
from waxseal.lab.orders import LeafOrder, TlsOrder
from waxseal.lab.tls import server_context
from waxseal.net.clock import Clock, SystemClock
from waxseal.net.dial import Dialer, TcpDialer
from waxseal.net.guard import AddressGuard
from waxseal.net.network import Network
from waxseal.net.peer import Peer
from waxseal.net.stream import ByteStream
from waxseal.probes.dialogue import DialogueResult
from waxseal.probes.main_dialogue import main_dialogue
from waxseal.probes.recorder import Recorder
from waxseal.probes.settings import ProbeSettings
from waxseal.scan.endpoint import EndpointPlan, Names, test_endpoint
from waxseal.trust.anchors import RootStore

F = TypeVar("F", bound=Fact)

HOST = "mx.example.test"
SUBJECT = Subject(domain="example.test", host=HOST, address=LOOPBACK, port=25)
CA = CertificateAuthority()
PLAIN = TlsOrder(leaves=(LeafOrder(names=(HOST,)),))
SETTINGS = ProbeSettings(ehlo_name="client.example.test", time_limit_s=5.0)


@dataclass(frozen=True)
class Say:
    """Send octets, in one piece."""

    octets: bytes


@dataclass(frozen=True)
class SayEach:
    """Send octets one by one."""

    octets: bytes


@dataclass(frozen=True)
class Expect:
    """Read a line; another one than of this beginning is a problem."""

    prefix: bytes


@dataclass(frozen=True)
class Pause:
    """Wait."""

    seconds: float


@dataclass(frozen=True)
class Hush:
    """Wait, during which the client has to hold its tongue."""

    seconds: float


@dataclass(frozen=True)
class Hello:
    """Take in the ClientHello and leave it unanswered."""


@dataclass(frozen=True)
class StartTls:
    """Shake hands."""

    order: TlsOrder = PLAIN


@dataclass(frozen=True)
class Stall:
    """Take what comes, say nothing."""


@dataclass(frozen=True)
class Drip:
    """Send one octet after the other, for ever."""

    octets: bytes
    every_s: float = 0.2


@dataclass(frozen=True)
class Flood:
    """Send octets again and again, as fast as they are taken."""

    octets: bytes


@dataclass(frozen=True)
class Close:
    """End in order."""


@dataclass(frozen=True)
class Reset:
    """Break off."""


Step = Say | SayEach | Expect | Pause | Hush | Hello | StartTls | Stall | Drip | Flood | Close | Reset
Script = Sequence[Step]

GREET = Say(b"220 mx.example.test ESMTP\r\n")
EHLO = Expect(b"EHLO client.example.test")
OFFER = Say(b"250-mx.example.test\r\n250-SIZE 1000\r\n250 STARTTLS\r\n")
NO_OFFER = Say(b"250-mx.example.test\r\n250 SIZE 1000\r\n")
ASKED = Expect(b"STARTTLS")
READY = Say(b"220 2.0.0 Ready\r\n")
EHLO_TLS = Say(b"250-mx.example.test\r\n250 SIZE 1000\r\n")
QUIT = Expect(b"QUIT")
BYE = Say(b"221 2.0.0 Bye\r\n")

TO_EHLO: Script = (GREET, EHLO)
TO_STARTTLS: Script = (*TO_EHLO, OFFER, ASKED)
TO_HANDSHAKE: Script = (*TO_STARTTLS, READY)
TO_EHLO_TLS: Script = (*TO_HANDSHAKE, StartTls(), EHLO)
TO_QUIT: Script = (*TO_EHLO_TLS, EHLO_TLS, QUIT)
WHOLE: Script = (*TO_QUIT, BYE, Close())
"""A conversation in which nothing goes wrong."""


class ScriptedServer(Listener):
    """Follows a script, the same on every connection or one for each.

    Attributes:
        heard: Lines that the client sent, by connection.
        problems: Where a client did something else than the script has it.
        standing: Connections that stand now.
        at_once: The greatest number of connections that stood at the same time.
    """

    def __init__(self, *scripts: Script) -> None:
        super().__init__(self._follow)
        self._scripts = scripts
        self.standing = 0
        self.heard: list[list[bytes]] = []
        self.problems: list[str] = []
        self.at_once = 0

    async def __aenter__(self) -> "ScriptedServer":
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _follow(self, stream: LabStream) -> None:
        self.standing += 1
        self.at_once = max(self.at_once, self.standing)
        number = len(self.heard)
        lines: list[bytes] = []
        self.heard.append(lines)
        script = self._scripts[min(number, len(self._scripts) - 1)]
        try:
            for step in script:
                if not await self._do(step, stream, lines):
                    return
        finally:
            self.standing -= 1

    async def _do(self, step: Step, stream: LabStream, lines: list[bytes]) -> bool:
        """One step; False where it was the last one."""
        match step:
            case Say(octets):
                await stream.write(octets)
            case SayEach(octets):
                for octet in octets:
                    await stream.write(bytes((octet,)))
                    await asyncio.sleep(0)
            case Expect(prefix):
                line = await stream.read_line()
                lines.append(line)
                if not line.startswith(prefix):
                    self.problems.append(f"expected {prefix!r}, heard {line!r}")
            case Pause(seconds):
                await asyncio.sleep(seconds)
            case Hush(seconds):
                if await stream.wait_for_octets(seconds):
                    self.problems.append("the client spoke out of turn")
            case Hello():
                await stream.read_client_hello()
            case StartTls(order):
                await stream.start_tls(context(order))
            case _:
                return await self._end(step, stream)
        return True

    async def _end(self, step: Step, stream: LabStream) -> bool:
        match step:
            case Drip(octets, every_s):
                while True:
                    for octet in octets:
                        await stream.write(bytes((octet,)))
                        await asyncio.sleep(every_s)
            case Flood(octets):
                while True:
                    await stream.write(octets)
                    await asyncio.sleep(0)
            case Reset():
                stream.reset()
                raise PeerGone
            case Stall():
                await stream.swallow()
        return False


@cache
def context(order: TlsOrder) -> ssl.SSLContext:
    """The server's side of TLS, made once for each order."""
    return server_context(order, CA)


class NoResolver:
    """Answers every question with NXDOMAIN."""

    servers = ("192.0.2.53:53",)

    async def query(self, name: str, rdtype: str) -> DnsAnswer:
        return DnsAnswer(name, rdtype, DnsStatus.NXDOMAIN)


class DialerTo:
    """Dials one port of this machine, whatever it is told."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def dial(self, address: str, port: int) -> ByteStream:
        return await TcpDialer().dial(LOOPBACK, self._port)


def network(dialer: Dialer | None = None, clock: Clock | None = None) -> Network:
    """A world in which everything may be dialled and no name exists."""
    return Network(
        resolver=NoResolver(),
        roots=RootStore(roots=(CA.root_der,), name="test"),
        dialer=dialer or TcpDialer(),
        guard=AddressGuard(allow_all=True),
        clock=clock or SystemClock(),
    )


@dataclass
class Told:
    """What came of a conversation."""

    facts: FactSet
    server: ScriptedServer
    result: DialogueResult
    elapsed_s: float
    left_open: int
    """Connections that the client had not closed a moment after it was done."""

    def all(self, kind: type[F]) -> tuple[F, ...]:
        """Every fact of a type, at or inside the endpoint."""
        return tuple(found for _, found in self.facts.within(kind, SUBJECT))

    def one(self, kind: type[F]) -> F:
        """The only fact of a type."""
        (found,) = self.all(kind)
        return found

    def attempt(self, probe: str = DIALOGUE) -> Attempt:
        """The only attempt of a probe."""
        (found,) = [a for a in self.all(Attempt) if a.probe == probe]
        return found

    @property
    def ended(self) -> Ended:
        """How the main conversation ended."""
        return self.attempt().ended


def converse(
    *scripts: Script,
    mode: TlsMode = TlsMode.STARTTLS,
    server_name: str = HOST,
    settings: ProbeSettings = SETTINGS,
    protocol: MailProtocol = MailProtocol.SMTP,
) -> Told:
    """Hold the main conversation with a scripted server."""

    async def run(peer: Peer, recorder: Recorder) -> DialogueResult:
        return await main_dialogue(peer, recorder, (SUBJECT,), settings, mode, server_name, protocol)

    return _hold(scripts, settings, run)


def examine(*scripts: Script, mode: TlsMode = TlsMode.STARTTLS, settings: ProbeSettings = SETTINGS) -> Told:
    """Test the endpoint as a scan does: every conversation of the plan."""

    async def run(peer: Peer, recorder: Recorder) -> DialogueResult:
        plan = EndpointPlan(
            address=LOOPBACK,
            port=25,
            mode=mode,
            protocol=MailProtocol.SMTP,
            subjects=(SUBJECT,),
            names=(Names((HOST, "example.test")),),
        )
        await test_endpoint(peer.network, recorder, plan, settings)
        return DialogueResult()

    return _hold(scripts, settings, run)


def _hold(
    scripts: tuple[Script, ...],
    settings: ProbeSettings,
    run: Callable[[Peer, Recorder], Awaitable[DialogueResult]],
) -> Told:
    async def hold() -> Told:
        loop = asyncio.get_running_loop()
        async with ScriptedServer(*scripts) as server:
            outside = network(DialerTo(server.port))
            recorder = Recorder(outside.clock)
            peer = Peer(
                outside,
                LOOPBACK,
                25,
                time_limit_s=settings.seconds,
                connection_limit=settings.connections,
            )
            began = loop.time()
            result = await run(peer, recorder)
            elapsed_s = loop.time() - began
            for _ in range(50):
                if not server.standing:
                    break
                await asyncio.sleep(0.01)
            left_open = server.standing
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert not others, others
        return Told(recorder.facts(), server, result, elapsed_s, left_open)

    return asyncio.run(hold())
