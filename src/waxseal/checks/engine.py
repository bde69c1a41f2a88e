"""Runs every check over a set of facts: finds the subjects, fills the judges' parameters, keeps the answers.

Pure: the same facts always give the same findings (DESIGN §1). What a missing fact means is in
``checks.absence``; how much a finding matters is in ``grading``.
"""

import types
import typing
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from msgspec import Struct

from waxseal.checks.absence import absence
from waxseal.checks.api import Check, Probe, WholeRun
from waxseal.checks.registry import all_checks
from waxseal.checks.verdict import Finding, Judgement, inconclusive
from waxseal.facts import Attempt, Fact, FactSet, Scope, Subject


class Need(Struct, frozen=True):
    """One parameter of a judge.

    Attributes:
        name: Parameter name.
        kind: Fact type; None where the parameter is the subject itself.
        optional: The judge is called without it.
        each: All facts inside the subject are wanted, not the nearest one.
        everywhere: All facts of the run are wanted; never missing, but possibly none.
        probe: Name of the probe, for attempts.
    """

    name: str
    kind: type[Fact] | None
    optional: bool = False
    each: bool = False
    everywhere: bool = False
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


@cache
def needs_of(judge: Any) -> tuple[Need, ...]:
    """Read a judge's needs from its parameter types.

    Raises:
        TypeError: A parameter's type is of no known form; an author's mistake, found by the contract test.
    """
    hints = typing.get_type_hints(judge, include_extras=True)
    hints.pop("return", None)
    return tuple(_need(name, hint) for name, hint in hints.items())


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
        return _everywhere(facts, need.kind)
    if need.each:
        return facts.within(need.kind, subject) or None
    if need.probe:
        attempts = facts.at(Attempt, subject.up_to(min(subject.scope, Scope.PORT)))
        return next((a for a in reversed(attempts) if a.probe == need.probe), None)
    return facts.nearest(need.kind, subject)


@lru_cache(maxsize=4)
def _everywhere(facts: FactSet, kind: type[Fact]) -> tuple[tuple[Subject, Fact], ...]:
    """Every fact of a type in the run: the same for all subjects, so gathered once for a batch of many."""
    return facts.within(kind, Subject())


def _judge_one(check: Check, facts: FactSet, subject: Subject) -> Finding:
    judgement, crashed = _judgement(check, facts, subject)
    return Finding(
        check=check.id,
        subject=subject,
        verdict=judgement.verdict,
        summary=judgement.summary,
        evidence=judgement.evidence,
        advice=judgement.advice,
        crashed=crashed,
    )


def _judgement(check: Check, facts: FactSet, subject: Subject) -> tuple[Judgement, bool]:
    arguments: dict[str, Any] = {}
    needs = needs_of(check.judge)
    for need in needs:
        value = _fill(need, facts, subject)
        if value is None and not need.optional and need.kind is not None:
            return absence(facts, subject, need.kind, need.probe), False
        arguments[need.name] = value
    if subject.scope < check.scope:
        required = next((n.kind for n in needs if n.kind is not None), Attempt)
        return absence(facts, subject, required), False
    try:
        return check.judge(**arguments), False
    except Exception as error:
        return (
            inconclusive(
                f"the check itself failed ({type(error).__name__}); this is a bug of waxseal",
                advice="report it with the recorded facts (--facts)",
            ),
            True,
        )
