"""Each flaw is found in a server that has it, and in no other; what was not seen clears nobody."""

import asyncio
from collections.abc import Callable

import pytest

from tests.probes.tls.examining import examine
from tests.probes.tls.heartbeats import HeartbeatServer
from tests.tls.dh import dh_file
from tests.tls.options import TlsServer
from tests.tls.servers import TlsServers
from waxseal.api import default_network
from waxseal.facts import (
    Cause,
    EarlyChangeCipherSpec,
    FactSet,
    HeartbeatAnswer,
    MailProtocol,
    OracleReply,
    PaddingOracle,
    RsaOracle,
    Target,
    TargetKind,
    TicketEcho,
    TlsKeyExchanges,
    TlsMode,
    TlsVersions,
)
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.tls.depth import Depth
from waxseal.probes.tls.flaws import clear
from waxseal.probes.tls.flaws.cbc_padding import SPOILT
from waxseal.probes.tls.flaws.rsa_padding import BLOCKS
from waxseal.scan.collect import collect

StartTls = Callable[..., TlsServer]
Shown = dict[str, set[object]]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On loopback, silence is told sooner."""
    monkeypatch.setattr(clear, "QUIET_S", 0.4)


def shown(answers: tuple[OracleReply, ...]) -> Shown:
    """By variant, every sort of reply: the alert's number, or the cause."""
    return {
        answer.variant: {r.alert if r.cause is Cause.ALERT else r.cause for r in answer.replies}
        for answer in answers
    }


def alike(names: object, reply: object) -> Shown:
    return {name: {reply} for name in names}  # type: ignore[attr-defined]


def times(answers: tuple[OracleReply, ...]) -> set[int]:
    return {len(answer.replies) for answer in answers}


def test_heartbleed_is_found(start_tls: StartTls) -> None:
    found = examine(start_tls("openssl-1.0.1e"), Depth.STANDARD)
    answer = found.one(HeartbeatAnswer)
    assert answer.mode == 1
    assert answer.without_padding is not None
    assert answer.well_formed is not None
    assert answer.without_padding.cause is Cause.COMPLETED
    assert answer.well_formed.cause is Cause.COMPLETED
    # type, length, the 18 octets that we sent, 16 octets of padding: not one more
    assert len(answer.without_padding.octets) == 3 + 18 + 16
    assert answer.without_padding.octets[:3] == b"\x02\x00\x12"
    assert found.attempt.ended.cause is Cause.COMPLETED


@pytest.mark.parametrize(("patched", "without_padding"), [(True, Cause.TIMED_OUT), (False, Cause.COMPLETED)])
def test_heartbeats(tls_servers: TlsServers, patched: bool, without_padding: Cause) -> None:
    identities = tls_servers.identities
    dh = dh_file("dh-1024", identities.folder)
    with HeartbeatServer(identities.pair("rsa-2048"), dh, patched=patched) as server:
        facts = look(server.port, str(identities.root_pem))
    (answer,) = [r.fact for r in facts if isinstance(r.fact, HeartbeatAnswer)]
    assert answer.without_padding is not None
    assert answer.well_formed is not None
    assert (answer.without_padding.cause, answer.well_formed.cause) == (without_padding, Cause.COMPLETED)
    assert len(server.asked) == 2
    for request, padding in zip(server.asked, (0, 16), strict=True):
        size = int.from_bytes(request[1:3], "big")
        assert (request[0], len(request)) == (1, 3 + size + padding)  # never more than what is there


def look(port: int, roots: str) -> FactSet:
    target = Target(
        given="the test",
        kind=TargetKind.ADDRESS,
        name="127.0.0.1",
        port=port,
        mode=TlsMode.IMPLICIT,
        protocol=MailProtocol.SMTP,
        expected_name="mx.tls.test",
    )
    network = default_network(("127.0.0.1:9",), roots, ("127.0.0.0/8",))
    rules = ProbeSettings(ehlo_name="probe.test", depth=Depth.STANDARD)
    return asyncio.run(collect([target], network, rules))


