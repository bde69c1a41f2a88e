"""Requests to relay: nothing is ever sent, and each way of answering leads to its verdict."""

import re
from collections.abc import Callable

import pytest
from msgspec import structs

from tests.probes.mail_peer import SETTINGS, SUBJECT, Manners, Outcome, hold, strict
from waxseal.checks.verdict import Verdict
from waxseal.facts import Attempt, Cause, RelayTrials, Transcript
from waxseal.probes.relay import try_relay
from waxseal.wire.relay_forms import LOCAL_READING, Names, relay_forms

FORMS = relay_forms(Names("user", "example.test", "[127.0.0.1]", "postmaster@client.example.test"))


def trials(outcome: Outcome) -> RelayTrials:
    found = outcome.facts.nearest(RelayTrials, SUBJECT)
    assert found is not None
    return found


def taking(pattern: str) -> Callable[[str], bytes]:
    """Takes these besides its own."""
    return lambda recipient: b"250 Ok" if re.search(pattern, recipient) else strict(recipient)


def test_every_form_is_tried_and_no_message_sent() -> None:
    outcome = hold(try_relay)
    relay = trials(outcome)
    assert relay.control is not None
    assert relay.control.code == 250
    assert [trial.form for trial in relay.trials] == [form.name for form in FORMS]
    assert all(trial.rcpt is not None and trial.rcpt.code in (550, 554) for trial in relay.trials)
    said = outcome.heard
    assert not [line for line in said if line.upper().startswith(("DATA", "BDAT"))]
    recipients = [line[9:-1] for line in said if line.startswith("RCPT TO:<")]
    foreign = [to for to in recipients if not to.endswith("@example.test") and to != "postmaster"]
    assert all(re.search(r"www\.example\.net|\[192\.0\.2\.25\]", to) for to in foreign)
    assert outcome.server.connections == 2
    attempt = outcome.facts.nearest(Attempt, SUBJECT)
    assert attempt is not None
    assert (attempt.ended.cause, attempt.connections) == (Cause.COMPLETED, 2)
    (talk,) = outcome.facts.at(Transcript, SUBJECT)
    assert [line.text for line in talk.lines].count("STARTTLS") == 2
    assert [line.at_s for line in talk.lines] == sorted(line.at_s for line in talk.lines)
    assert outcome.verdict("smtp/relay-open") is Verdict.PASS


@pytest.mark.parametrize(
    ("pattern", "verdict"),
    [
        (r"^[\w-]+@www\.example\.net$", Verdict.FAIL),
        (r"^@example\.test:", Verdict.FAIL),
        (r"%www\.example\.net@example\.test$", Verdict.FAIL),
        (r'^"[^@]+@www\.example\.net"@example\.test$', Verdict.FAIL),
        (r"^www\.example\.net![\w-]+$", Verdict.WARN),
        (r"@example\.test$", Verdict.INCONCLUSIVE),
    ],
)
def test_what_is_taken(pattern: str, verdict: Verdict) -> None:
    assert hold(try_relay, Manners(recipient=taking(pattern))).verdict("smtp/relay-open") is verdict


@pytest.mark.parametrize(
    ("manners", "verdict"),
    [
        (Manners(recipient=lambda to: b"250 Ok"), Verdict.FAIL),
        (Manners(recipient=lambda to: b"554 5.7.1 Go away"), Verdict.INCONCLUSIVE),
        (Manners(recipient=lambda to: b"451 4.7.1 Greylisted"), Verdict.INCONCLUSIVE),
        (Manners(recipient=lambda to: b"421 4.3.2 Closing"), Verdict.INCONCLUSIVE),
        (Manners(mail=b"530 5.7.0 Authentication required"), Verdict.PASS),
        (Manners(mail=b"530 5.7.0 Must issue a STARTTLS command first"), Verdict.INCONCLUSIVE),
        (Manners(mail=b"550 5.7.1 Blocked"), Verdict.INCONCLUSIVE),
        (Manners(recipient=lambda to: strict(to).replace(b"554 5.7.1", b"556 5.1.10")), Verdict.INCONCLUSIVE),
        (Manners(offers=False), Verdict.PASS),
        (Manners(stutters="MAIL"), Verdict.INCONCLUSIVE),
        (Manners(recipient=lambda to: strict(to).replace(b"Relay", b"Blocked,")), Verdict.INCONCLUSIVE),
        (Manners(mail=b"530 5.7.0 Must use TLS first"), Verdict.INCONCLUSIVE),
    ],
)
def test_what_the_server_says(manners: Manners, verdict: Verdict) -> None:
    assert hold(try_relay, manners).verdict("smtp/relay-open") is verdict


def test_a_421_ends_it() -> None:
    outcome = hold(
        try_relay, Manners(recipient=lambda to: b"250 Ok" if "@example.test" in to else b"421 Bye")
    )
    assert outcome.server.connections == 1
    assert [trial.form for trial in trials(outcome).trials] == ["plain"]


def test_without_a_domain_the_bare_postmaster_is_the_control() -> None:
    outcome = hold(try_relay, domain=None)
    assert "RCPT TO:<Postmaster>" in outcome.heard
    assert outcome.verdict("smtp/relay-open") is Verdict.PASS


def test_one_connection_shows_only_a_part() -> None:
    outcome = hold(try_relay, settings=structs.replace(SETTINGS, connection_limit=1))
    assert len(trials(outcome).trials) == 8
    assert outcome.verdict("smtp/relay-open") is Verdict.INCONCLUSIVE


def test_the_forms() -> None:
    assert len({form.name for form in FORMS}) == len(FORMS)
    assert {form.name for form in FORMS if not form.foreign} == LOCAL_READING | {"unknown-user"}
    assert len(relay_forms(Names("user", "example.test", "", "s@x"))) == len(FORMS) - 1
