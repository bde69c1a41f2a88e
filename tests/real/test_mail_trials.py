"""Relaying, smuggling, VRFY and a misled web client, tried at real servers."""

from __future__ import annotations

import asyncio
import sys

import pytest
from msgspec import structs

from waxseal.facts import (
    FactSet,
    MailProtocol,
    Subject,
    TlsMode,
    Transcript,
    Attempt,
    SmugglingTrials,
    RelayTrials,
    CommandAnswers,
    CrossProtocol,
)
from waxseal.net.guard import AddressGuard
from waxseal.net.network import Network
from waxseal.net.dns import DnsClient
from waxseal.net.peer import Peer
from waxseal.net.roots import load_roots
from waxseal.probes.cross_protocol import try_cross_protocol
from waxseal.probes.recorder import Recorder
from waxseal.probes.relay import try_relay
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.smtp_commands import ask_commands
from waxseal.probes.smuggling import try_smuggling
from waxseal.probes.way import Way

from .servers import RealServer

pytestmark = pytest.mark.real


async def run(server: RealServer) -> FactSet:
    network = Network(
        resolver=DnsClient(["127.0.0.1:1"]),
        roots=load_roots(str(server.root_pem)),
        guard=AddressGuard(["127.0.0.0/8"]),
    )
    recorder = Recorder(network.clock)
    subject = Subject(domain="real.test", host=server.name, address=server.host, port=server.port)
    settings = ProbeSettings(ehlo_name="probe.test", relay=True, own_recipient="root@real.test")
    way = Way(MailProtocol.SMTP, TlsMode(server.mode), server.name, "real.test")
    for probe in (try_relay, try_smuggling, ask_commands, try_cross_protocol):
        peer = Peer(network, server.host, server.port, time_limit_s=60, connection_limit=60)
        began = network.clock.monotonic()
        await probe(peer, recorder, (subject,), settings, way)
        print(
            "===",
            server.software,
            probe.__name__,
            peer.connections,
            round(network.clock.monotonic() - began, 2),
        )
    return recorder.facts()


@pytest.mark.parametrize(
    "real_server",
    [("postfix", "default"), ("exim", "default"), ("dovecot", "default"), ("postfix", "implicit")],
    indirect=True,
)
def test_all(real_server: RealServer) -> None:
    facts = asyncio.run(run(real_server))
    for record in facts:
        f = record.fact
        match f:
            case Transcript():
                for line in f.lines:
                    print(f"{line.at_s:8.3f} {line.sender}{'+' if line.in_tls else ' '} {line.text[:150]}")
            case RelayTrials():
                print("control", f.control and f.control.raw)
                for t in f.trials:
                    print(t.form, t.mail and t.mail.code, t.rcpt and t.rcpt.raw)
            case SmugglingTrials():
                for t in f.trials:
                    print(t.variant, [r.code for r in t.replies], t.ended)
            case Attempt():
                print(f.probe, f.ended, f.connections)
            case _:
                print(f)
