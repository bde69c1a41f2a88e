"""Recorded facts to judge without a network: of every lab domain, and of the set-ups of real servers.

``lab.facts.xz`` is one run over the whole lab; ``real/<software>-<set-up>.facts.xz`` one run for each set-up.
What they give is in ``counts.toml``: how often each check gave each verdict. ``record.py`` makes all of them.
"""

import lzma
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

from waxseal.api import Result, judge
from waxseal.facts import FactSet
from waxseal.facts.stored import load

FOLDER = Path(__file__).parent
COUNTS = FOLDER / "counts.toml"
ENDING = ".facts.xz"

Counts = dict[str, dict[str, int]]
"""How often each check gave each verdict; and under ``letters``, how often there was each pair of letters."""


@cache
def recorded(name: str) -> FactSet:
    """The facts of one file: ``lab`` for ``lab.facts.xz``, ``real/postfix-plain``."""
    path = FOLDER / f"{name}{ENDING}"
    with lzma.open(path) as lines:
        return load(lines, path.name)


def names_of(part: str) -> list[str]:
    """The files of a part, ``lab`` or ``real``, by name."""
    found = sorted(FOLDER.glob(f"{part}{ENDING}")) + sorted(FOLDER.glob(f"{part}/*{ENDING}"))
    return [str(path.relative_to(FOLDER)).removesuffix(ENDING) for path in found]


def counted(part: str) -> Counts:
    """What today's checks say of a part."""
    verdicts: Counter[tuple[str, str]] = Counter()
    for name in names_of(part):
        verdicts.update(_answers(judge(recorded(name))))
    counts: Counts = {}
    for (check, verdict), number in sorted(verdicts.items()):
        counts.setdefault(check, {})[verdict] = number
    return counts


def _answers(result: Result) -> Counter[tuple[str, str]]:
    each = {(f.check, f.subject): f.verdict for report in result.reports for f in report.findings}
    found = Counter((check, verdict.value) for (check, _), verdict in each.items())
    for report in result.reports:
        letters = (report.letters.passive.letter, report.letters.active.letter)
        found["letters", "/".join(letter or "?" for letter in letters)] += 1
    return found


def expected(part: str) -> Counts:
    """What ``counts.toml`` says of a part."""
    found: Counts = tomllib.loads(COUNTS.read_text(encoding="utf-8"))[part]
    return found
