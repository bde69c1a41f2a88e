"""Profiles: versioned data that says how much each check's finding matters.

A check says what a fact means; the level of the text that it cites gives the usual weight, and a profile's
rule may change it, with a reason and a source. Adding a check needs no rule.
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from msgspec import Struct

from waxseal.checks.api import Check, Finding, Level, Remedy, Verdict
from waxseal.checks.registry import all_checks
from waxseal.facts import FactSet, Subject
from waxseal.grading.severity import Severity

_VERDICT_ORDER = {verdict: number for number, verdict in enumerate(Verdict)}


class Weight(Struct, frozen=True):
    """What a FAIL and a WARN weigh."""

    fail: Severity
    warn: Severity


class Rule(Struct, frozen=True):
    """A profile's own word on one check, with its reason and its source."""

    weight: Weight
    why: str
    source: str


class Profile(Struct, frozen=True):
    """A named and versioned set of weights."""

    id: str
    version: str
    title: str
    levels: dict[Level, Weight]
    rules: dict[str, Rule]

    def severity(self, check: Check, verdict: Verdict) -> Severity:
        """What a verdict of a check weighs; nothing unless it is FAIL or WARN."""
        rule = self.rules.get(check.id)
        weight = rule.weight if rule is not None else self.levels[check.level]
        if verdict is Verdict.FAIL:
            return weight.fail
        return weight.warn if verdict is Verdict.WARN else Severity.NONE


class GradedFinding(Struct, frozen=True, gc=False):
    """A finding with its weight, and with what its check says of it.

    Attributes:
        check, subject, verdict, summary, evidence, advice, follows, missing, crashed: As in `checks.Finding`.
        severity: By the profile.
        title, level, cites, remedy: As in `checks.Check`.
        exempt: Why and until when it does not count; "" where it does.
    """

    check: str
    subject: Subject
    verdict: Verdict
    severity: Severity
    summary: str
    evidence: tuple[str, ...]
    advice: str
    follows: bool
    missing: str
    crashed: bool
    title: str
    level: Level
    cites: tuple[str, ...]
    remedy: Remedy
    exempt: str = ""


@cache
def load_profile(name: str = "rfc9325") -> Profile:
    """A built-in profile.

    Raises:
        FileNotFoundError: There is none of that name.
        ValueError: Its file is not of the form.
    """
    text = files("waxseal.grading").joinpath("profiles", f"{name}.toml").read_text(encoding="utf-8")
    return parse_profile(text)


def parse_profile(text: str) -> Profile:
    """Read a profile's TOML.

    Raises:
        ValueError: It is not of the form; the message says where.
    """
    data = tomllib.loads(text)
    try:
        levels = {Level(name): _weight(row, None) for name, row in data["levels"].items()}
        rules = {}
        for name, row in data.get("checks", {}).items():
            known = all_checks().get(name)
            usual = levels[known.level] if known is not None else None
            rules[name] = Rule(_weight(row, usual), row["why"], row["source"])
        return Profile(data["id"], data["version"], data["title"], levels, rules)
    except KeyError as error:
        raise ValueError(f"the profile lacks {error}") from error


def _weight(row: dict[str, Any], usual: Weight | None) -> Weight:
    fail = Severity.from_label(row["fail"])
    default_warn = min(fail, usual.warn).label if usual is not None else row["fail"]
    return Weight(fail, Severity.from_label(row.get("warn", default_warn)))


def grade(findings: tuple[Finding, ...], profile: Profile, facts: FactSet) -> tuple[GradedFinding, ...]:
    """Weigh findings; what to fix first comes first: by severity, then verdict, check and subject."""
    checks = all_checks()
    graded = [_graded(finding, checks[finding.check], profile) for finding in findings]
    return tuple(sorted(graded, key=fix_order))


def fix_order(finding: GradedFinding) -> tuple[int, int, str]:
    """Sorts findings: the severest first, then the worst verdict, then by check."""
    return -finding.severity, _VERDICT_ORDER[finding.verdict], finding.check


def _graded(finding: Finding, check: Check, profile: Profile) -> GradedFinding:
    return GradedFinding(
        check=finding.check,
        subject=finding.subject,
        verdict=finding.verdict,
        severity=profile.severity(check, finding.verdict),
        summary=finding.summary,
        evidence=finding.evidence,
        advice=finding.advice,
        follows=finding.follows,
        missing=finding.missing,
        crashed=finding.crashed,
        title=check.title,
        level=check.level,
        cites=check.cites,
        remedy=check.remedy,
    )
