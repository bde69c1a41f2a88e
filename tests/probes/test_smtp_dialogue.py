"""Every way in which the main conversation can go, each with a peer that follows a script."""

import itertools
from typing import Any

import pytest

from tests.probes.scripted import (
    ASKED,
    BYE,
    EHLO,
    EHLO_TLS,
    GREET,
    NO_OFFER,
    OFFER,
    QUIT,
    READY,
    SETTINGS,
    TO_EHLO,
    TO_EHLO_TLS,
    TO_HANDSHAKE,
    TO_QUIT,
    TO_STARTTLS,
    WHOLE,
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
    examine,
)
from waxseal.facts import (
    Attempt,
    Cause,
    CertificateChain,
    EhloClear,
    EhloTls,
    Fact,
    Greeting,
    Handshake,
    QuitAnswer,
    Stage,
    StarttlsAnswer,
    Timing,
    TlsMode,
    Transcript,
)
from waxseal.lab.orders import LeafOrder, TlsOrder, alert_record
from waxseal.probes.settings import ProbeSettings

BY_STAGE: tuple[type[Fact], ...] = (Greeting, EhloClear, StarttlsAnswer, Handshake, EhloTls, QuitAnswer)
"""The facts of a conversation in the order in which they are seen."""
STAGES: dict[Stage, tuple[Script, int]] = {
    Stage.GREETING: ((), 0),
    Stage.EHLO: (TO_EHLO, 1),
    Stage.STARTTLS: (TO_STARTTLS, 2),
    Stage.HANDSHAKE: ((*TO_HANDSHAKE, Hello()), 3),
    Stage.EHLO_TLS: (TO_EHLO_TLS, 4),
    Stage.QUIT: (TO_QUIT, 5),
}
"""How to get to a stage, and how many facts were seen by then."""
REPLY_STAGES: list[Stage] = [stage for stage in STAGES if stage not in (Stage.HANDSHAKE, Stage.QUIT)]
CLOSE: Step = Close()
RESET: Step = Reset()
SHORT = ProbeSettings(ehlo_name="client.example.test", time_limit_s=0.4)


def seen(told: Told) -> list[type[Fact]]:
    return [kind for kind in BY_STAGE if told.all(kind)]


def checked(told: Told, cause: Cause, stage: Stage | None) -> Told:
    """One attempt, one cause, one transcript, no bug, and a client that kept to the script."""
    assert told.server.problems == []
    (attempt,) = told.all(Attempt)
    assert (attempt.ended.cause, attempt.ended.stage) == (cause, stage), attempt.ended
    assert (told.result.cause, told.result.stage) == (cause, stage)
    assert attempt.connections == len(told.server.heard) == 1
    assert told.left_open == 0
    assert len(told.all(Transcript)) == len(told.all(Timing)) == 1
    assert all(record.attempt == attempt.id for record in told.facts)
    return told


def test_a_whole_conversation_leaves_every_fact() -> None:
    told = checked(converse(WHOLE), Cause.COMPLETED, Stage.QUIT)
    assert seen(told) == list(BY_STAGE)
    greeting = told.one(Greeting)
    assert (greeting.reply.code, greeting.host_name, greeting.extra) == (220, "mx.example.test", b"")
    ehlo = told.one(EhloClear)
    assert (ehlo.command, ehlo.rejected, ehlo.host_name) == ("EHLO", None, "mx.example.test")
    assert [keyword.name for keyword in ehlo.keywords] == ["SIZE", "STARTTLS"]
    assert told.one(EhloTls).keyword("STARTTLS") is None
    starttls = told.one(StarttlsAnswer)
    assert (starttls.reply.code, starttls.offered, starttls.extra) == (220, True, b"")
    handshake = told.one(Handshake)
    assert (handshake.version, handshake.server_name) == ("TLSv1.3", "mx.example.test")
    assert handshake.suite.startswith("TLS_")
    reply = told.one(QuitAnswer).reply
    assert reply is not None
    assert reply.code == 221
    chain = told.one(CertificateChain)
    assert chain.leaf.dns_names == ("mx.example.test",)
    assert told.result.handshake_completed
    assert (told.result.key_type, told.result.leaf_sha256) == ("ec", chain.leaf.sha256)
    assert told.server.heard == [
        [
            b"EHLO client.example.test",
            b"STARTTLS",
            b"EHLO client.example.test",
            b"QUIT",
        ]
    ]


