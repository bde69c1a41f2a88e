"""Command injection behind STARTTLS: servers that keep what they should forget, and servers that do not."""

from dataclasses import replace

import pytest
from msgspec import structs

from tests.probes.flawed import ALL, MAIL, SETTINGS, SUBJECT, Manner, Outcome, hold
from waxseal.checks.verdict import Verdict
from waxseal.facts import Cause, CommandInjection, MailProtocol, Stage, Transcript
from waxseal.probes.injection import try_injection

SOUND = Manner()
CHECK = "command-injection"


def injection(protocol: MailProtocol, manner: Manner) -> Outcome:
    return hold(try_injection, protocol, manner)


def fact(outcome: Outcome) -> CommandInjection:
    ((_, found),) = outcome.facts.within(CommandInjection, SUBJECT)
    return found


def verdict(outcome: Outcome) -> Verdict:
    return outcome.verdicts()[CHECK]


@pytest.mark.parametrize("protocol", ALL)
def test_a_sound_server_is_cleared(protocol: MailProtocol) -> None:
    outcome = injection(protocol, SOUND)
    assert verdict(outcome) is Verdict.PASS
    ways = [trial.way for trial in fact(outcome).trials]
    assert ways == ["control", "one-segment", "two-segments", "across"]
    assert all(trial.ended.cause is Cause.COMPLETED for trial in fact(outcome).trials)
    assert outcome.attempt().ended.cause is Cause.COMPLETED
    assert outcome.attempt().connections == outcome.connections == 4


@pytest.mark.parametrize("keeps", ["at-once", "late", "with-next"])
@pytest.mark.parametrize("protocol", ALL)
def test_a_server_that_keeps_its_buffer_is_found(protocol: MailProtocol, keeps: str) -> None:
    assert verdict(injection(protocol, Manner(keeps=keeps))) is Verdict.FAIL


@pytest.mark.parametrize("keeps", ["", "at-once"])
@pytest.mark.parametrize(
    ("protocol", "manner"),
    [
        (MailProtocol.SMTP, Manner(one_line=True)),
        (MailProtocol.SMTP, Manner(again=True)),
        (MailProtocol.LMTP, Manner(one_line=True, again=True)),
        (MailProtocol.SMTP, Manner(echoes=True)),
        (MailProtocol.POP3, Manner(echoes=True)),
        (MailProtocol.SIEVE, Manner(echoes=True)),
    ],
)
def test_odd_answers_lead_nowhere_astray(protocol: MailProtocol, manner: Manner, keeps: str) -> None:
    outcome = injection(protocol, replace(manner, keeps=keeps))
    assert verdict(outcome) is (Verdict.FAIL if keeps else Verdict.PASS)
    back = [fact(outcome).nonce in answer.raw.decode() for answer in fact(outcome).trials[1].answers]
    assert any(back) is (bool(keeps) and manner.echoes)


@pytest.mark.parametrize("protocol", ALL)
def test_octets_that_are_taken_for_tls_clear_it(protocol: MailProtocol) -> None:
    outcome = injection(protocol, Manner(feeds=True))
    trials = {trial.way: trial for trial in fact(outcome).trials}
    assert list(trials) == ["control", "one-segment", "with-hello", "across"]
    assert trials["one-segment"].ended.stage is Stage.HANDSHAKE
    assert trials["with-hello"].ended.cause is Cause.COMPLETED
    assert verdict(outcome) is Verdict.PASS


@pytest.mark.parametrize("protocol", ALL)
def test_failed_handshakes_are_no_answer(protocol: MailProtocol) -> None:
    outcome = injection(protocol, Manner(breaks=True))
    assert {trial.ended.stage for trial in fact(outcome).trials[1:]} == {Stage.HANDSHAKE}
    assert verdict(outcome) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("protocol", ALL)
