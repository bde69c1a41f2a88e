"""What a rule sees: the facts around one subject, and what checks found there."""

from collections import defaultdict
from collections.abc import Iterable
from typing import TypeVar

from waxseal.checks.absence import absence
from waxseal.checks.api import Finding, Judgement
from waxseal.facts import Fact, FactSet, Subject

F = TypeVar("F", bound=Fact)


class FindingIndex:
    """Findings by check and subject, of those checks alone that rules name."""

    def __init__(self, findings: Iterable[Finding], wanted: frozenset[str]) -> None:
        self._found: dict[tuple[str, Subject], list[Finding]] = defaultdict(list)
        if wanted:
            for finding in findings:
                if finding.check in wanted:
                    self._found[finding.check, finding.subject].append(finding)

    def nearest(self, check: str, subject: Subject) -> list[Finding]:
        """The findings of a check at the subject, or at the nearest one around it that has any."""
        for place in subject.outwards():
            found = self._found.get((check, place))
            if found:
                return found
        return []


class Scene:
    """One subject, with what was seen of it."""

    def __init__(self, facts: FactSet, subject: Subject, findings: FindingIndex) -> None:
        self.facts = facts
        self.subject = subject
        self.findings = findings

    def nearest(self, kind: type[F]) -> F | None:
        """The newest fact of a type at the subject or around it."""
        return self.facts.nearest(kind, self.subject)

    def lacking(self, kind: type[Fact]) -> Judgement:
        """The answer where a fact is missing: not seen, or not to be seen here."""
        return absence(self.facts, self.subject, kind)