def test_facts_are_recorded_in_the_order_in_which_they_are_seen() -> None:
    told = converse(WHOLE)
    order = [type(record.fact) for record in told.facts if isinstance(record.fact, BY_STAGE)]
    assert order == list(BY_STAGE)
    times = [record.seen_at for record in told.facts]
    assert times == sorted(times)


def test_octets_and_local_address_are_counted() -> None:
    attempt = converse((GREET, EHLO, NO_OFFER, QUIT, BYE, Close())).attempt()
    assert attempt.octets_in == len(GREET.octets + NO_OFFER.octets + BYE.octets)
    assert attempt.octets_out == len(b"EHLO client.example.test\r\nQUIT\r\n")
    assert attempt.local_address == "127.0.0.1"


def test_every_stage_is_timed_and_the_cost_of_sealing_is_summed_up() -> None:
    script = (*TO_STARTTLS, Pause(0.12), READY, StartTls(), EHLO, Pause(0.06), EHLO_TLS, QUIT, BYE)
    timing = converse(script).one(Timing)
    assert timing.starttls_s is not None
    assert timing.handshake_s is not None
    assert timing.ehlo_tls_s is not None
    assert timing.starttls_s >= 0.12
    assert timing.ehlo_tls_s >= 0.06
    extra = timing.starttls_s + timing.handshake_s + timing.ehlo_tls_s
    assert timing.starttls_extra_s == pytest.approx(extra)
    assert timing.connect_s is not None
    if timing.round_trips_extra is not None:
        assert timing.round_trips_extra == pytest.approx(extra / timing.connect_s)
    assert None not in (timing.greeting_s, timing.ehlo_s, timing.quit_s)


def test_stages_that_were_not_reached_have_no_time() -> None:
    timing = converse((GREET, EHLO, NO_OFFER, QUIT, BYE)).one(Timing)
    assert timing.greeting_s is not None
    unreached = (timing.starttls_s, timing.handshake_s, timing.ehlo_tls_s, timing.starttls_extra_s)
    assert unreached == (None,) * 4


# Replies that end it: 421, 450, 451, 454, 554 and others wherever they can come.


@pytest.mark.parametrize("code", [421, 450, 451, 454, 502, 521, 535, 550, 554])
@pytest.mark.parametrize("stage", REPLY_STAGES)
def test_a_refusal_is_its_own_cause_with_its_code(stage: Stage, code: int) -> None:
    before, facts = STAGES[stage]
    says = Say(f"{code} no, thank you\r\n".encode())
    again: list[Step] = (
        [Expect(b"HELO client.example.test"), says] if stage in (Stage.EHLO, Stage.EHLO_TLS) else []
    )
    if code < 500 or code == 521:
        again = []
    farewell: list[Step] = [] if code == 421 else [QUIT, BYE]
    told = checked(converse((*before, says, *again, *farewell, Close())), Cause.DECLINED, stage)
    assert (told.ended.code, told.ended.detail) == (code, "no, thank you")
    assert [kind for kind in seen(told) if kind is not QuitAnswer] == list(BY_STAGE[: facts + 1])
    assert bool(told.all(QuitAnswer)) == (code != 421)
    assert told.result.handshake_completed == (stage is Stage.EHLO_TLS)


def test_after_421_nothing_is_said_any_more() -> None:
    told = converse((Say(b"421 4.3.2 shutting down\r\n"), Hush(0.1), Close()))
    assert told.server.problems == []
    assert told.server.heard == [[]]


def test_a_server_that_hangs_up_behind_its_refusal_has_refused() -> None:
    told = checked(converse((Say(b"554 5.7.1 go away\r\n"), Close())), Cause.DECLINED, Stage.GREETING)
    assert told.one(Greeting).reply.code == 554
    assert told.one(QuitAnswer).reply is None


