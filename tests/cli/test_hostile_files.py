"""Files that do harm, whether read or written: refused with exit code 2, soon, and nothing is lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import LIMIT_S, Command, environment
from waxseal.cli.targets_file import read_targets
from waxseal.errors import UsageError


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of facts with one target."""
    path = tmp_path_factory.mktemp("facts") / "run.facts"
    path.write_bytes(
        b'{"schema":"waxseal.facts/1"}\n{"fact":"target/1","subject":{"domain":"a.test"},'
        b'"seen_at":"2026-01-01T00:00:00Z","data":{"given":"a.test","kind":"domain","name":"a.test"}}\n'
    )
    return path


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ("a.test\r\nb.test\rc.test\nd.test", [1, 2, 3, 4]),
        ("# x\x0cy\u2028z\x85\x1cw\na.test", [2]),
        ("\n" * 1000 + "a.test#b\n", [1001]),
    ],
)
def test_lines_are_those_of_an_editor(tmp_path: Path, content: str, lines: list[int]) -> None:
    file = tmp_path / "targets"
    file.write_bytes(content.encode())
    assert [target.line for target in read_targets(file)] == lines


@pytest.mark.parametrize("between", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\0"])
def test_what_ends_no_line_is_part_of_it(tmp_path: Path, between: str) -> None:
    file = tmp_path / "targets"
    file.write_bytes(f"a.test{between}b.test\n".encode())
    with pytest.raises(UsageError, match=r"targets:1: '[^\x00-\x1f\x7f-\x9f\u2028]*' is no "):
        read_targets(file)


def test_no_form_is_written_where_it_does_harm(waxseal: Command, facts: Path, tmp_path: Path) -> None:
    before = facts.read_bytes()
    one = tmp_path / "one"
    one.touch()
    (tmp_path / "link").symlink_to(one)
    os.link(one, tmp_path / "hard")
    (tmp_path / "dangling").symlink_to("nowhere/at-all")
    cases = {
        f"json={facts}": "would overwrite",
        f"json={facts.parent}/../{facts.parent.name}/{facts.name}": "would overwrite",
        f"json={tmp_path}": "cannot be written",
        f"json={tmp_path}/dangling": "cannot be written",
        f"json={tmp_path}/{'a' * 300}": "cannot be written",
        "json=/dev/full": "No space left",
    }
    for given, told in cases.items():
        ran = waxseal("judge", str(facts), "--write", given)
        assert (ran.code, told in ran.err) == (2, True), (given, ran.err)
    for other in ("./one", "link", "hard"):
        ran = waxseal("judge", str(facts), "-w", f"json={one}", "-w", f"html={tmp_path}/{other}")
        assert "names one file twice" in ran.err
        ran = waxseal("judge", str(facts), "-w", f"json={one}", "--save", f"{tmp_path}/{other}")
        assert "names one file twice" in ran.err
    assert facts.read_bytes() == before
    assert waxseal("judge", str(facts), "-w", f"json={tmp_path}/link").code == 3
    assert one.read_bytes().startswith(b"{")


def test_a_line_without_an_end_does_not_fill_the_memory(waxseal: Command) -> None:
    ran = waxseal("judge", "/dev/zero")
    assert ran.code == 2
    assert "/dev/zero, line 1: longer than" in ran.err


@pytest.mark.parametrize("command", [("judge", "-"), ("check", "--targets", "-")])
def test_standard_input_that_is_closed(command: tuple[str, ...]) -> None:
    ran = subprocess.run(
        ["/bin/sh", "-c", '"$0" -m waxseal "$@" <&-', sys.executable, *command],
        capture_output=True,
        timeout=LIMIT_S,
        check=False,
        env=environment(),
    )
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert b"target" in ran.stderr


def test_no_name_of_a_file_commands_the_terminal(waxseal: Command) -> None:
    ran = waxseal("judge", "/nowhere/\x1b[31m\u202e")
    assert "/nowhere/\\x1b[31m\\u202e cannot be read" in ran.err
    ran = waxseal("judge", f"/nowhere/{'a' * 100_000}")
    assert ran.code == 2
    assert len(ran.err) < 5_000


def test_a_form_is_not_written_over_the_targets(waxseal: Command, tmp_path: Path) -> None:
    targets = tmp_path / "domains.txt"
    targets.write_text("sound.test\n", encoding="utf-8")
    ran = waxseal("check", "--lab", "--targets", str(targets), "--write", f"json={targets}")
    assert ran.code == 2
    assert "which is read" in ran.err
    assert targets.read_text(encoding="utf-8") == "sound.test\n"
