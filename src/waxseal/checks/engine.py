"""Runs every check over a set of facts: finds the subjects, fills the judges' parameters, keeps the answers.

Pure: the same facts always give the same findings (DESIGN §1). What a missing fact means is in
``checks.absence``; how much a finding matters is in ``grading``.
"""

import types
import typing
from collections.abc import Iterable
from functools import cache, cached_property
from itertools import count
from operator import itemgetter
from typing import Any, NamedTuple

from msgspec import Struct

from waxseal.checks.absence import Absences
from waxseal.checks.api import Bundle, Check, Nearest, Probe, WholeRun
from waxseal.checks.registry import all_checks
from waxseal.checks.verdict import Finding, Judgement, Verdict, inconclusive
from waxseal.facts import Attempt, Fact, FactSet, Scope, Subject


class Need(Struct, frozen=True, dict=True):
    """One parameter of a judge.

    Attributes:
        name: Parameter name.
        kind: Fact type; None where the parameter is the subject itself.
        optional: The judge is called without it.
        each: All facts inside the subject are wanted, not the nearest one.
        everywhere: All facts of the run are wanted; never missing, but possibly none.
        around: All facts at the nearest subject that has any are wanted.
        probe: Name of the probe, for attempts.
    """

    name: str
    kind: type[Fact] | None
    optional: bool = False
    each: bool = False
    everywhere: bool = False
    around: bool = False
    probe: str = ""

    @cached_property
    def slot(self) -> int:
        """Number of what fills it, whatever the parameter is called."""
        return _slot(self.kind, self.each, self.everywhere, self.around, self.probe)


@cache
def _slot(*source: Any) -> int:
    return next(_slots)


_slots = count()


def judge_all(facts: FactSet, checks: Iterable[Check] | None = None) -> tuple[Finding, ...]:
    """Every check over every subject that it is about, in order of check id, then of subject.

    Target by target, so that what is proved of a chain for one check is at hand for the next.
    """
    chosen = tuple(all_checks().values() if checks is None else checks)
    places = {scope: subjects_of(scope, facts) for scope in {check.scope for check in chosen}}
    plans: dict[Scope, dict[_Plan, dict[tuple[Any, ...], _Group]]] = {scope: {} for scope in places}
    columns: list[list[Finding | None]] = []
    for check in chosen:
        columns.append([None] * len(places[check.scope]))
        groups = plans[check.scope].setdefault(_plan_of(check.judge), {})
        parameters = parameters_of(check.judge)
        group = groups.setdefault(tuple(p.source for p in parameters), _Group(parameters, []))
        group.served.append((check, columns[-1]))
    of_run: _Bundles = {}
    for scope, row, subject in _by_target(places):
        place = Place(facts, subject, of_run)
        for plan, found in plans[scope].items():
            place.judge(plan, found.values(), row, stopped=subject.scope < scope)
    return tuple(finding for column in columns for finding in column if finding is not None)


def _by_target(places: dict[Scope, tuple[Subject, ...]]) -> list[tuple[Scope, int, Subject]]:
    """Each place of each scope with its row, those of one target together."""
    ranks: dict[Subject, int] = {}
    work = []
    for scope, subjects in sorted(places.items()):
        for row, subject in enumerate(subjects):
            root = subject.outwards()[-2:][0]
            work.append((ranks.setdefault(root, len(ranks)), scope, row, subject))
    work.sort(key=itemgetter(0))
    return [(scope, row, subject) for _, scope, row, subject in work]


def subjects_of(scope: Scope, facts: FactSet) -> tuple[Subject, ...]:
    """The subjects that a check of a scope judges.

    Those of the scope itself; and, where looking stopped at a wider one (no address was found, no
    certificate was shown), that wider one, so that the check still answers, with INCONCLUSIVE.
    """
    if scope is Scope.RUN:
        return (Subject(),)
    stopped = [
        subject
        for level in range(Scope.DOMAIN, scope)
        for subject in facts.subjects(Scope(level))
        if not facts.has_inside(subject, scope)
    ]
    return facts.subjects(scope) + tuple(stopped)


_UNSEEN = Need("", Attempt)
"""What a judge without required facts lacks where looking stopped before its own subjects."""


