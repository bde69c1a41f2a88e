"""Strangers' text as GitHub-flavoured Markdown, so that it is read as it is: no markup, no HTML, no link.

Escaping with backslashes is not enough there: an address or a URL becomes a link, and ``@name`` a mention,
whatever stands before it. So words of letters, digits and a few marks stay as they are, and every other word
is put in a code span, inside which nothing means anything; plain text stays readable.
"""

import re
from collections.abc import Iterable
from itertools import groupby

from waxseal.report.plain import plain

_WORD = re.compile(
    r"[(\"'“‘]{0,3}[^\W_]+(?:[.,'’/%=+-][^\W_]+)*[-.,;:!?%=+)\"'”’…]{0,4}"
    r"|[-+=/]|§[0-9.]+[,;:)]{0,2}|[0-9]{1,2}:[0-9]{2}"
)
"""A word that Markdown takes for nothing but a word."""
_AUTOLINK = re.compile(r"www\.|gh-[0-9]|[0-9a-f]{7,40}\b", re.IGNORECASE)
"""Words that GitHub makes links of all the same: hosts called ``www``, issues, and what may be a commit."""
_TICKS = re.compile("`+")


def prose(text: str) -> str:
    """A sentence, on one line; for use behind other text, in a paragraph, a heading or a cell of a table."""
    groups = groupby(plain(text).split(), key=_is_word)
    return " ".join(" ".join(words) if harmless else code(" ".join(words)) for harmless, words in groups)


def code(text: str) -> str:
    """A code span of one line; "" for nothing. A pipe is shown as ``\\x7c``, as tables cannot hold one."""
    text = plain(text).replace("|", "\\x7c").strip()
    if not text:
        return ""
    fence = "`" * (_longest(text) + 1)
    gap = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{gap}{text}{gap}{fence}"


def fenced(lines: Iterable[str], indent: str = "") -> list[str]:
    """Lines as a block of code, each on a line of its own.

    Args:
        lines: The text.
        indent: Blanks that put the block into an item of a list.
    """
    shown = [plain(part) for line in lines for part in line.splitlines()]
    fence = "`" * max(3, max(map(_longest, shown), default=0) + 1)
    return [f"{indent}{line}".rstrip() for line in (f"{fence}text", *shown, fence)]


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """A table of cells that are Markdown already; every row has as many as the head."""
    return [_row(head), _row(("---",) * len(head)), *map(_row, rows)]


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _is_word(word: str) -> bool:
    return _WORD.fullmatch(word) is not None and not _AUTOLINK.match(word.lstrip("(\"'“‘"))


def _longest(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)
