"""Runs every check over a set of facts: finds the subjects, fills the judges' parameters, keeps the answers.

Pure: the same facts always give the same findings (DESIGN §1). What a missing fact means is in
``checks.absence``; how much a finding matters is in ``grading``.
"""

import types
import typing
from collections.abc import Iterable
from functools import cache, cached_property
from typing import Any, NamedTuple

from msgspec import Struct

from waxseal.checks.absence import absence
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
    def source(self) -> tuple[Any, ...]:
        """What fills it, whatever the parameter is called."""
        return self.kind, self.each, self.everywhere, self.around, self.probe


def judge_all(facts: FactSet, checks: Iterable[Check] | None = None) -> tuple[Finding, ...]:
    """Every check over every subject that it is about, in order of check id, then of subject."""
    chosen = all_checks().values() if checks is None else checks
    places = {scope: [(s, _Filled(facts, s)) for s in subjects_of(scope, facts)] for scope in Scope}
    return tuple(
        _judge_one(check, facts, subject, filled)
        for check in chosen
        for subject, filled in places[check.scope]
    )


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
    """How a judge is served.

    Attributes:
        parameters: Its parameters.
        required: The needs without which it is not called, in order.
        narrowest: What it lacks where looking stopped before its own subjects.
    """

    parameters: tuple[Parameter, ...]
    required: tuple[Need, ...]
    narrowest: Need


@cache
def _plan_of(judge: Any) -> _Plan:
    required = tuple(need for need in needs_of(judge) if need.kind is not None and not need.optional)
    narrowest = max(required, key=lambda n: n.kind.SCOPE if n.kind else Scope.RUN, default=_UNSEEN)
    return _Plan(parameters_of(judge), required, narrowest)


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


class _Filled:
    """What fills the parameters of all judges at one subject, each made once."""

    def __init__(self, facts: FactSet, subject: Subject) -> None:
        self._facts = facts
        self._subject = subject
        self._facts_of: dict[tuple[Any, ...], Any] = {}
        self._bundles: dict[type[Bundle], tuple[Bundle, Judgement | None]] = {}

    def of(self, need: Need) -> Any:
        """The fact, the facts, the subject, or None."""
        found = self._facts_of.get(need.source, self)
        if found is self:
            found = self._facts_of[need.source] = _fill(need, self._facts, self._subject)
        return found

    def bundle(self, parameter: Parameter, kind: type[Bundle]) -> tuple[Bundle, Judgement | None]:
        """The bundle of a parameter, and the answer of every check where it is not to be judged."""
        if kind not in self._bundles:
            made = kind(**{need.name: self.of(need) for need in parameter.needs})
            self._bundles[kind] = (made, made.aside())
        return self._bundles[kind]


def _judge_one(check: Check, facts: FactSet, subject: Subject, filled: _Filled) -> Finding:
    plan = _plan_of(check.judge)
    missing = next((need for need in plan.required if filled.of(need) is None), None)
    if missing is None and subject.scope < check.scope:  # looking stopped before the check's own subjects
        missing = plan.narrowest
    if missing is not None and missing.kind is not None:
        judgement = absence(facts, subject, missing.kind, missing.probe)
        tag = missing.kind.TAG if judgement.verdict is Verdict.INCONCLUSIVE else ""
        return _finding(check, subject, judgement, missing=tag)
    try:
        arguments: dict[str, Any] = {}
        for parameter in plan.parameters:
            if parameter.bundle is None:
                arguments[parameter.name] = filled.of(parameter.needs[0])
                continue
            arguments[parameter.name], aside = filled.bundle(parameter, parameter.bundle)
            if aside is not None:
                return _finding(check, subject, aside)
        return _finding(check, subject, check.judge(**arguments))
    except Exception as error:  # a bug of ours is contained: the other checks go on
        judgement = inconclusive(
            f"the check itself failed ({type(error).__name__}); this is a bug of waxseal",
            advice="report it with the recorded facts (--facts)",
        )
        return _finding(check, subject, judgement, crashed=True)


def _finding(
    check: Check, subject: Subject, judgement: Judgement, *, missing: str = "", crashed: bool = False
) -> Finding:
    return Finding(
        check=check.id,
        subject=subject,
        verdict=judgement.verdict,
        summary=judgement.summary,
        evidence=judgement.evidence,
        advice=judgement.advice,
        follows=judgement.follows,
        missing=missing,
        crashed=crashed,
    )