def test_a_refusal_in_words_clears_it(protocol: MailProtocol) -> None:
    outcome = injection(protocol, Manner(refuses=True))
    first = fact(outcome).trials[1]
    assert (first.ended.cause, first.ended.stage) == (Cause.DECLINED, Stage.STARTTLS)
    assert verdict(outcome) is Verdict.PASS


@pytest.mark.parametrize(
    ("protocol", "control", "trials"),
    [
        (MailProtocol.SMTP, SOUND, Manner(again=True)),
        (MailProtocol.POP3, SOUND, Manner(again=True)),
        (MailProtocol.SIEVE, SOUND, Manner(again=True)),
        (MailProtocol.SMTP, SOUND, Manner(kind=True)),
        (MailProtocol.SMTP, SOUND, Manner(twice=True)),
        (MailProtocol.SMTP, Manner(kind=True), Manner(kind=True, twice=True)),
        (MailProtocol.SMTP, Manner(kind=True, one_line=True), Manner(kind=True, again=True, one_line=True)),
        *((protocol, SOUND, Manner(tells=True)) for protocol in ALL),
        *((protocol, Manner(echoes=True), Manner(tells=True, echoes=True)) for protocol in MAIL),
        (MailProtocol.SMTP, SOUND, Manner(unavailable="recovers")),
        (MailProtocol.IMAP, SOUND, Manner(offers=False)),
    ],
)
def test_other_answers_in_the_trials_prove_nothing(
    protocol: MailProtocol, control: Manner, trials: Manner
) -> None:
    """As where a load balancer leads each connection to another server, none of which executes anything."""
    outcome = hold(try_injection, protocol, control, SETTINGS, trials)
    assert verdict(outcome) in (Verdict.INCONCLUSIVE, Verdict.PASS)


@pytest.mark.parametrize("protocol", MAIL)
def test_a_server_that_says_yes_to_everything(protocol: MailProtocol) -> None:
    assert verdict(injection(protocol, Manner(kind=True))) is Verdict.PASS
    assert verdict(injection(protocol, Manner(kind=True, keeps="at-once"))) is Verdict.FAIL


@pytest.mark.parametrize("protocol", MAIL)
def test_a_failed_control_is_no_answer(protocol: MailProtocol) -> None:
    outcome = injection(protocol, Manner(hangs_up=True, keeps="at-once"))
    assert [trial.way for trial in fact(outcome).trials] == ["control"]
    assert verdict(outcome) is Verdict.INCONCLUSIVE
    assert outcome.connections == 1


@pytest.mark.parametrize("protocol", ALL)
def test_without_starttls_there_is_nothing_to_try(protocol: MailProtocol) -> None:
    outcome = injection(protocol, Manner(offers=False))
    assert outcome.facts.within(CommandInjection, SUBJECT) == ()
    assert (outcome.attempt().ended.cause, outcome.attempt().ended.stage) == (Cause.DECLINED, Stage.EHLO)
    refused = injection(protocol, Manner(unavailable="recovers"))
    assert refused.facts.within(CommandInjection, SUBJECT) == ()
    assert (refused.attempt().ended.cause, refused.attempt().ended.stage) == (Cause.DECLINED, Stage.STARTTLS)


def test_the_limit_of_connections_is_kept() -> None:
    tight = structs.replace(SETTINGS, connection_limit=2)
    outcome = hold(try_injection, MailProtocol.SMTP, Manner(keeps="at-once"), tight)
    assert [trial.way for trial in fact(outcome).trials] == ["control", "one-segment"]
    assert outcome.attempt().ended.cause is Cause.BUDGET_SPENT
    assert outcome.connections == 2
    assert verdict(outcome) is Verdict.FAIL


def test_every_connection_is_in_the_transcript() -> None:
    ((_, transcript),) = injection(MailProtocol.SMTP, SOUND).facts.within(Transcript, SUBJECT)
    assert sum(line.text.startswith("connected to") for line in transcript.lines) == 4
    assert [line.at_s for line in transcript.lines] == sorted(line.at_s for line in transcript.lines)
