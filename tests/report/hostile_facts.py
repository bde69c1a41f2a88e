"""Recorded facts made hostile: any text, octets, number or time in them may be what a stranger likes.

What comes out is of the facts' types, so that a file could hold it; a `Chooser` says what is changed, from a
seed, or from a fuzzer's octets.
"""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any

from msgspec import inspect, structs

from tests.report.hostile_text import HOSTILE
from waxseal.facts import FactSet, Record, Subject, UnknownFact

TEXTS = (
    *(text.encode("utf-8", "replace").decode() for text in HOSTILE),
    "{}{0}{x!r:>99999}%(x)s%s%n",
    "a\nb\r\nc\x0bd\x0ce\x1cf\x85g\u2028h\u2029i",
    "\u202e\u2066evil\u2069\u200f",
    "\x1b]0;title\x07\x9b31m\x1b[2J",
    "xn--" + "a" * 70 + ".xn--99999999",
    "bücher.example",
    "xn--bcher-kva.example",
    "%_`|" * 30,
    "v=DMARC1; p=reject; rua=mailto:a@b|c",
    "v=TLSRPTv1; rua=https://<b>|x",
    "v=STSv1; id=" + "9" * 40,
    "2026-99-99T00:00:00Z",
    "00:00:00:00",
    "*.*.*",
    ".",
    "..",
    "-1",
    "TLSv1.3",
    "SSLv2",
)
LONG = ("A" * 1_000_000, "<a&b>" * 200_000, "x.y" * 300_000, "`|\n" * 300_000)
OCTETS = (
    b"",
    b"\x00",
    b"\xff" * 300,
    b"\x30\x84\xff\xff\xff\xff",
    b"\x30\x80\x00\x00",
    b"0" * 65536,
    bytes(range(256)),
    b"\x30\x82\xff\xff" + b"\x02\x01" * 32_000,
    b"version: STSv1\nmode: enforce\nmx: *\nmax_age: " + b"9" * 5000,
)
NUMBERS = (0, 1, -1, 2, 255, 65535, 65536, -(2**31), 2**31, 2**63, -(2**63), 2**64, 10**30, -(10**40))
REALS = (0.0, -0.0, -1.0, 1e-300, 1e-9, 0.1, 1e15, 1e22, 1e300, -1e308, 1.7976931348623157e308, 5e-324)
TIMES = (
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1, 1, 2, tzinfo=UTC),
    datetime(1969, 12, 31, tzinfo=UTC),
    datetime(1600, 2, 29, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(-timedelta(hours=14))),
    datetime(2026, 11, 1, 12, tzinfo=timezone(timedelta(hours=5, minutes=30))),
)
ADDRESSES = (
    "0.0.0.0",
    "255.255.255.255",
    "::",
    "::ffff:c000:201",
    "fe80::1%<img onerror=x src=x>",
    "fe80::1%\x1b[31m|`\n\u202e'\"=;",
    "unix:/tmp/\n| <b>`'\"=;\x1b[31m",
)
_MOST_ITEMS = 40


