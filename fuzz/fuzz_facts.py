"""Fuzz target: recorded facts, read back and judged (``facts.stored``, ``checks``).

Whatever a file holds, loading gives facts or a `UsageError`, and judging never crashes a check.
"""

import sys

from waxseal.checks.engine import judge_all
from waxseal.errors import UsageError
from waxseal.facts.stored import dump, load


def fuzz_one(data: bytes) -> None:
    """Load, write down again, and judge."""
    try:
        facts = load(data.split(b"\n"))
    except UsageError:
        return
    again = load(dump(facts))
    assert [r.fact for r in again] == [r.fact for r in facts]
    findings = judge_all(facts)
    assert not any(finding.crashed for finding in findings), [f for f in findings if f.crashed]


def main() -> None:
    """Run under atheris."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
