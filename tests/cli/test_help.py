"""Help is quick and in sections: what tests servers is imported when servers are tested."""

import subprocess
import sys

import pytest

from tests.cli.command import LIMIT_S, Command

HEAVY = ("asyncio", "ssl", "cryptography", "rich", "waxseal.api", "waxseal.facts", "waxseal.net.network")


@pytest.mark.parametrize("name", ["check", "judge", "compare"])
def test_help_imports_nothing_heavy(name: str) -> None:
    program = f"import sys, waxseal.cli.{name}; print(*(m for m in {HEAVY!r} if m in sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, timeout=LIMIT_S, check=True, text=True
    )
    assert ran.stdout.strip() == ""


def test_each_option_of_check_stands_in_one_section(waxseal: Command) -> None:
    text = waxseal("check", "--help").out
    sections = [line for line in text.splitlines() if line and line[0] != " " and line.endswith(":")]
    assert sections[0].startswith("Targets")
    assert sections[-1] == "Judgement and output:"
    wanted = ("--lab", "-4", "--services", "--baseline", "--no-injection", "--via", "--json", "-h, --help")
    places = [text.index(f"\n  {option}") for option in wanted]
    assert places == sorted(places)
    assert all(text.count(f"\n  {option}") == 1 for option in wanted)