def test_greylisting_keeps_the_servers_words() -> None:
    said = b"450-4.7.1 Greylisted,\r\n450 4.7.1 try again in 300 s\r\n"
    told = checked(converse((Say(said), QUIT, BYE)), Cause.DECLINED, Stage.GREETING)
    reply = told.one(Greeting).reply
    assert (reply.raw, reply.enhanced, reply.code) == (said, "4.7.1", 450)


def test_starttls_refused_is_not_starttls_missing() -> None:
    told = checked(
        converse((*TO_STARTTLS, Say(b"454 4.7.0 TLS not available\r\n"), QUIT, BYE)),
        Cause.DECLINED,
        Stage.STARTTLS,
    )
    ehlo, starttls = told.one(EhloClear), told.one(StarttlsAnswer)
    assert ehlo.keyword("starttls") is not None
    assert (starttls.offered, starttls.reply.code, starttls.reply.enhanced) == (True, 454, "4.7.0")


def test_no_offer_is_a_planned_end() -> None:
    told = checked(converse((GREET, EHLO, NO_OFFER, QUIT, BYE)), Cause.COMPLETED, Stage.QUIT)
    assert seen(told) == [Greeting, EhloClear, QuitAnswer]
    assert not told.result.handshake_completed


# EHLO rejected, HELO instead.


@pytest.mark.parametrize("code", [500, 501, 502, 504, 550, 554])
def test_helo_follows_a_rejected_ehlo(code: int) -> None:
    helo = Expect(b"HELO client.example.test")
    script = (GREET, EHLO, Say(b"%d what?\r\n" % code), helo, Say(b"250 mx.example.test\r\n"), QUIT, BYE)
    told = checked(converse(script), Cause.COMPLETED, Stage.QUIT)
    ehlo = told.one(EhloClear)
    assert (ehlo.command, ehlo.reply.code, ehlo.keywords, ehlo.host_name) == (
        "HELO",
        250,
        (),
        "mx.example.test",
    )
    assert ehlo.rejected is not None
    assert ehlo.rejected.code == code


@pytest.mark.parametrize(
    ("ending", "cause"),
    [(Close(), Cause.CLOSED), (Reset(), Cause.RESET), (Stall(), Cause.TIMED_OUT)],
)
def test_the_rejection_of_ehlo_is_kept_where_helo_gets_no_answer(ending: Step, cause: Cause) -> None:
    script = (GREET, EHLO, Say(b"502 what?\r\n"), Expect(b"HELO"), ending)
    told = checked(converse(script, settings=SHORT), cause, Stage.EHLO)
    ehlo = told.one(EhloClear)
    assert (ehlo.command, ehlo.reply.code, ehlo.rejected) == ("EHLO", 502, None)


def test_521_to_ehlo_is_final() -> None:
    script = (GREET, EHLO, Say(b"521 I take no mail\r\n"), QUIT, BYE)
    told = checked(converse(script), Cause.DECLINED, Stage.EHLO)
    assert told.one(EhloClear).command == "EHLO"


# Streams that end or hang, at each stage.


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    ("ending", "cause"),
    [(Close(), Cause.CLOSED), (Reset(), Cause.RESET), (Stall(), Cause.TIMED_OUT)],
)
def test_an_end_or_a_hang_keeps_what_was_seen(stage: Stage, ending: Step, cause: Cause) -> None:
    before, facts = STAGES[stage]
    if stage is Stage.QUIT:  # nothing depends on its answer
        told = checked(converse((*before, ending), settings=SHORT), Cause.COMPLETED, Stage.QUIT)
        assert told.one(QuitAnswer).reply is None
        return
    told = checked(converse((*before, ending), settings=SHORT), cause, stage)
    assert seen(told) == list(BY_STAGE[:facts])
    assert told.result.handshake_completed == (facts >= 4)


PARTIAL = (b"22", b"220", b"220 mx.exa", b"220-mx.example.test\r\n", b"220-mx.example.test\r\n220 ESM")


