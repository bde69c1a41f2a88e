"""The two letters for people: what each says, and what gives lost points back, the best bargain first."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
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
    """What gives points back: how many, what it takes, and for which fault; all of it where `verbose`."""
    shown = letters.regain if verbose else letters.regain[:_MOST]
    for regain in shown:
        gain = Text(plain(gain_text(regain)), style="bold")
        gain.append(f"  ({EFFORTS.get(regain.effort, regain.effort)})", style="not bold dim")
        yield gain
        fault = Text(plain(regain.title))
        if regain.check:
            fault.append(f"  {plain(regain.check)}", style="dim")
        yield Padding(fault, (0, 0, 0, 3), expand=False)
    if len(letters.regain) > len(shown):
        yield Text(f"and {len(letters.regain) - len(shown)} more; see -v", style="dim")


def gain_text(regain: Regain) -> str:
    """``lifts the cap, +60 against a man in the middle``: what mending one thing does to the letters."""
    found = []
    for axis, points in ((Axis.PASSIVE, regain.passive), (Axis.ACTIVE, regain.active)):
        parts = ["lifts the cap"] if axis in regain.caps else []
        parts += [f"+{points}"] if points else []
        if parts:
            found.append(f"{', '.join(parts)} {ATTACKERS[axis][0].lower()}{ATTACKERS[axis][1:]}")
    return "; ".join(found)
