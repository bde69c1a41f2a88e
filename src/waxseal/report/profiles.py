"""Profiles and their rules as people read them: ``waxseal profiles`` and ``waxseal explain`` of a rule."""

from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from waxseal.grading.letter_rules import Axis
from waxseal.grading.profile import Profile
from waxseal.grading.rules.own_rule import OwnRule
from waxseal.grading.severity import Severity
from waxseal.report.letters_view import ATTACKERS
from waxseal.report.plain import plain
from waxseal.report.terminal import write
from waxseal.report.words import settings

_BLANK = Text("")


def print_rule(console: Console, rule: OwnRule) -> None:
    """Print what a rule of a profile asks, why, by which text, and how to mend what it finds."""
    title = Text(plain(rule.title), style="bold")
    title.append(f"  {plain(rule.id)}", style="dim")
    sentence = rule.why[0].upper() + rule.why[1:]
    write(console, Group(title, _BLANK, Text(plain(f"{sentence.rstrip('.')}.")), _BLANK, _rule_rows(rule)))


def _rule_rows(rule: OwnRule) -> Table:
    rows = [
        ("Judged for", f"each {rule.scope.name.lower()}"),
        *((label[0].upper() + label[1:], text) for label, text in rule.demand.told()),
        ("Weighs", _weights(rule.fail, rule.warn)),
        ("Counts", " and ".join(_counts(axis) for axis in Axis if axis in rule.against) or "for no letter"),
    ]
    if rule.replaces:
        rows.append(("Replaces", ", ".join(rule.replaces)))
    rows += [("Source", f"{rule.source} ({rule.level.value})"), ("Fix", rule.remedy.general)]
    rows += [(f"  {software}", text) for software, text in settings(rule.remedy)]
    return _grid(rows)


def _weights(fail: Severity, warn: Severity) -> str:
    if fail is warn:
        return fail.label
    return f"{fail.label} where it fails, {warn.label} where it warns"


def _counts(axis: Axis) -> str:
    return f"{ATTACKERS[axis][0].lower()}{ATTACKERS[axis][1:]}"


def _grid(rows: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for label, text in rows:
        table.add_row(Text(plain(label), style="dim"), Text(plain(text)))
    return table


def print_profile_list(console: Console, profiles: Iterable[Profile]) -> None:
    """Print ``id/version`` and the title of each."""
    write(console, _grid((f"{profile.id}/{profile.version}", profile.title) for profile in profiles))


def print_profile(console: Console, profile: Profile, base: Profile | None) -> None:
    """Print a profile's rules, the weights that differ from those of its base, and its exemptions.

    Args:
        console: Where to.
        profile: The profile.
        base: The one that it is compared with; None for none, so that every weight is printed.
    """
    parts: list[RenderableType] = [Text(plain(profile.title), style="bold")]
    rows = [("Profile", f"{profile.id}/{profile.version}")]
    rows += [("Follows", profile.document)] if profile.document else []
    rows += [("Extends", profile.extends)] if profile.extends else []
    parts.append(_grid(rows))
    for rule in profile.own:
        heading = Text(plain(rule.id), style="bold")
        heading.append(f"  {plain(rule.title)}", style="")
        parts += [_BLANK, heading, Padding(_rule_rows(rule), (0, 0, 0, 2))]
    parts += _weight_parts(profile, base)
    if profile.exemptions:
        parts += [_BLANK, Text("Exemptions", style="bold")]
        told = ((e.check + (f" at {e.where}" if e.where else ""), e.text) for e in profile.exemptions)
        parts.append(Padding(_grid(told), (0, 0, 0, 2)))
    write(console, Group(*parts))


def _weight_parts(profile: Profile, base: Profile | None) -> list[RenderableType]:
    rows = []
    for level, weight in profile.levels.items():
        if base is None or base.levels.get(level) != weight:
            rows.append((f"level {level.value}", _weights(weight.fail, weight.warn)))
    for name, rule in profile.rules.items():
        if base is None or base.rules.get(name) != rule:
            text = f"{_weights(rule.weight.fail, rule.weight.warn)}: {rule.why} ({rule.source})"
            rows.append((name, text))
    if not rows:
        return []
    return [_BLANK, Text("Weights of checks", style="bold"), Padding(_grid(rows), (0, 0, 0, 2))]