@pytest.mark.parametrize("part", PARTIAL)
@pytest.mark.parametrize(
    ("ending", "cause"),
    [(Close(), Cause.CLOSED), (Stall(), Cause.TIMED_OUT)],
)
def test_half_a_greeting_is_kept_and_never_taken_for_a_whole_one(
    part: bytes, ending: Step, cause: Cause
) -> None:
    told = checked(converse((Say(part), ending), settings=SHORT), cause, Stage.GREETING)
    reply = told.one(Greeting).reply
    assert reply.raw == part
    assert "cut-off" in {deviation.rule for deviation in reply.deviations}
    assert told.server.heard == [[]]


@pytest.mark.parametrize(
    ("stage", "kind", "part"),
    [
        (Stage.EHLO, EhloClear, b"250-mx.example.test\r\n250-STARTTLS\r\n"),
        (Stage.STARTTLS, StarttlsAnswer, b"220 Read"),
        (Stage.STARTTLS, StarttlsAnswer, b"220-Ready\r\n"),
        (Stage.EHLO_TLS, EhloTls, b"250-mx.example.test\r\n250-SIZE 1\r\n"),
    ],
)
@pytest.mark.parametrize(
    ("ending", "cause"),
    [(Close(), Cause.CLOSED), (Stall(), Cause.TIMED_OUT)],
)
def test_half_a_reply_is_kept_and_not_acted_upon(
    stage: Stage, kind: type[Any], part: bytes, ending: Step, cause: Cause
) -> None:
    told = checked(converse((*STAGES[stage][0], Say(part), ending), settings=SHORT), cause, stage)
    assert told.one(kind).reply.raw == part
    last = {Stage.EHLO: EHLO, Stage.STARTTLS: ASKED, Stage.EHLO_TLS: EHLO}[stage]
    assert told.server.heard[0][-1].startswith(last.prefix)


# Slow and early ones.


def test_a_slow_banner_is_timed() -> None:
    told = checked(converse((Pause(0.2), *WHOLE)), Cause.COMPLETED, Stage.QUIT)
    greeting = told.one(Greeting)
    assert greeting.first_octet_s >= 0.2
    assert greeting.elapsed_s >= greeting.first_octet_s


def test_the_client_waits_for_the_whole_greeting() -> None:
    teaser = (Hush(0.1), Say(b"220-mx.example.test wait\r\n"), Hush(0.25), *WHOLE)
    told = checked(converse(teaser), Cause.COMPLETED, Stage.QUIT)
    greeting = told.one(Greeting)
    assert greeting.reply.lines == ("mx.example.test wait", "mx.example.test ESMTP")
    assert 0.1 <= greeting.first_octet_s < greeting.elapsed_s - 0.2


def test_the_client_waits_for_the_end_of_a_line() -> None:
    script = (Say(b"220 mx.example.test ES"), Hush(0.15), Say(b"MTP\r\n"), *WHOLE[1:])
    checked(converse(script), Cause.COMPLETED, Stage.QUIT)


def test_a_server_that_talks_before_our_ehlo_is_heard_and_not_believed() -> None:
    early = b"250-mx.example.test\r\n250 STARTTLS\r\n"
    script = (Say(GREET.octets + early), EHLO, NO_OFFER, QUIT, BYE)
    told = checked(converse(script), Cause.COMPLETED, Stage.QUIT)
    assert told.one(Greeting).extra == early
    assert told.one(EhloClear).keyword("STARTTLS") is None


def test_replies_behind_the_reply_to_ehlo_are_kept_apart() -> None:
    early = b"220 2.0.0 Ready\r\n"
    script = (GREET, EHLO, Say(OFFER.octets + early), ASKED, Say(b"454 no\r\n"), QUIT, BYE)
    told = checked(converse(script), Cause.DECLINED, Stage.STARTTLS)
    assert told.one(EhloClear).extra == early
    assert told.one(StarttlsAnswer).reply.code == 454


def test_octets_behind_the_220_are_evidence_and_neither_tls_nor_replies() -> None:
    injected = b"250-evil.example\r\n250 AUTH PLAIN\r\n"
    script = (*TO_STARTTLS, Say(READY.octets + injected), StartTls(), EHLO, EHLO_TLS, QUIT, BYE)
    told = checked(converse(script), Cause.COMPLETED, Stage.QUIT)
    starttls = told.one(StarttlsAnswer)
    assert starttls.extra == injected
    assert starttls.reply.raw == READY.octets
    assert told.one(EhloTls).host_name == "mx.example.test"
    assert told.one(EhloTls).keyword("AUTH") is None


