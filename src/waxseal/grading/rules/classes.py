"""The four classes of guidelines, and what a judgement follows from what was seen of each.

Good and sufficient pass, phase-out warns, insufficient fails. What was not decided never proves that all is
well where it could be of a worse class.
"""

from collections.abc import Collection, Iterable
from enum import IntEnum
from fnmatch import fnmatchcase
from functools import cached_property
from typing import ClassVar, Final

from msgspec import Struct

from waxseal.checks.api import Judgement, fail, passed, unreached, warn
from waxseal.checks.tls._offer import FULL

MAX_LINE: Final = 200
MAX_NAMES: Final = 4
MAX_LINES: Final = 6


class Rank(IntEnum):
    """The classes, best first."""

    GOOD = 0
    SUFFICIENT = 1
    PHASE_OUT = 2
    INSUFFICIENT = 3

    @property
    def label(self) -> str:
        """As reports write it: ``phase-out``."""
        return self.name.lower().replace("_", "-")


_BY_KEY: Final = {rank.name.lower(): rank for rank in Rank}
IGNORED: Final = "ignored"


def rank_of_key(key: str) -> Rank | None:
    """The class that a profile's word names; None for ``ignored``.

    Raises:
        ValueError: It is none.
    """
    if key == IGNORED:
        return None
    if key not in _BY_KEY:
        raise ValueError(f"{key!r} is no class; there are {', '.join(_BY_KEY)} and {IGNORED}")
    return _BY_KEY[key]


def matters(rank: Rank | None) -> bool:
    """Whether something of this class, left undecided, may be a fault."""
    return rank is not None and rank >= Rank.PHASE_OUT


class Classes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """The lists of a rule. A name goes before a pattern (``TLS_ECDHE_*``).

    Attributes:
        good, sufficient, phase_out, insufficient: What falls in each class.
        ignored: What is not judged.
        otherwise: The class of all else; ``ignored`` for none.
        like: Id of another rule of the profile whose lists these are.
    """

    good: tuple[str, ...] = ()
    sufficient: tuple[str, ...] = ()
    phase_out: tuple[str, ...] = ()
    insufficient: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    otherwise: str = "insufficient"
    like: str = ""

    NOUN: ClassVar[str] = ""
    """What is listed, in the plural."""

    def __post_init__(self) -> None:
        _ = self.default, self.table

    @classmethod
    def names(cls) -> Collection[str]:
        """Every name that a list may hold."""
        return ()

    @property
    def lists(self) -> dict[str, tuple[str, ...]]:
        """The lists by their keys."""
        return {key: getattr(self, key) for key in (*_BY_KEY, IGNORED)}

    @cached_property
    def default(self) -> Rank | None:
        """The class of what no list names."""
        return rank_of_key(self.otherwise)

    @cached_property
    def table(self) -> dict[str, Rank | None]:
        """The class of every name that a list names.

        Raises:
            ValueError: A name or a pattern fits nothing, or two lists claim the same.
        """
        exact: dict[str, Rank | None] = {}
        by_pattern: dict[str, Rank | None] = {}
        for key, entries in self.lists.items():
            rank = rank_of_key(key)
            for entry in entries:
                wild = "*" in entry
                fitting = [n for n in self.names() if fnmatchcase(n, entry)] if wild else [entry]
                if not fitting or (not wild and entry not in self.names()):
                    raise ValueError(f"{entry!r} in `{key}` names none of the {self.NOUN} that are known")
                table = by_pattern if wild else exact
                for name in fitting:
                    if table.setdefault(name, rank) is not rank:
                        raise ValueError(f"{name} is in `{key}` and in another list")
        return {**by_pattern, **exact}

    def rank(self, name: str) -> Rank | None:
        """The class of a name; None where it is not judged."""
        return self.table.get(name, self.default)

    def told(self) -> tuple[tuple[str, str], ...]:
        """Each class with what is in it, for people."""
        if self.like:
            return (("classes", f"as in the rule {self.like}"),)
        rows = [(key.replace("_", "-"), ", ".join(entries)) for key, entries in self.lists.items() if entries]
        return (*rows, ("all else", self.otherwise.replace("_", "-")))


class Tally:
    """What was seen of one kind at one subject, by class."""

    def __init__(self, noun: str) -> None:
        self._noun = noun
        self._seen: dict[Rank, dict[str, None]] = {}
        self._open: list[str] = []
        self._undecided: dict[str, None] = {}

    def saw(self, name: str, rank: Rank | None) -> None:
        """Something was seen; None: it is not judged."""
        if rank is not None:
            self._seen.setdefault(rank, {}).setdefault(name)

    def missed(self, name: str, rank: Rank | None) -> None:
        """Something was not asked for, or got no answer; it matters where its class is a bad one."""
        if matters(rank):
            self._undecided.setdefault(name)

    def unknown(self, line: str) -> None:
        """Something that may hide anything was not seen."""
        self._open.append(line)

    @property
    def empty(self) -> bool:
        """Whether nothing was seen that is judged, and nothing left open."""
        return not (self._seen or self._open or self._undecided)

    def judgement(self) -> Judgement:
        """FAIL for what is insufficient, WARN for phase-out; then INCONCLUSIVE where something is open."""
        noun = self._noun
        lines = [f"{rank.label}: {listed(self._seen[rank])}" for rank in sorted(self._seen, reverse=True)]
        if bad := self._seen.get(Rank.INSUFFICIENT):
            return fail(f"Insufficient {noun}: {listed(bad)}", *lines)
        left = [*self._open[:MAX_LINES]]
        if self._undecided:
            left.append(f"{len(self._undecided)} not decided: {listed(self._undecided)}"[:MAX_LINE])
        if old := self._seen.get(Rank.PHASE_OUT):
            return warn(f"{noun.capitalize()} to be phased out: {listed(old)}", *lines, *left)
        if left or not self._seen:
            what = "are sufficient, but not every one was asked for" if self._seen else "were not seen"
            seen = "seen " if self._seen else ""
            return unreached(f"the {noun} {seen}{what}", *lines, *left, advice=FULL)
        best = "good" if set(self._seen) == {Rank.GOOD} else "good or sufficient"
        return passed(f"The {noun} are {best}", *lines)


def listed(names: Iterable[str]) -> str:
    """Names in a line, the first of them where they are many."""
    every = list(names)
    more = f" and {len(every) - MAX_NAMES} more" if len(every) > MAX_NAMES else ""
    return (", ".join(every[:MAX_NAMES]) + more)[:MAX_LINE]
