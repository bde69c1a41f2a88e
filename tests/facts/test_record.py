from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.facts.test_subject import subjects
from waxseal.facts import (
    FACT_TYPES,
    ControlReach,
    Fact,
    FactSet,
    QuitAnswer,
    Record,
    Scope,
    Subject,
    UnknownFact,
    fact,
)

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
DOMAIN = Subject(domain="example.org")
HOST = Subject(domain="example.org", host="mx.example.org")
PORT = Subject(domain="example.org", host="mx.example.org", address="192.0.2.1", port=25)
OTHER_PORT = Subject(domain="example.org", host="mx.example.org", address="192.0.2.2", port=25)
CERTIFICATE = Subject(
    domain="example.org",
    host="mx.example.org",
    address="192.0.2.1",
    port=25,
    server_name="",
    certificate_type="ec",
)


def note(number: float) -> QuitAnswer:
    """A fact that can be told from others."""
    return QuitAnswer(reply=None, elapsed_s=number)


def fact_set(*placed: tuple[Subject, Fact]) -> FactSet:
    return FactSet(Record(subject=subject, fact=fact, seen_at=NOW) for subject, fact in placed)


def test_keeps_the_order_of_recording() -> None:
    facts = fact_set((PORT, note(2)), (DOMAIN, note(1)), (PORT, note(3)))
    assert [record.fact for record in facts] == [note(2), note(1), note(3)]
    assert len(facts) == 3


def test_at_gives_exactly_this_subject_oldest_first() -> None:
    facts = fact_set((PORT, note(1)), (HOST, note(2)), (PORT, note(3)))
    assert facts.at(QuitAnswer, PORT) == (note(1), note(3))
    assert facts.at(QuitAnswer, OTHER_PORT) == ()
    assert facts.at(ControlReach, PORT) == ()


def test_nearest_goes_outwards_and_takes_the_newest() -> None:
    facts = fact_set((DOMAIN, note(1)), (HOST, note(2)), (HOST, note(3)), (OTHER_PORT, note(4)))
    assert facts.nearest(QuitAnswer, CERTIFICATE) == note(3)
    assert facts.nearest(QuitAnswer, PORT) == note(3)
    assert facts.nearest(QuitAnswer, DOMAIN) == note(1)
    assert facts.nearest(QuitAnswer, Subject(domain="example.com")) is None
    assert facts.nearest(ControlReach, PORT) is None


def test_nearest_never_looks_inwards() -> None:
    assert fact_set((PORT, note(1))).nearest(QuitAnswer, HOST) is None


def test_facts_of_the_run_are_near_to_everything() -> None:
    assert fact_set((Subject(), note(1))).nearest(QuitAnswer, CERTIFICATE) == note(1)


def test_within_gives_each_with_its_own_subject() -> None:
    facts = fact_set((PORT, note(1)), (HOST, note(2)), (OTHER_PORT, note(3)), (PORT, note(4)))
    assert set(facts.within(QuitAnswer, HOST)) == {
        (PORT, note(1)),
        (HOST, note(2)),
        (OTHER_PORT, note(3)),
        (PORT, note(4)),
    }
    assert facts.within(QuitAnswer, PORT) == ((PORT, note(1)), (PORT, note(4)))
    assert facts.within(QuitAnswer, CERTIFICATE) == ()


def test_subjects_include_those_that_only_enclose_others() -> None:
    facts = fact_set((CERTIFICATE, note(1)), (OTHER_PORT, note(2)))
    assert facts.subjects(Scope.DOMAIN) == (DOMAIN,)
    assert facts.subjects(Scope.HOST) == (HOST,)
    assert facts.subjects(Scope.PORT) == (PORT, OTHER_PORT)
    assert facts.subjects(Scope.CERTIFICATE) == (CERTIFICATE,)
    assert facts.subjects(Scope.RUN) == (Subject(),)


def test_has_inside_knows_how_deep_was_seen() -> None:
    facts = fact_set((PORT, note(1)))
    assert facts.has_inside(HOST, Scope.PORT)
    assert facts.has_inside(DOMAIN, Scope.ADDRESS)
    assert not facts.has_inside(PORT, Scope.CERTIFICATE)
    assert not facts.has_inside(Subject(domain="example.com"), Scope.PORT)
    assert not fact_set((DOMAIN, note(1))).has_inside(DOMAIN, Scope.PORT)