def test_half_a_reply_in_clear_never_becomes_the_head_of_one_under_tls() -> None:
    injected = b"250-evil.example\r\n250-"
    script = (*TO_STARTTLS, Say(READY.octets + injected), StartTls(), EHLO, EHLO_TLS, QUIT, BYE)
    told = checked(converse(script), Cause.COMPLETED, Stage.QUIT)
    assert told.one(StarttlsAnswer).extra == injected
    assert told.one(EhloTls).reply.raw == EHLO_TLS.octets


def test_a_tls_record_right_behind_the_220_is_not_fed_to_the_handshake() -> None:
    script = (*TO_STARTTLS, Say(READY.octets + alert_record(40)), StartTls(), EHLO, EHLO_TLS, QUIT, BYE)
    told = checked(converse(script), Cause.COMPLETED, Stage.QUIT)
    assert told.one(StarttlsAnswer).extra == alert_record(40)


def test_a_second_reply_under_tls_is_kept_apart() -> None:
    script = (*TO_EHLO_TLS, Say(EHLO_TLS.octets + b"250 more\r\n"), QUIT, BYE)
    told = checked(converse(script), Cause.COMPLETED, Stage.QUIT)
    assert told.one(EhloTls).extra == b"250 more\r\n"
    reply = told.one(QuitAnswer).reply
    assert reply is not None
    assert reply.code == 221


# The handshake.


@pytest.mark.parametrize(
    ("octets", "cause", "alert"),
    [
        (b"250 what did you say?\r\n", Cause.NOT_TLS, None),
        (b"\x00" * 64, Cause.NOT_TLS, None),
        (b"554 5.7.0 TLS not available\r\n", Cause.NOT_TLS, None),
        (alert_record(40), Cause.ALERT, 40),
        (alert_record(70), Cause.ALERT, 70),
        (alert_record(80), Cause.ALERT, 80),
        (alert_record(112), Cause.ALERT, 112),
    ],
)
def test_what_comes_for_a_server_hello(octets: bytes, cause: Cause, alert: int | None) -> None:
    told = checked(converse((*TO_HANDSHAKE, Hello(), Say(octets), Close())), cause, Stage.HANDSHAKE)
    assert told.ended.alert == alert
    assert told.one(StarttlsAnswer).reply.code == 220
    assert not told.all(Handshake)
    assert not told.result.handshake_completed


def test_a_server_hello_is_no_handshake() -> None:
    stalls = (
        *TO_HANDSHAKE,
        Hello(),
        Say(b"\x16\x03\x03\x00\x5a\x02\x00\x00\x56\x03\x03" + b"\x07" * 20),
        Stall(),
    )
    told = checked(converse(stalls, settings=SHORT), Cause.TIMED_OUT, Stage.HANDSHAKE)
    assert not told.all(Handshake)


def test_a_faulty_certificate_is_no_failure_of_tls() -> None:
    order = TlsOrder(leaves=(LeafOrder(names=("other.test",), issuer=None, to_days=-1),))
    script = (*TO_HANDSHAKE, StartTls(order), EHLO, EHLO_TLS, QUIT, BYE)
    told = checked(converse(script), Cause.COMPLETED, Stage.QUIT)
    assert told.one(Handshake).version == "TLSv1.3"
    assert told.one(CertificateChain).leaf.dns_names == ("other.test",)


def test_no_name_is_sent_where_there_is_none() -> None:
    order = TlsOrder(leaves=(LeafOrder(names=("mx.example.test",)),), alert_without_name=112)
    script = (*TO_HANDSHAKE, StartTls(order), EHLO, EHLO_TLS, QUIT, BYE)
    told = checked(converse(script, server_name=""), Cause.ALERT, Stage.HANDSHAKE)
    assert told.ended.alert == 112
    checked(converse(script), Cause.COMPLETED, Stage.QUIT)


