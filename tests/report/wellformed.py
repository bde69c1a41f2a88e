"""Reads every form of output with a parser that is not waxseal's; an AssertionError says what is broken."""

import csv
import io
import re
from html.parser import HTMLParser
from urllib.parse import urlsplit
from xml.etree import ElementTree

import msgspec

from tests.report.perfdata import read_answer
from waxseal.report.csv_form import COLUMNS

LOCAL_CHECK = re.compile(
    r"(?P<state>[0-3]) \"(?P<service>[^\"']+)\" (?P<metrics>-|[a-zA-Z0-9_=;:.|-]+) (?P<text>[^|]*)"
)
_VOID = frozenset({"meta", "br", "hr", "col", "link"})
_FORBIDDEN = {"script", "img", "iframe", "object", "embed", "base", "link", "form", "foreignobject"}
_SERIES = re.compile(
    r'[a-zA-Z_][a-zA-Z0-9_]*(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*\})? -?[0-9]+(?:\.[0-9]+)?'
)
_HEADINGS = {f"h{level}" for level in range(1, 7)}
_TABLE = {"table", "thead", "tbody", "tr", "th", "td"}
_ELEMENTS = {
    *_HEADINGS,
    *_TABLE,
    "p",
    "ul",
    "ol",
    "li",
    "code",
    "pre",
    "strong",
    "em",
    "blockquote",
    "hr",
    "br",
}


def expect_printable(text: str, beside: str = "\n") -> None:
    """No terminal, and no reader, obeys anything in the text."""
    odd = {c for c in text if not c.isprintable()} - set(beside)
    assert not odd, sorted(odd)


class _Page(HTMLParser):
    """A page of the report: elements closed in order, nothing that runs or loads."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in (
            "script",
            "img",
            "iframe",
            "object",
            "embed",
            "base",
            "link",
            "form",
            "foreignobject",
        )
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), attrs
        for name, value in attrs:
            assert re.fullmatch(r"[a-z][a-z0-9-]*", name.lower()), name
            assert not name.startswith("on"), attrs
            assert name not in ("style", "src", "srcdoc", "action", "formaction"), attrs
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.references.append(value or "")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)


def read_html(octets: bytes) -> None:
    """The page."""
    text = octets.decode()
    expect_printable(text)
    page = _Page()
    page.feed(text)
    page.close()
    assert not page.open
    assert len(page.ids) == len(set(page.ids)), [i for i in page.ids if page.ids.count(i) > 1][:3]
    for reference in page.references:
        assert reference.startswith("#") or urlsplit(reference).scheme == "https", reference
        assert not reference.startswith("#") or reference[1:] in page.ids, reference


def read_junit(octets: bytes) -> None:
    """The test report, with sums that are right."""
    root = ElementTree.fromstring(octets)
    cases = root.findall("testsuite/testcase")
    assert int(root.attrib["tests"]) == len(cases)
    for total, outcome in (("failures", "failure"), ("errors", "error")):
        assert int(root.attrib[total]) == len(root.findall(f"testsuite/testcase/{outcome}"))
    for element in root.iter():
        for text in (element.text, element.tail, *element.attrib.values()):
            expect_printable(text or "")


def read_csv(octets: bytes) -> None:
    """The table: every row as wide as the head, no cell a formula."""
    csv.field_size_limit(2**31 - 1)
    rows = list(csv.reader(io.StringIO(octets.decode(), newline=""), strict=True))
    assert tuple(rows[0]) == COLUMNS
    for row in rows[1:]:
        assert len(row) == len(COLUMNS)
        for cell in row:
            expect_printable(cell, "")
            assert not cell.lstrip().startswith(("=", "+", "-", "@")), cell


def read_prometheus(octets: bytes) -> None:
    """The exposition: each series once."""
    lines = octets.decode().split("\n")
    assert lines.pop() == ""
    series = [line for line in lines if not line.startswith("# ")]
    for line in series:
        expect_printable(line, "")
        assert _SERIES.fullmatch(line), line
    names = [line.rpartition(" ")[0] for line in series]
    assert len(names) == len(set(names))


def read_nagios(octets: bytes) -> None:
    """The plug-in's answer."""
    assert len(octets) <= 4096
    read_answer(octets.decode())


def read_checkmk(octets: bytes) -> None:
    """The lines of the local check."""
    lines = octets.decode().split("\n")
    assert lines.pop() == ""
    for line in lines:
        expect_printable(line, "")
        assert LOCAL_CHECK.fullmatch(line), line


def read_json(octets: bytes) -> None:
    """JSON in UTF-8."""
    msgspec.json.decode(octets)
    assert not {c for c in octets if c < 32} - {10}


def read_text(octets: bytes) -> None:
    """Text for people, such as Markdown and what a terminal shows."""
    expect_printable(octets.decode())


def read_markdown(octets: bytes) -> None:
    """Markdown as GitHub reads it: no link, no image, no element of a stranger's."""
    import cmarkgfm  # type: ignore[import-untyped]
    from cmarkgfm.cmark import Options  # type: ignore[import-untyped]

    text = octets.decode()
    expect_printable(text)
    seen: set[str] = set()
    page = HTMLParser()
    page.handle_starttag = lambda tag, attrs: seen.add(tag)  # type: ignore[method-assign]
    page.feed(cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE))
    assert seen <= _ELEMENTS, seen - _ELEMENTS


READERS = {
    "text": read_text,
    "json": read_json,
    "html": read_html,
    "markdown": read_text,
    "csv": read_csv,
    "junit": read_junit,
    "sarif": read_json,
    "nagios": read_nagios,
    "checkmk": read_checkmk,
    "prometheus": read_prometheus,
    "transcript": read_text,
}
"""The reader of each form, by name; Markdown has another one, `read_markdown`, that needs cmarkgfm."""
