"""What profiles say differently: for people, and as ``waxseal.profiles/1`` (docs/reference/profiles.md)."""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from waxseal.checks.api import Verdict
from waxseal.facts import Subject
from waxseal.grading.compare_profiles import Word, differences
from waxseal.grading.letter_rules import Axis
from waxseal.grading.profile import Profile
from waxseal.report.letters_view import ATTACKERS
from waxseal.report.model import Report
from waxseal.report.plain import plain
from waxseal.report.terminal import write
from waxseal.version import __version__

SCHEMA = "waxseal.profiles/1"

_LOOK = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}
_SILENT = "-"
_LEGEND = f"{_SILENT}: the profile does not ask this. none: it does not count there."
_LEAST_LABEL = 20
"""With fewer columns left beside what profiles say, that stands below the check."""
MOST_PLACES = 4
"""So many places are named where the same is said."""


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
    names = [plain(f"{profile.id}/{profile.version}") for profile in profiles]
    for number, reports in enumerate(zip(*by_profile, strict=True)):
        parts: list[RenderableType] = [Text("")] if number else []
        parts += _target(names, reports, console.width)
        write(console, Group(*parts))


def _target(names: list[str], reports: Sequence[Report], columns: int) -> Iterable[RenderableType]:
    places: dict[tuple[str, tuple[Word | None, ...]], list[Subject]] = {}
    for difference in differences([report.findings for report in reports]):
        places.setdefault((difference.check, difference.words), []).append(difference.subject)
    cells = [_cell(word).cell_len for _, words in places for word in words]
    width = max([*map(len, names), *cells])
    yield Text(plain(reports[0].target.given), style="bold")
    rows: list[tuple[Text, list[Text]]] = [(Text(""), [Text(name, style="dim") for name in names])]
    for axis in Axis:
        letters = [getattr(report.letters, axis.value).letter or "not seen" for report in reports]
        rows.append((Text(ATTACKERS[axis]), [Text(letter, style="bold") for letter in letters]))
    room = columns - 2 - (width + 2) * len(names)
    if room < _LEAST_LABEL:
        yield from (Padding(_stacked(label, names, cells), (0, 0, 0, 2)) for label, cells in rows[1:])
    else:
        yield Padding(_columns(rows, width), (0, 0, 0, 2))
    for (check, words), subjects in places.items():
        yield Text("")
        label = Text(plain(check))
        said = list(map(_cell, words))
        if room < _LEAST_LABEL:
            yield Padding(_stacked(label, names, said), (0, 0, 0, 2))
        else:
            if label.cell_len > room:  # it gets a line of its own
                yield Padding(label, (0, 0, 0, 2))
                label = Text("")
            yield Padding(_columns([(label, said)], width), (0, 0, 0, 2))
        for line in (*_summaries(names, words), _where(subjects)):
            yield Padding(Text(plain(line), style="dim"), (0, 0, 0, 4))
    if places:
        yield Text("")
        yield Padding(Text(_LEGEND, style="dim"), (0, 0, 0, 2))
    else:
        yield Padding(Text("nothing to mend is told differently"), (0, 0, 0, 2))


def _columns(rows: Iterable[tuple[Text, list[Text]]], width: int) -> Table:
    """A label, and what each profile says, in columns of one width."""
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(ratio=1, overflow="fold")
    for number, (label, words) in enumerate(rows):
        for _ in words if not number else ():
            table.add_column(width=width, no_wrap=True)
        table.add_row(label, *words)
    return table


def _stacked(label: Text, names: list[str], words: list[Text]) -> Group:
    """A label, and below it what each profile says, a line each: for few columns or many profiles."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, word in zip(names, words, strict=True):
        table.add_row(Text(name, style="dim"), word)
    return Group(label, Padding(table, (0, 0, 0, 2), expand=False))


def _where(subjects: list[Subject]) -> str:
    more = f" and {len(subjects) - MOST_PLACES} more" if len(subjects) > MOST_PLACES else ""
    return "at " + ", ".join(str(subject) for subject in subjects[:MOST_PLACES]) + more


def _cell(word: Word | None) -> Text:
    if word is None:
        return Text(_SILENT, style="dim")
    if word.verdict not in (Verdict.FAIL, Verdict.WARN):
        return Text(word.verdict.value, style="dim")
    label = "exempt" if word.exempt else word.severity.label
    return Text(f"{word.verdict.value} {label}", style=_LOOK.get(label, "dim"))


def _summaries(names: list[str], words: Sequence[Word | None]) -> list[str]:
    """One line where all say the same, else one for each, with the profile's name."""
    said = [(name, word.summary) for name, word in zip(names, words, strict=True) if word is not None]
    if len({summary for _, summary in said}) == 1:
        return [said[0][1]]
    return [f"{name}: {summary}" for name, summary in said]
