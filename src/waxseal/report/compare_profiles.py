"""What profiles say differently: for people, and as ``waxseal.profiles/1`` (docs/reference/profiles.md)."""

from collections.abc import Iterable, Sequence
from itertools import groupby

import msgspec
from msgspec import Struct
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from waxseal.checks.api import Verdict
from waxseal.facts import Subject
from waxseal.grading.compare_profiles import Difference, Word, differences
from waxseal.grading.profile import Profile
from waxseal.grading.severity import Severity
from waxseal.report.model import Report
from waxseal.report.plain import plain
from waxseal.report.terminal import write
from waxseal.version import __version__

SCHEMA = "waxseal.profiles/1"

_LOOK = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}
_SILENT = "-"


class JsonProfile(Struct, frozen=True):
    """One of the profiles."""

    id: str
    version: str
    title: str


class JsonLetters(Struct, frozen=True):
    """The letters of a target by one profile; None where one could not be seen."""

    passive: str | None
    active: str | None


class JsonWord(Struct, frozen=True):
    """What one profile says."""

    verdict: str
    severity: str
    summary: str
    exempt: str


class JsonDifference(Struct, frozen=True):
    """One check or rule at one subject; `words` in the order of the profiles, None where one is silent."""

    check: str
    title: str
    subject: Subject
    words: tuple[JsonWord | None, ...]


class JsonTarget(Struct, frozen=True):
    """One target."""

    target: str
    letters: tuple[JsonLetters, ...]
    differences: tuple[JsonDifference, ...]


class JsonDocument(Struct, frozen=True):
    """The document."""

    schema: str
    waxseal: str
    profiles: tuple[JsonProfile, ...]
    targets: tuple[JsonTarget, ...]


def render_json(profiles: Sequence[Profile], by_profile: Sequence[Sequence[Report]]) -> bytes:
    """The document.

    Args:
        profiles: Two or more.
        by_profile: The reports of the same facts by each of them, in the same order.
    """
    document = JsonDocument(
        schema=SCHEMA,
        waxseal=__version__,
        profiles=tuple(JsonProfile(p.id, p.version, p.title) for p in profiles),
        targets=tuple(_json_target(reports) for reports in zip(*by_profile, strict=True)),
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _json_target(reports: Sequence[Report]) -> JsonTarget:
    found = differences([report.findings for report in reports])
    return JsonTarget(
        target=reports[0].target.given,
        letters=tuple(JsonLetters(r.letters.passive.letter, r.letters.active.letter) for r in reports),
        differences=tuple(
            JsonDifference(d.check, d.title, d.subject, tuple(map(_json_word, d.words))) for d in found
        ),
    )


def _json_word(word: Word | None) -> JsonWord | None:
    if word is None:
        return None
    return JsonWord(word.verdict.value, word.severity.label, word.summary, word.exempt)


def print_profiles_compared(
    console: Console, profiles: Sequence[Profile], by_profile: Sequence[Sequence[Report]]
) -> None:
    """Print for each target the letters side by side, then what differs, the weightiest first."""
    names = [f"{profile.id}/{profile.version}" for profile in profiles]
    for number, reports in enumerate(zip(*by_profile, strict=True)):
        parts: list[RenderableType] = [Text("")] if number else []
        parts += _target(names, reports)
        write(console, Group(*parts))


def _target(names: list[str], reports: Sequence[Report]) -> Iterable[RenderableType]:
    found = differences([report.findings for report in reports])
    yield Text(plain(reports[0].target.given), style="bold")
    yield Padding(_letters(names, reports), (0, 0, 0, 2))
    if not found:
        yield Padding(Text("nothing to mend is told differently"), (0, 0, 0, 2))
        return
    for subject, group in groupby(_by_place(found), key=lambda d: d.subject):
        yield Text("")
        yield Padding(Text(plain(str(subject))), (0, 0, 0, 2))
        yield Padding(_rows(names, list(group)), (0, 0, 0, 4))


def _by_place(found: tuple[Difference, ...]) -> list[Difference]:
    """The same, those of one subject together; the subject with the weightiest first."""
    first = {d.subject: place for place, d in reversed(list(enumerate(found)))}
    return sorted(found, key=lambda d: first[d.subject])


def _letters(names: list[str], reports: Sequence[Report]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("", *(Text(name, style="dim") for name in names))
    for label, axis in (("passive", "passive"), ("active", "active")):
        letters = [getattr(report.letters, axis).letter for report in reports]
        table.add_row(f"{label} attacker", *(Text(letter or "not seen", style="bold") for letter in letters))
    return table


def _rows(names: list[str], found: list[Difference]) -> Table:
    table = Table.grid(padding=(0, 2))
    for _ in names:
        table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for difference in found:
        table.add_row(*map(_cell, difference.words), Text(plain(difference.check), style="bold"))
        for name, summary in _summaries(names, difference):
            said = f"{name}: {summary}" if name else summary
            table.add_row(*[""] * len(names), Text(plain(said), style="dim"))
    return table


def _cell(word: Word | None) -> Text:
    if word is None:
        return Text(_SILENT, style="dim")
    if word.verdict not in (Verdict.FAIL, Verdict.WARN):
        return Text(word.verdict.value, style="dim")
    weight = "exempt" if word.exempt else "weighs nothing" if word.severity is Severity.NONE else ""
    label = weight or word.severity.label
    return Text(f"{word.verdict.value} {label}", style=_LOOK.get(label, "dim"))


def _summaries(names: list[str], difference: Difference) -> list[tuple[str, str]]:
    """One line where all say the same, else one for each; with the profile's name."""
    words = [(name, word) for name, word in zip(names, difference.words, strict=True) if word is not None]
    if len({word.summary for _, word in words}) == 1:
        return [("", words[0][1].summary)]
    return [(name, word.summary) for name, word in words]
