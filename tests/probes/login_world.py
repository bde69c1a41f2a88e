"""The lab's servers and a probe that logs in, with everything that was recorded, for the tests of logins."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.probes.scripted import CA, HOST, DialerTo, ScriptedServer, network
from waxseal.checks.engine import judge_all
from waxseal.checks.registry import all_checks
from waxseal.checks.verdict import Verdict
from waxseal.facts import (
    Attempt,
    CapabilitiesClear,
    EhloClear,
    Endpoint,
    Fact,
    FactSet,
    Keyword,
    MailProtocol,
    Reply,
    Response,
    RunContext,
    Subject,
    Target,
    TargetKind,
    TlsMode,
    Transcript,
)
from waxseal.facts.stored import dump
from waxseal.lab.access_behaviour import AccessBehaviour
from waxseal.lab.access_server import AccessServer
from waxseal.lab.behaviour import Behaviour
from waxseal.lab.listener import LOOPBACK
from waxseal.lab.smtp_server import SmtpServer
from waxseal.net.peer import Peer
from waxseal.probes.recorder import Recorder
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.way import Way

SUBJECT = Subject(host=HOST, address=LOOPBACK, port=143)
Probe = Callable[[Peer, Recorder, tuple[Subject, ...], ProbeSettings, Way], Awaitable[None]]
Server = AccessServer | SmtpServer | ScriptedServer


class Seen:
    """What a probe recorded."""

    def __init__(self, facts: FactSet, connections: int) -> None:
        self.facts = facts
        self.connections = connections

    @property
    def attempt(self) -> Attempt:
        """The only attempt."""
        (found,) = self.facts.at(Attempt, SUBJECT)
        return found

    @property
    def transcript(self) -> str:
        """All lines of all conversations."""
        found = self.facts.at(Transcript, SUBJECT)
        return "\n".join(f"{line.sender}: {line.text}" for one in found for line in one.lines)

    @property
    def stored(self) -> str:
        """Everything that would be stored."""
        return b"".join(dump(self.facts)).decode()

    def verdicts(self, *names: str) -> dict[str, Verdict]:
        """What these checks of the topic say."""
        checks = [all_checks()[f"auth/{name}"] for name in names]
        findings = judge_all(self.facts, checks)
        assert not any(finding.crashed for finding in findings), findings
        return {finding.check.removeprefix("auth/"): finding.verdict for finding in findings}


def server_of(how: AccessBehaviour | Behaviour) -> Server:
    """A lab server that behaves so."""
    return AccessServer(how, CA) if isinstance(how, AccessBehaviour) else SmtpServer(how, CA)


def try_it(
    probe: Probe,
    server: Callable[[], Server],
    protocol: MailProtocol,
    settings: ProbeSettings,
    *facts: Fact,
    mode: TlsMode = TlsMode.STARTTLS,
    server_name: str = HOST,
    target: Target | None = None,
) -> Seen:
    """Run a probe against a server."""
    given = target or Target(given=HOST, kind=TargetKind.HOST, name=HOST, protocol=protocol, mode=mode)

    async def run() -> Seen:
        listener = server()
        listener.start()
        try:
            outside = network(DialerTo(listener.port))
            recorder = Recorder(outside.clock)
            context = RunContext(started_at=outside.clock.now(), version="0", ehlo_name="client.test")
            recorder.emit((Subject(),), context)
            recorder.emit((SUBJECT.up_to(given.SCOPE.HOST),), given)
            endpoint = Endpoint(mode=mode, protocol=protocol, reference_names=(HOST,))
            for fact in (endpoint, *facts):
                recorder.emit((SUBJECT,), fact)
            peer = Peer(outside, LOOPBACK, 143, time_limit_s=20.0, connection_limit=8)
            await probe(peer, recorder, (SUBJECT,), settings, Way(protocol, mode, server_name, None))
            return Seen(recorder.facts(), peer.connections)
        finally:
            await listener.stop()

    return asyncio.run(run())


def listed(how: AccessBehaviour | Behaviour) -> Fact:
    """What such a server lists in clear."""
    if isinstance(how, Behaviour):
        keywords = _keywords(how.keywords)
        return EhloClear(command="EHLO", reply=Reply(250, ("x", *how.keywords)), keywords=keywords)
    good = "+OK" if how.protocol is MailProtocol.POP3 else "OK"
    keywords = _keywords(how.capabilities_now(in_tls=False))
    return CapabilitiesClear(response=Response(good), keywords=keywords)


def _keywords(texts: tuple[str, ...]) -> tuple[Keyword, ...]:
    return tuple(Keyword(text.split()[0].upper(), tuple(text.split()[1:])) for text in texts)
