"""The answer to what is there or not there, by the class that a profile gives it."""

from waxseal.checks.api import Judgement, fail, passed, warn
from waxseal.grading.rules.classes import Rank, rank_of_key


def of_class(key: str, summary: str, *evidence: str) -> Judgement:
    """FAIL for insufficient, WARN for phase-out, else PASS.

    Raises:
        ValueError: `key` is no class.
    """
    rank = rank_of_key(key)
    if rank is Rank.INSUFFICIENT:
        return fail(summary, *evidence)
    return warn(summary, *evidence) if rank is Rank.PHASE_OUT else passed(summary, *evidence)


def expect_bad(key: str, value: str) -> None:
    """See that a class is one that a rule can hold against somebody.

    Raises:
        ValueError: It is not.
    """
    if rank_of_key(value) not in (Rank.PHASE_OUT, Rank.INSUFFICIENT):
        raise ValueError(f"`{key}` is phase_out or insufficient, not {value!r}")
