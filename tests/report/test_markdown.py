"""Markdown: read by GitHub's own parser, a stranger's text is text, and tables keep their form."""

import re
from html.parser import HTMLParser

import cmarkgfm  # type: ignore[import-untyped]
import pytest
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]
from hypothesis import given, settings

from tests.report.written import TEXT, exempted, facts, few, lab, report, saying, thinned
from waxseal.report.markdown import render_markdown
from waxseal.report.markdown_text import code, fenced, prose, table

_NO_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")


class Tags(HTMLParser):
    """The elements of a page in order, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def tags(markdown: str) -> Tags:
    page = Tags()
    page.feed(cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE))
    return page


def without_code(found: Tags) -> list[str]:
    return [tag for tag in found.seen if tag != "code"]


def test_the_parser_would_see_links_and_markup() -> None:
    assert "a" in tags("x www.example.org").seen
    assert "a" in tags("x a\\@b.example").seen
    assert "img" in tags("x <b><img src=x></b>").seen


def test_sections_of_a_domain_with_a_fault() -> None:
    text = render_markdown(few("dane-mismatch.test"), facts())
    wanted = (
        "# dane-mismatch.test",
        "**MEND:** Mail to dane-mismatch.test is encrypted",
        "| Against a listener | **A** |",
        "| Against a man in the middle | **F** |",
        "| mx.dane-mismatch.test | `[192.0.2.113]:25` | encrypted | TLS 1.3, ECDSA,",
        "## What gives lost points back",
        "### 1. TLSA records do not match a certificate (critical)",
        "      _25._tcp.mx.dane-mismatch.test: 3 1 1 ",
        "- Fix: Publish the record that the evidence names",
        "    - DNS: `'waxseal records example.org' prints the records for every live key`",
        "- Standard: RFC 7672 §3.2, RFC 7672 §8.1, RFC 7671 §9 (MUST)",
        "## What could not be seen",
        "## What each sender would do",
        "## What the world is told",
    )
    places = [text.find(line) for line in wanted]
    assert -1 not in places
    assert places == sorted(places)


def test_what_is_exempt_is_told() -> None:
    whole = exempted(report("dane-mismatch.test"), "dane/mismatch", "moving, until 2027-01-31")
    text = render_markdown((whole,), facts())
    assert "## What is exempt" in text
    assert "    - Exempt: moving, until 2027-01-31" in text
    assert "## What to fix" not in text


def test_no_lab_domain_makes_a_link_or_an_odd_element() -> None:
    seen = set(tags(render_markdown(lab().reports, facts())).seen)
    assert seen <= {
        *("h1", "h2", "h3", "p", "strong", "hr", "ul", "li", "code", "pre"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }


@settings(max_examples=60, deadline=None)
@given(TEXT)
def test_strangers_text_leaves_the_form_as_it_is(text: str) -> None:
    whole = thinned(report("dane-mismatch.test"))
    hostile = tags(render_markdown((saying(whole, text),), facts()))
    assert without_code(hostile) == without_code(tags(render_markdown((saying(whole, "x"),), facts())))


@settings(max_examples=300, deadline=None)
@given(TEXT)
def test_prose_code_and_blocks_hold_any_text(text: str) -> None:
    assert set(tags(f"x {prose(text)} x").seen) <= {"p", "code"}
    assert set(tags(f"x {code(text)} x").seen) <= {"p", "code"}
    assert tags("\n".join(fenced([text, text]))).seen == ["pre", "code"]
    found = tags("\n".join(table(("a", "b"), [(prose(text), code(text)), ("c", "d")])))
    assert without_code(found) == ["table", "thead", *["tr", "th", "th", "tbody"], *["tr", "td", "td"] * 2]
    assert "".join(found.text).split()[-2:] == ["c", "d"]


@pytest.mark.parametrize(
    "text",
    [
        "Mail to sound.test travels sealed: all 4 addresses take TLS (TLS 1.3), don't worry.",
        "RFC 7672 §3.2, RFC 8461 §5; 79 days left, at 17:10",
        "says “421 Too busy, try again later”.",
    ],
)
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert prose(text) == text


def test_nothing_is_lost() -> None:
    text = "see http://x.example/a_b and [192.0.2.1]:25 now"
    assert prose(text) == "see `http://x.example/a_b` and `[192.0.2.1]:25` now"
    assert "".join(tags(f"x {prose(text)}").text).strip() == f"x {text}"
    assert _NO_CODE.sub("", prose("a ` `` b")).split() == ["a", "b"]
