"""Exit codes: those of the program, and the rows of docs/exit-codes.md."""

import re
from pathlib import Path
from typing import NamedTuple

from waxseal.cli import main as program

PAGE = "exit-codes.md"
_ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


class ExitCode(NamedTuple):
    """One row of the page."""

    number: int
    name: str
    meaning: str


def known() -> frozenset[int]:
    """The codes that the program ends with."""
    return frozenset(value for name, value in vars(program).items() if name.startswith("EXIT_"))


def documented(docs: Path) -> tuple[ExitCode, ...]:
    """The rows of the page, in its order."""
    rows = _ROW.findall((docs / PAGE).read_text(encoding="utf-8"))
    return tuple(ExitCode(int(number), name.strip(), meaning.strip()) for number, name, meaning in rows)
