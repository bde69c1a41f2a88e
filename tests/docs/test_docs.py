"""What the documents say holds: links lead somewhere, tables are complete, examples run."""

import asyncio
import re
from collections.abc import Coroutine
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from waxseal.checks import samples
from waxseal.checks.api import CHECK_ATTRIBUTE, Check
from waxseal.checks.engine import judge_all
from waxseal.cli import main as command
from waxseal.facts import FACT_TYPES
from waxseal.lab.world import LabWorld

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def links(document: Path) -> list[Path]:
    return [document.parent / link for link in LINK.findall(document.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    assert not [link for link in links(document) if not link.exists()]


def test_every_document_can_be_reached_from_the_readme() -> None:
    reached = {ROOT / "README.md"}
    found = list(reached)
    while found:
        here = found.pop()
        targets = {link.resolve() for link in links(here)}
        targets |= {page for folder in targets if folder.is_dir() for page in folder.glob("*.md")}
        new = {page for page in targets if page.suffix == ".md"} - reached
        reached |= new
        found += new
    assert set(DOCUMENTS) <= reached


def test_every_stored_fact_has_a_row_and_no_other() -> None:
    rows = re.findall(r"^\| `([^`]+/\d+)` \| ([^|]+) \|", text("docs/facts.md"), re.MULTILINE)
    assert sorted(tag for tag, _ in rows) == sorted(FACT_TYPES)
    scopes = {
        tag: "any" if tag == "attempt/1" else kind.SCOPE.name.lower() for tag, kind in FACT_TYPES.items()
    }
    assert {tag: about.strip() for tag, about in rows} == scopes


def test_exit_codes_are_those_of_the_command() -> None:
    codes = {value for name, value in vars(command).items() if name.startswith("EXIT_")}
    rows = re.findall(r"^\| (\d+) \|", text("docs/exit-codes.md"), re.MULTILINE)
    assert {int(row) for row in rows} == codes
    assert {int(row) for row in re.findall(r"^\| (\d+) \|", text("README.md"), re.MULTILINE)} <= codes


def test_layers_of_the_documents_are_those_of_the_source() -> None:
    folders = {path.parent.name for path in (ROOT / "src" / "waxseal").glob("*/__init__.py")}
    for name in ("README.md", "docs/architecture.md"):
        cells = re.findall(r"^\| (?:\d+ \| )?((?:`\w+`[ ·]*)+) \|", text(name), re.MULTILINE)
        assert {word for cell in cells for word in re.findall(r"`(\w+)`", cell)} == folders, name


def test_the_report_has_its_place() -> None:
    assert re.search(r"<!-- report -->\n```\n.+?\n```\n<!-- /report -->", text("README.md"), re.DOTALL)


def test_the_worked_check_gives_the_answers_of_its_examples() -> None:
    source = text("CONTRIBUTING.md").split("<!-- example check -->")[1]
    module = ModuleType("waxseal.checks.smtp.requiretls_missing")
    exec(compile(PYTHON.findall(source)[0], "CONTRIBUTING.md", "exec"), vars(module))
    check: Check = getattr(module.judge, CHECK_ATTRIBUTE)
    assert check.id == "smtp/requiretls-missing"
    assert len(check.explanation) > 120
    for example in module.examples():
        findings = judge_all(samples.fact_set(example), [check])
        assert [finding.verdict for finding in findings] == [example.verdict], example.name


def test_the_example_of_the_python_interface_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begun: list[Coroutine[Any, Any, None]] = []
    run = asyncio.run
    monkeypatch.setattr(asyncio, "run", begun.append)
    (source,) = PYTHON.findall(text("README.md"))
    exec(compile(source.replace("example.org", "expired.test"), "README.md", "exec"), {"__name__": "example"})

    async def in_the_lab() -> None:
        async with LabWorld() as world:
            monkeypatch.setattr("waxseal.api.default_network", world.network)
            await begun[0]

    run(in_the_lab())
    shown = capsys.readouterr().out
    assert "expired.test" in shown.splitlines()[0]
    assert "expired" in shown
    assert len(shown.splitlines()) >= 3
