"""The command as a monitoring plug-in: thresholds, exit codes, and failures in the form asked for."""

import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests.cli.command import Command, program
from tests.report.perfdata import read_answer
from waxseal.cli.gathering import gathered
from waxseal.cli.plugin import PLUGIN_OPTIONS, asked_form
from waxseal.grading.severity import Severity
from waxseal.report.thresholds import Limits, Range


@click.command()
@gathered(PLUGIN_OPTIONS, Limits, "limits")
def command(limits: Limits) -> None:  # type: ignore[misc,unused-ignore]
    click.echo(repr(limits))


def limits(*arguments: str) -> str:
    run = CliRunner().invoke(command, arguments)
    return run.output.strip() if run.exit_code == 0 else f"{run.exit_code}: {run.output}"


def test_defaults_are_those_of_the_limits() -> None:
    assert limits() == repr(Limits())


def test_every_option() -> None:
    given = ["--warning", "low", "--critical", "never"]
    given += ["--expiry-warning", "14:", "--expiry-critical", "@~:3"]
    given += ["--letter-warning", "b", "--letter-critical", "D"]
    wanted = Limits(Severity.LOW, None, Range(14.0), Range(-float("inf"), 3.0, inside=True), "B", "D")
    assert limits(*given) == repr(wanted)


@pytest.mark.parametrize("text", ["20:10", "soon", "", "1e3"])
def test_what_is_no_range_is_a_mistake(text: str) -> None:
    assert limits("--expiry-warning", text).startswith("2: ")
    assert "14:" in limits("--expiry-warning", text)


@pytest.mark.parametrize(
    ("arguments", "form"),
    [
        (["check", "a.test", "--format", "nagios"], "nagios"),
        (["check", "--format=checkmk", "a.test"], "checkmk"),
        (["check", "-f", "nagios"], "nagios"),
        (["check", "-fnagios", "--bogus"], "nagios"),
        (["check", "--format", "json"], None),
        (["check", "--", "--format", "nagios"], None),
        (["check", "nagios", "--format"], None),
        ([], None),
    ],
)
def test_the_form_that_a_command_line_asks_for(arguments: list[str], form: str | None) -> None:
    assert asked_form(arguments) == form


def test_the_form_that_the_environment_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAXSEAL_CHECK_FORMAT", "nagios")
    assert asked_form(["check"]) == "nagios"
    assert asked_form(["judge"]) is None
    assert asked_form(["check", "--format", "json"]) is None
    assert asked_form(["check", "--json"]) is None


def test_a_letter_that_is_none_is_told_in_capitals() -> None:
    assert "'A' is not one of 'B', 'C', 'D', 'E', 'F'" in limits("--letter-warning", "a")


MISTAKES = [
    ("check", "--format", "nagios"),
    ("check", "a b", "--format", "nagios"),
    ("check", "x.test", "--format", "nagios", "--bogus"),
    ("check", "x.test", "--format", "nagios", "--port", "0"),
    ("judge", "/nowhere|\nOK", "--format", "nagios"),
]


@pytest.mark.parametrize("arguments", MISTAKES, ids=str)
def test_mistakes_are_unknown_on_standard_output(waxseal: Command, arguments: tuple[str, ...]) -> None:
    ran = waxseal(*arguments)
    assert (ran.code, ran.err) == (3, "")
    assert read_answer(ran.out).status == "UNKNOWN"


def test_a_mistake_in_a_local_check(waxseal: Command) -> None:
    ran = waxseal("check", "x.test", "--format", "checkmk", "--bogus")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith('3 "waxseal" - ')


def test_mistakes_in_other_forms_stay_as_they_are(waxseal: Command) -> None:
    ran = waxseal("check", "x.test", "--format", "json", "--bogus")
    assert (ran.code, ran.out) == (2, "")


def test_a_bug_is_unknown(waxseal: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def crash(path: Path) -> None:
        raise ZeroDivisionError("of | ours")

    monkeypatch.setattr("waxseal.cli.judge.read_facts", crash)
    ran = waxseal("judge", str(tmp_path), "--format", "nagios")
    assert ran.code == 3
    assert "a bug in waxseal" in read_answer(ran.out).text


@pytest.mark.parametrize(
    ("target", "code"), [("sound.test", 0), ("no-starttls.test", 2), ("greeting-554.test", 3)]
)
def test_the_exit_code_is_the_status(target: str, code: int, tmp_path: Path) -> None:
    facts = str(tmp_path / "facts")
    form = ("--format", "nagios")
    ran = program("check", "--lab", target, *form, "--save", facts, "--time-limit", "8", LC_ALL="C")
    assert ran.returncode == code
    assert read_answer(ran.stdout.decode()).code == code
    assert ran.stderr == b""
    again = program("judge", facts, *form)
    assert (again.returncode, again.stdout, again.stderr) == (code, ran.stdout, b"")
    calm = program("judge", facts, *form, "--warning", "never", "--critical", "never")
    assert calm.returncode == (code if code == 3 else 0)


def test_local_checks_end_well() -> None:
    ran = program("check", "--lab", "no-starttls.test", "--format", "checkmk", "--time-limit", "8")
    assert ran.returncode == os.EX_OK
    assert ran.stdout.startswith(b'2 "waxseal no-starttls.test" time=')
    assert ran.stderr == b""
