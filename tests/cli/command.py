"""Runs the command line: in this process, or as a program of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

from waxseal.cli.main import _run

LIMIT_S = 60


@dataclass(frozen=True)
class Ran:
    """What a run left."""

    code: int
    out: str
    err: str


class Command:
    """``waxseal`` in this process, which is quick."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture

    def __call__(self, *arguments: str) -> Ran:
        self._capture.readouterr()
        code = _run(list(arguments))
        out, err = self._capture.readouterr()
        return Ran(code, out, err)


def environment(**changes: str) -> dict[str, str]:
    """This environment without what changes the output, and with some changes."""
    dropped = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM", "PYTHONUTF8", "WAXSEAL_TRACEBACK")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "TERM": "xterm-256color", "PYTHONUTF8": "1", **changes}


def program(
    *arguments: str | bytes, standard_input: bytes = b"", **changes: str
) -> "subprocess.CompletedProcess[bytes]":
    """``waxseal`` as a program of its own, its output piped."""
    return subprocess.run(
        [sys.executable, "-m", "waxseal", *arguments],
        input=standard_input,
        capture_output=True,
        timeout=LIMIT_S,
        check=False,
        env=environment(**changes),
    )
