"""The rules of the two letters, read from ``letters.toml``: points, thresholds, rungs, axes and caps.

What comes of them is in ``letters``.
"""

import tomllib
from collections.abc import Iterable
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from msgspec import Struct, convert, field

from waxseal.checks.registry import all_checks

FULL = 100
LETTERS = "ABCDEF"


class Axis(StrEnum):
    """The attacker that a letter is about."""

    PASSIVE = "passive"
    """Who can listen."""
    ACTIVE = "active"
    """Who can change what is on the way, and pose as the server."""


class Rung(Struct, frozen=True, forbid_unknown_fields=True):
    """A row of ``[[rungs]]``; the comments there say what it means."""

    id: str
    kind: str = field(name="for")
    lost: int
    title: str
    proved_by: tuple[str, ...]
    spoiled_by: tuple[str, ...]
    source: str
    check: str
    fault: str = ""
    regain: str = ""
    effort: str = ""
    next: str = ""
    soft: tuple[str, ...] = ()
    opened_by: tuple[str, ...] = ()
    domain_only: bool = False


class AxisRow(Struct, frozen=True, forbid_unknown_fields=True):
    """A row of ``[[axes]]``: which letter the findings of some checks count for."""

    checks: tuple[str, ...]
    against: tuple[Axis, ...]
    effort: str
    why: str
    once: bool = False


class CapRow(Struct, frozen=True, forbid_unknown_fields=True):
    """A row of ``[[caps]]``."""

    checks: tuple[str, ...]
    against: tuple[Axis, ...]
    letter: str
    why: str
    source: str


class Rules(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of ``letters.toml``."""

    id: str
    version: str
    thresholds: dict[str, int]
    points: dict[str, int]
    efforts: dict[str, int]
    rungs: tuple[Rung, ...]
    axes: tuple[AxisRow, ...]
    caps: tuple[CapRow, ...]

    def letter(self, points: int) -> str:
        """The letter of a sum."""
        return next((letter for letter, least in self.thresholds.items() if points >= least), LETTERS[-1])

    def most(self, letter: str) -> int:
        """The most points that a letter stands for."""
        better = [least for name, least in self.thresholds.items() if name < letter]
        return min(better, default=FULL + 1) - 1


@cache
def letter_rules() -> Rules:
    """The rules of the letters."""
    text = files("waxseal.grading").joinpath("letters.toml").read_text(encoding="utf-8")
    return convert(tomllib.loads(text), Rules)


def rung_title(rung: str, kind: str) -> str:
    """What a rung is, in words.

    Raises:
        StopIteration: There is none of that id and kind.
    """
    return next(row.title for row in letter_rules().rungs if (row.id, row.kind) == (rung, kind))


class Standing(NamedTuple):
    """What a check's findings count for, whatever they are.

    Attributes:
        against, effort: As in its row of ``[[axes]]``.
        caps: The best letter that it leaves, by axis.
        group: What it takes points together with, once: the row's patterns; empty for nothing.
    """

    against: tuple[Axis, ...]
    effort: str
    caps: dict[Axis, str]
    group: tuple[str, ...] = ()


@lru_cache(maxsize=4096)
def standing(check: str) -> Standing:
    """Look a check up in the axes and caps."""
    rules = letter_rules()
    row = next((r for r in rules.axes if fits(check, r.checks)), None)
    caps: dict[Axis, str] = {}
    for cap in rules.caps:
        if fits(check, cap.checks):
            caps |= {axis: max(cap.letter, caps.get(axis, "")) for axis in cap.against}
    if row is None:
        return Standing((), "setting", caps)
    return Standing(row.against, row.effort, caps, row.checks if row.once else ())


class Part(NamedTuple):
    """What a check is to a rung."""

    proves: bool
    spoils: bool
    is_soft: bool
    opens: bool


@lru_cache(maxsize=4096)
def parts_of(check: str) -> dict[tuple[str, str], Part]:
    """What a check is to the rungs that ask for it, by their kind and id; empty for most checks."""
    found = {}
    for rung in letter_rules().rungs:
        lists = (rung.proved_by, rung.spoiled_by, rung.soft, rung.opened_by)
        part = Part(*(fits(check, patterns) for patterns in lists))
        if part.proves or part.spoils:
            found[rung.kind, rung.id] = part
    return found


@cache
def asked_for() -> frozenset[str]:
    """The checks that some rung asks for."""
    return frozenset(check for check in all_checks() if parts_of(check))


@cache
def ladder(kind: str) -> tuple[Rung, ...]:
    """The rungs of a kind, the best one first; the last one always holds."""
    return tuple(rung for rung in letter_rules().rungs if rung.kind == kind)


def fits(check: str, patterns: Iterable[str]) -> bool:
    """Whether one of the shell patterns fits a check's id."""
    return any(fnmatchcase(check, pattern) for pattern in patterns)