def test_heartbeats_without_a_control_say_nothing(start_tls: StartTls) -> None:
    """This server takes the extension, but hangs up on a heartbeat: that clears it of nothing."""
    answer = examine(start_tls("gnutls", extra=("heartbeat",)), Depth.STANDARD).one(HeartbeatAnswer)
    assert answer.mode is not None
    assert answer.well_formed is None or answer.well_formed.cause is not Cause.COMPLETED


def test_no_heartbeats(start_tls: StartTls) -> None:
    assert examine(start_tls("openssl-3.5.8"), Depth.STANDARD).one(HeartbeatAnswer) == HeartbeatAnswer(
        mode=None
    )


@pytest.mark.parametrize(
    ("kind", "options", "first", "second"),
    [
        ("openssl-1.0.1e", {}, Cause.TIMED_OUT, Cause.CLOSED),
        ("flawed", {"extra": ("early-ccs",)}, Cause.TIMED_OUT, Cause.ALERT),
        ("flawed", {}, Cause.ALERT, None),
        ("openssl-1.0.1u", {}, Cause.ALERT, None),
        ("openssl-3.5.8", {}, Cause.ALERT, None),
        ("gnutls", {}, Cause.ALERT, None),
    ],
)
def test_early_change_cipher_spec(
    start_tls: StartTls, kind: str, options: dict[str, object], first: Cause, second: Cause | None
) -> None:
    answer = examine(start_tls(kind, **options), Depth.STANDARD).one(EarlyChangeCipherSpec)
    assert answer.first.cause is first
    assert (None if answer.second is None else answer.second.cause) is second
    if first is Cause.ALERT:
        assert answer.first.octets[:1] == b"\x15"


@pytest.mark.parametrize(
    ("flaw", "right", "others"),
    [
        ("robot-alert", 20, 51),
        ("robot-close", 20, Cause.CLOSED),
        ("robot-silence", 20, Cause.TIMED_OUT),
    ],
)
def test_robot_is_found(start_tls: StartTls, flaw: str, right: object, others: object) -> None:
    found = examine(start_tls("flawed", extra=(flaw,), suites="rsa")).one(RsaOracle)
    assert shown(found.answers) == {name: {right if name == "right" else others} for name in BLOCKS}
    assert times(found.answers) == {2}  # asked again, on one suite
    assert found.control_completed
    assert found.short_answers == ()


@pytest.mark.parametrize("kind", ["flawed", "openssl-1.0.1u", "openssl-3.5.8", "gnutls"])
def test_no_robot(start_tls: StartTls, kind: str) -> None:
    found = examine(start_tls(kind)).one(RsaOracle)
    assert shown(found.answers) == alike(BLOCKS, 20)
    assert shown(found.short_answers) == alike(BLOCKS, Cause.TIMED_OUT)
    assert times(found.answers) == {1}
    assert found.control_completed


def test_robot_behind_a_closed_door_is_not_cleared(start_tls: StartTls) -> None:
    """It ends every handshake without a certificate of ours: all replies are the same, and say nothing."""
    found = examine(start_tls("openssl-3.5.8", client_certificate="require")).one(RsaOracle)
    assert shown(found.answers) == alike(BLOCKS, 40)
    assert found.control_completed is False


def test_robot_where_a_certificate_is_only_asked_for(start_tls: StartTls) -> None:
    found = examine(start_tls("openssl-3.5.8", client_certificate="ask")).one(RsaOracle)
    assert shown(found.answers) == alike(BLOCKS, 20)
    assert found.control_completed


def test_without_rsa_key_exchange_nothing_is_tried(start_tls: StartTls) -> None:
    server = start_tls("openssl-3.5.8", suites="ECDHE+AESGCM", highest="TLSv1.2")
    found = examine(server)
    assert found.every(RsaOracle) == []
    assert found.every(PaddingOracle) == []