class Parameter(Struct, frozen=True, dict=True):
    """A parameter of a judge, and what fills it.

    Attributes:
        name: Its name.
        needs: One need; or those of a `Bundle`'s fields.
        bundle: The `Bundle` that is made of them; None for a plain parameter.
    """

    name: str
    needs: tuple[Need, ...]
    bundle: type[Bundle] | None = None

    @cached_property
    def source(self) -> Any:
        """What fills it, whatever it is called."""
        return self.bundle or self.needs[0].slot

    @cached_property
    def of_run(self) -> bool:
        """Whether it is the same at every subject."""
        return self.bundle is not None and all(need.everywhere for need in self.needs)


@cache
def parameters_of(judge: Any) -> tuple[Parameter, ...]:
    """Read what a judge needs from its parameter types.

    Raises:
        TypeError: A parameter's type is of no known form; an author's mistake, found by the contract test.
    """
    hints = typing.get_type_hints(judge, include_extras=True)
    hints.pop("return", None)
    return tuple(_parameter(name, hint) for name, hint in hints.items())


class _Plan(NamedTuple):
    """How the checks are served that need the same facts.

    Attributes:
        required: The needs without which their judges are not called, in order.
        narrowest: What they lack where looking stopped before their own subjects.
    """

    required: tuple[Need, ...]
    narrowest: Need


@cache
def _plan_of(judge: Any) -> _Plan:
    required = tuple(need for need in needs_of(judge) if need.kind is not None and not need.optional)
    narrowest = max(required, key=lambda n: n.kind.SCOPE if n.kind else Scope.RUN, default=_UNSEEN)
    return _Plan(required, narrowest)


class _Group(NamedTuple):
    """Checks that are given the same: their parameters, and each with the column for its findings."""

    parameters: tuple[Parameter, ...]
    served: list[tuple[Check, list[Finding | None]]]


def needs_of(judge: Any) -> tuple[Need, ...]:
    """Every need of a judge's parameters."""
    return tuple(need for parameter in parameters_of(judge) for need in parameter.needs)


def _parameter(name: str, hint: Any) -> Parameter:
    if isinstance(hint, type) and issubclass(hint, Bundle):
        fields = typing.get_type_hints(hint, include_extras=True)
        return Parameter(name, tuple(_need(field, kind) for field, kind in fields.items()), hint)
    return Parameter(name, (_need(name, hint),))


def _need(name: str, hint: Any) -> Need:
    optional = False
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        inner = [part for part in typing.get_args(hint) if part is not type(None)]
        if len(inner) != 1:
            raise TypeError(f"parameter {name}: only 'X | None' is known, not {hint}")
        optional, hint = True, inner[0]
    if hint is Subject:
        return Need(name, None)
    if typing.get_origin(hint) is typing.Annotated:
        kind, *marks = typing.get_args(hint)
        if any(isinstance(mark, WholeRun) for mark in marks):
            return Need(name, _paired(kind), optional=True, everywhere=True)
        if any(isinstance(mark, Nearest) for mark in marks):
            return Need(name, typing.get_args(kind)[0], optional=optional, around=True)
        probe = next(mark.name for mark in marks if isinstance(mark, Probe))
        return Need(name, kind, optional=optional, probe=probe)
    if typing.get_origin(hint) is tuple:
        return Need(name, _paired(hint), optional=optional, each=True)
    if isinstance(hint, type) and issubclass(hint, Fact):
        return Need(name, hint, optional=optional)
    raise TypeError(f"parameter {name}: {hint} is no fact")


def _paired(hint: Any) -> type[Fact]:
    """The fact type in ``tuple[tuple[Subject, X], ...]``."""
    pair = typing.get_args(hint)[0]
    kind: type[Fact] = typing.get_args(pair)[1]
    return kind


def _fill(need: Need, facts: FactSet, subject: Subject) -> Any:
    if need.kind is None:
        return subject
    if need.everywhere:
        return facts.within(need.kind, Subject())
    if need.around:
        return next((found for place in subject.outwards() if (found := facts.at(need.kind, place))), None)
    if need.each:
        return facts.within(need.kind, subject) or None
    if need.probe:
        attempts = facts.at(Attempt, subject.up_to(min(subject.scope, Scope.PORT)))
        return next((a for a in reversed(attempts) if a.probe == need.probe), None)
    return facts.nearest(need.kind, subject)


