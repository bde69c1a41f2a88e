"""The registry of fact types and the envelope in which each fact is kept.

A fact type is a frozen struct with a stored tag and version (``smtp.greeting/1``). The stored form is in
``facts.stored``; what the facts mean is decided in ``checks``, never here.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, TypeVar

from msgspec import Meta, Raw, Struct

from waxseal.facts.subject import Scope, Subject

AwareTime = Annotated[datetime, Meta(tz=True)]
"""A moment with its offset from UTC; one without is refused when it is read back."""


class Fact(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Base of every fact: what was seen, with no word of worth in it (DESIGN §3).

    Nothing in a fact can point back to it, so the collector of cycles need not look (``gc=False``).

    Class attributes:
        TAG: Stored name and version, such as ``smtp.greeting/1``.
        SCOPE: The level of the subjects that carry this fact.
    """

    TAG: ClassVar[str] = ""
    SCOPE: ClassVar[Scope] = Scope.RUN


class UnknownFact(Fact, frozen=True, kw_only=True):
    """A fact of a tag that this version does not know; kept octet for octet."""

    tag: str
    raw: Raw


FACT_TYPES: dict[str, type[Fact]] = {}

F = TypeVar("F", bound=Fact)
T = TypeVar("T")


def fact(tag: str, scope: Scope) -> Any:
    """Class decorator that gives a fact type its stored tag and its scope, and registers it."""

    def register(cls: type[F]) -> type[F]:
        if tag in FACT_TYPES:
            raise ValueError(f"two fact types are tagged {tag}")
        cls.TAG = tag
        cls.SCOPE = scope
        FACT_TYPES[tag] = cls
        return cls

    return register


class Record(Struct, frozen=True, kw_only=True, gc=False):
    """One fact with where it belongs, when it was seen and by which attempt.

    Attributes:
        subject: What the fact is about.
        fact: The fact itself.
        seen_at: Aware UTC time.
        attempt: Id of the attempt that saw it ("" for facts of the run itself). Two subjects that share
            an address share the attempt: it was tested once and is reported for each.
    """

    subject: Subject
    fact: Fact
    seen_at: AwareTime
    attempt: str = ""


class FactSet:
    """An immutable collection of records with look-up by type and subject.

    Order is the order of recording, and is kept by storing and loading.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        self.records: tuple[Record, ...] = tuple(records)
        self._at: dict[Subject, dict[type[Fact], list[Any]]] = {}
        self._by_type: dict[type[Fact], list[tuple[Subject, list[Any]]]] = defaultdict(list)
        self._inside: dict[type[Fact], dict[Subject, tuple[tuple[Subject, Any], ...]]] = {}
        self._places: dict[Scope, dict[Subject, tuple[Subject, ...]]] = {}
        self._around: dict[Subject, tuple[Mapping[type[Fact], Sequence[Any]], ...]] = {}
        self._made: dict[Callable[[FactSet], Any], Any] = {}
        subjects: dict[Subject, None] = {}
        for record in self.records:
            subject, fact = record.subject, record.fact
            held = self._at.get(subject)
            if held is None:
                held = self._at[subject] = {}
                subjects |= dict.fromkeys(reversed(subject.outwards()))
            found = held.get(type(fact))
            if found is None:
                found = held[type(fact)] = []
                self._by_type[type(fact)].append((subject, found))
            found.append(fact)
        by_scope: dict[Scope, list[Subject]] = {level: [] for level in Scope}
        self._next_inside: dict[Subject, Scope] = {}
        for subject in subjects:
            scope = subject.scope
            by_scope[scope].append(subject)
            for around in subject.outwards()[1:]:
                self._next_inside[around] = min(scope, self._next_inside.get(around, scope))
        self._subjects = {level: tuple(found) for level, found in by_scope.items()}

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    def once(self, make: Callable[["FactSet"], T]) -> T:
        """What a pure function makes of the whole set, such as an index; made once and kept."""
        if make not in self._made:
            self._made[make] = make(self)
        made: T = self._made[make]
        return made

    def subjects(self, scope: Scope) -> tuple[Subject, ...]:
        """All subjects of one level, in the order they were first seen."""
        return self._subjects[scope]

    def inside(self, subject: Subject, scope: Scope) -> tuple[Subject, ...]:
        """All subjects of one level at or inside this one, in the order they were first seen."""
        index = self._places.get(scope)
        if index is None:
            gathered: dict[Subject, list[Subject]] = defaultdict(list)
            for place in self._subjects[scope]:
                for around in place.outwards():
                    gathered[around].append(place)
            index = self._places[scope] = {around: tuple(found) for around, found in gathered.items()}
        return index.get(subject, ())

    def has_inside(self, subject: Subject, scope: Scope) -> bool:
        """Whether a narrower subject, down to `scope`, was seen inside this one."""
        inner = self._next_inside.get(subject)
        return inner is not None and inner <= scope

    def at(self, kind: type[F], subject: Subject) -> tuple[F, ...]:
        """The facts of a type recorded for exactly this subject, oldest first."""
        held = self._at.get(subject)
        return tuple(held.get(kind, ())) if held is not None else ()

    def nearest(self, kind: type[F], subject: Subject) -> F | None:
        """The newest fact of a type at this subject or at the nearest one that encloses it."""
        for held in self._around.get(subject) or self.held_around(subject):
            found = held.get(kind)
            if found:
                return found[-1]  # type: ignore[no-any-return]
        return None

    def held_around(self, subject: Subject) -> tuple[Mapping[type[Fact], Sequence[Any]], ...]:
        """The facts at this subject and at each one that encloses it, by type, narrowest place first."""
        held = self._around.get(subject)
        if held is None:
            places = [self._at.get(around) for around in subject.outwards()]
            held = self._around[subject] = tuple([facts for facts in places if facts is not None])
        return held

    def within(self, kind: type[F], subject: Subject) -> tuple[tuple[Subject, F], ...]:
        """Every fact of a type at this subject or inside it, each with its own subject."""
        index = self._inside.get(kind)
        if index is None:
            index = self._inside[kind] = self._index_inside(kind)
        return index.get(subject, ())

    def _index_inside(self, kind: type[Fact]) -> dict[Subject, tuple[tuple[Subject, Any], ...]]:
        index: dict[Subject, list[tuple[Subject, Any]]] = defaultdict(list)
        for where, facts in self._by_type.get(kind, ()):
            pairs = [(where, found) for found in facts]
            for around in where.outwards():
                index[around] += pairs
        return {around: tuple(found) for around, found in index.items()}
