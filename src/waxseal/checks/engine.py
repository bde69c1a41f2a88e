"""Runs every check over a set of facts: finds the subjects, fills the judges' parameters, keeps the answers.

Pure: the same facts always give the same findings (DESIGN §1). What a missing fact means is in
``checks.absence``; how much a finding matters is in ``grading``.
"""

import types
import typing
from collections.abc import Callable, Iterable
from functools import cache, cached_property
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

    @property
    def nearest(self) -> type[Fact] | None:
        """The type of which the nearest fact fills it; None where something else does."""
        other = self.everywhere or self.around or self.each or self.probe
        return None if other else self.kind


_in_slots: list[tuple[type[Fact] | None, Need]] = []
"""What fills each slot: the nearest fact of a type, or else by its need."""


@cache
def _slot(kind: type[Fact] | None, each: bool, everywhere: bool, around: bool, probe: str) -> int:
    need = Need("", kind, each=each, everywhere=everywhere, around=around, probe=probe)
    _in_slots.append((need.nearest, need))
    return len(_in_slots) - 1


def judge_all(facts: FactSet, checks: Iterable[Check] | None = None) -> tuple[Finding, ...]:
    """Every check over every subject that it is about, in order of check id, then of subject.

    Target by target, so that what is proved of a chain for one check is at hand for the next.
    """
    chosen = tuple(all_checks().values() if checks is None else checks)
    places = {scope: subjects_of(scope, facts) for scope in {check.scope for check in chosen}}
    plans: dict[Scope, dict[tuple[int, ...], _Plan]] = {scope: {} for scope in places}
    columns: list[_Column] = []
    for check in chosen:
        columns.append([None] * len(places[check.scope]))
        required = _required(check.judge)
        plan = plans[check.scope].setdefault(tuple(need.slot for need in required), _Plan(required, {}))
        plan.add(check, columns[-1])
    of_run: _Bundles = {}
    for scope, row, subject in _by_target(places):
        place = Place(facts, subject, of_run)
        for plan in plans[scope].values():
            place.judge(plan, row, stopped=subject.scope < scope)
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


class Parameter(Struct, frozen=True):
    """A parameter of a judge, and what fills it.

    Attributes:
        name: Its name.
        needs: One need; or those of a `Bundle`'s fields.
        bundle: The `Bundle` that is made of them; None for a plain parameter.
    """

    name: str
    needs: tuple[Need, ...]
    bundle: type[Bundle] | None = None

    @property
    def filled_by(self) -> int | type[Bundle]:
        """The slot or the bundle that fills it, whatever it is called."""
        return self.bundle or self.needs[0].slot


@cache
def parameters_of(judge: Any) -> tuple[Parameter, ...]:
    """Read what a judge needs from its parameter types.

    Raises:
        TypeError: A parameter's type is of no known form; an author's mistake, found by the contract test.
    """
    hints = typing.get_type_hints(judge, include_extras=True)
    hints.pop("return", None)
    return tuple(_parameter(name, hint) for name, hint in hints.items())


@cache
def _required(judge: Any) -> tuple[Need, ...]:
    """The needs without which a judge is not called, in order."""
    return tuple(need for need in needs_of(judge) if need.kind is not None and not need.optional)


_Column = list[Finding | None]


class _Group(NamedTuple):
    """Checks that are called with the same.

    Attributes:
        filled_by: What fills each parameter.
        bundles: Those of it that are bundles.
        served: Each check and its judge, with the column that takes its findings.
    """

    filled_by: tuple[int | type[Bundle], ...]
    bundles: tuple[type[Bundle], ...]
    served: list[tuple[str, Callable[..., Judgement], _Column]]


class _Plan:
    """How the checks of one scope are served that cannot be without the same facts.

    Attributes:
        required: What they need, in order.
        narrowest: What they lack where looking stopped before their own subjects.
        groups: The checks.
        served: The same all together, each with the column that takes its findings.
    """

    def __init__(self, required: tuple[Need, ...], groups: dict[tuple[Any, ...], _Group]) -> None:
        self.required = tuple((need.slot, need) for need in required)
        self.narrowest = max(required, key=lambda n: n.kind.SCOPE if n.kind else Scope.RUN, default=_UNSEEN)
        self.groups = groups
        self.served: list[tuple[str, _Column]] = []

    def add(self, check: Check, column: _Column) -> None:
        """Serve a check too, whose findings belong in the column, one for each subject."""
        parameters = parameters_of(check.judge)
        filled_by = tuple(parameter.filled_by for parameter in parameters)
        bundles = tuple(parameter.bundle for parameter in parameters if parameter.bundle is not None)
        group = self.groups.setdefault(filled_by, _Group(filled_by, bundles, []))
        group.served.append((check.id, check.judge, column))
        self.served.append((check.id, column))


def needs_of(judge: Any) -> tuple[Need, ...]:
    """Every need of a judge's parameters."""
    return tuple(need for parameter in parameters_of(judge) for need in parameter.needs)


