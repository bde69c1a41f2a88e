"""Every protocol, from the target that a user names to the facts, against the lab's servers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.net.loopback import LOOPBACK
from tests.probes.scripted import CA, DialerTo, network
from waxseal.facts import (
    DIALOGUE,
    AccessGreeting,
    Attempt,
    CapabilitiesClear,
    CapabilitiesTls,
    Cause,
    CertificateChain,
    EhloClear,
    EhloTls,
    FactSet,
    Greeting,
    Handshake,
    MailProtocol,
    NoSniAnswer,
    ReverseNames,
    Scope,
    Stage,
    StapledResponse,
    Subject,
    TlsSpending,
    TlsSuites,
    TlsVersions,
)
from waxseal.lab.access_behaviour import AccessBehaviour
from waxseal.lab.access_server import AccessServer
from waxseal.lab.behaviour import Behaviour
from waxseal.lab.listener import Listener
from waxseal.lab.smtp_server import SmtpServer
from waxseal.net.guard import AddressGuard
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.tls.depth import Depth
from waxseal.scan.collect import collect
from waxseal.scan.target import parse_target

HOST = "mail.example.test"
GRADE = ProbeSettings(ehlo_name="client.example.test", depth=Depth.GRADE)
SCHEMES = ("smtp", "smtps", "lmtp", "imap", "imaps", "pop3", "pop3s", "sieve")
MOST_CONNECTIONS = 8


def server_for(scheme: str) -> Listener:
    target = parse_target(f"{scheme}://{LOOPBACK}")
    implicit = scheme.endswith("s")
    if scheme in ("smtp", "smtps", "lmtp"):
        return SmtpServer(Behaviour(host=HOST, protocol=target.protocol, implicit=implicit), CA)
    return AccessServer(AccessBehaviour(protocol=target.protocol, host=HOST, implicit=implicit), CA)


def looked_at(server: Listener, text: str, settings: ProbeSettings = GRADE) -> FactSet:
    async def run() -> FactSet:
        server.start()
        try:
            outside = network(DialerTo(server.port))
            return await collect([parse_target(text, name=HOST)], outside, settings)
        finally:
            await server.stop()

    facts = asyncio.run(run())
    attempts = [attempt for _, attempt in facts.within(Attempt, Subject())]
    assert not [a for a in attempts if a.ended.cause is Cause.CRASHED]
    return facts


def whole(facts: FactSet, scheme: str) -> None:
    """The main conversation came to its end, and TLS was examined as that of any server."""
    (main,) = [a for _, a in facts.within(Attempt, Subject()) if a.probe == DIALOGUE]
    assert (main.ended.cause, main.ended.stage) == (Cause.COMPLETED, Stage.QUIT), main.ended
    (place,) = facts.subjects(Scope.PORT)
    mail = scheme in ("smtp", "smtps", "lmtp")
    behind = () if scheme.endswith("s") else ((EhloTls,) if mail else (CapabilitiesTls,))
    kinds = (Greeting, EhloClear) if mail else (AccessGreeting, CapabilitiesClear)
    examined = (Handshake, TlsVersions, TlsSuites, CertificateChain, StapledResponse, NoSniAnswer)
    for kind in (*kinds, *behind, *examined):
        assert facts.within(kind, place), kind
    ((_, versions),) = facts.within(TlsVersions, place)
    accepted = {v.version for v in versions.answers if v.accepted}
    assert accepted == {"TLSv1.2", "TLSv1.3"}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_protocol_is_judged_alike(scheme: str) -> None:
    server = server_for(scheme)
    facts = looked_at(server, f"{scheme}://{LOOPBACK}")
    whole(facts, scheme)
    ((_, spending),) = facts.within(TlsSpending, Subject())
    assert spending.spent == server.connections <= MOST_CONNECTIONS
    assert spending.not_asked == ()


@asynccontextmanager
async def through_a_socket(path: Path, port: int) -> AsyncIterator[None]:
    """A UNIX socket in front of a port."""

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
        sink.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_port, to_port = await asyncio.open_connection(LOOPBACK, port)
        await asyncio.gather(pump(reader, to_port), pump(from_port, writer), return_exceptions=True)

    async with await asyncio.start_unix_server(connected, path):
        yield


@pytest.mark.parametrize("scheme", ["lmtp", "imap", "pop3s"])
def test_a_socket_is_judged_like_a_port(tmp_path: Path, scheme: str) -> None:
    path = tmp_path / "Mail.sock"
    server = server_for(scheme)

    async def run() -> FactSet:
        server.start()
        try:
            async with through_a_socket(path, server.port):
                target = parse_target(f"{scheme}+unix:{path}", name=HOST)
                # No address is allowed; the socket is, because it was named.
                outside = replace(network(), guard=AddressGuard())
                return await collect([target], outside, GRADE)
        finally:
            await server.stop()

    facts = asyncio.run(run())
    whole(facts, scheme)
    (place,) = facts.subjects(Scope.PORT)
    assert (place.address, place.port) == (f"unix:{path}", 0)
    assert not facts.within(ReverseNames, Subject())


@pytest.mark.parametrize("make", ["nothing", "file"])
def test_what_is_no_socket_is_not_dialled(tmp_path: Path, make: str) -> None:
    path = tmp_path / "no.sock"
    if make == "file":
        path.write_text("")
    facts = asyncio.run(collect([parse_target(f"lmtp+unix:{path}")], network(), GRADE))
    (main,) = [a for _, a in facts.within(Attempt, Subject()) if a.probe == DIALOGUE]
    assert main.ended.cause is Cause.NOT_ALLOWED
    assert str(path) in main.ended.detail


def asked_about(server: Listener) -> list[str]:
    facts = looked_at(server, f"imap://{LOOPBACK}", ProbeSettings(ehlo_name="client.example.test"))
    attempts = [a for _, a in facts.within(Attempt, Subject()) if a.connections and a.probe != DIALOGUE]
    return [attempt.probe for attempt in attempts]


@pytest.mark.parametrize(
    "behaviour",
    [
        AccessBehaviour(protocol=MailProtocol.IMAP, host=HOST, capabilities=("IMAP4rev1",)),
        AccessBehaviour(protocol=MailProtocol.IMAP, host=HOST, starttls="NO not today"),
    ],
    ids=["not-offered", "turned-down"],
)
def test_sessions_without_tls_are_looked_at_too(behaviour: AccessBehaviour) -> None:
    probes = asked_about(AccessServer(behaviour, CA))
    assert "starttls.session" in probes
    assert "tls" not in probes


def test_a_server_that_will_not_talk_is_left_alone() -> None:
    behaviour = AccessBehaviour(protocol=MailProtocol.IMAP, host=HOST, greeting=b"* BYE busy\r\n")
    assert asked_about(AccessServer(behaviour, CA)) == []