_UNFILLED: Any = object()
_Bundles = dict[type[Bundle], tuple[Bundle, Judgement | None]]


class Place:
    """What fills the parameters of all judges at one subject, each made once.

    Args:
        facts: All that was seen.
        subject: What is judged.
        of_run: Takes the bundles that are the same at every subject of these facts.
    """

    def __init__(self, facts: FactSet, subject: Subject, of_run: _Bundles | None = None) -> None:
        self._facts = facts
        self._subject = subject
        self._absences = Absences(facts, subject)
        self._found: dict[int, Any] = {}
        self._bundles: _Bundles = {}
        self._of_run: _Bundles = {} if of_run is None else of_run

    def of(self, need: Need) -> Any:
        """The fact, the facts, the subject, or None."""
        found = self._found.get(need.slot, _UNFILLED)
        if found is _UNFILLED:
            found = self._found[need.slot] = _fill(need, self._facts, self._subject)
        return found

    def bundle(self, parameter: Parameter, kind: type[Bundle]) -> tuple[Bundle, Judgement | None]:
        """The bundle of a parameter, and the answer of every check where it is not to be judged."""
        bundles = self._of_run if parameter.of_run else self._bundles
        held = bundles.get(kind)
        if held is None:
            made = kind(**{need.name: self.of(need) for need in parameter.needs})
            held = bundles[kind] = made, made.aside()
        return held

    def judge(self, plan: _Plan, groups: Iterable[_Group], row: int, *, stopped: bool) -> None:
        """Every check of one plan; what is missing for one is missing for all.

        Args:
            plan: What the checks cannot be without.
            groups: The checks.
            row: Place of the findings in the checks' columns.
            stopped: Looking ended before the subjects that the checks are about.
        """
        missing = next((need for need in plan.required if self.of(need) is None), None)
        missing = plan.narrowest if missing is None and stopped else missing
        if missing is None or missing.kind is None:
            for group in groups:
                self._judge_group(group, row)
            return
        absent = self._absences.of(missing.kind, missing.probe)
        tag = missing.kind.TAG if absent.verdict is Verdict.INCONCLUSIVE else ""
        for group in groups:
            for check, column in group.served:
                column[row] = _finding(check, self._subject, absent, tag)

    def _judge_group(self, group: _Group, row: int) -> None:
        subject = self._subject
        try:
            given = self._arguments(group.parameters)
        except Exception as error:  # a bug of ours is contained: the other checks go on
            for check, column in group.served:
                column[row] = _finding(check, subject, _crash(error), crashed=True)
            return
        if isinstance(given, Judgement):
            for check, column in group.served:
                column[row] = _finding(check, subject, given)
            return
        for check, column in group.served:
            try:
                column[row] = _finding(check, subject, check.judge(*given))
            except Exception as error:
                column[row] = _finding(check, subject, _crash(error), crashed=True)

    def _arguments(self, parameters: tuple[Parameter, ...]) -> list[Any] | Judgement:
        """What the judges are called with; or their answer, where a bundle is not to be judged."""
        arguments = []
        for parameter in parameters:
            if parameter.bundle is None:
                arguments.append(self.of(parameter.needs[0]))
                continue
            bundle, aside = self.bundle(parameter, parameter.bundle)
            if aside is not None:
                return aside
            arguments.append(bundle)
        return arguments


def _crash(error: Exception) -> Judgement:
    return inconclusive(
        f"the check itself failed ({type(error).__name__}); this is a bug of waxseal",
        advice="report it with the recorded facts (--facts)",
    )


def _finding(
    check: Check, subject: Subject, judgement: Judgement, missing: str = "", crashed: bool = False
) -> Finding:
    return Finding(  # by position: half a million of them make a run
        check.id,
        subject,
        judgement.verdict,
        judgement.summary,
        judgement.evidence,
        judgement.advice,
        judgement.follows,
        missing,
        crashed,
    )
