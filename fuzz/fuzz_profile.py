"""Fuzz target: profiles (``grading.profile``). Any TOML gives a `ValueError`, or a profile that judges.

The first octet says what the text is laid over: nothing, a head that extends a built-in profile, or that
profile itself. What is read is weighed over recorded facts, and printed.
"""

import sys
from functools import cache
from importlib.resources import files
from io import StringIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rich.console import Console
from tests.corpus import recorded

from waxseal.api import judge
from waxseal.facts import FactSet
from waxseal.grading.profile import load_profile, parse_profile, profile_names
from waxseal.report.csv_form import render_csv
from waxseal.report.profiles import print_profile

HEAD = 'id="x"\nversion="1"\ntitle="t"\nextends="rfc9325"\n'
MOST_OWN = 20


@cache
def beginning(number: int) -> str:
    """What stands before the fuzzer's text."""
    if number < 2:
        return (HEAD, "")[number]
    name = profile_names()[number % len(profile_names())]
    text = files("waxseal.grading").joinpath("profiles", f"{name}.toml").read_text(encoding="utf-8")
    return text.replace(f'id = "{name}"', 'id = "x"') + "\n"


@cache
def facts() -> FactSet:
    """What a profile is tried on."""
    return recorded("real/postfix-default")


def fuzz_one(data: bytes) -> None:
    """Read, print and use a profile."""
    if not data:
        return
    try:
        profile = parse_profile(beginning(data[0] % 16) + data[1:].decode("utf-8", "replace"))
    except ValueError:
        return
    result = judge(facts(), profile=profile)
    crashed = [f.check for report in result.reports for f in report.findings if f.crashed]
    assert not crashed, crashed
    render_csv(result.reports, result.facts)
    if len(profile.own) < MOST_OWN:
        out = StringIO()
        print_profile(Console(file=out, width=100), profile, load_profile())
        assert "\x1b" not in out.getvalue()


def main() -> None:
    """Run under atheris."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
