"""Recorded facts to judge without a network: of every lab domain, and of the set-ups of real servers."""

import lzma
from functools import cache
from pathlib import Path

from waxseal.facts import FactSet
from waxseal.facts.stored import load

FOLDER = Path(__file__).parent


@cache
def recorded(name: str) -> FactSet:
    """The facts of one file, ``lab`` for ``lab.facts.xz``."""
    path = FOLDER / f"{name}.facts.xz"
    with lzma.open(path) as lines:
        return load(lines, path.name)
