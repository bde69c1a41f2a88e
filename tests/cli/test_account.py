"""Reading the file with an account."""

import os
from pathlib import Path

import pytest

from waxseal.cli.account import MAX_OCTETS, read_account
from waxseal.errors import UsageError
from waxseal.probes.settings import Account

SECRET = "hunter2 hunter3"


def written(path: Path, octets: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(octets)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    "octets", [b"me@example.org\nhunter2 hunter3", b"\xef\xbb\xbfme@example.org\r\nhunter2 hunter3\r\n"]
)
def test_two_lines(tmp_path: Path, octets: bytes) -> None:
    account = read_account(written(tmp_path / "account", octets))
    assert account == Account("me@example.org", SECRET)
    assert SECRET not in repr(account)


def test_spaces_belong_to_the_password(tmp_path: Path) -> None:
    assert read_account(written(tmp_path / "account", "me\n  ü \n".encode())).password == "  ü "


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_others_may_not_open_it(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path / "account", b"me\nhunter2", mode)
    with pytest.raises(UsageError) as raised:
        read_account(path)
    assert raised.value.hint == f"chmod 600 {path}"
    assert "hunter2" not in raised.value.message


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"hunter2",
        b"hunter2\n",
        b"hunter2\n\n",
        b"\nhunter2\n",
        b"me\nhunter2\nmore",
        b"me\nhunter2\n\n",
        b"me\nhun\x00ter2",
        b"me\nhun\xc2\x9bter2",
        b"me\nhun\rter2",
        b" \nhunter2",
        b"me\nhunter2\xff",
        b"me\n" + b"hunter2" * MAX_OCTETS,
    ],
)
def test_other_forms_are_refused_without_a_word_of_them(tmp_path: Path, octets: bytes) -> None:
    with pytest.raises(UsageError) as raised:
        read_account(written(tmp_path / "account", octets))
    assert "hunter2" not in raised.value.message + raised.value.hint
    assert raised.value.__cause__ is None


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path / "none", tmp_path, tmp_path / "pipe"):
        with pytest.raises(UsageError, match="account"):
            read_account(path)
