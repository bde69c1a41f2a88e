"""Markdown for generated pages: text as it was written, references to standards and checks made links."""

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence

from tools.documentation.citations import Citation

ORPHAN = "---\norphan: true\n---\n\n"
"""Heads a page that links lead to, and not the side bar."""
_CODE = re.compile(r"(`+)(.+?)\1", re.DOTALL)
_SPECIAL = re.compile(r"([\\*_\[\]<>|#~{}])")
_REFERENCE = re.compile(r"RFC \d{1,5}(?: (?:§(?:\d+|[A-Z])(?:\.\d+)*|Appendix [A-Z]\b))?")
_KEPT = re.compile(
    r"^(?P<fence>`{3,})[^\n]*\n.*?^(?P=fence)[^\n]*$"  # a block of code
    r"|(?P<ticks>`+)(?P<code>.+?)(?P=ticks)"
    r"|\[[^\]]*\]\([^)]*\)"  # a link
    r"|<!--.*?-->"
    r"|^\#[^\n]*$",  # a heading
    re.DOTALL | re.MULTILINE,
)


def prose(text: str) -> str:
    """A docstring's text as Markdown: code stays code, all else stands for itself."""
    parts = []
    end = 0
    for match in _CODE.finditer(text):
        parts += [_SPECIAL.sub(r"\\\1", text[end : match.start()]), code(match[2])]
        end = match.end()
    return "".join([*parts, _SPECIAL.sub(r"\\\1", text[end:])])


def code(text: str) -> str:
    """Inline code, whatever backticks are in it."""
    text = " ".join(text.split())
    ticks = "`"
    while ticks in text:
        ticks += "`"
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def block(text: str, language: str = "text") -> str:
    """A block of code."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"


def paragraphs(text: str) -> str:
    """Paragraphs of a docstring; what is indented is a list of terms or code, and stays in lines."""
    return "\n\n".join(prose(" ".join(part.split())) for part in re.split(r"\n\s*\n", text.strip())) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown; a line break or a bar inside one does no harm."""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", " ".join(text.split()))


def linked(text: str, page: str, checks: Mapping[str, str]) -> str:
    """Markdown in which standards lead to their text, and ids of checks to their pages.

    Args:
        text: A whole page. Code, headings and links stay as they are, an id of a check in backticks excepted.
        page: The page's own path below the root, with its ending.
        checks: Path of the page of each check, by id.
    """
    out, end = [], 0
    for match in _KEPT.finditer(text):
        out += [_standards(text[end : match.start()]), match[0]]
        if match["code"] in checks:
            out[-1] = f"[{match[0]}]({relative(checks[match['code']], page)})"
        end = match.end()
    return "".join([*out, _standards(text[end:])])


def _standards(text: str) -> str:
    return _REFERENCE.sub(lambda match: f"[{match[0]}]({Citation.parse(match[0]).url})", text)


def relative(target: str, page: str) -> str:
    """How a page names another one."""
    return posixpath.relpath(target, posixpath.dirname(page) or ".")
