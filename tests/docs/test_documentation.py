"""What generated pages are made of: citations, Markdown, docstrings; and that nothing is without words."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import click
import msgspec
import pytest
from msgspec import Struct
from tools.documentation import citations, commands, exit_codes, facts, lacking, markdown, stage
from tools.documentation.citations import Citation
from tools.documentation.exit_codes import ExitCode

from waxseal.checks.api import Remedy
from waxseal.checks.registry import all_checks
from waxseal.facts import FACT_TYPES, Fact


def test_every_check_is_explained() -> None:
    assert list(lacking.in_checks(all_checks().values())) == []


def test_every_command_and_option_has_help() -> None:
    assert list(lacking.in_commands(commands.all_commands())) == []


def test_every_exit_code_has_its_row() -> None:
    assert list(lacking.in_exit_codes(exit_codes.known(), exit_codes.documented(stage.DOCS))) == []


def test_every_fact_has_a_docstring() -> None:
    assert list(lacking.in_facts(FACT_TYPES.values())) == []


def test_a_check_without_words_is_told() -> None:
    sound = all_checks()["smtp/starttls-missing"]
    bad = msgspec.structs.replace(sound, explanation="x" * 119, cites=(), remedy=Remedy(general=""))
    assert len(list(lacking.in_checks([sound, bad]))) == 3


def test_a_command_or_an_option_without_words_is_told() -> None:
    @click.command("odd")
    @click.option("--silent", is_flag=True)
    @click.option("--hidden", is_flag=True, hidden=True)
    def odd(silent: bool, hidden: bool) -> None:
        pass

    command = commands.read(odd, click.Context(odd, info_name="odd"), "odd", "")
    assert list(lacking.in_commands([command])) == [
        "waxseal odd: it has no summary",
        "waxseal odd: it has no help",
        "waxseal odd --silent: it has no help",
    ]


def test_an_exit_code_without_a_row_is_told() -> None:
    rows = [ExitCode(0, "ok", "All is well."), ExitCode(9, "odd", "Never."), ExitCode(1, "finding", "")]
    assert list(lacking.in_exit_codes({0, 1, 2}, rows)) == [
        "exit code 2: it has no row",
        "exit code 9: nothing ends with it",
        "exit code 1: its row says nothing",
    ]


def test_a_fact_without_words_is_told() -> None:
    class Silent(Fact, frozen=True, kw_only=True):
        octets: int

    Silent.TAG = "silent/1"
    assert list(lacking.in_facts([Silent])) == ["silent/1: it has no docstring"]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("RFC 3207 §4.2", "https://www.rfc-editor.org/rfc/rfc3207.html#section-4.2"),
        ("RFC 5802 §A", "https://www.rfc-editor.org/rfc/rfc5802.html#appendix-A"),
        ("RFC 5246 §F.1.1.3", "https://www.rfc-editor.org/rfc/rfc5246.html#appendix-F.1.1.3"),
        ("RFC 2782", "https://www.rfc-editor.org/rfc/rfc2782.html"),
        ("BSI TR-02102-2, version 2026-01, table 3", ""),
    ],
)
def test_citations_lead_to_their_section(text: str, url: str) -> None:
    cite = Citation.parse(text)
    assert cite.url == url
    assert str(cite) == text


def test_citations_stand_in_the_order_of_their_documents() -> None:
    names = ["RFC 5246 §A.5", "RFC 5246 §10", "BSI TR-1, part 2", "RFC 5246 §7.4", "RFC 959 §1", "RFC 5246"]
    found = sorted(map(Citation.parse, names), key=lambda cite: cite.order)
    assert list(map(str, found)) == [
        "RFC 959 §1", "RFC 5246", "RFC 5246 §7.4", "RFC 5246 §10", "RFC 5246 §A.5", "BSI TR-1, part 2"
    ]  # fmt: skip


def test_the_source_of_a_rule_may_name_several() -> None:
    assert citations.links("RFC 9325 §4.1; RFC 8996 §2").count("](https://") == 2


def test_every_section_that_a_check_cites_has_a_title() -> None:
    titles = citations.section_titles()
    cites = {Citation.parse(cite) for check in all_checks().values() for cite in check.cites}
    assert len(cites & set(titles)) > 0.9 * len(cites)


def test_prose_stands_for_itself_and_code_stays_code() -> None:
    assert markdown.prose("a *.b_c ``x_*`` [d]") == r"a \*.b\_c `x_*` \[d\]"
    assert markdown.code("a ` b") == "``a ` b``"
    assert markdown.block("```\nx") == "````text\n```\nx\n````\n"
    assert markdown.table(("A",), [("x | y\nz",)]) == "| A |\n|---|\n| x \\| y z |\n"


def test_standards_and_checks_become_links_but_not_in_code() -> None:
    text = "# RFC 1 §2\n\nSee RFC 3207 §4 and `smtp/x`, [RFC 5321](a.md), `RFC 7672`.\n\n```\nRFC 6698\n```\n"
    made = markdown.linked(text, "a/b.md", {"smtp/x": "checks/smtp/x.md"})
    assert "[RFC 3207 §4](https://www.rfc-editor.org/rfc/rfc3207.html#section-4)" in made
    assert "[`smtp/x`](../checks/smtp/x.md)" in made
    assert made.count("](") == 3
    assert made.startswith("# RFC 1 §2\n")


class Colour(StrEnum):
    """A colour."""

    RED = "red"
    """As blood."""
    BLUE = "blue"


class Sample(Struct, frozen=True):
    """A sample.

    It has two paragraphs.

    Attributes:
        one, two: Numbers: whole ones.
        colours: The colours,
            in order.
    """

    one: int
    two: int | None = None
    colours: tuple[Colour, ...] = ()


def test_docstrings_are_read_field_by_field() -> None:
    assert facts.description(Sample) == "A sample.\n\nIt has two paragraphs."
    assert facts.field_words(Sample) == {
        "one": "Numbers: whole ones.",
        "two": "Numbers: whole ones.",
        "colours": "The colours, in order.",
    }


def forms() -> Iterator[tuple[object, str]]:
    yield int | None, "whole number or null"
    yield tuple[bytes, ...], "list of octets"
    yield dict[str, float], "object, from text to number"
    yield tuple[Colour, ...], "list of [Colour](#part-colour)"


@pytest.mark.parametrize(("hint", "words"), list(forms()))
def test_forms_of_fields_are_told_in_words(hint: object, words: str) -> None:
    assert facts.type_words(hint) == words


def test_links_that_leave_the_site_become_words(tmp_path: Path) -> None:
    places = {tmp_path / "docs" / "a.md": "a.md", tmp_path / "README.md": "index.md"}
    text = "[A](../a.md#x) [R](../../README.md) [none](../../src/y.py) [out](https://example.org)"
    file = tmp_path / "docs" / "how" / "b.md"
    assert stage.rehomed(text, file, "how/b.md", places) == (
        "[A](../a.md#x) [R](../index.md) none [out](https://example.org)"
    )


def test_the_index_is_the_navigation() -> None:
    made = stage.navigation("# W\n\n## Tutorial\n\n- [First](a.md): so\n\n## Reference\n\n- [B](b/c.md)\n")
    assert ":caption: Tutorial\n\na.md\n```" in made
    assert ":caption: Reference\n\nb/c.md\nchecks/index.md" in made
