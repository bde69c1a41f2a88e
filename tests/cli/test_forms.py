"""Forms of output: ``--format``, ``--write``, targets from a file, and what can be mistaken about them."""

import json
from pathlib import Path

import pytest

from tests.cli.command import Command
from waxseal.cli.forms import FORMS, form_and_path
from waxseal.errors import UsageError
from waxseal.facts import Target
from waxseal.facts.stored import load

BY_ENDING = {
    "report.html": "html",
    "REPORT.HTM": "html",
    "a.md": "markdown",
    "a.csv": "csv",
    "a.json": "json",
    "junit.xml": "junit",
    "a.sarif": "sarif",
    "a.prom": "prometheus",
    "a.facts": "facts",
    "a.jsonl": "facts",
    "a.txt": "text",
    "nagios=a.out": "nagios",
    "html=x=y": "html",
}


@pytest.mark.parametrize("given", BY_ENDING)
def test_a_file_says_its_form(given: str) -> None:
    assert form_and_path(given)[0] == BY_ENDING[given]


@pytest.mark.parametrize("given", ["report", "report.pdf", "pdf=report", "md=report.md", "html=", "=x", ""])
def test_a_file_that_says_none_is_a_mistake(given: str) -> None:
    with pytest.raises(UsageError):
        form_and_path(given)


def test_every_form_of_one_run(waxseal: Command, tmp_path: Path) -> None:
    wanted = [f"{form}={tmp_path / form}" for form in FORMS]
    ran = waxseal("check", "--lab", "self-signed.test", *(part for file in wanted for part in ("-w", file)))
    assert ran.code == 0, ran
    for form in FORMS:
        written = (tmp_path / form).read_text(encoding="utf-8")
        assert "self-signed.test" in written, form
        assert "rfc9325/1" in written or form in ("facts", "transcript"), form
    with (tmp_path / "facts").open("rb") as facts:
        assert [record.fact.name for record in load(facts) if isinstance(record.fact, Target)] == [
            "self-signed.test"
        ]
    for form in set(FORMS) - {"nagios", "checkmk"}:
        ran = waxseal("judge", str(tmp_path / "facts"), "--format", form)
        assert ran.code == 0, (form, ran.err)
        assert ran.out == (tmp_path / form).read_bytes().decode(), form


def test_targets_of_a_file_keep_their_line(waxseal: Command, tmp_path: Path) -> None:
    file = tmp_path / "domains.txt"
    file.write_bytes(b"\xef\xbb\xbf# mine\r\nsound.test\r\n\r\n  null-mx.test   # no mail\r\n")
    ran = waxseal("check", "--lab", "--targets", str(file), "--json")
    assert ran.code == 0, ran.err
    targets = [report["target"] for report in json.loads(ran.out)["reports"]]
    assert [(t["name"], t["file"], t["line"]) for t in targets] == [
        ("sound.test", str(file), 2),
        ("null-mx.test", str(file), 4),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"sound.test\nnot a target\nsmtp://\n", "domains.txt:2: "),
        (b"# nothing\n\n", "names no target"),
        (b"\xff\xfe", "no UTF-8 text"),
        (b"x" * (16 * 2**20 + 1), "larger than 16 MiB"),
    ],
    ids=["wrong lines", "empty", "no text", "large"],
)
def test_a_file_that_names_no_targets(waxseal: Command, tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "domains.txt"
    file.write_bytes(content)
    ran = waxseal("check", "--targets", str(file))
    assert ran.code == 2
    assert ran.out == ""
    assert said in ran.err
    assert "hint: " in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--json", "--format", "html"), "json and html exclude each other"),
        (("--write", "report"), "does not say in which form"),
        (("--write", "md=a.md"), "there is no form 'md'"),
        (("--write", "a.html", "--write", "html=a.html"), "names one file twice"),
        (("--write", "/nowhere/a.html"), "cannot be written"),
        (("--format", "pdf"), "is not one of"),
        (("--targets", "/nowhere/at-all"), "cannot be read"),
    ],
)
def test_mistakes_are_told_before_anything_is_tested(
    waxseal: Command, arguments: tuple[str, ...], said: str
) -> None:
    ran = waxseal("check", "example.org", *arguments)
    assert ran.code == 2
    assert said in ran.err
