"""Fuzz target: hostile facts in every form of output (``report``), each read by another parser than ours.

The octets choose a recorded run and say which of its values become hostile (``tests.report.hostile_facts``).
"""

import sys
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.corpus import names_of, recorded
from tests.report.hostile_facts import Chooser, hostile, of_domain
from tests.report.wellformed import READERS

from waxseal.api import judge
from waxseal.cli.forms import FORMS, Wanted
from waxseal.facts import FactSet, Target
from waxseal.facts.stored import dump, load
from waxseal.grading.profile import profile_names
from waxseal.report.thresholds import Limits


@cache
def runs() -> list[FactSet]:
    """What can be made hostile: runs against real servers, and single domains of the lab."""
    lab = recorded("lab")
    roots = [record.subject for record in lab if isinstance(record.fact, Target)][::8]
    return [*map(recorded, names_of("real")), *(of_domain(lab, root) for root in roots)]


def fuzz_one(data: bytes) -> None:
    """Make facts hostile, store them, judge them, and write every form."""
    chooser = Chooser(data)
    base = chooser.one(tuple(runs()))
    profile = chooser.one(profile_names())
    wanted = Wanted(chooser.one(("high", "never")), Limits(), chooser.below(3), chooser.one(("en", "de")))
    facts = load(dump(hostile(base, chooser, chooser.one((8, 40, 200)))))
    result = judge(facts, profile=profile)
    for name, read in READERS.items():
        read(FORMS[name].render(result, wanted))


def main() -> None:
    """Run under atheris."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
