"""The two letters for people: what each says, and what gives lost points back, the best bargain first."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from waxseal.grading.letter_rules import Axis, rung_title
from waxseal.grading.letters import Letter, Letters, Regain
from waxseal.report.plain import plain

ATTACKERS = {Axis.PASSIVE: "Against a listener", Axis.ACTIVE: "Against a man in the middle"}
EFFORTS = {
    "setting": "a setting",
    "record": "a DNS record",
    "certificate": "a certificate",
    "policy": "a record and a web page",
    "software": "an update",
    "zone": "a signed zone",
}
_LOOK = {"A": "bold green", "B": "green", "C": "yellow", "D": "yellow", "E": "red", "F": "bold red"}
_MOST = 5


def letter_text(letter: Letter) -> str:
    """What a letter says: its points and, against the active attacker, what proves the server."""
    if letter.letter is None:
        return letter.why
    parts = [f"{letter.points} of 100 points"]
    if letter.rung:
        parts.append(rung_title(letter.rung, letter.kind))
    return ", ".join(parts) + (f"; {letter.why}" if letter.why else "")


def letters_head(letters: Letters) -> RenderableType:
    """A row for each letter."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for letter in (letters.passive, letters.active):
        shown = letter.letter or "?"
        table.add_row(
            Text(ATTACKERS[letter.axis]),
            Text(shown, style=_LOOK.get(shown, "bold magenta")),
            Text(plain(letter_text(letter)), style="dim"),
        )
    return table


def regain_rows(letters: Letters, *, verbose: int) -> Iterator[RenderableType]:
    """What gives points back, a line each, and what to do; all of it where `verbose`."""
    shown = letters.regain if verbose else letters.regain[:_MOST]
    for regain in shown:
        title = Text(f"{gain_text(regain)}  ", style="bold")
        title.append(plain(regain.title), style="not bold")
        if regain.check:
            title.append(f"  {regain.check}", style="not bold dim")
        title.append(f"  ({EFFORTS.get(regain.effort, regain.effort)})", style="not bold dim")
        yield title
    if len(letters.regain) > len(shown):
        yield Text(f"and {len(letters.regain) - len(shown)} more; see -v", style="dim")


def gain_text(regain: Regain) -> str:
    """``lifts F; +60 active``: what mending one thing does to the letters."""
    parts = [f"+{points} {axis}" for axis, points in _gains(regain) if points]
    if regain.caps:
        parts.insert(0, f"lifts the cap ({' and '.join(regain.caps)})")
    return ", ".join(parts)


def _gains(regain: Regain) -> tuple[tuple[str, int], ...]:
    return (Axis.PASSIVE.value, regain.passive), (Axis.ACTIVE.value, regain.active)


def letters_view(letters: Letters, *, verbose: int) -> Group:
    """Both letters and what gives points back."""
    return Group(letters_head(letters), *regain_rows(letters, verbose=verbose))
