"""The option of language: what there is, and what is said where there is nothing."""

import click
import pytest

from waxseal.cli.language import VARIABLE, language_option
from waxseal.errors import UsageError


@click.command
@language_option
def command(language: str) -> str:
    return language


def chosen(*arguments: str) -> object:
    return command.main(list(arguments), standalone_mode=False)


def test_the_language_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert chosen() == "en"
    assert chosen("--language", "de-AT") == "de"
    monkeypatch.setenv(VARIABLE, "de")
    assert chosen() == "de"
    assert chosen("--language", "en") == "en"


def test_an_unknown_language_is_a_mistake_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "xx")
    with pytest.raises(UsageError) as told:
        chosen()
    assert "'xx'" in told.value.message
    assert told.value.hint.endswith("one of: de, en")
