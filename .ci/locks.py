#!/usr/bin/env python3
"""Writes uv.lock and the requirements files made from it; with --check only compares them. Needs uv.

'./run lock' calls this. To raise versions: 'uv lock --upgrade', then './run lock'.
"""

# ruff: noqa: S603, T201
from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GROUPS = {
    "requirements.lock": [],
    "requirements-dev.lock": ["--group", "dev"],
    "requirements-docs.lock": ["--group", "docs"],
    "requirements-fuzz.lock": ["--group", "fuzz"],
}


def main(arguments: list[str]) -> int:
    """Write or compare; 1 where something is out of step."""
    check = arguments == ["--check"]
    if arguments and not check:
        return complain("It takes nothing but --check.", 2)
    uv = shutil.which("uv")
    if uv is None:
        return complain("The locks are made with uv, and there is none here.", 3)
    if subprocess.call([uv, "lock", *(["--check", "--offline"] if check else [])], cwd=ROOT):
        return complain("uv.lock is not in step with pyproject.toml.", 1)
    stale = []
    for name, groups in GROUPS.items():
        text = exported(uv, groups)
        if not check:
            (ROOT / name).write_text(text)
        elif not (ROOT / name).exists() or (ROOT / name).read_text() != text:
            stale.append(name)
    if stale:
        return complain(f"Not in step with uv.lock: {', '.join(stale)}; './run lock' writes them anew.", 1)
    return 0


def exported(uv: str, groups: list[str]) -> str:
    """A requirements file with hashes; it names no index and no local path."""
    flags = ["--frozen", "--no-default-groups", *groups, "--no-emit-project", "--no-annotate", "--no-header"]
    command = ["export", *flags, "--format", "requirements-txt"]
    body = subprocess.run([uv, *command], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return f"# Made from uv.lock by './run lock', which runs:\n# uv {' '.join(command)}\n{body}"


def complain(sentence: str, code: int) -> int:
    """Say what is wrong, and give the exit code."""
    print(f"locks: {sentence}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