def _parameter(name: str, hint: Any) -> Parameter:
    if isinstance(hint, type) and issubclass(hint, Bundle):
        return Parameter(name, _fields_of(hint), hint)
    return Parameter(name, (_need(name, hint),))


@cache
def _fields_of(kind: type[Bundle]) -> tuple[Need, ...]:
    fields = typing.get_type_hints(kind, include_extras=True)
    return tuple(_need(field, hint) for field, hint in fields.items())


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


_Bundles = dict[type[Bundle], tuple[Bundle, Judgement | None]]


class Place(dict[int | type[Bundle], Any]):
    """What fills the parameters of all judges at one subject, by slot or bundle; made when first asked for.

    Args:
        facts: All that was seen.
        subject: What is judged.
        of_run: Takes the bundles that are the same at every subject of these facts.
    """

    def __init__(self, facts: FactSet, subject: Subject, of_run: _Bundles | None = None) -> None:
        super().__init__()
        self._facts = facts
        self._subject = subject
        self._around = facts.held_around(subject)
        self._absences: Absences | None = None
        self._asides: dict[type[Bundle], Judgement | None] = {}
        self._of_run: _Bundles = {} if of_run is None else of_run

    def __missing__(self, key: int | type[Bundle]) -> Any:
        """The fact, the facts, the subject or None; or the bundle."""
        if not isinstance(key, int):
            bundle = self[key] = self._bundle(key)
            return bundle
        kind, need = _in_slots[key]
        if kind is None:
            found = self[key] = self._fill(need)
            return found
        for held in self._around:
            facts = held.get(kind)
            if facts:
                newest = self[key] = facts[-1]
                return newest
        self[key] = None
        return None

    def _fill(self, need: Need) -> Any:
        facts, subject = self._facts, self._subject
        if need.kind is None:
            return subject
        if need.everywhere:
            return facts.within(need.kind, Subject())
        if need.around:
            return next((at for place in subject.outwards() if (at := facts.at(need.kind, place))), None)
        if need.each:
            return facts.within(need.kind, subject) or None
        attempts = facts.at(Attempt, subject.up_to(min(subject.scope, Scope.PORT)))
        return next((a for a in reversed(attempts) if a.probe == need.probe), None)

    def _bundle(self, kind: type[Bundle]) -> Bundle:
        fields = _fields_of(kind)
        held = self._of_run.get(kind)
        if held is None:
            made = kind(**{need.name: self[need.slot] for need in fields})
            held = made, made.aside()
            if all(need.everywhere for need in fields):
                self._of_run[kind] = held
        bundle, self._asides[kind] = held
        return bundle

    def judge(self, plan: _Plan, row: int, *, stopped: bool) -> None:
        """Every check of one plan; what is missing for one is missing for all.

        Args:
            plan: The checks.
            row: Place of the findings in the checks' columns.
            stopped: Looking ended before the subjects that the checks are about.
        """
        missing = None
        for slot, need in plan.required:
            if self[slot] is None:
                missing = need
                break
        if missing is None and not stopped:
            for group in plan.groups.values():
                self._judge_group(group, row)
            return
        missing = missing or plan.narrowest
        assert missing.kind is not None  # noqa: S101 - only the subject has none, which is never missing
        if self._absences is None:
            self._absences = Absences(self._facts, self._subject)
        absent = self._absences.of(missing.kind, missing.probe)
        tag = missing.kind.TAG if absent.verdict is Verdict.INCONCLUSIVE else ""
        for check, column in plan.served:
            column[row] = _finding(check, self._subject, absent, tag)

    def _judge_group(self, group: _Group, row: int) -> None:
        subject = self._subject
        try:
            aside = self._aside(group.bundles) if group.bundles else None
            given = [] if aside is not None else [self[key] for key in group.filled_by]
        except Exception as error:  # a bug of ours is contained: the other checks go on
            for check, _, column in group.served:
                column[row] = _finding(check, subject, _crash(error), crashed=True)
            return
        if aside is not None:
            for check, _, column in group.served:
                column[row] = _finding(check, subject, aside)
            return
        for check, judge, column in group.served:
            try:
                said = judge(*given)
                column[row] = Finding(
                    check, subject, said.verdict, said.summary, said.evidence, said.advice, said.follows
                )
            except Exception as error:
                column[row] = _finding(check, subject, _crash(error), crashed=True)

    def _aside(self, bundles: tuple[type[Bundle], ...]) -> Judgement | None:
        """The answer of all judges that take these bundles, where one of them is not to be judged."""
        for kind in bundles:
            _ = self[kind]
            if (aside := self._asides[kind]) is not None:
                return aside
        return None


def _crash(error: Exception) -> Judgement:
    return inconclusive(
        f"the check itself failed ({type(error).__name__}); this is a bug of waxseal",
        advice="report it with the recorded facts (--facts)",
    )


def _finding(
    check: str, subject: Subject, judgement: Judgement, missing: str = "", crashed: bool = False
) -> Finding:
    return Finding(  # by position: half a million of them make a run
        check,
        subject,
        judgement.verdict,
        judgement.summary,
        judgement.evidence,
        judgement.advice,
        judgement.follows,
        missing,
        crashed,
    )
