"""The answers that a check can give, and the constructors with which a judge gives them.

INCONCLUSIVE means "could not be seen": it says why and what to try, and is never rounded to good or bad.
"""

from enum import StrEnum

from msgspec import Struct

from waxseal.facts import Subject


class Verdict(StrEnum):
    """One of five answers, worst first."""

    FAIL = "fail"
    WARN = "warn"
    INCONCLUSIVE = "inconclusive"
    PASS = "pass"
    NOT_APPLICABLE = "not-applicable"


class Level(StrEnum):
    """How binding the cited text is; how much it matters is the profile's word."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    ADVICE = "ADVICE"


class Judgement(Struct, frozen=True, gc=False):
    """What a judge says of one subject.

    Attributes:
        verdict: The answer.
        summary: One sentence for people, without the subject's name.
        evidence: Lines that the answer rests on: reply lines, octets, dates.
        advice: What to try, with INCONCLUSIVE.
        follows: It could not be seen for a reason that another finding names.
    """

    verdict: Verdict
    summary: str
    evidence: tuple[str, ...] = ()
    advice: str = ""
    follows: bool = False


class Finding(Struct, frozen=True, gc=False, omit_defaults=True):
    """A judgement with the check that made it and the subject that it is about.

    Attributes:
        check: Check id, such as ``smtp/starttls-missing``.
        subject: What was judged. Wider than the check's own scope where nothing narrower was seen.
        verdict, summary, evidence, advice, follows: As in `Judgement`.
        missing: Tag of the fact that the judge needs and nobody saw; "" where the judge itself answered.
        crashed: The judge failed with a bug of ours; the verdict is INCONCLUSIVE then.
    """

    check: str
    subject: Subject
    verdict: Verdict
    summary: str
    evidence: tuple[str, ...] = ()
    advice: str = ""
    follows: bool = False
    missing: str = ""
    crashed: bool = False


def passed(summary: str, *evidence: str) -> Judgement:
    """The requirement is met, as far as it was seen."""
    return Judgement(Verdict.PASS, summary, evidence)


def warn(summary: str, *evidence: str) -> Judgement:
    """Something to mend that breaks no promise today."""
    return Judgement(Verdict.WARN, summary, evidence)


def fail(summary: str, *evidence: str) -> Judgement:
    """The requirement is broken."""
    return Judgement(Verdict.FAIL, summary, evidence)


def inconclusive(why: str, *evidence: str, advice: str) -> Judgement:
    """It could not be seen; `advice` says what to try."""
    return Judgement(Verdict.INCONCLUSIVE, why, evidence, advice)


def unreached(why: str, *evidence: str, advice: str) -> Judgement:
    """It could not be seen, and another finding names the reason: a report need not say it twice."""
    return Judgement(Verdict.INCONCLUSIVE, why, evidence, advice, follows=True)


def not_applicable(why: str) -> Judgement:
    """The question does not arise here."""
    return Judgement(Verdict.NOT_APPLICABLE, why)
