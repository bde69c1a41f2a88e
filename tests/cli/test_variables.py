"""Variables of the environment: named after options, and behind what the command line says."""

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.cli.command import Command
from waxseal.cli.main import COMMANDS
from waxseal.cli.main import waxseal as group


@pytest.fixture
def facts(waxseal: Command, tmp_path: Path) -> str:
    """What was seen of one domain of the lab."""
    path = tmp_path / "facts.jsonl"
    assert waxseal("check", "--lab", "sound.test", "--save", str(path)).code == 0
    return str(path)


def options() -> Iterator[tuple[str, click.Option]]:
    """Every option that the environment sets, with its command."""
    context = click.Context(group)
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None
        for option in command.params:
            if isinstance(option, click.Option) and option.allow_from_autoenv:
                yield name, option


def test_each_is_named_after_its_option_and_sets_no_other() -> None:
    taken: set[str] = set()
    for name, option in options():
        if any(given.startswith("--") for given in option.opts):
            assert isinstance(option.envvar, list)
            first = option.envvar[0]
            assert first.startswith(f"WAXSEAL_{name.upper()}_")
            assert f"--{first.split('_', 2)[2].lower().replace('_', '-')}" in option.opts
            assert first not in taken
            taken.add(first)
    assert {"WAXSEAL_CHECK_RESOLVER", "WAXSEAL_JUDGE_PROFILE", "WAXSEAL_CHECK_FORMAT"} <= taken


def test_several_values_are_separated_by_blanks(
    waxseal: Command, facts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAXSEAL_JUDGE_PROFILE", "rfc9325 mozilla-5.7-modern")
    assert waxseal("judge", facts).out.split()[:3] == ["sound.test", "rfc9325/1", "mozilla-5.7-modern/1"]


def test_the_command_line_goes_before(waxseal: Command, facts: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAXSEAL_JUDGE_FORMAT", "csv")
    assert waxseal("judge", facts).out.startswith("target,domain,")
    for arguments in (("--json",), ("--format", "json")):
        assert json.loads(waxseal("judge", facts, *arguments).out)["schema"] == "waxseal.report/1"


def test_a_switch_for_a_form_is_none_of_them(
    waxseal: Command, facts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FORMS", "JSON"):
        monkeypatch.setenv(f"WAXSEAL_JUDGE_{name}", "json")
    ran = waxseal("judge", facts)
    assert ran.code == 0
    assert ran.out.startswith(" SEALED ")


def test_a_mistake_in_one_is_told(waxseal: Command, facts: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAXSEAL_JUDGE_LETTERS_BY", "median")
    ran = waxseal("judge", facts)
    assert ran.code == 2
    assert "'--letters-by': 'median' is not one of" in ran.err
