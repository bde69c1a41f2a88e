"""Plug-in output read by the grammar of the Monitoring Plugins Development Guidelines, without waxseal."""

import re
from dataclasses import dataclass

_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
_RANGE = rf"@?(?:(?:~|{_NUMBER})?:)?(?:{_NUMBER})?"
_ITEM = re.compile(
    rf"'(?P<label>(?:[^'=]|'')+)'=(?P<value>{_NUMBER})(?P<unit>us|ms|s|%|[KMGT]?B|c)?"
    rf"(?:;(?P<warning>{_RANGE})(?:;(?P<critical>{_RANGE})(?:;(?P<least>{_NUMBER})?(?:;(?P<most>{_NUMBER})?)?)?)?)?"
    r"(?: |$)"
)
_FIRST = re.compile(
    r"WAXSEAL (?P<status>OK|WARNING|CRITICAL|UNKNOWN) - (?P<text>[^|]+?)(?: \| (?P<data>[^|]+))?"
)
CODES = {"OK": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3}


@dataclass(frozen=True)
class Item:
    """One number as text."""

    value: float
    unit: str
    warning: str
    critical: str
    least: str
    most: str


@dataclass(frozen=True)
class Answer:
    """A plug-in's answer."""

    status: str
    text: str
    details: list[str]
    numbers: dict[str, Item]

    @property
    def code(self) -> int:
        """The exit code that belongs to the status."""
        return CODES[self.status]


def read_answer(text: str) -> Answer:
    """Read the whole of an answer; an AssertionError says where it is not of the form."""
    assert text.endswith("\n")
    first, *details = text[:-1].split("\n")
    match = _FIRST.fullmatch(first)
    assert match is not None, first
    assert not [line for line in details if "|" in line or not line.isprintable() or not line.strip()]
    assert first.isprintable()
    return Answer(match["status"], match["text"], details, _numbers(match["data"] or ""))


def _numbers(data: str) -> dict[str, Item]:
    found: dict[str, Item] = {}
    at = 0
    while at < len(data):
        item = _ITEM.match(data, at)
        assert item is not None, data[at:]
        assert item["label"] not in found
        assert "::" not in item["label"], "Icinga 2 takes it for the mark of another plug-in's numbers"
        names = ("unit", "warning", "critical", "least", "most")
        found[item["label"]] = Item(float(item["value"]), *(item[name] or "" for name in names))
        at = item.end()
    return found