@pytest.mark.parametrize(
    ("flaw", "replies"),
    [
        ("padding-alert", {"bad-padding": 21, "empty-bad-padding": 21}),
        ("padding-unchecked", {"bad-padding": Cause.COMPLETED, "empty-bad-padding": Cause.TIMED_OUT}),
        ("zero-length", {"empty-bad-mac": 80}),
    ],
)
def test_padding_oracles_are_found(start_tls: StartTls, flaw: str, replies: dict[str, object]) -> None:
    found = examine(start_tls("flawed", extra=(flaw,), suites="dhe", dh="dh-1024")).one(PaddingOracle)
    assert shown(found.answers) == alike(SPOILT, 20) | {name: {reply} for name, reply in replies.items()}
    assert times(found.answers) == {2}
    assert (found.version, found.suite) == ("TLSv1.2", 0x33)


@pytest.mark.parametrize(
    ("kind", "implicit"), [("openssl-1.0.1u", False), ("openssl-1.0.2g", True), ("flawed", False)]
)
def test_no_padding_oracles(start_tls: StartTls, kind: str, implicit: bool) -> None:
    server = start_tls(kind, implicit=implicit)
    found = examine(server).one(PaddingOracle)
    assert shown(found.answers) == alike(SPOILT, 20)
    assert times(found.answers) == {1}
    again = examine(server, Depth.GRADE)  # and it serves as before
    assert any(again.versions.values())


def test_padding_where_records_are_encrypted_first(start_tls: StartTls) -> None:
    """Encrypt-then-MAC is agreed to where it is offered, so the test does not offer it."""
    server = start_tls("openssl-3.5.8", suites="ECDHE-RSA-AES128-SHA", highest="TLSv1.2", lowest="TLSv1.2")
    found = examine(server)
    assert 22 in found.one(TlsVersions).answers[-2].extensions
    assert shown(found.one(PaddingOracle).answers) == alike(SPOILT, 20)


@pytest.mark.parametrize(("extra", "size"), [((), 16), (("ticketbleed",), 32)])
def test_ticketbleed(start_tls: StartTls, extra: tuple[str, ...], size: int) -> None:
    echo = examine(start_tls("flawed", extra=extra, suites="rsa")).one(TicketEcho)
    assert len(echo.sent) == 16
    assert len(echo.received) == size
    assert echo.received.startswith(echo.sent)


@pytest.mark.parametrize("extra", [(), ("static-dh",)])
def test_repeated_shares(start_tls: StartTls, extra: tuple[str, ...]) -> None:
    server = start_tls("flawed", extra=extra, suites="rsa,dhe", dh="dh-1024")
    (shares,) = examine(server).one(TlsKeyExchanges).parameters
    assert shares.prime
    assert shares.shown >= 2
    assert len(shares.publics) == (1 if extra else shares.shown)


def test_at_grade_nothing_is_tried(start_tls: StartTls) -> None:
    found = examine(start_tls("openssl-1.0.1e"), Depth.GRADE)
    for kind in (HeartbeatAnswer, EarlyChangeCipherSpec, RsaOracle, PaddingOracle, TicketEcho):
        assert found.every(kind) == []


def test_rides_cost_no_connection(start_tls: StartTls) -> None:
    """Everything that a modern server is tried for rides on connections that are there anyway."""
    server = start_tls("openssl-3.5.8", suites="ECDHE+AESGCM", highest="TLSv1.2", lowest="TLSv1.2")
    with_flaws = examine(server, Depth.STANDARD)
    assert with_flaws.one(EarlyChangeCipherSpec).first.alert == 10
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("waxseal.probes.tls.flaws.Flaws.choose", lambda *_: None)
        without = examine(server, Depth.STANDARD)
    assert without.every(EarlyChangeCipherSpec) == []
    assert with_flaws.spending.spent == without.spending.spent
