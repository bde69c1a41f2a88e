"""Resumption, early data, renegotiation and client certificates, against real servers and scripted ones."""

import asyncio
from collections.abc import Callable

import pytest

from tests.probes.scripted import SETTINGS, SUBJECT, DialerTo, network
from tests.probes.tls.examining import examine
from tests.tls.options import TlsServer
from waxseal.facts import (
    Cause,
    CertificateChain,
    ClientCertificateRequest,
    MailProtocol,
    RawPublicKeyAnswer,
    Renegotiation,
    TicketEcho,
    TlsMode,
    TlsSessions,
)
from waxseal.lab.listener import LOOPBACK
from waxseal.net.clock import SystemClock
from waxseal.net.peer import Peer
from waxseal.probes.recorder import Recorder, attempt
from waxseal.probes.smtp_dialogue import smtp_dialogue
from waxseal.probes.tls.depth import Depth
from waxseal.probes.tls.flaws import clear
from waxseal.probes.tls.hellos import HelloMaker
from waxseal.probes.tls.knowledge import Knowledge
from waxseal.probes.tls.pool import Pool
from waxseal.probes.tls.question import Strand
from waxseal.probes.tls.sessions import Sessions

StartTls = Callable[..., TlsServer]
Resumed = dict[str, tuple[bool | None, bool | None]]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On loopback, silence is told sooner."""
    monkeypatch.setattr(clear, "QUIET_S", 0.3)


def resumed(sessions: TlsSessions) -> Resumed:
    """By means: whether it was given, and taken."""
    return {found.means: (found.given, found.resumed) for found in sessions.resumptions}


BOTH = (True, True)
FEW = {"suites": "ECDHE+AESGCM", "lowest": "TLSv1.2"}
"""For a server that serves one connection at a time."""


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("openssl-3.5.8", {}, {"session-id": BOTH, "ticket": BOTH, "psk": BOTH}),
        ("openssl-1.0.1e", {}, {"session-id": BOTH, "ticket": BOTH}),
        # Its Node keeps no sessions: `openssl s_client -no_ticket -reconnect` is not resumed there either.
        ("openssl-1.0.0m", {}, {"session-id": (True, False), "ticket": BOTH}),
        ("flawed", {}, {"session-id": (False, None), "ticket": BOTH}),
        ("flawed", {"tickets": False}, {"session-id": (False, None), "ticket": (False, None)}),
        (
            "openssl-s_server",
            {"tickets": False, "highest": "TLSv1.2", **FEW},
            {"session-id": BOTH, "ticket": (False, None)},
        ),
        ("gnutls", {}, {"session-id": (True, False), "ticket": BOTH, "psk": BOTH}),
    ],
)
def test_resumption(start_tls: StartTls, kind: str, options: dict[str, object], expected: Resumed) -> None:
    found = examine(start_tls(kind, **options))
    assert resumed(found.one(TlsSessions)) == expected
    assert found.attempt.ended.cause is Cause.COMPLETED


def test_tickets_say_how_long_they_last(start_tls: StartTls) -> None:
    sessions = examine(start_tls("openssl-3.5.8", highest="TLSv1.3", lowest="TLSv1.3")).one(TlsSessions)
    assert resumed(sessions) == {"psk": BOTH}
    found = sessions.by("psk")
    assert found is not None
    assert found.lifetime_s
    assert found.tickets
    ticket = examine(start_tls("flawed")).one(TlsSessions).by("ticket")
    assert ticket is not None
    assert (ticket.lifetime_s, ticket.tickets) == (300, 1)


def nothing(*_: object) -> Strand:
    """A strand that asks nothing."""
    yield from ()


def test_connections_of_its_own_are_few(start_tls: StartTls) -> None:
    """Four: the ticket of TLS 1.3; a session, its id, its ticket."""
    options = {"suites": "ECDHE+AESGCM:TLS_AES_128_GCM_SHA256", "lowest": "TLSv1.2"}
    server = start_tls("openssl-3.5.8", **options)
    whole = examine(server)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("waxseal.probes.tls.sessions.Sessions.ask", nothing)
        without = examine(server)
    assert without.every(Renegotiation) == []
    assert whole.spending.spent - without.spending.spent == 4


def test_at_standard_only_what_is_free(start_tls: StartTls) -> None:
    found = examine(start_tls("openssl-s_server", early_data_octets=4096), Depth.STANDARD)
    sessions = found.one(TlsSessions)
    assert resumed(sessions) == {"psk": (True, None)}
    assert (sessions.early_data_octets, sessions.early_data_accepted) == (4096, None)
    assert found.every(Renegotiation) == []
    assert found.every(TicketEcho) == []


def test_early_data_behind_starttls(start_tls: StartTls) -> None:
    """EHLO goes out with the ClientHello, and is answered within the handshake's round trip."""
    sessions = examine(start_tls("openssl-s_server", early_data_octets=16384, **FEW)).one(TlsSessions)
    assert sessions.early_data_octets == 16384
    assert sessions.early_data_accepted is True
    assert sessions.early_data_reply.startswith(b"250")