class Chooser:
    """Says what to change: numbers below another one, from octets while they last, then nought."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def below(self, limit: int) -> int:
        """A number from 0 up."""
        found = self._octets[self._at : self._at + 2]
        self._at += 2
        return int.from_bytes(found) * limit >> 16

    def one(self, values: tuple[Any, ...]) -> Any:
        """One of the values."""
        return values[self.below(len(values))]


class SeededChooser(Chooser):
    """The same, from a seed, without an end."""

    def __init__(self, seed: int) -> None:
        super().__init__(b"")
        self._random = random.Random(seed)

    def below(self, limit: int) -> int:
        """A number from 0 up."""
        return self._random.randrange(limit)


def hostile(facts: FactSet, chooser: Chooser, one_in: int = 30, *, long: bool = False) -> FactSet:
    """The same facts, some of them full of hostile values, gone, or there twice.

    Args:
        facts: As recorded.
        chooser: Says what is changed.
        one_in: How rarely a value is changed.
        long: Whether texts of a megabyte are among the values.
    """
    maker = _Maker(chooser, one_in, (*TEXTS, *LONG) if long else TEXTS)
    renamed = _renamed(facts, chooser)
    records: list[Record] = []
    for record in facts:
        fate = chooser.below(200)
        if fate == 199:
            continue
        fact = record.fact
        if not isinstance(fact, UnknownFact):
            fact = maker.value(_info(type(fact)), fact)
        seen_at = chooser.one(TIMES) if fate == 198 else record.seen_at
        made = structs.replace(record, subject=renamed(record.subject), fact=fact, seen_at=seen_at)
        records += [made] * (2 if fate == 197 else 1)
    return FactSet(records)


def _renamed(facts: FactSet, chooser: Chooser) -> Callable[[Subject], Subject]:
    """Gives the subject a hostile name in place of one, the same for all records."""
    names: dict[tuple[str, Any], Any] = {}

    def new(kind: str, old: Any, values: tuple[Any, ...]) -> Any:
        if old is None:
            return None
        if (kind, old) not in names:
            names[kind, old] = chooser.one(values) if chooser.below(8) == 7 else old
        return names[kind, old]

    def rename(subject: Subject) -> Subject:
        return Subject(
            new("domain", subject.domain, TEXTS),
            new("host", subject.host, TEXTS),
            new("address", subject.address, ADDRESSES),
            new("port", subject.port, NUMBERS),
            new("name", subject.server_name, TEXTS),
            new("type", subject.certificate_type, TEXTS),
        )

    return rename


@cache
def _info(kind: type[Any]) -> inspect.Type:
    return inspect.type_info(kind)


class _Maker:
    """Walks values along their types and changes some."""

    def __init__(self, chooser: Chooser, one_in: int, texts: tuple[str, ...]) -> None:
        self._chooser = chooser
        self._one_in = one_in
        self._texts = texts

    def value(self, info: inspect.Type, old: Any) -> Any:
        """The value, or another one of its type."""
        match info:
            case inspect.StructType():
                if not isinstance(old, info.cls):
                    return old
                fields = {f.name: self.value(f.type, getattr(old, f.name)) for f in info.fields}
                try:
                    return structs.replace(old, **fields)
                except ValueError:  # a fact that cannot be
                    return old
            case inspect.UnionType():
                return self._union(info, old)
            case inspect.VarTupleType() | inspect.ListType():
                return self._items(info, old)
            case inspect.TupleType():
                return tuple(self.value(t, v) for t, v in zip(info.item_types, old, strict=True))
            case inspect.DictType():
                return {self.value(info.key_type, k): self.value(info.value_type, v) for k, v in old.items()}
        changed = self._chooser.below(self._one_in) == self._one_in - 1
        return self._leaf(info, old) if changed else old

    def _union(self, info: inspect.UnionType, old: Any) -> Any:
        inner = [t for t in info.types if not isinstance(t, inspect.NoneType)]
        if len(inner) != 1:
            return old
        if old is None:
            changed = self._chooser.below(self._one_in) == self._one_in - 1
            return self._leaf(inner[0], None) if changed else None
        gone = self._chooser.below(self._one_in * 2) == self._one_in * 2 - 1
        return None if gone else self.value(inner[0], old)

    def _items(self, info: inspect.VarTupleType | inspect.ListType, old: Any) -> Any:
        items = [self.value(info.item_type, item) for item in old]
        fate = self._chooser.below(self._one_in * 4)
        if fate == self._one_in * 4 - 1:
            items = []
        elif fate == self._one_in * 4 - 2:
            items = items * 2
        elif fate == self._one_in * 4 - 3:
            items = (items * _MOST_ITEMS)[:_MOST_ITEMS]
        elif fate == self._one_in * 4 - 4:
            items = items[::-1]
        return tuple(items)

    def _leaf(self, info: inspect.Type, old: Any) -> Any:
        chooser = self._chooser
        match info:
            case inspect.StrType():
                text = chooser.one(self._texts)
                return f"{old}{text}" if isinstance(old, str) and chooser.below(2) else text
            case inspect.BytesType():
                return self._octets(old)
            case inspect.BoolType():
                return not old
            case inspect.IntType():
                return _bounded(info, chooser.one(NUMBERS))
            case inspect.FloatType():
                return _bounded(info, chooser.one(REALS))
            case inspect.DateTimeType():
                return chooser.one(TIMES)
            case inspect.EnumType():
                return chooser.one(tuple(info.cls))
        return old

    def _octets(self, old: Any) -> bytes:
        chooser = self._chooser
        if not isinstance(old, bytes) or not old or not chooser.below(3):
            return chooser.one(OCTETS)  # type: ignore[no-any-return]
        octets = bytearray(old)
        for _ in range(1 + chooser.below(3)):
            octets[chooser.below(len(octets))] = chooser.below(256)
        return bytes(octets[: chooser.below(len(octets))] if not chooser.below(4) else octets)


def _bounded(info: inspect.IntType | inspect.FloatType, value: Any) -> Any:
    if info.ge is not None and value < info.ge:
        return type(value)(info.ge)
    return type(value)(info.le) if info.le is not None and value > info.le else value


def of_domain(facts: FactSet, *roots: Subject) -> FactSet:
    """What was seen of some targets alone, and of the run."""
    return FactSet(
        r for r in facts if r.subject == Subject() or any(r.subject.within(root) for root in roots)
    )
