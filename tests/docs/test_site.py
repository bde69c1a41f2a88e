"""The documentation site and the manual page, built as './run docs' does: nothing is left out of them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tools.documentation import (
    checks,
    citations,
    commands,
    exit_codes,
    facts,
    manual,
    profiles,
    schemas,
    stage,
)

from tests.docs import built_site
from waxseal.checks.registry import all_checks
from waxseal.cli.main import COMMANDS
from waxseal.facts import FACT_TYPES

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTATION = ROOT / "tools" / "documentation"


def build(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(DOCUMENTATION / "__main__.py"), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)


def html(markdown: str) -> str:
    return markdown.removesuffix(".md") + ".html"


@pytest.mark.timeout(300)
def test_it_builds_without_a_warning_and_every_link_holds(tmp_path: Path) -> None:
    built = build(tmp_path)
    assert built.stderr == ""
    assert built.returncode == 0
    site = tmp_path / "site"
    found = built_site.pages(site)
    files = {str(file.relative_to(site)) for file in site.rglob("*")}
    assert built_site.lost_links(found, files) == []
    reached = built_site.reached(found)
    assert set(found) - reached == set()
    documents = [str(path.relative_to(stage.DOCS)) for path in stage.DOCS.rglob("*.md")]
    wanted = [
        *documents,
        *map(checks.path_of, all_checks()),
        *map(facts.path_of, FACT_TYPES),
        *map(commands.path_of, COMMANDS),
        *map(schemas.path_of, schemas.files(stage.DOCS)),
        "standards.md",
    ]
    assert {html(path) for path in wanted} - reached == set()
    assert {facts.anchor(tag) for tag in FACT_TYPES} <= {a for page in found.values() for a in page.anchors}
    cites = {citations.Citation.parse(cite) for check in all_checks().values() for cite in check.cites}
    assert {cite.anchor for cite in cites} <= found["standards.html"].anchors
    for schema in schemas.files(stage.DOCS):
        assert list(site.glob(f"_downloads/*/{schema.name}"))
    assert_manual_holds(tmp_path / "man" / "waxseal.1")


def assert_manual_holds(page: Path) -> None:
    roff = page.read_text(encoding="utf-8")
    plain = re.sub(r"\\f[BIRP]|\\", "", roff)
    for command in commands.all_commands()[1:]:
        for option in command.options:
            assert re.search(rf"^{re.escape(', '.join(option.names))}\b", plain, re.MULTILINE), option
    for section in (
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "EXIT STATUS",
        "ENVIRONMENT",
        "FILES",
        "EXAMPLES",
        "SEE ALSO",
    ):
        assert re.search(rf'^\.SH "?{section}', plain, re.MULTILINE), section
    groff = shutil.which("groff")
    if groff:
        said = subprocess.run(
            [groff, "-man", "-Tutf8", "-ww", "-z", str(page)], capture_output=True, text=True, check=True
        )
        assert said.stderr == ""


@pytest.mark.timeout(120)
def test_a_link_that_leads_nowhere_stops_the_build(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "index.md").write_text("# One\n\n[two](two.md)\n")
    script = "import sys; from pathlib import Path; from tools.documentation.__main__ import sphinx; "
    script += f"sys.exit(sphinx('html', Path({str(source)!r}), Path({str(tmp_path / 'site')!r})))"
    built = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert built.returncode == 1
    assert "two.md" in built.stderr


@pytest.mark.parametrize("arguments", [["--html"], ["one", "two"]])
def test_what_it_does_not_take_is_a_usage_error(arguments: list[str]) -> None:
    command = [sys.executable, str(DOCUMENTATION / "__main__.py"), *arguments]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2


def test_lost_links_and_lonely_pages_are_found() -> None:
    found = {
        "index.html": built_site.Page(
            '<a href="a/one.html#here">1</a><a href="https://example.org/">out</a>'
        ),
        "a/one.html": built_site.Page(
            '<a href="../none.html">2</a><a href="#gone">3</a><a href="f.css">4</a>'
        ),
        "lonely.html": built_site.Page('<p id="x"></p>'),
    }
    assert built_site.lost_links(found, {"a/f.css"}) == [
        "index.html: a/one.html#here",
        "a/one.html: ../none.html",
        "a/one.html: #gone",
    ]
    assert built_site.reached(found) == {"index.html", "a/one.html"}


def test_the_page_of_a_check_says_all_of_it() -> None:
    check = all_checks()["smtp/starttls-missing"]
    page = checks.check_page(check, profiles.built_in())
    assert "# STARTTLS is not offered" in page
    assert "Mail to this server travels in clear" in page
    assert "https://www.rfc-editor.org/rfc/rfc7435.html#section-3" in page
    assert check.remedy.general in page
    assert "smtpd\\_tls\\_security\\_level" in page
    assert re.search(
        r"\| not offered \| \[fail\]\{[^}]+\} \| The server answers EHLO but does not offer STARTTLS", page
    )
    for profile in profiles.built_in():
        assert f"[{profile.id}](" in page
    assert "B4" not in page  # rows of the feature table are our own matter


def test_pages_about_commands_name_every_option_with_its_variable() -> None:
    pages = dict(commands.pages())
    assert set(map(commands.path_of, COMMANDS)) <= set(pages)
    check = pages["commands/check.md"]
    assert "## How servers are treated" in check
    assert "{option} --depth [grade|standard|full]" in check
    assert "WAXSEAL_CHECK_RESOLVER" in check
    assert "(default: standard)" in check


def test_a_variable_sets_what_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is that of the option as it is typed."""
    from click.testing import CliRunner

    from waxseal.cli.main import waxseal

    said = {option.names[-1]: option.variable for c in commands.all_commands() for option in c.options}
    assert said["--resolver"].endswith("_RESOLVER")
    ran = CliRunner().invoke(waxseal, ["check", "example.org"], env={"WAXSEAL_CHECK_PARALLEL": "77"})
    assert "--parallel" in ran.output
    assert "77" in ran.output


def test_the_manual_has_exit_codes_and_examples() -> None:
    page = manual.page(commands.all_commands(), exit_codes.documented(stage.DOCS))
    for code in exit_codes.known():
        assert re.search(rf"^{code}\n: \w", page, re.MULTILINE), code
    assert "waxseal check 192.0.2.25 --name mx.example.org" in page
