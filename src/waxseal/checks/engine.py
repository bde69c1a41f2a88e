"""Runs every check over a set of facts: finds the subjects, fills the judges' parameters, keeps the answers.

Pure: the same facts always give the same findings (DESIGN §1). What a missing fact means is in
``checks.absence``; how much a finding matters is in ``grading``.
"""

import types
import typing
from collections.abc import Iterable
from functools import cache
from typing import Any

from msgspec import Struct

from waxseal.checks.absence import absence
from waxseal.checks.api import Bundle, Check, Nearest, Probe, WholeRun
from waxseal.checks.registry import all_checks
from waxseal.checks.verdict import Finding, Judgement, Verdict, inconclusive
from waxseal.facts import Attempt, Fact, FactSet, Scope, Subject


class Need(Struct, frozen=True):
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


def judge_all(facts: FactSet, checks: Iterable[Check] | None = None) -> tuple[Finding, ...]:
    """Every check over every subject that it is about, in order of check id, then of subject."""
    chosen = all_checks().values() if checks is None else checks
    return tuple(
        _judge_one(check, facts, subject) for check in chosen for subject in subjects_of(check.scope, facts)
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


def _judge_one(check: Check, facts: FactSet, subject: Subject) -> Finding:
    parameters = parameters_of(check.judge)
    filled = {need: _fill(need, facts, subject) for parameter in parameters for need in parameter.needs}
    required = [need for need in filled if need.kind is not None and not need.optional]
    missing = next((need for need in required if filled[need] is None), None)
    if missing is None and subject.scope < check.scope:  # looking stopped before the check's own subjects
        missing = max(required, key=lambda need: need.kind.SCOPE if need.kind else Scope.RUN, default=_UNSEEN)
    if missing is not None and missing.kind is not None:
        judgement = absence(facts, subject, missing.kind, missing.probe)
        tag = missing.kind.TAG if judgement.verdict is Verdict.INCONCLUSIVE else ""
        return _finding(check, subject, judgement, missing=tag)
    try:
        arguments = {parameter.name: _argument(parameter, filled) for parameter in parameters}
        bundles = (value for value in arguments.values() if isinstance(value, Bundle))
        aside = next((answer for bundle in bundles if (answer := bundle.aside()) is not None), None)
        return _finding(check, subject, aside or check.judge(**arguments))
    except Exception as error:  # a bug of ours is contained: the other checks go on
        judgement = inconclusive(
            f"the check itself failed ({type(error).__name__}); this is a bug of waxseal",
            advice="report it with the recorded facts (--facts)",
        )
        return _finding(check, subject, judgement, crashed=True)


def _argument(parameter: Parameter, filled: dict[Need, Any]) -> Any:
    if parameter.bundle is None:
        return filled[parameter.needs[0]]
    return parameter.bundle(**{need.name: filled[need] for need in parameter.needs})


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
