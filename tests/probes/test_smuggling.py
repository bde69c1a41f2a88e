"""Doubtful ends of data: one reply too many is the proof, and a refused control proves nothing."""

import re

import pytest
from msgspec import structs

from tests.probes.mail_peer import END, SETTINGS, SUBJECT, Manners, Outcome, hold
from waxseal.checks.verdict import Verdict
from waxseal.facts import SmugglingTrials
from waxseal.probes.smuggling import try_smuggling
from waxseal.wire.data_endings import CONTROL, VARIANTS, DataEnding, Letter, message

LETTER = Letter("postmaster@c.test", "me@example.test", "Sun, 01 Nov 2026 12:00:00 +0000", "abc", "c.test")


def trials(outcome: Outcome) -> dict[str, tuple[int | None, ...]]:
    found = outcome.facts.nearest(SmugglingTrials, SUBJECT)
    assert found is not None
    return {trial.variant: tuple(reply.code for reply in trial.replies) for trial in found.trials}


@pytest.mark.parametrize("ending", VARIANTS, ids=lambda ending: ending.variant)
def test_each_variant_is_found_where_it_is_an_end(ending: DataEnding) -> None:
    outcome = hold(try_smuggling, Manners(ends=(END, ending.octets)))
    codes = trials(outcome)
    assert codes[CONTROL] == (354, 250, 221)
    assert codes[ending.variant] == (354, 250, 250, 500, 221)
    assert outcome.verdict("smtp/data-end-smuggled") is Verdict.FAIL


def test_a_sound_server_takes_all_for_text() -> None:
    outcome = hold(try_smuggling)
    assert trials(outcome) == dict.fromkeys((CONTROL, *(v.variant for v in VARIANTS)), (354, 250, 221))
    assert outcome.server.connections == 8
    assert {line for line in outcome.heard if line.startswith("RCPT")} == {"RCPT TO:<me@example.test>"}
    assert outcome.verdict("smtp/data-end-smuggled") is Verdict.PASS


def test_a_server_that_refuses_bare_line_feeds_is_sound() -> None:
    outcome = hold(try_smuggling, Manners(forbidden=re.compile(rb"(?<!\r)\n|\r(?!\n)|\0")))
    assert trials(outcome)["lf-dot-lf"] == (354, 521)
    assert outcome.verdict("smtp/data-end-smuggled") is Verdict.PASS


@pytest.mark.parametrize(
    ("manners", "connections"),
    [
        (Manners(recipient=lambda to: b"550 5.1.1 User unknown"), 1),
        (Manners(recipient=lambda to: b"451 4.7.1 Greylisted"), 1),
        (Manners(mail=b"421 4.3.2 Closing"), 1),
        (Manners(forbidden=re.compile(rb"waxseal")), 1),
    ],
)
def test_a_refused_control_proves_nothing(manners: Manners, connections: int) -> None:
    outcome = hold(try_smuggling, manners)
    assert list(trials(outcome)) == [CONTROL]
    assert outcome.server.connections == connections
    assert outcome.verdict("smtp/data-end-smuggled") is Verdict.INCONCLUSIVE


def test_too_few_connections_leave_variants_unseen() -> None:
    outcome = hold(try_smuggling, settings=structs.replace(SETTINGS, connection_limit=4))
    assert outcome.verdict("smtp/data-end-smuggled") is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("ending", [None, *VARIANTS])
def test_the_message_holds_no_end_but_the_doubtful_one(ending: DataEnding | None) -> None:
    text = message(LETTER, ending)
    rest = text if ending is None else text.replace(ending.octets, b"")
    assert END not in text + b"\r\n"
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", rest)
    assert not re.search(rb"(?m)^\.", rest)
    assert text.endswith(b"NOOP abc")
    assert ending is None or text.count(ending.octets) == 1


def test_a_letter_that_would_garble_its_header_is_refused() -> None:
    with pytest.raises(ValueError, match="printable"):
        message(LETTER._replace(recipient="me@example.test\r\nBcc: x"), None)
