#!/usr/bin/env python3
"""All that has to hold, in order, and all of it even when a part fails: './run test [pytest arguments]'.

Arguments go to pytest, which comes last and spreads over the processors unless they say otherwise.
"""

# ruff: noqa: S603, T201
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent
MOST_WORKERS = 8


def main(arguments: list[str]) -> int:
    """Run every step and sum up; 1 where one of them failed."""
    outcomes: list[str] = []
    failed = False
    for name, command in steps(arguments).items():
        print(f"== {name}" if command else f"== {name}: skipped, there is no uv here", flush=True)
        began = time.monotonic()
        code = subprocess.call(command, cwd=ROOT, stdin=subprocess.DEVNULL) if command else 0
        failed = failed or code != 0
        said = f"ended with {code}" if code else "ok" if command else "skipped"
        outcomes.append(f"{name} {said} ({time.monotonic() - began:.1f} s)")
    print(f"== {'FAILED' if failed else 'All is well'}: {', '.join(outcomes)}", flush=True)
    return int(failed)


def steps(arguments: list[str]) -> dict[str, list[str]]:
    """The commands by name; an empty one cannot be run here."""
    tool = {name: str(TOOLS / name) for name in ("ruff", "mypy", "lint-imports")}
    locks = [sys.executable, ".ci/locks.py", "--check"]
    return {
        "ruff check": [tool["ruff"], "check", ".", "run"],
        "ruff format": [tool["ruff"], "format", "--check", ".", "run"],
        "mypy": [tool["mypy"]],
        "lint-imports": [tool["lint-imports"]],
        "locks": locks if shutil.which("uv") else [],
        "pytest": [sys.executable, "-m", "pytest", *spread(arguments), *arguments],
    }


def spread(arguments: list[str]) -> list[str]:
    """How pytest spreads its tests: one worker a processor, at most 8; nothing where the arguments say it."""
    if any(argument.startswith(("-n", "--numprocesses", "--dist", "--pdb")) for argument in arguments):
        return []
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return [] if usable == 1 else ["-n", str(min(usable, MOST_WORKERS)), "--dist", "worksteal"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
