"""Every way in which the main conversation can go in IMAP, POP3, ManageSieve and LMTP."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.probes.scripted import (
    BYE,
    GREET,
    QUIT,
    SETTINGS,
    Close,
    Drip,
    Expect,
    Flood,
    Hello,
    Hush,
    Pause,
    Reset,
    Say,
    SayEach,
    Script,
    Stall,
    StartTls,
    Step,
    Told,
    converse,
)
from waxseal.facts import (
    AccessGreeting,
    AccessLogout,
    AccessStarttls,
    Attempt,
    CapabilitiesClear,
    CapabilitiesTls,
    Cause,
    CertificateChain,
    EhloClear,
    EhloTls,
    Fact,
    Greeting,
    Handshake,
    Keyword,
    MailProtocol,
    QuitAnswer,
    Stage,
    StapledResponse,
    StarttlsAnswer,
    Timing,
    TlsMode,
    Transcript,
)
from waxseal.probes import access_dialogue
from waxseal.probes.settings import ProbeSettings

IMAP, POP3, SIEVE, LMTP = MailProtocol.IMAP, MailProtocol.POP3, MailProtocol.SIEVE, MailProtocol.LMTP
ACCESS = (IMAP, POP3, SIEVE)
BY_STAGE: tuple[type[Fact], ...] = (
    AccessGreeting,
    CapabilitiesClear,
    AccessStarttls,
    Handshake,
    CapabilitiesTls,
    AccessLogout,
)
SHORT = ProbeSettings(ehlo_name="client.example.test", time_limit_s=0.4)
CLOSE: Step = Close()
ENDINGS: list[tuple[Step, Cause]] = [
    (CLOSE, Cause.CLOSED),
    (Reset(), Cause.RESET),
    (Stall(), Cause.TIMED_OUT),
]


@dataclass(frozen=True)
class Lines:
    """What a sound server says and expects; `ask` and `ask_tls` are empty where it lists unasked."""

    greet: bytes
    ask: bytes
    offer: bytes
    starttls: bytes
    ready: bytes
    no: bytes
    ask_tls: bytes
    offer_tls: bytes
    out: bytes
    bye: bytes


LINES = {
    IMAP: Lines(
        b"* OK [CAPABILITY IMAP4rev1 STARTTLS] mail.example.test\r\n",
        b"a1 CAPABILITY",
        b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK done\r\n",
        b"a2 STARTTLS",
        b"a2 OK begin\r\n",
        b"a2 NO [UNAVAILABLE] no certificate\r\n",
        b"a3 CAPABILITY",
        b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na3 OK done\r\n",
        b"a4 LOGOUT",
        b"* BYE\r\na4 OK bye\r\n",
    ),
    POP3: Lines(
        b"+OK mail.example.test\r\n",
        b"CAPA",
        b"+OK list\r\nSTLS\r\nUIDL\r\n.\r\n",
        b"STLS",
        b"+OK begin\r\n",
        b"-ERR [SYS/TEMP] no certificate\r\n",
        b"CAPA",
        b"+OK list\r\nSASL PLAIN LOGIN\r\nUIDL\r\n.\r\n",
        b"QUIT",
        b"+OK bye\r\n",
    ),
    SIEVE: Lines(
        b'"IMPLEMENTATION" "x"\r\n"STARTTLS"\r\n"VERSION" "1.0"\r\nOK "mail.example.test"\r\n',
        b"",
        b"",
        b"STARTTLS",
        b'OK "begin"\r\n',
        b'NO (TRYLATER) "no certificate"\r\n',
        b"",
        b'"IMPLEMENTATION" "x"\r\n"SASL" "PLAIN"\r\n"VERSION" "1.0"\r\nOK "TLS"\r\n',
        b"LOGOUT",
        b'OK "bye"\r\n',
    ),
}


def steps(protocol: MailProtocol) -> dict[Stage, Script]:
    """The steps that a sound server takes in each stage, from what it hears to what it says."""
    lines = LINES[protocol]
    asked: list[Step] = [Expect(lines.ask)] if lines.ask else []
    asked_tls: list[Step] = [Expect(lines.ask_tls)] if lines.ask_tls else []
    listed: list[Step] = [Say(lines.offer)] if lines.offer else []
    return {
        Stage.GREETING: (Say(lines.greet),),
        Stage.EHLO: (*asked, *listed),
        Stage.STARTTLS: (Expect(lines.starttls), Say(lines.ready)),
        Stage.HANDSHAKE: (StartTls(),),
        Stage.EHLO_TLS: (*asked_tls, Say(lines.offer_tls)),
        Stage.QUIT: (Expect(lines.out), Say(lines.bye), Close()),
    }


def until(protocol: MailProtocol, stage: Stage) -> Script:
    """Up to where the server has to say something in that stage."""
    found: list[Step] = []
    for name, of_stage in steps(protocol).items():
        if name is stage:
            return (*found, *(step for step in of_stage if isinstance(step, Expect)))
        found += of_stage
    raise ValueError(stage)


def whole(protocol: MailProtocol) -> Script:
    return tuple(step for of_stage in steps(protocol).values() for step in of_stage)


def seen(told: Told) -> list[type[Fact]]:
    return [type(record.fact) for record in told.facts if isinstance(record.fact, BY_STAGE)]


def held(
    protocol: MailProtocol,
    script: Script,
    cause: Cause,
    stage: Stage,
    *,
    mode: TlsMode = TlsMode.STARTTLS,
    settings: ProbeSettings = SETTINGS,
) -> Told:
    """One attempt, one cause, one transcript, no bug, and a client that kept to the script."""
    told = converse(script, mode=mode, settings=settings, protocol=protocol)
    assert told.server.problems == []
    (attempt,) = told.all(Attempt)
    assert (attempt.ended.cause, attempt.ended.stage) == (cause, stage), attempt.ended
    assert (told.result.cause, told.result.stage) == (cause, stage)
    assert attempt.connections == len(told.server.heard) == 1
    assert told.left_open == 0
    assert len(told.all(Transcript)) == len(told.all(Timing)) == 1
    return told


@pytest.mark.parametrize("protocol", ACCESS)
def test_a_whole_conversation_leaves_every_fact(protocol: MailProtocol) -> None:
    told = held(protocol, whole(protocol), Cause.COMPLETED, Stage.QUIT)
    lines = LINES[protocol]
    assert seen(told) == list(BY_STAGE)
    greeting = told.one(AccessGreeting)
    assert (greeting.response.raw, greeting.extra, greeting.in_tls) == (lines.greet, b"", False)
    assert greeting.response.good
    assert (greeting.capabilities is None) == (protocol is POP3)
    clear, behind = told.one(CapabilitiesClear), told.one(CapabilitiesTls)
    command = "STLS" if protocol is POP3 else "STARTTLS"
    assert clear.keyword(command) is not None
    assert behind.keyword(command) is None
    assert (clear.asked, behind.asked) == ((False, False) if protocol is SIEVE else (True, True))
    assert clear.mechanisms == ()
    assert behind.mechanisms == (("PLAIN", "LOGIN") if protocol is POP3 else ("PLAIN",))
    starttls = told.one(AccessStarttls)
    assert (starttls.command, starttls.offered, starttls.extra) == (command, True, b"")
    assert starttls.response.raw == lines.ready
    handshake = told.one(Handshake)
    assert (handshake.version, handshake.server_name) == ("TLSv1.3", "mx.example.test")
    assert told.one(CertificateChain).leaf.sha256 == told.result.leaf_sha256
    assert told.one(StapledResponse).offered
    goodbye = told.one(AccessLogout).response
    assert goodbye is not None
    assert goodbye.good
    assert told.result.handshake_completed
    assert not told.result.heard_without_tls
    timing = told.one(Timing)
    assert (timing.ehlo_s is None) == (protocol is SIEVE)
    stages = (timing.greeting_s, timing.starttls_s, timing.handshake_s, timing.ehlo_tls_s, timing.quit_s)
    assert None not in (*stages, timing.starttls_extra_s)


@pytest.mark.parametrize("protocol", ACCESS)
def test_implicit_tls_has_one_list(protocol: MailProtocol) -> None:
    lines = LINES[protocol]
    out = b"a2 LOGOUT" if protocol is IMAP else lines.out
    script = (
        StartTls(),
        Say(lines.greet),
        *steps(protocol)[Stage.EHLO],
        Expect(out),
        Say(lines.bye),
        Close(),
    )
    told = held(protocol, script, Cause.COMPLETED, Stage.QUIT, mode=TlsMode.IMPLICIT)
    assert seen(told) == [Handshake, AccessGreeting, CapabilitiesClear, AccessLogout]
    assert told.one(AccessGreeting).in_tls
    assert {line.in_tls for line in told.one(Transcript).lines if line.sender in "CS"} == {True}
    assert told.one(Timing).starttls_extra_s is None


CUTS = [(protocol, stage) for protocol in ACCESS for stage, said in steps(protocol).items() if said]


@pytest.mark.parametrize(("ending", "cause"), ENDINGS)
@pytest.mark.parametrize(("protocol", "stage"), CUTS)
def test_an_end_or_a_hang_keeps_what_was_seen(
    protocol: MailProtocol, stage: Stage, ending: Step, cause: Cause
) -> None:
    order = list(steps(protocol))
    hello: list[Step] = [Hello()] if stage is Stage.HANDSHAKE else []
    script = (*until(protocol, stage), *hello, ending)
    if stage is Stage.QUIT:  # nothing depends on its answer
        told = held(protocol, script, Cause.COMPLETED, Stage.QUIT, settings=SHORT)
        assert told.one(AccessLogout).response is None
        return
    told = held(protocol, script, cause, stage, settings=SHORT)
    assert seen(told) == list(BY_STAGE[: order.index(stage)])
    assert told.result.handshake_completed == (stage is Stage.EHLO_TLS)
    assert not told.result.heard_without_tls


@pytest.mark.parametrize("protocol", ACCESS)
@pytest.mark.parametrize(("ending", "cause"), [(CLOSE, Cause.CLOSED), (Stall(), Cause.TIMED_OUT)])
def test_half_a_response_is_kept_and_not_acted_upon(
    ending: Step, cause: Cause, protocol: MailProtocol
) -> None:
    lines = LINES[protocol]
    parts: list[tuple[Stage, type[Any], bytes]] = [
        (Stage.GREETING, AccessGreeting, lines.greet[:-4]),
        (Stage.EHLO, CapabilitiesClear, lines.offer[:-1]),
        (Stage.STARTTLS, AccessStarttls, lines.ready[:-1]),
        (Stage.EHLO_TLS, CapabilitiesTls, lines.offer_tls[:-4]),
    ]
    for stage, kind, octets in parts:
        if octets:
            script = (*until(protocol, stage), Say(octets), ending)
            told = held(protocol, script, cause, stage, settings=SHORT)
            response = told.one(kind).response
            assert response.raw == octets
            assert "cut-off" in {deviation.rule for deviation in response.deviations}


@pytest.mark.parametrize("protocol", ACCESS)
def test_starttls_refused_is_not_starttls_missing(protocol: MailProtocol) -> None:
    lines = LINES[protocol]
    out = b"a3 LOGOUT" if protocol is IMAP else lines.out
    script = (*until(protocol, Stage.STARTTLS), Say(lines.no), Expect(out), Say(lines.bye), Close())
    told = held(protocol, script, Cause.DECLINED, Stage.STARTTLS)
    assert "no certificate" in told.ended.detail
    assert told.one(AccessStarttls).response.code in ("UNAVAILABLE", "SYS/TEMP", "TRYLATER")
    assert told.result.heard_without_tls


NO_OFFER: list[tuple[MailProtocol, tuple[Step, ...]]] = [
    (IMAP, (Say(b"* OK hi\r\n"), Expect(b"a1 CAPABILITY"), Say(b"* CAPABILITY IMAP4rev1\r\na1 OK\r\n"))),
    (POP3, (Say(b"+OK hi\r\n"), Expect(b"CAPA"), Say(b"+OK\r\nUIDL\r\n.\r\n"))),
    (POP3, (Say(b"+OK hi\r\n"), Expect(b"CAPA"), Say(b"-ERR what?\r\n"))),
    (SIEVE, (Say(b'"IMPLEMENTATION" "x"\r\nOK\r\n'),)),
]


@pytest.mark.parametrize(("protocol", "script"), NO_OFFER)
def test_no_offer_is_a_planned_end(protocol: MailProtocol, script: tuple[Step, ...]) -> None:
    out = {IMAP: b"a2 LOGOUT", POP3: b"QUIT", SIEVE: b"LOGOUT"}[protocol]
    told = held(protocol, (*script, Expect(out), Close()), Cause.COMPLETED, Stage.QUIT)
    assert seen(told) == [AccessGreeting, CapabilitiesClear, AccessLogout]
    assert told.one(CapabilitiesClear).keyword("STARTTLS") is None
    assert told.result.heard_without_tls


def test_an_error_of_the_system_says_nothing_of_what_pop3_knows() -> None:
    script = (
        Say(b"+OK hi\r\n"),
        Expect(b"CAPA"),
        Say(b"-ERR [SYS/TEMP] later\r\n"),
        Expect(b"QUIT"),
        Close(),
    )
    told = held(POP3, script, Cause.DECLINED, Stage.EHLO)
    assert told.one(CapabilitiesClear).response.code == "SYS/TEMP"
    assert not told.result.heard_without_tls


@pytest.mark.parametrize("answer", [b"a1 NO not now\r\n", b"a1 BAD what?\r\n"])
def test_imap_has_to_know_its_capabilities(answer: bytes) -> None:
    script = (
        Say(b"* OK hi\r\n"),
        Expect(b"a1 CAPABILITY"),
        Say(answer),
        Expect(b"a2 LOGOUT"),
        Say(b"* BYE\r\na2 OK\r\n"),
        Close(),
    )
    told = held(IMAP, script, Cause.DECLINED, Stage.EHLO)
    assert told.one(CapabilitiesClear).keywords == ()


REFUSALS = [
    (IMAP, b"* BYE [UNAVAILABLE] too many\r\n", b""),
    (SIEVE, b'BYE (TRYLATER) "too many"\r\n', b""),
    (POP3, b"-ERR [SYS/TEMP] too many\r\n", b"QUIT"),
    (SIEVE, b'NO "too many"\r\n', b"LOGOUT"),
]


@pytest.mark.parametrize(("protocol", "greeting", "out"), REFUSALS)
def test_a_refusal_at_the_greeting(protocol: MailProtocol, greeting: bytes, out: bytes) -> None:
    last: tuple[Step, ...] = (Expect(out), Close()) if out else (Hush(0.05), Close())
    told = held(protocol, (Say(greeting), *last), Cause.DECLINED, Stage.GREETING)
    assert "too many" in told.ended.detail
    assert told.one(AccessGreeting).response.raw == greeting
    assert bool(told.all(AccessLogout)) == bool(out)


def test_preauth_in_clear_leaves_no_way_into_tls() -> None:
    greeting = b"* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] welcome\r\n"
    script = (Say(greeting), Expect(b"a1 LOGOUT"), Say(b"* BYE\r\na1 OK\r\n"), Close())
    told = held(IMAP, script, Cause.DECLINED, Stage.GREETING)
    assert told.one(AccessGreeting).response.status == "PREAUTH"
    assert told.one(AccessGreeting).capabilities == (Keyword("IMAP4REV1"), Keyword("STARTTLS"))
    assert not told.all(CapabilitiesClear)


def test_preauth_under_implicit_tls_is_in_order() -> None:
    script = (
        StartTls(),
        Say(b"* PREAUTH welcome\r\n"),
        Expect(b"a1 CAPABILITY"),
        Say(b"* CAPABILITY IMAP4rev1\r\na1 OK\r\n"),
        Expect(b"a2 LOGOUT"),
        Close(),
    )
    held(IMAP, script, Cause.COMPLETED, Stage.QUIT, mode=TlsMode.IMPLICIT)


@pytest.mark.parametrize("stage", [Stage.EHLO, Stage.STARTTLS, Stage.EHLO_TLS])
def test_bye_in_between_is_a_refusal_in_the_servers_words(stage: Stage) -> None:
    script = (*until(IMAP, stage), Say(b"* BYE shutting down\r\n"), Close())
    told = held(IMAP, script, Cause.DECLINED, stage)
    assert told.ended.detail == "BYE shutting down"
    assert not told.all(AccessLogout)


@pytest.mark.parametrize("protocol", ACCESS)
def test_octets_behind_the_go_ahead_are_evidence_and_nothing_else(protocol: MailProtocol) -> None:
    injected = b"* CAPABILITY AUTH=EVIL\r\na3 OK\r\n+OK\r\nOK\r\n"
    lines = LINES[protocol]
    script = (
        *until(protocol, Stage.STARTTLS),
        Say(lines.ready + injected),
        StartTls(),
        *steps(protocol)[Stage.EHLO_TLS],
        *steps(protocol)[Stage.QUIT],
    )
    told = held(protocol, script, Cause.COMPLETED, Stage.QUIT)
    assert told.one(AccessStarttls).extra == injected
    assert told.one(AccessStarttls).response.raw == lines.ready
    assert told.one(CapabilitiesTls).response.raw == lines.offer_tls


@pytest.mark.parametrize("protocol", ACCESS)
@pytest.mark.parametrize("octets", [b"SSH-2.0-OpenSSH_9.6\r\n", b"220 mx ESMTP\r\n", b"\0\1\2\3\n"])
def test_a_greeting_in_another_protocol(octets: bytes, protocol: MailProtocol) -> None:
    told = held(protocol, (Say(octets), Stall()), Cause.NOT_THE_PROTOCOL, Stage.GREETING)
    assert told.one(AccessGreeting).response.status == ""


@pytest.mark.parametrize("protocol", ACCESS)
def test_a_conversation_octet_by_octet_is_the_same(protocol: MailProtocol) -> None:
    script = [SayEach(step.octets) if isinstance(step, Say) else step for step in whole(protocol)]
    told = held(protocol, script, Cause.COMPLETED, Stage.QUIT)
    same = converse(whole(protocol), protocol=protocol)
    assert told.one(AccessGreeting).response == same.one(AccessGreeting).response
    assert told.one(CapabilitiesClear).keywords == same.one(CapabilitiesClear).keywords
    assert told.one(CapabilitiesTls).response == same.one(CapabilitiesTls).response


@pytest.mark.parametrize("protocol", ACCESS)
@pytest.mark.parametrize("stage", [Stage.GREETING, Stage.STARTTLS, Stage.EHLO_TLS])
def test_what_has_no_end_is_bounded(stage: Stage, protocol: MailProtocol) -> None:
    flood = b"x" * 5000
    told = held(protocol, (*until(protocol, stage), Flood(flood)), Cause.LIMIT, stage)
    assert told.attempt().octets_in < 2_000_000


@pytest.mark.parametrize("protocol", ACCESS)
def test_a_slow_drip_ends_within_the_time_limit(protocol: MailProtocol) -> None:
    held(protocol, (Drip(b'"a', every_s=0.02),), Cause.TIMED_OUT, Stage.GREETING, settings=SHORT)


def test_untagged_data_before_an_imap_answer_belong_to_it() -> None:
    early = b"* OK [ALERT] disk full\r\n"
    script = (Say(b"* OK hi\r\n" + early), *steps(IMAP)[Stage.EHLO], *whole(IMAP)[3:])
    told = held(IMAP, script, Cause.COMPLETED, Stage.QUIT)
    assert told.one(AccessGreeting).extra == early
    assert told.one(CapabilitiesClear).response.lines[0] == "OK [ALERT] disk full"


def test_a_response_that_nobody_asked_for_is_kept_apart() -> None:
    script = (Say(b"+OK hi\r\n+OK once more\r\n"), *whole(POP3)[1:])
    told = held(POP3, script, Cause.COMPLETED, Stage.QUIT)
    assert told.one(AccessGreeting).extra == b"+OK once more\r\n"


# ManageSieve's capabilities behind TLS.


def test_sieve_capabilities_that_do_not_come_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_dialogue, "UNASKED_LIMIT_S", 0.2)
    script = (
        *until(SIEVE, Stage.EHLO_TLS),
        Hush(0.1),
        Expect(b"CAPABILITY"),
        Say(LINES[SIEVE].offer_tls),
        *steps(SIEVE)[Stage.QUIT],
    )
    told = held(SIEVE, script, Cause.COMPLETED, Stage.QUIT)
    assert told.one(CapabilitiesTls).asked
    assert told.one(CapabilitiesTls).mechanisms == ("PLAIN",)


def test_sieve_capabilities_that_begin_in_time_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_dialogue, "UNASKED_LIMIT_S", 0.2)
    octets = LINES[SIEVE].offer_tls
    slow = (Pause(0.1), Say(octets[:30]), Hush(0.4), Say(octets[30:]))
    script = (*until(SIEVE, Stage.EHLO_TLS), *slow, *steps(SIEVE)[Stage.QUIT])
    told = held(SIEVE, script, Cause.COMPLETED, Stage.QUIT)
    assert not told.one(CapabilitiesTls).asked
    assert told.one(CapabilitiesTls).elapsed_s >= 0.4


# LMTP goes as SMTP does.

LHLO = Expect(b"LHLO client.example.test")
LMTP_OFFER = Say(b"250-mx.example.test\r\n250-PIPELINING\r\n250 STARTTLS\r\n")
LMTP_BARE = Say(b"250-mx.example.test\r\n250 PIPELINING\r\n")


def test_lmtp_says_lhlo_both_times() -> None:
    sealing = (Expect(b"STARTTLS"), Say(b"220 ready\r\n"), StartTls(), LHLO, LMTP_BARE)
    told = held(LMTP, (GREET, LHLO, LMTP_OFFER, *sealing, QUIT, BYE, Close()), Cause.COMPLETED, Stage.QUIT)
    kinds = (Greeting, EhloClear, StarttlsAnswer, Handshake, EhloTls, QuitAnswer)
    assert [len(told.all(kind)) for kind in kinds] == [1] * 6
    assert (told.one(EhloClear).command, told.one(EhloTls).command) == ("LHLO", "LHLO")
    assert told.one(EhloClear).keyword("STARTTLS") is not None
    assert told.result.own_name == "client.example.test"


@pytest.mark.parametrize("code", [500, 502, 550])
def test_lmtp_has_no_helo_to_fall_back_on(code: int) -> None:
    script = (GREET, LHLO, Say(b"%d what?\r\n" % code), QUIT, BYE, Close())
    told = held(LMTP, script, Cause.DECLINED, Stage.EHLO)
    assert (told.one(EhloClear).command, told.one(EhloClear).rejected) == ("LHLO", None)


def test_lmtp_without_starttls() -> None:
    told = held(LMTP, (GREET, LHLO, LMTP_BARE, QUIT, BYE, Close()), Cause.COMPLETED, Stage.QUIT)
    assert told.result.heard_without_tls
