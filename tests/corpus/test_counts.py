"""A change of judgement shows as a change of numbers: the recorded facts give what ``counts.toml`` says."""

import pytest

from tests.corpus import Counts, counted, expected, names_of, recorded
from tests.real.servers import SERVICE_SET_UPS, SET_UPS
from waxseal.checks.registry import all_checks
from waxseal.facts import Attempt, Cause, Subject, Target, UnknownFact
from waxseal.lab.domains import all_domains

HINT = "if this is meant, run 'python -m tests.corpus.record counts' and say it in CHANGELOG.md, Verdicts"


def differences(found: Counts, wanted: Counts) -> list[str]:
    """``check: verdict 3 -> 4`` for each number that is another one."""
    numbers = {
        (check, verdict) for counts in (found, wanted) for check in counts for verdict in counts[check]
    }
    pairs = {
        place: (wanted.get(place[0], {}).get(place[1], 0), found.get(place[0], {}).get(place[1], 0))
        for place in sorted(numbers)
    }
    return [
        f"{check}: {verdict} {old} -> {new}" for (check, verdict), (old, new) in pairs.items() if old != new
    ]


@pytest.mark.parametrize("part", ["lab", "real"])
def test_the_recorded_facts_give_the_numbers_written_down(part: str) -> None:
    assert not differences(counted(part), expected(part)), HINT


def test_a_change_of_judgement_would_show() -> None:
    before: Counts = {"a/b": {"pass": 3, "fail": 1}, "a/c": {"pass": 1}}
    after: Counts = {"a/b": {"pass": 2, "fail": 2}, "a/d": {"pass": 1}}
    assert differences(after, before) == [
        "a/b: fail 1 -> 2",
        "a/b: pass 3 -> 2",
        "a/c: pass 1 -> 0",
        "a/d: pass 0 -> 1",
    ]


def test_every_domain_of_the_lab_and_every_set_up_is_recorded() -> None:
    domains = {(target.name, target.port) for _, target in recorded("lab").within(Target, Subject())}
    assert domains == {(domain.name, domain.port) for domain in all_domains()}
    assert set(names_of("real")) == {f"real/{software}-{up}" for software, up in (*SET_UPS, *SERVICE_SET_UPS)}


def test_what_is_recorded_can_still_be_read_and_no_probe_crashed() -> None:
    for name in (*names_of("lab"), *names_of("real")):
        facts = recorded(name)
        assert not [record for record in facts if isinstance(record.fact, UnknownFact)], name
        assert not [a for _, a in facts.within(Attempt, Subject()) if a.ended.cause is Cause.CRASHED], name


def test_every_check_answers_somewhere_in_the_lab() -> None:
    assert set(expected("lab")) - {"letters"} == set(all_checks())