def test_an_empty_set_holds_nothing() -> None:
    facts = FactSet(())
    assert len(facts) == 0
    assert facts.subjects(Scope.PORT) == ()
    assert facts.nearest(QuitAnswer, PORT) is None
    assert facts.within(QuitAnswer, Subject()) == ()


placed_facts = st.lists(st.tuples(subjects, st.integers(0, 9).map(note)), max_size=12)


def slow_nearest(placed: Iterable[tuple[Subject, QuitAnswer]], subject: Subject) -> QuitAnswer | None:
    """The definition of `nearest`, by trying every enclosing subject from the inside out."""
    for level in sorted(Scope, reverse=True):
        found = [fact for where, fact in placed if level <= subject.scope and where == subject.up_to(level)]
        if found:
            return found[-1]
    return None


@given(placed_facts, subjects)
def test_look_ups_agree_with_their_definitions(
    placed: list[tuple[Subject, QuitAnswer]], subject: Subject
) -> None:
    facts = fact_set(*placed)
    assert facts.at(QuitAnswer, subject) == tuple(fact for where, fact in placed if where == subject)
    inside = [(where, fact) for where, fact in placed if where.within(subject)]
    assert sorted(facts.within(QuitAnswer, subject), key=repr) == sorted(inside, key=repr)
    assert facts.nearest(QuitAnswer, subject) == slow_nearest(placed, subject)


@given(placed_facts)
def test_every_subject_is_listed_once_under_its_scope(placed: list[tuple[Subject, QuitAnswer]]) -> None:
    facts = fact_set(*placed)
    for scope in Scope:
        listed = facts.subjects(scope)
        assert len(set(listed)) == len(listed)
        assert all(subject.scope is scope for subject in listed)
        assert {where for where, _ in placed if where.scope is scope} <= set(listed)


def test_two_fact_types_cannot_share_a_tag() -> None:
    with pytest.raises(ValueError, match=r"smtp\.quit/1"):

        @fact("smtp.quit/1", Scope.PORT)
        class Another(Fact, frozen=True, kw_only=True):
            pass

    assert FACT_TYPES["smtp.quit/1"] is QuitAnswer


def test_unknown_facts_are_held_beside_known_ones() -> None:
    unknown = UnknownFact(tag="later/7", raw=msgspec.Raw(b"{}"))
    facts = fact_set((PORT, unknown), (PORT, note(1)))
    assert facts.at(UnknownFact, PORT) == (unknown,)
    assert facts.nearest(QuitAnswer, PORT) == note(1)


@given(st.lists(st.tuples(subjects, st.sampled_from([QuitAnswer, ControlReach])), max_size=12))
def test_look_up_is_what_going_through_all_records_finds(
    placed: list[tuple[Subject, type[Fact]]],
) -> None:
    def made(number: int, kind: type[Fact]) -> Fact:
        return note(number) if kind is QuitAnswer else ControlReach(destination=str(number), connected=True)

    facts = fact_set(*((subject, made(n, kind)) for n, (subject, kind) in enumerate(placed)))
    around = dict.fromkeys(a for subject, _ in placed for a in reversed(subject.outwards()))
    for scope in Scope:
        assert facts.subjects(scope) == tuple(s for s in around if s.scope is scope)
    for subject in around:
        held = [r.fact for r in facts if r.subject == subject and isinstance(r.fact, QuitAnswer)]
        assert facts.at(QuitAnswer, subject) == tuple(held)
        layers = (facts.at(QuitAnswer, place) for place in subject.outwards())
        assert facts.nearest(QuitAnswer, subject) == next((found[-1] for found in layers if found), None)
        inside = [r for r in facts if r.subject.within(subject) and isinstance(r.fact, QuitAnswer)]
        grouped = dict.fromkeys(r.subject for r in inside)
        expected = [(place, r.fact) for place in grouped for r in inside if r.subject == place]
        assert facts.within(QuitAnswer, subject) == tuple(expected)
        for scope in Scope:
            narrower = any(s != subject and s.within(subject) and s.scope <= scope for s in around)
            assert facts.has_inside(subject, scope) == narrower


def test_what_is_made_of_a_set_is_made_once_and_for_that_set() -> None:
    made: list[int] = []

    def size(facts: FactSet) -> int:
        made.append(len(facts))
        return len(facts)

    one, other = fact_set((PORT, note(1))), fact_set((PORT, note(1)), (HOST, note(2)))
    assert [one.once(size), other.once(size), one.once(size)] == [1, 2, 1]
    assert made == [1, 2]
