"""A rule of a profile's own: its reading from TOML, and which kinds there are."""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any, Final, Protocol

from msgspec import Struct, ValidationError, convert

from waxseal.checks.api import Judgement, Level, Remedy, Scope
from waxseal.grading import rules
from waxseal.grading.rules.classes import Classes
from waxseal.grading.rules.scene import Scene
from waxseal.grading.severity import Severity


class Demand(Protocol):
    """What a rule asks for, by its kind."""

    @property
    def SCOPE(self) -> Scope:  # noqa: N802  # a constant of most kinds
        """The level of subject that it judges."""
        ...

    def judge(self, scene: Scene) -> Judgement:
        """Judge one subject."""
        ...

    def told(self) -> tuple[tuple[str, str], ...]:
        """What is asked, in rows of a label and a text."""
        ...


EFFORTS: Final = ("setting", "record", "certificate", "policy", "software", "zone")
ATTACKERS: Final = ("passive", "active")
MOST_CHARACTERS: Final = 100
"""Of the id of a profile or a rule."""


@cache
def kinds() -> dict[str, type[Any]]:
    """What a rule can look at, sorted by name: the tables ``KINDS`` of the modules in this folder."""
    found: dict[str, type[Any]] = {}
    for module in pkgutil.iter_modules(rules.__path__, rules.__name__ + "."):
        if module.name not in (__name__, f"{rules.__name__}.judging"):
            found.update(getattr(import_module(module.name), "KINDS", {}))
    return dict(sorted(found.items()))


class OwnRule(Struct, frozen=True):
    """A rule about what was seen.

    Attributes:
        id: ``<profile>/<rule>``: the profile is the one that brought it, also where another one extends that.
        kind: One of `kinds`.
        title: The fault in a few words.
        level: Of the source's text.
        source: Citation.
        why: One sentence.
        fail, warn: What a FAIL and a WARN weigh.
        against: The attackers that it counts against: ``passive``, ``active``; empty: neither.
        replaces: Ids of checks that weigh nothing beside it.
        remedy: How to mend it.
        effort: What that takes, one of `EFFORTS`.
        demand: What is asked.
    """

    id: str
    kind: str
    title: str
    level: Level
    source: str
    why: str
    fail: Severity
    warn: Severity
    against: tuple[str, ...]
    replaces: tuple[str, ...]
    remedy: Remedy
    effort: str
    demand: Demand

    @property
    def scope(self) -> Scope:
        """The level of subject that it judges."""
        return self.demand.SCOPE


class _Row(Struct, frozen=True):
    """The keys that every kind has."""

    id: str
    kind: str
    title: str
    level: Level
    source: str
    why: str
    remedy: str
    fail: str = ""
    warn: str = ""
    against: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    effort: str = "setting"
    settings: dict[str, str] = {}


def parse_rule(
    row: Mapping[str, Any],
    profile: str,
    usual: Mapping[Level, tuple[Severity, Severity]],
    earlier: Mapping[str, OwnRule],
) -> OwnRule:
    """Read one of ``[[rules]]``.

    Args:
        row: As TOML has it.
        profile: Id of the profile.
        usual: What a FAIL and a WARN weigh by level, where the rule does not say.
        earlier: The rules before it, by their ids without the profile's, for ``like``.

    Raises:
        ValueError: It is not of the form; the message says what is wrong, not where.
    """
    own = {key: value for key, value in row.items() if key not in _Row.__struct_fields__}
    try:
        common = convert({k: v for k, v in row.items() if k in _Row.__struct_fields__}, _Row)
        kind = kinds().get(common.kind)
        if kind is None:
            raise ValueError(f"{common.kind!r} is no kind of rule; there are {', '.join(kinds())}")
        demand = convert(_with_classes(own, earlier), kind)
    except ValidationError as error:
        raise ValueError(str(error)) from error
    for key in ("id", "title", "source", "why", "remedy"):
        if not getattr(common, key).strip():
            raise ValueError(f"`{key}` is empty")
    expect_id(common.id, "the rule")
    fail, warn = _weights(common, usual[common.level])
    _expect("effort", (common.effort,), EFFORTS)
    against = ATTACKERS if common.against == ("both",) else common.against
    _expect("against", against, ATTACKERS)
    return OwnRule(
        id=f"{profile}/{common.id}",
        kind=common.kind,
        title=common.title,
        level=common.level,
        source=common.source,
        why=common.why,
        fail=fail,
        warn=warn,
        against=against,
        replaces=common.replaces,
        remedy=_remedy(common),
        effort=common.effort,
        demand=demand,
    )


def expect_id(given: str, whose: str) -> None:
    """See that an id can stand in findings, file names and tables as it is.

    Raises:
        ValueError: It is long, not printable, or has a blank or a ``/``, which parts the ids of findings.
    """
    if len(given) > MOST_CHARACTERS or "/" in given or " " in given or not given.isprintable():
        raise ValueError(f"{whose}: `id` is no word without / of at most {MOST_CHARACTERS} characters")


def _with_classes(own: dict[str, Any], earlier: Mapping[str, OwnRule]) -> dict[str, Any]:
    """The keys of a rule, with the lists of the one that it is ``like``."""
    like = own.get("like")
    if not isinstance(like, str) or not like:
        return own
    other = earlier.get(like)
    if other is None or not isinstance(other.demand, Classes):
        raise ValueError(f"`like` names {like!r}, which is no rule with classes before this one")
    classes = other.demand
    return {**classes.lists, "otherwise": classes.otherwise, **own}


def _weights(row: _Row, usual: tuple[Severity, Severity]) -> tuple[Severity, Severity]:
    fail = severity(row.fail) if row.fail else usual[0]
    return fail, severity(row.warn) if row.warn else min(fail, usual[1])


def severity(label: str) -> Severity:
    """The severity of that name.

    Raises:
        ValueError: There is none.
    """
    try:
        return Severity.from_label(label)
    except KeyError:
        names = ", ".join(s.label for s in Severity)
        raise ValueError(f"{label!r} is no severity; there are {names}") from None


def _expect(key: str, given: tuple[str, ...], known: tuple[str, ...]) -> None:
    for word in given:
        if word not in known:
            raise ValueError(f"{word!r} in `{key}` is none of {', '.join(known)}")


def _remedy(row: _Row) -> Remedy:
    known = set(Remedy.__struct_fields__) - {"general"}
    unknown = sorted(set(row.settings) - known)
    if unknown:
        raise ValueError(f"{unknown[0]!r} in `settings` is none of {', '.join(sorted(known))}")
    return Remedy(row.remedy, **row.settings)