def ask_alone(server: TlsServer, mode: TlsMode, knowledge: Knowledge) -> TlsSessions:
    """The sessions' own questions to a server behind STARTTLS, as asked where TLS begins in this mode."""

    async def run() -> TlsSessions:
        clock = SystemClock()
        peer = Peer(network(DialerTo(server.port)), LOOPBACK, 25, time_limit_s=30, connection_limit=20)
        recorder = Recorder(clock)
        main = await smtp_dialogue(peer, recorder, (SUBJECT,), SETTINGS, TlsMode.STARTTLS, server.name)
        maker = HelloMaker(server.name)
        sessions = Sessions(
            knowledge,
            maker,
            Depth.FULL,
            MailProtocol.SMTP,
            mode,
            own_name="probe.test",
            now=clock.monotonic,
        )
        sessions.take_main(main.scouted, stood=True)
        async with attempt(recorder, (SUBJECT,), "tls", clock) as started:
            pool = Pool(peer, started, MailProtocol.SMTP, TlsMode.STARTTLS, "probe.test")
            await pool.ask(sessions.ask(lambda: True))
        (found,) = [fact for fact in sessions.facts() if isinstance(fact, TlsSessions)]
        return found

    return asyncio.run(run())


def test_early_data_with_implicit_tls(start_tls: StartTls) -> None:
    """It is announced, but nothing goes out, since the server speaks first there."""
    sessions = ask_alone(
        start_tls("openssl-s_server", early_data_octets=16384), TlsMode.IMPLICIT, Knowledge()
    )
    assert resumed(sessions) == {"psk": BOTH}
    assert sessions.early_data_accepted is True
    assert sessions.early_data_reply == b""


def test_the_session_tells_whose_order_decides(start_tls: StartTls) -> None:
    """The suites are offered in reverse of the order in which they were found."""
    first, second = 0xC030, 0xC02F
    server = start_tls("openssl-3.5.8", suites="ECDHE+AESGCM", highest="TLSv1.2")
    for order in ((first, second), (second, first)):
        knowledge = Knowledge()
        known = knowledge.versions[0x0303]
        known.accepted, known.suites = True, list(order)
        ask_alone(server, TlsMode.STARTTLS, knowledge)
        assert known.evidence.choices == [(order[::-1], order[1])]


def test_no_early_data(start_tls: StartTls) -> None:
    sessions = examine(start_tls("openssl-3.5.8")).one(TlsSessions)
    assert (sessions.early_data_octets, sessions.early_data_accepted) == (None, None)


@pytest.mark.parametrize(
    ("kind", "options", "completed", "alert", "without_info"),
    [
        ("openssl-3.5.8", {}, 11, None, False),
        ("openssl-1.0.1e", {}, 11, None, False),
        ("openssl-s_server", {"highest": "TLSv1.2", **FEW}, 0, 100, False),
        ("flawed", {}, 0, 40, None),
        ("flawed", {"extra": ("renegotiates",)}, 11, None, True),
    ],
)
def test_renegotiation(
    start_tls: StartTls,
    kind: str,
    options: dict[str, object],
    completed: int,
    alert: int | None,
    without_info: bool | None,
) -> None:
    found = examine(start_tls(kind, **options)).one(Renegotiation)
    assert found.info_sent
    assert (found.completed, found.without_info) == (completed, without_info)
    assert found.attempted == max(1, completed)
    assert found.reaction is not None
    assert found.reaction.alert == alert
    assert (found.reaction.cause is Cause.COMPLETED) == bool(completed)


@pytest.mark.parametrize(("extra", "done"), [((), False), (("renegotiates",), True)])
def test_renegotiation_without_rfc_5746(start_tls: StartTls, extra: tuple[str, ...], done: bool) -> None:
    server = start_tls("flawed", extra=("no-renegotiation-info", *extra), suites="rsa")
    found = examine(server).one(Renegotiation)
    assert (found.info_sent, found.without_info, found.completed > 0) == (False, done, done)


@pytest.mark.parametrize(
    ("wanted", "highest", "asked", "completed_without"),
    [
        ("none", "TLSv1.2", False, True),
        ("none", "TLSv1.3", False, True),
        ("ask", "TLSv1.2", True, True),
        ("ask", "TLSv1.3", True, True),
        ("require", "TLSv1.3", True, False),
    ],
)
def test_client_certificates(
    start_tls: StartTls, wanted: str, highest: str, asked: bool, completed_without: bool
) -> None:
    server = start_tls("openssl-3.5.8", client_certificate=wanted, highest=highest, suites="ECDHE+AESGCM")
    for depth in (Depth.GRADE, Depth.FULL):
        found = examine(server, depth).one(ClientCertificateRequest)
        assert (found.version, found.asked) == (highest, asked)
        assert found.completed_without is completed_without
        assert any(b"Waxseal Lab Root" in name for name in found.authorities) == asked
        assert bool(found.schemes) == asked


@pytest.mark.parametrize("highest", ["TLSv1.2", "TLSv1.3"])
def test_raw_public_keys(start_tls: StartTls, highest: str) -> None:
    priority = f"NORMAL:-VERS-ALL:+VERS-{highest.replace('TLSv', 'TLS')}"
    server = start_tls("gnutls", extra=("rawpk",), suites=priority)
    found = examine(server)
    answer = found.one(RawPublicKeyAnswer)
    assert answer.reaction.cause is Cause.COMPLETED
    assert answer.certificate_type == 2
    assert answer.spki_sha256 in {chain.leaf.spki_sha256 for chain in found.every(CertificateChain)}


@pytest.mark.parametrize("highest", ["TLSv1.2", "TLSv1.3"])
def test_no_raw_public_keys(start_tls: StartTls, highest: str) -> None:
    server = start_tls("openssl-3.5.8", highest=highest, lowest=highest)
    answer = examine(server).one(RawPublicKeyAnswer)
    assert (answer.certificate_type, answer.spki_sha256) == (None, "")
    assert answer.reaction.cause is Cause.COMPLETED
