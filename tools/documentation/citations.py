"""Standards and their sections: where they can be read, in which order they stand, who rests on them."""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

_TITLES = Path(__file__).parents[2] / "tests" / "checks" / "citations.toml"
_FORM = re.compile(r"(?P<document>RFC \d+|CA/B BR)(?: (?:§|Appendix )(?P<section>(?:\d+|[A-Z])(?:\.\d+)*))?")
_RFC = "https://www.rfc-editor.org/rfc/rfc"
_ELSEWHERE = {"CA/B BR": "https://cabforum.org/working-groups/server/baseline-requirements/documents/"}


class Citation(NamedTuple):
    """A place in a standard: the document, and its section or what else names the place; "" for all of it."""

    document: str
    section: str = ""

    @classmethod
    def parse(cls, text: str) -> "Citation":
        """Read ``RFC 3207 §4.2``; of another form, the first comma ends the document's name."""
        match = _FORM.fullmatch(text)
        if match:
            return cls(match["document"], match["section"] or "")
        document, _, place = text.partition(", ")
        return cls(document, place)

    @classmethod
    def several(cls, text: str) -> tuple["Citation", ...]:
        """Read the source of a rule, which may name several RFCs."""
        return tuple(cls.parse(part) for part in re.split(r"[;,] (?=RFC \d)", text))

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
        """Sorts RFCs by number before all others by name, and sections as they stand, appendices last."""
        number = re.fullmatch(r"RFC (\d+)", self.document)
        parts = re.split(r"(\d+)", self.section)
        places = [
            (int(part), "") if part.isdigit() else (10**6, part) for part in parts if part not in ("", ".")
        ]
        return ("", int(number[1]), places) if number else (self.document, 0, places)

    @property
    def place(self) -> str:
        """Where in the document, for people; "" for all of it."""
        return f"§{self.section}" if self.section and self._numbered else self.section

    @property
    def _numbered(self) -> bool:
        return _FORM.fullmatch(f"{self.document} §{self.section}") is not None

    @property
    def anchor(self) -> str:
        """Its anchor on the page of standards."""
        return "cite-" + re.sub(r"[^a-z0-9]+", "-", f"{self.document} {self.section}".lower()).strip("-")

    def __str__(self) -> str:
        between = " " if self._numbered else ", "
        return f"{self.document}{between}{self.place}" if self.section else self.document


@cache
def section_titles() -> dict[Citation, str]:
    """What each section is called that was looked up, from the record of the audit."""
    rows = tomllib.loads(_TITLES.read_text(encoding="utf-8"))
    return {Citation.parse(name): row["title"] for name, row in rows.items()}


def link(citation: Citation) -> str:
    """Markdown: the citation as a link to its text, where that is known."""
    words = str(citation).replace("[", "\\[").replace("_", "\\_").replace("*", "\\*")
    return f"[{words}]({citation.url})" if citation.url else words


def links(source: str) -> str:
    """Markdown: the source of a rule, each citation in it as a link."""
    return ", ".join(map(link, Citation.several(source)))
