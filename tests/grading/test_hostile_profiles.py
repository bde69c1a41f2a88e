"""Profiles that somebody made to do harm: a ValueError says what is wrong, soon, and nothing else happens."""

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxseal.grading.profile import load_profile, parse_profile

HEAD = 'id = "ours"\nversion = "1"\ntitle = "t"\n'
RULE = """
[[rules]]
id = "r"
kind = "suites"
title = "T"
level = "SHOULD"
source = "s"
why = "w"
remedy = "r"
"""
EXEMPTION = '[[exemptions]]\ncheck = "*"\nreason = "r"\nuntil = 9999-12-31\n'


def extending(name: str) -> str:
    return f"{HEAD}extends = {name!r}\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = " + "[" * 100_000, "no TOML"),
        (".".join(["a"] * 50_000) + " = 1", "100 dots in line 1"),
        ("a = 1" + "0" * 5_000, "no TOML"),
        ("\0", "no TOML"),
        (HEAD.replace("ours", "a/b"), "`id` is no word"),
        (HEAD.replace("ours", "a\\n\\u001b[31m"), "`id` is no word"),
        (HEAD.replace("ours", "x" * 101), "`id` is no word"),
        (extending("rfc9325") + RULE.replace('"r"\nkind', '"a/b"\nkind'), "rule a/b: .* `id` is no word"),
        (extending("rfc9325") + RULE.replace('"r"\nkind', "{a = 1}\nkind"), "rule 1: Expected `str`"),
        (extending("rfc9325") + EXEMPTION.replace('"*"', '"' + "*a" * 5_000 + '"'), "is no check"),
        (extending("./a\0b").replace("\\x00", "\\u0000").replace("'", '"'), "`extends` is no path"),
    ],
)
def test_what_is_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_profile(text, folder=Path())


def test_a_pattern_of_thousands_of_asterisks_is_read() -> None:
    where = "*a" * 3_000 + "b"
    profile = parse_profile(extending("rfc9325") + EXEMPTION + f'where = "{where}"\n')
    assert profile.exemptions[0].where == where


def test_files_that_are_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.toml")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "loop.toml").symlink_to("loop.toml")
    (tmp_path / "zero.toml").symlink_to("/dev/zero")
    cases = {
        "./fifo.toml": "no regular file",
        "./folder.toml": "no regular file",
        "/dev/zero": "no regular file",
        "./loop.toml": "cannot be read",
        f"./{'a' * 5_000}": "cannot be read",
    }
    own = tmp_path / "own.toml"
    for name, told in cases.items():
        own.write_text(extending(name))
        with pytest.raises(ValueError, match=told):
            load_profile(str(own))
    with pytest.raises(ValueError, match="larger than 1 MiB"):
        load_profile(str(tmp_path / "zero.toml"))


def test_a_long_row_of_files(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"p{number}.toml").write_text(extending(f"./p{number + 1}.toml"))
    with pytest.raises(ValueError, match="is extended by 8 others"):
        load_profile(str(tmp_path / "p0.toml"))
    (tmp_path / "p3.toml").write_text(extending("./p0.toml"))
    with pytest.raises(ValueError, match="extends itself by way of"):
        load_profile(str(tmp_path / "p0.toml"))


NAMES = (
    "id version title extends levels checks rules exemptions check reason until where fail warn why source "
    "kind level remedy replaces like good settings MUST dane/mismatch against effort otherwise of"
)
KEYS = st.sampled_from(NAMES.split())
WORDS = st.sampled_from(["x", "rfc9325", "MUST", "high", "*", "suites", "groups", "checks", "published"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    WORDS | st.text(max_size=8) | st.integers() | st.floats() | st.booleans() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=8))
def test_tables_of_any_shape(data: dict[str, Any]) -> None:
    """Whatever a file holds, a profile comes of it or a ValueError."""
    text = "".join(f"{_key(key)} = {_toml(value)}\n" for key, value in data.items())
    assert tomllib.loads(text).keys() == data.keys()
    for head in ("", 'id="x"\nversion="1"\ntitle="t"\nextends="rfc9325"\n'):
        try:
            told = parse_profile(head + text).title
        except ValueError as error:
            told = str(error)
        assert told == data.get("title", "t") or told.startswith("the profile")


def _key(key: str) -> str:
    return f'"{key}"'


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        inner = "".join(f"\\U{ord(c):08x}" if not c.isalnum() else c for c in value)
        return f'"{inner}"'
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_key(key)} = {_toml(inner)}' for key, inner in value.items())}}}"
    return str(value)
