"""What lives around STARTTLS, at real servers of all five protocols."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.probes.scripted import NoResolver
from waxseal.checks.engine import judge_all
from waxseal.checks.registry import all_checks
from waxseal.checks.verdict import Verdict
from waxseal.facts import Attempt, Endpoint, FactSet, MailProtocol, Subject, TlsMode
from waxseal.net.guard import AddressGuard
from waxseal.net.network import Network
from waxseal.net.peer import Peer
from waxseal.net.roots import load_roots
from waxseal.probes.injection import try_injection
from waxseal.probes.recorder import Recorder
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.starttls_session import try_session
from waxseal.probes.way import Way

if TYPE_CHECKING:
    from collections.abc import Callable

    from .servers import RealServer

pytestmark = pytest.mark.real

SETTINGS = ProbeSettings(ehlo_name="client.example.test", active_auth=True)
INJECTION = "starttls/command-injection"
PARAMETER = "starttls/parameter-accepted"
USER = "starttls/user-kept"


async def ask(server: RealServer) -> FactSet:
    """Both probes, as a scan holds them."""
    network = Network(
        resolver=NoResolver(), roots=load_roots(str(server.root_pem)), guard=AddressGuard(["127.0.0.0/8"])
    )
    recorder = Recorder(network.clock)
    subjects = (Subject(host=server.name, address=server.host, port=server.port),)
    protocol = MailProtocol(server.protocol)
    recorder.emit(subjects, Endpoint(mode=TlsMode.STARTTLS, protocol=protocol))
    peer = Peer(network, server.host, server.port, time_limit_s=60.0, connection_limit=8)
    way = Way(protocol, TlsMode.STARTTLS, server.name)
    await try_session(peer, recorder, subjects, SETTINGS, way)
    await try_injection(peer, recorder, subjects, SETTINGS, way)
    return recorder.facts()


@pytest.mark.parametrize(
    ("software", "set_up", "injection", "other_faults"),
    [
        ("postfix", "default", Verdict.PASS, {}),
        ("postfix", "submission", Verdict.PASS, {}),
        ("exim", "default", Verdict.PASS, {}),
        ("dovecot-access", "imap", Verdict.PASS, {PARAMETER: Verdict.WARN}),
        ("dovecot-access", "pop3", Verdict.PASS, {PARAMETER: Verdict.WARN}),
        ("dovecot-access", "sieve", Verdict.PASS, {}),
        ("dovecot-access", "submission", Verdict.PASS, {}),
        ("dovecot-access", "lmtp", Verdict.PASS, {}),
        ("dovecot-lax", "pop3", Verdict.PASS, {PARAMETER: Verdict.WARN, USER: Verdict.WARN}),
        ("cyrus", "imap", Verdict.PASS, {}),
        ("cyrus", "pop3", Verdict.PASS, {}),
        ("cyrus", "sieve", Verdict.PASS, {}),
        ("cyrus", "lmtp", Verdict.PASS, {}),
        ("courier", "imap", Verdict.PASS, {PARAMETER: Verdict.WARN}),
        # Courier before 1.1.5 executes what stands behind STLS (CVE-2021-38084), and so does Debian 12's.
        ("courier", "pop3", Verdict.FAIL, {PARAMETER: Verdict.WARN, USER: Verdict.WARN}),
        ("nginx", "imap", Verdict.PASS, {PARAMETER: Verdict.WARN}),
        ("nginx", "pop3", Verdict.PASS, {PARAMETER: Verdict.WARN}),
        ("nginx", "smtp", Verdict.PASS, {PARAMETER: Verdict.WARN}),
    ],
)
def test_every_server_gets_its_due(
    start_real: Callable[[str, str], RealServer],
    software: str,
    set_up: str,
    injection: Verdict,
    other_faults: dict[str, Verdict],
) -> None:
    facts = asyncio.run(ask(start_real(software, set_up)))
    checks = [check for name, check in all_checks().items() if name.startswith("starttls/")]
    verdicts = {finding.check: finding.verdict for finding in judge_all(facts, checks)}
    assert verdicts.pop(INJECTION) is injection
    sound = (Verdict.PASS, Verdict.NOT_APPLICABLE)
    assert {name: verdict for name, verdict in verdicts.items() if verdict not in sound} == other_faults
    spent = sum(attempt.connections for _, attempt in facts.within(Attempt, Subject()))
    assert spent <= 7
