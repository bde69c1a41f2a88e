"""Standards and their sections: where they can be read, in which order they stand, who rests on them."""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

_TITLES = Path(__file__).parents[2] / "tests" / "checks" / "citations.toml"
_FORM = re.compile(r"(?P<document>.+?)(?: (?:§|Appendix )(?P<section>(?:\d+|[A-Z])(?:\.\d+)*))?")
_RFC = "https://www.rfc-editor.org/rfc/rfc"
_ELSEWHERE = {"CA/B BR": "https://cabforum.org/working-groups/server/baseline-requirements/documents/"}


class Citation(NamedTuple):
    """A place in a standard: the document's name, and its section; "" for the whole document."""

    document: str
    section: str = ""

    @classmethod
    def parse(cls, text: str) -> "Citation":
        """Read ``RFC 3207 §4.2``; anything of another form is the name of a document."""
        match = _FORM.fullmatch(text)
        return cls(match["document"], match["section"] or "") if match else cls(text)

    @property
    def url(self) -> str:
        """Where it can be read, at the section where that has an anchor; "" where that is not known."""
        number = re.fullmatch(r"RFC (\d+)", self.document)
        if number is None:
            return _ELSEWHERE.get(self.document, "")
        kind = "section" if self.section[:1].isdigit() else "appendix"
        return f"{_RFC}{number[1]}.html" + (f"#{kind}-{self.section}" if self.section else "")

    @property
    def order(self) -> tuple[str, int, list[tuple[int, str]]]:
        """Sorts documents by name and number, sections as their document has them, appendices last."""
        name, _, number = self.document.rpartition(" ")
        parts = [(int(part), "") if part.isdigit() else (1000, part) for part in self.section.split(".")]
        key = (name, int(number)) if number.isdigit() else (self.document, 0)
        return *key, parts if self.section else []

    @property
    def anchor(self) -> str:
        """Its anchor on the page of standards."""
        return re.sub(r"[^a-z0-9]+", "-", f"{self.document} {self.section}".lower()).strip("-")

    def __str__(self) -> str:
        return f"{self.document} §{self.section}" if self.section else self.document


@cache
def section_titles() -> dict[Citation, str]:
    """What each section is called that was looked up, from the record of the audit."""
    rows = tomllib.loads(_TITLES.read_text(encoding="utf-8"))
    return {Citation.parse(name): row["title"] for name, row in rows.items()}


def link(citation: Citation) -> str:
    """Markdown: the citation as a link to its text, where that is known."""
    return f"[{citation}]({citation.url})" if citation.url else str(citation)
