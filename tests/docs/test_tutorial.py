"""Every command of the tutorial is run, in order, in one shell; what it shows of the output has to come."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

TUTORIAL = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PORT = "4465"


class Step(NamedTuple):
    """A command, and the lines of output that are shown of it."""

    command: str
    shown: tuple[str, ...]


def steps(text: str) -> list[Step]:
    found: list[Step] = []
    for block in CONSOLE.findall(text):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Step(line[2:], ()))
            elif line.strip() not in ("", "..."):
                found[-1] = Step(found[-1].command, (*found[-1].shown, line.strip()))
    return found


def missing(shown: tuple[str, ...], output: str) -> list[str]:
    """Lines that do not come, or not in this order."""
    lines = iter(output.splitlines())
    return [line for line in shown if not any(line in real for real in lines)]


def test_missing_lines_are_found() -> None:
    assert missing(("b", "d"), "a b\nc\nd") == []
    assert missing(("d", "b"), "a b\nc\nd") == ["b"]
    assert steps("```console\n$ one\nx\n...\n$ two\n```\n") == [Step("one", ("x",)), Step("two", ())]


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


@pytest.mark.timeout(180)
def test_it_can_be_followed(tmp_path: Path) -> None:
    port = free_port()
    followed = steps(TUTORIAL.read_text(encoding="utf-8").replace(PORT, port))
    assert len(followed) > 15
    launcher = tmp_path / "bin" / "waxseal"
    launcher.parent.mkdir()
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m waxseal "$@"\n')
    launcher.chmod(0o755)
    mark = "== next step =="
    lines = ["trap 'kill $(jobs -p) 2>/dev/null' EXIT"]
    for step in followed:  # the mark must not change $?
        lines += [step.command, f"code=$?; echo; echo '{mark}'; (exit $code)"]
    ran = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{launcher.parent}:{os.environ['PATH']}",
            "COLUMNS": "80",
            "NO_COLOR": "1",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    outputs = ran.stdout.split(mark)
    assert len(outputs) == len(followed) + 1, ran.stderr
    wrong = {
        s.command: lost for s, out in zip(followed, outputs, strict=False) if (lost := missing(s.shown, out))
    }
    assert wrong == {}, ran.stdout + ran.stderr
