"""``waxseal judge``: the same verdicts from recorded facts."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Command, program


def findings(text: str) -> list[dict[str, Any]]:
    document = json.loads(text)
    return [finding for report in document["reports"] for finding in report["findings"]]


@pytest.mark.parametrize(
    "domain",
    [
        "sound.test",
        "expired.test",
        "no-starttls.test",
        "mx-private.test",
        "nxdomain.test",
        "b\u00fccher.test",
    ],
)
def test_recorded_facts_give_the_same_report(waxseal: Command, tmp_path: Path, domain: str) -> None:
    file = tmp_path / "run.jsonl"
    checked = waxseal("check", "--lab", domain, "--json", "--save", str(file))
    judged = waxseal("judge", str(file), "--json")
    assert judged.out == checked.out
    assert judged.code == checked.code
    assert findings(judged.out)
    assert judged.err == ""


def test_the_report_for_people_is_the_same_too(waxseal: Command, tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    checked = waxseal("check", "--lab", "expired.test", "-v", "--save", str(file))
    assert waxseal("judge", str(file), "-v").out == checked.out


def test_facts_pass_through_unchanged(waxseal: Command, tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    waxseal("check", "--lab", "null-mx.test", "--save", str(file))
    unknown = b'{"fact":"moon.phase/3","subject":{},"seen_at":"2026-11-01T12:00:00Z","data":{"b" :1.50}}\n'
    file.write_bytes(file.read_bytes() + unknown)
    ran = waxseal("judge", str(file), "--facts")
    assert ran.out.encode() == file.read_bytes()


def test_the_transcript_is_in_the_facts(waxseal: Command, tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    checked = waxseal("check", "--lab", "no-starttls.test", "--transcript", "--save", str(file))
    assert waxseal("judge", str(file), "--transcript").out == checked.out


def test_facts_come_through_a_pipe() -> None:
    facts = program("check", "--lab", "no-starttls.test", "--facts").stdout
    ran = program("judge", "-", "--json", standard_input=facts)
    assert ran.returncode == 1
    assert "smtp/starttls-missing" in {
        f["check"] for f in findings(ran.stdout.decode()) if f["verdict"] == "fail"
    }
    assert ran.stderr == b""


def test_several_files_are_several_reports(waxseal: Command, tmp_path: Path) -> None:
    files = []
    for domain in ("sound.test", "null-mx.test"):
        files.append(str(tmp_path / domain))
        waxseal("check", "--lab", domain, "--save", files[-1])
    ran = waxseal("judge", *files)
    assert ran.code == 0
    assert ran.out.index("sound.test") < ran.out.index("null-mx.test")
    assert waxseal("judge", *files, "--json").code == 2


GREETING = (
    '{"fact":"smtp.greeting/1","subject":{"port":25},"seen_at":"2026-11-01T12:00:00","data":{}}',
    '{"fact":"smtp.greeting/1"}',
    '{"schema":"waxseal.facts/2"}',
    "not JSON",
    "[" * 50_000,
    "",
)


@pytest.mark.parametrize("line", GREETING)
def test_a_file_that_holds_no_facts_is_the_users_mistake(waxseal: Command, tmp_path: Path, line: str) -> None:
    file = tmp_path / "run.jsonl"
    file.write_text(f'{{"schema":"waxseal.facts/1"}}\n{line}\n')
    ran = waxseal("judge", str(file))
    assert ran.code == 2
    assert ran.out == ""
    assert str(file) in ran.err
    assert "hint:" in ran.err
    assert len(ran.err) < 1000


@pytest.mark.parametrize("name", ["missing.jsonl", ""])
def test_a_file_that_cannot_be_read_is_the_users_mistake(waxseal: Command, tmp_path: Path, name: str) -> None:
    ran = waxseal("judge", str(tmp_path / name))
    assert ran.code == 2
    assert "cannot be read" in ran.err


def test_binary_and_no_file_at_all(waxseal: Command, tmp_path: Path) -> None:
    file = tmp_path / "noise"
    file.write_bytes(bytes(range(256)) * 100)
    assert waxseal("judge", str(file)).code == 2
    assert waxseal("judge").code == 2


def test_of_several_files_a_finding_goes_before_what_could_not_be_tested(
    waxseal: Command, tmp_path: Path
) -> None:
    files = []
    for domain in ("no-starttls.test", "greeting-421.test"):
        files.append(str(tmp_path / domain))
        waxseal("check", "--lab", domain, "--save", files[-1])
    assert waxseal("judge", *files).code == 1