def test_implicit_tls_begins_with_the_first_octet() -> None:
    script = (Hello(), StartTls(), GREET, EHLO, NO_OFFER, QUIT, BYE, Close())
    told = checked(converse(script, mode=TlsMode.IMPLICIT), Cause.COMPLETED, Stage.QUIT)
    assert seen(told) == [Greeting, EhloClear, Handshake, QuitAnswer]
    assert told.one(Greeting).in_tls
    assert told.one(Timing).starttls_extra_s is None
    lines = told.one(Transcript).lines
    assert {line.in_tls for line in lines if line.sender in "CS"} == {True}


def test_starttls_offered_under_implicit_tls_is_not_taken_up() -> None:
    script = (StartTls(), GREET, EHLO, OFFER, QUIT, BYE)
    checked(converse(script, mode=TlsMode.IMPLICIT), Cause.COMPLETED, Stage.QUIT)


def test_a_plain_greeting_on_a_port_of_implicit_tls() -> None:
    told = checked(converse((GREET, Stall()), mode=TlsMode.IMPLICIT), Cause.NOT_TLS, Stage.HANDSHAKE)
    assert "220 mx.example.t" in told.ended.detail


# Odd replies.


@pytest.mark.parametrize("stage", REPLY_STAGES)
def test_a_reply_octet_by_octet_is_the_same_reply(stage: Stage) -> None:
    script = list(WHOLE)
    answers = [place for place, step in enumerate(script) if isinstance(step, Say)]
    place = answers[REPLY_STAGES.index(stage)]
    step = script[place]
    assert isinstance(step, Say)
    script[place] = SayEach(step.octets)
    told = checked(converse(script), Cause.COMPLETED, Stage.QUIT)
    whole = converse(WHOLE)
    replies: tuple[type[Any], ...] = (Greeting, EhloClear, StarttlsAnswer, EhloTls)
    for kind in replies:
        assert told.one(kind).reply == whole.one(kind).reply


@pytest.mark.parametrize("stage", REPLY_STAGES)
@pytest.mark.parametrize(
    "octets", [b"SSH-2.0-OpenSSH_9.6\r\n", b"\x00\x01\x02\x03\n", b"HTTP/1.1 400 Bad\r\n"]
)
def test_what_is_no_reply_is_not_smtp(stage: Stage, octets: bytes) -> None:
    before, facts = STAGES[stage]
    told = checked(converse((*before, Say(octets), Stall())), Cause.NOT_SMTP, stage)
    assert seen(told) == list(BY_STAGE[: facts + 1])


def test_a_greeting_of_300_lines_is_read_to_its_end() -> None:
    lines = b"220-mx.example.test line\r\n" * 299 + GREET.octets
    told = checked(converse((Say(lines), *WHOLE[1:])), Cause.COMPLETED, Stage.QUIT)
    assert len(told.one(Greeting).reply.lines) == 300


@pytest.mark.parametrize("octets", [b"220-mx.example.test\r\n", b"220-" + b"x" * 1000, b"x" * 5000])
def test_a_greeting_without_end_is_bounded(octets: bytes) -> None:
    told = checked(converse((Flood(octets),)), Cause.LIMIT, Stage.GREETING)
    greeting = told.one(Greeting)
    assert len(greeting.reply.raw) <= 65536
    assert {"too-many-lines", "reply-too-long"} & {d.rule for d in greeting.reply.deviations}
    assert told.attempt().octets_in < 2_000_000
    assert len(told.one(Transcript).lines) <= 2000


@pytest.mark.parametrize("stage", [Stage.EHLO, Stage.STARTTLS, Stage.EHLO_TLS])
def test_a_reply_without_end_is_bounded_at_every_stage(stage: Stage) -> None:
    before, facts = STAGES[stage]
    told = checked(converse((*before, Flood(b"220-no end\r\n"))), Cause.LIMIT, stage)
    assert seen(told) == list(BY_STAGE[: facts + 1])


def test_replies_that_nobody_asked_for_are_bounded() -> None:
    told = converse((Say(GREET.octets + b"250 hello\r\n" * 20_000), EHLO, NO_OFFER, QUIT, BYE))
    assert len(told.one(Greeting).extra) <= 4096


# No hang: whatever the peer does, it ends within the limit and leaves what was seen.

