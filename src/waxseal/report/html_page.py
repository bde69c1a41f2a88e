"""What the sections of the HTML report share: where a section stands, and elements that it is made of."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from waxseal.facts import FactSet, Subject
from waxseal.grading.profile import GradedFinding
from waxseal.report.grouping import places
from waxseal.report.markup import Child, Markup, joined, tag
from waxseal.report.model import Report


class Page(Struct, frozen=True):
    """A report and where it stands in the document.

    Attributes:
        report: The report.
        facts: What it rests on.
        id: Beginning of every id inside.
        level: Level of its heading.
        brief: Whether only what is to be mended is told at length, since there are many reports.
    """

    report: Report
    facts: FactSet
    id: str
    level: int
    brief: bool

    @property
    def lang(self) -> str | None:
        """The language of the sentence and the titles of findings; None where it is that of the document."""
        return self.report.language if self.report.language != "en" else None

    def section(self, name: str, title: str, *children: Child) -> Markup:
        """A section below the report's heading."""
        place = f"{self.id}-{name}"
        heading = self.heading(title, 1, id=place, class_="title")
        return tag("section", heading, *children, class_=name)

    def heading(self, text: Child, below: int, **attributes: str | None) -> Markup:
        """A heading so many levels below the report's own."""
        return tag(f"h{min(self.level + below, 6)}", text, **attributes)

    def at(self, findings: Sequence[GradedFinding]) -> str:
        """Where findings are; ``all 4 addresses`` where that is everywhere."""
        subjects = [finding.subject for finding in findings]
        everywhere = {endpoint.subject for endpoint in self.report.endpoints}
        found = {Subject(s.domain, s.host, s.address, s.port) for s in subjects if s.port is not None}
        if len(everywhere) > 1 and len(subjects) >= len(everywhere) and found == everywhere:
            return all_of(len(everywhere))
        return places(subjects)


def scroller(label: str, *children: Child) -> Markup:
    """A box that scrolls sideways by itself; the keyboard reaches it."""
    return tag("div", *children, class_="scroll", role="group", aria_label=label, tabindex=0)


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[Child]], class_: str = "") -> Markup:
    """A table in a box of its own; the first cell of a row is its heading."""
    head = tag("tr", [tag("th", column, scope="col") for column in columns])
    body = [tag("tr", tag("th", row[0], scope="row"), [tag("td", cell) for cell in row[1:]]) for row in rows]
    inner = tag(
        "table",
        tag("caption", caption),
        tag("thead", head),
        tag("tbody", body),
        class_=class_ or None,
    )
    return scroller(caption, inner)


def definitions(rows: Iterable[tuple[str, Child]], class_: str = "") -> Markup:
    """Terms and what is said of them; nothing where there are none."""
    inner = joined([joined(tag("dt", term), tag("dd", said)) for term, said in rows])
    return tag("dl", inner, class_=class_ or None) if inner else inner


def folded(summary: Child, *children: Child, class_: str = "", open_: bool = False) -> Markup:
    """What opens on request."""
    return tag("details", tag("summary", summary), *children, class_=class_ or None, open=open_)


def code(text: str) -> Markup:
    """Text of a machine's."""
    return tag("code", text)


def all_of(number: int) -> str:
    """``both addresses``, ``all 4 addresses``; for two and more."""
    return "both addresses" if number == 2 else f"all {number} addresses"


def counted(number: int, one: str, many: str) -> str:
    """``1 address``, ``3 addresses``."""
    return f"{number} {one if number == 1 else many}"
