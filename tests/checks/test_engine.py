"""The engine serves many checks at once and remembers within one set of facts, never beyond it."""

from importlib import import_module

from hypothesis import given, settings
from hypothesis import strategies as st

from waxseal.checks import samples
from waxseal.checks.absence import Absences, absence
from waxseal.checks.api import Bundle, Check, Everywhere, Judgement, Level, Remedy, Scope, check, passed
from waxseal.checks.engine import Place, judge_all, needs_of, subjects_of
from waxseal.checks.registry import all_checks
from waxseal.facts import FACT_TYPES, EhloClear, FactSet, Greeting, Record, Subject

EXAMPLES = [
    samples.fact_set(example)
    for check in all_checks().values()
    for example in import_module(check.module).examples()
]
example_sets = st.sampled_from(EXAMPLES)
here = Subject(domain="example.org", host="mx.example.org", address="192.0.2.25", port=25)


class Greetings(Bundle, frozen=True):
    """A bundle that is the same at every subject."""

    every: Everywhere[Greeting]


@check(
    title="Counts greetings",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.2",),
    remedy=Remedy("None."),
)
def count(greetings: Greetings) -> Judgement:
    """Say how many there are."""
    return passed(str(len(greetings.every)))


COUNT: Check = count.__waxseal_check__  # type: ignore[attr-defined]


def greeted(number: int) -> FactSet:
    """As many addresses with a greeting."""
    places = [Subject(address=f"192.0.2.{n}", port=25) for n in range(1, number + 1)]
    return FactSet(Record(subject=s, fact=samples.greeting(), seen_at=samples.NOW) for s in places)


def test_a_bundle_of_the_run_is_made_once_for_each_set_of_facts() -> None:
    many, few = greeted(5), greeted(2)
    for facts, expected in ((many, "5"), (few, "2"), (many, "5")):
        assert {f.summary for f in judge_all(facts, [COUNT])} == {expected}
    of_run: dict[type[Bundle], tuple[Bundle, Judgement | None]] = {}
    one, other = (Place(many, subject, of_run)[Greetings] for subject in many.subjects(Scope.PORT)[:2])
    assert one is other
    assert Place(few, few.subjects(Scope.PORT)[0])[Greetings] is not one


@settings(max_examples=25, deadline=None)
@given(st.lists(example_sets, min_size=2, max_size=3))
def test_what_was_judged_before_changes_no_answer(sets: list[FactSet]) -> None:
    first = [judge_all(facts) for facts in sets]
    anew = [judge_all(FactSet(facts.records)) for facts in reversed(sets)]
    assert anew[::-1] == first


@settings(max_examples=10, deadline=None)
@given(example_sets)
def test_checks_judged_together_answer_as_each_alone(facts: FactSet) -> None:
    alone = [finding for check in all_checks().values() for finding in judge_all(facts, [check])]
    assert list(judge_all(facts)) == alone


@settings(max_examples=25, deadline=None)
@given(example_sets)
def test_every_absence_is_that_of_its_own_fact_and_subject(facts: FactSet) -> None:
    for subject in (here, here.up_to(Scope.DOMAIN)):
        held = Absences(facts, subject)
        for kind in (*FACT_TYPES.values(), *FACT_TYPES.values()):
            assert held.of(kind) == absence(facts, subject, kind)


def test_findings_come_by_check_and_then_by_subject() -> None:
    facts = greeted(3)
    chosen = [c for c in all_checks().values() if c.scope is Scope.PORT][:5]
    found = [(finding.check, finding.subject) for finding in judge_all(facts, chosen)]
    assert found == [(c.id, subject) for c in chosen for subject in subjects_of(Scope.PORT, facts)]


def _judge(ehlo: EhloClear) -> Judgement:
    return passed(ehlo.TAG)


def test_a_place_holds_none_for_what_is_not_there() -> None:
    (need,) = needs_of(_judge)
    assert Place(greeted(1), here)[need.slot] is None
    heard = FactSet([Record(subject=here, fact=samples.ehlo(), seen_at=samples.NOW)])
    assert Place(heard, here)[need.slot] == samples.ehlo()