LIMIT_S = 1.0
MARGIN_S = 0.5
LIMITED = ProbeSettings(ehlo_name="client.example.test", time_limit_s=LIMIT_S)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("how", [Stall(), Drip(b"2")], ids=["stalls", "drips"])
def test_the_whole_test_of_an_endpoint_ends_within_its_time_limit(stage: Stage, how: Step) -> None:
    before, facts = STAGES[stage]
    drip = {Stage.HANDSHAKE: b"\x16\x03\x03\x3f\xff\x02", Stage.GREETING: b"220-no end "}
    step = Drip(drip.get(stage, b"250-no end ")) if isinstance(how, Drip) else how
    told = examine((*before, step), settings=LIMITED)
    assert told.elapsed_s < LIMIT_S + MARGIN_S
    main = told.attempt()
    expected = Cause.COMPLETED if stage is Stage.QUIT else Cause.TIMED_OUT
    assert (main.ended.cause, main.ended.stage) == (expected, stage)
    assert set(BY_STAGE[:facts]) <= set(seen(told))
    assert all(attempt.ended.cause is not Cause.CRASHED for attempt in told.all(Attempt))
    assert told.server.at_once == 1


def test_a_server_that_drips_whole_lines_for_ever_ends_as_well() -> None:
    told = examine((Drip(b"220-a\r\n", every_s=0.02),), settings=LIMITED)
    assert told.elapsed_s < LIMIT_S + MARGIN_S
    assert told.ended.cause is Cause.TIMED_OUT
    assert told.one(Greeting).reply.code == 220


def test_a_drip_behind_quit_does_not_spend_the_time_of_other_questions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("waxseal.probes.smtp_dialogue.QUIT_LIMIT_S", 0.3)
    settings = ProbeSettings(ehlo_name="client.example.test", time_limit_s=20.0)
    told = converse((*TO_QUIT, Drip(b"221-", every_s=0.05)), settings=settings)
    assert told.elapsed_s < 0.3 + MARGIN_S
    assert told.ended.cause is Cause.COMPLETED


def test_each_way_of_failing_is_told_apart() -> None:
    """No two of the ways that the issue names leave the same cause, stage, code and alert."""
    ways: dict[str, Script] = {
        f"{code} at {stage.value}": (*STAGES[stage][0], Say(b"%d no\r\n" % code))
        for stage, code in itertools.product(REPLY_STAGES, (421, 450, 451, 454, 554))
        if not (stage in (Stage.EHLO, Stage.EHLO_TLS) and code == 554)
    }
    ways |= {
        f"{name} at {stage.value}": (*STAGES[stage][0], step)
        for stage in list(STAGES)[:-1]
        for name, step in (("close", CLOSE), ("reset", RESET))
    }
    ways["garbage after 220"] = (*TO_HANDSHAKE, Hello(), Say(b"garbage garbage\r\n"))
    ways["alert"] = (*TO_HANDSHAKE, Hello(), Say(alert_record(40)))
    ended = {name: converse(script, settings=SETTINGS).ended for name, script in ways.items()}
    keys = [(e.cause, e.stage, e.code, e.alert) for e in ended.values()]
    assert len(set(keys)) == len(keys), ended


def test_the_transcript_has_both_directions_and_what_happened() -> None:
    lines = converse(WHOLE).one(Transcript).lines
    said = [(line.sender, line.text) for line in lines]
    assert said[0][0] == "*"
    assert said[1:5] == [
        ("S", "220 mx.example.test ESMTP"),
        ("C", "EHLO client.example.test"),
        ("S", "250-mx.example.test"),
        ("S", "250-SIZE 1000"),
    ]
    tls = next(place for place, line in enumerate(lines) if line.text.startswith("TLS stands"))
    assert not any(line.in_tls for line in lines[:tls])
    assert all(line.in_tls for line in lines[tls:])
    times = [line.at_s for line in lines]
    assert times == sorted(times)


def test_what_cannot_be_shown_is_escaped_in_the_transcript() -> None:
    told = converse((Say(b"220 mx\x1b[31m\xff\x00\r\n"), *WHOLE[1:]))
    text = "".join(line.text for line in told.one(Transcript).lines)
    assert text.isprintable()
    assert r"\x1b[31m\xff\x00" in text
