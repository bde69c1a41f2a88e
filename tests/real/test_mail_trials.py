"""Relaying, doubtful ends of data, VRFY and a misled web client, tried at real servers.

Postfix and Exim as Debian sets them up trust 127.0.0.1, from which they are asked: so Exim relays in
`default`; in the services' set-ups nobody is trusted. Postfix before 3.9 takes a bare LF for a line's end
unless it is told not to (CVE-2023-51764).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from waxseal.checks import samples
from waxseal.checks.api import Verdict
from waxseal.checks.engine import judge_all
from waxseal.checks.registry import all_checks
from waxseal.facts import (
    Attempt,
    Certificate,
    CertificateChain,
    CrossProtocol,
    Endpoint,
    FactSet,
    MailProtocol,
    SmugglingTrials,
    Subject,
    TlsMode,
)
from waxseal.net.dns import DnsClient
from waxseal.net.guard import AddressGuard
from waxseal.net.network import Network
from waxseal.net.peer import Peer
from waxseal.net.roots import load_roots
from waxseal.probes.cross_protocol import try_cross_protocol
from waxseal.probes.recorder import Recorder
from waxseal.probes.relay import try_relay
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.smtp_commands import ask_commands
from waxseal.probes.smuggling import try_smuggling
from waxseal.probes.way import Way

if TYPE_CHECKING:
    from tests.probes.mail_peer import Probe

    from .servers import RealServer

pytestmark = pytest.mark.real

SETTINGS = ProbeSettings(ehlo_name="probe.test", relay=True, own_recipient="postmaster@real.test")
FAIL, INCONCLUSIVE, PASS = Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS
WEB, MAIL = "*.real.test", "mx.real.test"
PATIENT = (
    *(("cyrus", name) for name in ("imap", "imaps", "pop3", "sieve", "lmtp")),
    ("courier", "pop3"),
)
"""Those that answer fifteen lines of a web request with an error each, and stay."""
IMPATIENT = (
    *(("dovecot-access", name) for name in ("imap", "imaps", "pop3", "sieve", "submission", "lmtp")),
    ("courier", "imap"),
    ("postfix", "default"),
)
STRICT = ("nginx", "imap"), ("nginx", "pop3s"), ("nginx", "smtp"), ("exim", "default"), ("exim", "implicit")
"""Those that refuse the web's ALPN names."""


async def ask(server: RealServer, *probes: Probe, leaf_name: str = WEB) -> tuple[Subject, FactSet]:
    """Some probes, and a certificate of this name, so that a server's manners are what counts."""
    network = Network(
        resolver=DnsClient(["127.0.0.1:53"]),
        roots=load_roots(str(server.root_pem)),
        guard=AddressGuard(["127.0.0.0/8"]),
    )
    recorder = Recorder(network.clock)
    subject = Subject(domain="real.test", host=server.name, address=server.host, port=server.port)
    mode, protocol = TlsMode(server.mode), MailProtocol(server.protocol)
    recorder.emit((Subject(),), samples.run_context())
    recorder.emit((subject,), Endpoint(mode=mode, reference_names=(server.name,), protocol=protocol))
    leaf = Certificate(der=b"", sha256="aa", dns_names=(leaf_name,))
    inside = structs.replace(subject, server_name=server.name, certificate_type="rsa")
    recorder.emit((inside,), CertificateChain(certificates=(leaf,), shown_at=samples.NOW))
    way = Way(protocol, mode, server.name, "real.test")
    for probe in probes:
        peer = Peer(network, server.host, server.port, time_limit_s=30, connection_limit=20)
        await probe(peer, recorder, (subject,), SETTINGS, way)
    return subject, recorder.facts()


@pytest.mark.parametrize(
    ("real_server", "relay", "smuggled"),
    [
        (("postfix", "implicit"), PASS, FAIL),
        (("postfix-services", "closed"), PASS, FAIL),
        (("postfix-services", "closed-for-good"), PASS, FAIL),
        (("postfix-services", "bare-newline-normalized"), PASS, PASS),
        (("postfix-services", "bare-newline-refused"), PASS, PASS),
        (("postfix-services", "open-relay"), FAIL, FAIL),
        (("exim", "default"), FAIL, PASS),
        (("exim-services", "closed"), PASS, PASS),
        (("exim-services", "open-relay"), FAIL, PASS),
        (("nginx", "smtp"), PASS, FAIL),  # which hands on to Postfix
        (("dovecot", "default"), PASS, INCONCLUSIVE),
    ],
    indirect=["real_server"],
)
def test_mail(real_server: RealServer, relay: Verdict, smuggled: Verdict) -> None:
    subject, facts = asyncio.run(ask(real_server, try_relay, try_smuggling, ask_commands))
    expected = {
        "smtp/relay-open": relay,
        "smtp/data-end-smuggled": smuggled,
        "smtp/users-disclosed": PASS,
    }
    assert verdicts(subject, facts, *expected) == expected
    attempts = facts.at(Attempt, subject)
    assert len(attempts) == 3
    most = {"smtp.relay": 2, "smtp.smuggling": 8, "smtp.commands": 1}
    assert all(attempt.connections <= most[attempt.probe] for attempt in attempts)


@pytest.mark.parametrize("real_server", [("postfix-services", "closed")], indirect=True)
def test_which_ends_postfix_takes(real_server: RealServer) -> None:
    subject, facts = asyncio.run(ask(real_server, try_smuggling))
    sent = facts.nearest(SmugglingTrials, subject)
    assert sent is not None
    taken = {trial.variant for trial in sent.trials if len(trial.replies) > trial.expected}
    assert taken == {"lf-dot-lf", "lf-dot-crlf", "crlf-dot-lf"}


@pytest.mark.parametrize("name", [WEB, MAIL])
@pytest.mark.parametrize("real_server", [*PATIENT, *IMPATIENT, *STRICT], indirect=True, ids="-".join)
def test_a_web_client(real_server: RealServer, name: str) -> None:
    subject, facts = asyncio.run(ask(real_server, try_cross_protocol, leaf_name=name))
    at = real_server.software, real_server.set_up
    seen = facts.nearest(CrossProtocol, subject)
    assert seen is not None
    assert (seen.alert == 120) == (at in STRICT)
    assert (seen.completed and not seen.closed) == (at in PATIENT)
    assert not seen.echoed
    found = Verdict.WARN if at in PATIENT and name == WEB else PASS
    assert verdicts(subject, facts, "tls/cross-protocol") == {"tls/cross-protocol": found}


def verdicts(subject: Subject, facts: FactSet, *names: str) -> dict[str, Verdict]:
    """How these checks judge the server."""
    found = judge_all(facts, [all_checks()[name] for name in names])
    return {finding.check: finding.verdict for finding in found if finding.subject == subject}
