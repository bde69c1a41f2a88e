"""A mail server whose mail manners can be wrong: relaying, ends of data, VRFY, patience with a web client."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.probes.scripted import CA, PLAIN, DialerTo, network
from waxseal.checks.engine import judge_all
from waxseal.checks.registry import all_checks
from waxseal.checks.verdict import Verdict
from waxseal.facts import Endpoint, FactSet, MailProtocol, RunContext, Subject, TlsMode
from waxseal.lab.listener import LOOPBACK, LabStream, Listener, PeerGone
from waxseal.lab.tls import server_context
from waxseal.net.peer import Peer
from waxseal.probes.recorder import Recorder
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.way import Way

HOST = "mx.example.test"
SUBJECT = Subject(domain="example.test", host=HOST, address=LOOPBACK, port=25)
SETTINGS = ProbeSettings(
    ehlo_name="client.example.test", time_limit_s=20.0, connection_limit=20, own_recipient="me@example.test"
)
END = b"\r\n.\r\n"
GREETINGS = {
    MailProtocol.SMTP: b"220 mx.example.test ESMTP\r\n",
    MailProtocol.LMTP: b"220 mx.example.test LMTP\r\n",
    MailProtocol.IMAP: b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n",
    MailProtocol.POP3: b"+OK ready\r\n",
    MailProtocol.SIEVE: b'"IMPLEMENTATION" "test"\r\n"STARTTLS"\r\nOK\r\n',
}

Probe = Callable[[Peer, Recorder, tuple[Subject, ...], ProbeSettings, Way], Awaitable[None]]


def strict(recipient: str) -> bytes:
    """Takes its own postmaster and `me`, and nobody else."""
    if recipient.lower() in ("postmaster", "postmaster@example.test", "me@example.test"):
        return b"250 2.1.5 Ok"
    if recipient.endswith("@example.test") and not set("%!@") & set(recipient.removesuffix("@example.test")):
        return b"550 5.1.1 User unknown"
    return b"554 5.7.1 Relay access denied"


@dataclass
class Manners:
    """How the server behaves; all of it sound unless said otherwise.

    Attributes:
        recipient: The reply to RCPT.
        mail: The reply to MAIL.
        ends: What ends a message.
        forbidden: Octets in a message that are refused with 521.
        vrfy, expn: The replies by name.
        patience: So many errors until it hangs up with 421.
        echoes: Unknown commands are said back.
        protocols: ALPN names that it confirms.
        offers: It offers STARTTLS.
        stutters: The command that it answers twice, the second time when the next one has come.
    """

    recipient: Callable[[str], bytes] = strict
    mail: bytes = b"250 2.1.0 Ok"
    ends: tuple[bytes, ...] = (END,)
    forbidden: re.Pattern[bytes] | None = None
    vrfy: Callable[[str], bytes] = lambda name: b"252 2.0.0 Try RCPT"
    expn: Callable[[str], bytes] = lambda name: b"502 5.5.1 Not implemented"
    patience: int = 100
    echoes: bool = False
    protocols: list[str] = field(default_factory=list)
    offers: bool = True
    stutters: str = ""


class MailPeer(Listener):
    """Acts out the manners; beyond SMTP and LMTP it knows STARTTLS and errors only.

    Attributes:
        heard: Lines that clients said, messages left out.
    """

    def __init__(self, manners: Manners, protocol: MailProtocol = MailProtocol.SMTP) -> None:
        super().__init__(self._converse)
        self.manners = manners
        self.protocol = protocol
        self.heard: list[str] = []
        self._errors = 0
        self._twice = b""

    async def _converse(self, stream: LabStream) -> None:
        self._errors = 0
        self._twice = b""
        await stream.write(GREETINGS[self.protocol])
        while True:
            line = (await stream.read_line()).decode("latin-1")
            self.heard.append(line)
            tag, _, rest = line.partition(" ")
            command = rest if self.protocol is MailProtocol.IMAP else line
            if command.upper() in ("STARTTLS", "STLS") and not stream.in_tls:
                await self._start_tls(stream, tag)
            elif command.upper() in ("QUIT", "LOGOUT"):
                await stream.write(b"221 2.0.0 Bye\r\n")
                return
            elif await self._mail(stream, line):
                continue
            elif not await self._wrong(stream, tag, command):
                return

    async def _start_tls(self, stream: LabStream, tag: str) -> None:
        go_ahead = {MailProtocol.IMAP: f"{tag} OK go".encode(), MailProtocol.POP3: b"+OK go"}
        go_ahead |= {MailProtocol.SIEVE: b"OK go"}
        context = server_context(PLAIN, CA)
        if self.manners.protocols:
            context.set_alpn_protocols(self.manners.protocols)
        await stream.write(go_ahead.get(self.protocol, b"220 go") + b"\r\n")
        await stream.start_tls(context)
        if self.protocol is MailProtocol.SIEVE:
            await stream.write(GREETINGS[MailProtocol.SIEVE])

    async def _mail(self, stream: LabStream, line: str) -> bool:
        """Answer a command of SMTP or LMTP; False where it is none."""
        if self.protocol not in (MailProtocol.SMTP, MailProtocol.LMTP):
            return False
        verb, _, argument = line.partition(" ")
        offer = b"250-STARTTLS\r\n" if self.manners.offers and not stream.in_tls else b""
        reply = {
            "EHLO": b"250-mx.example.test\r\n" + offer + b"250 SIZE 1000000",
            "LHLO": b"250-mx.example.test\r\n" + offer + b"250 SIZE 1000000",
            "NOOP": b"250 2.0.0 Ok",
            "RSET": b"250 2.0.0 Ok",
            "MAIL": self.manners.mail,
            "RCPT": self.manners.recipient(argument[4:-1]),
            "DATA": b"354 Go ahead",
            "VRFY": self.manners.vrfy(argument),
            "EXPN": self.manners.expn(argument),
        }.get(verb.upper())
        if reply is None:
            return False
        await stream.write(self._twice + reply + b"\r\n")
        self._twice = reply + b"\r\n" if verb.upper() == self.manners.stutters else b""
        if verb.upper() == "DATA":
            await self._take_message(stream)
        return True

    async def _take_message(self, stream: LabStream) -> None:
        """Read to the first end; what is behind it stays."""
        octets = b""
        while True:
            octets += await self._some(stream)
            if self.manners.forbidden is not None and self.manners.forbidden.search(octets):
                await stream.write(b"521 5.5.2 Bare LF\r\n")
                raise PeerGone
            found = [(at, -len(end)) for end in self.manners.ends if (at := octets.find(end)) >= 0]
            if found:
                at, length = min(found)
                stream.put_back(octets[at - length :])
                await stream.write(b"250 2.0.0 Queued\r\n")
                return

    async def _some(self, stream: LabStream) -> bytes:
        while not await stream.wait_for_octets(5.0):
            pass
        return stream.discard_buffer()

    async def _wrong(self, stream: LabStream, tag: str, command: str) -> bool:
        self._errors += 1
        if self._errors > self.manners.patience:
            await stream.write({MailProtocol.IMAP: b"* BYE"}.get(self.protocol, b"421 Enough") + b"\r\n")
            return False
        said = f" {command}".encode("latin-1") if self.manners.echoes else b""
        errors = {
            MailProtocol.IMAP: f"{tag or '*'} BAD what?".encode("latin-1"),
            MailProtocol.POP3: b"-ERR what?",
            MailProtocol.SIEVE: b'NO "what?"',
        }
        await stream.write(errors.get(self.protocol, b"500 5.5.1 what?") + said + b"\r\n")
        return True


@dataclass
class Outcome:
    """What a probe recorded, and how the checks judge it."""

    facts: FactSet
    server: Listener

    @property
    def heard(self) -> list[str]:
        """What a `MailPeer` heard."""
        assert isinstance(self.server, MailPeer)
        return self.server.heard

    def verdict(self, check: str) -> Verdict:
        """The verdict of one check."""
        (finding,) = judge_all(self.facts, [all_checks()[check]])
        return finding.verdict


def hold(
    probe: Probe,
    manners: Manners | None = None,
    protocol: MailProtocol = MailProtocol.SMTP,
    settings: ProbeSettings = SETTINGS,
    domain: str | None = "example.test",
) -> Outcome:
    """Run one probe against a server of such manners."""
    return hold_at(MailPeer(manners or Manners(), protocol), probe, protocol, settings, domain)


def hold_at(
    server: Listener,
    probe: Probe,
    protocol: MailProtocol = MailProtocol.SMTP,
    settings: ProbeSettings = SETTINGS,
    domain: str | None = "example.test",
) -> Outcome:
    """Run one probe against a server."""

    async def run() -> Outcome:
        server.start()
        try:
            outside = network(DialerTo(server.port))
            recorder = Recorder(outside.clock)
            started = RunContext(started_at=outside.clock.now(), version="0", ehlo_name=settings.ehlo_name)
            recorder.emit((Subject(),), started)
            endpoint = Endpoint(mode=TlsMode.STARTTLS, reference_names=(HOST,), protocol=protocol)
            recorder.emit((SUBJECT,), endpoint)
            limit, most = settings.seconds, settings.connections
            peer = Peer(outside, LOOPBACK, 25, time_limit_s=limit, connection_limit=most)
            way = Way(protocol, TlsMode.STARTTLS, HOST, domain)
            await probe(peer, recorder, (SUBJECT,), settings, way)
            return Outcome(recorder.facts(), server)
        finally:
            await server.stop()

    return asyncio.run(run())
