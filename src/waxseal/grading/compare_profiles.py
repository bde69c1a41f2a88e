"""What two or more profiles say differently of the same findings. How it is printed is in ``report``."""

from collections.abc import Sequence

from msgspec import Struct

from waxseal.checks.api import Verdict
from waxseal.facts import Subject
from waxseal.grading.profile import GradedFinding
from waxseal.grading.severity import Severity

_BAD = (Verdict.FAIL, Verdict.WARN)


class Word(Struct, frozen=True):
    """What one profile says of one thing.

    Attributes:
        verdict, severity, summary, exempt: As in `GradedFinding`.
    """

    verdict: Verdict
    severity: Severity
    summary: str
    exempt: str = ""


class Difference(Struct, frozen=True):
    """One check or rule at one subject, of which the profiles do not say the same.

    Attributes:
        check: Its id.
        title: The fault in a few words.
        subject: Where.
        words: What each profile says, in their order; None where it does not speak.
    """

    check: str
    title: str
    subject: Subject
    words: tuple[Word | None, ...]

    @property
    def weight(self) -> Severity:
        """The greatest severity that any of them gives it."""
        return max(word.severity for word in self.words if word is not None)


def differences(by_profile: Sequence[Sequence[GradedFinding]]) -> tuple[Difference, ...]:
    """Where the verdicts or the severities differ, and at least one profile has something to mend.

    Args:
        by_profile: The findings of the same facts, by each profile.

    Returns:
        Sorted: the weightiest first, then by check and subject.
    """
    words: dict[tuple[str, Subject], list[Word | None]] = {}
    titles: dict[str, str] = {}
    for number, findings in enumerate(by_profile):
        for finding in findings:
            row = words.setdefault((finding.check, finding.subject), [None] * len(by_profile))
            row[number] = Word(finding.verdict, finding.severity, finding.summary, finding.exempt)
            titles[finding.check] = finding.title
    found = [
        Difference(check, titles[check], subject, tuple(row))
        for (check, subject), row in words.items()
        if _differ(row)
    ]
    return tuple(sorted(found, key=lambda d: (-d.weight, d.check, str(d.subject))))


def _differ(row: list[Word | None]) -> bool:
    told = {None if word is None else (word.verdict, word.severity) for word in row}
    return len(told) > 1 and any(word is not None and word.verdict in _BAD for word in row)
