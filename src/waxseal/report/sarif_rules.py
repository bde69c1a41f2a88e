"""A check as a SARIF rule: what it means, how to mend what it finds, and how GitHub is to weigh it."""

import re
from typing import Any

from waxseal.checks.registry import all_checks
from waxseal.grading.profile import GradedFinding
from waxseal.grading.severity import Severity
from waxseal.report.grouping import SOFTWARE
from waxseal.report.markdown_text import code, prose
from waxseal.report.plain import plain
from waxseal.report.sarif_text import cut

MOST_DESCRIPTION = 1024
"""GitHub shows no more of a rule's descriptions."""
SECURITY_SEVERITY = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
}
"""The middle of what GitHub takes for critical (over 9.0), high (7.0), medium (4.0) and low."""
_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning"}
_RFC = re.compile(r"RFC ([0-9]{1,5})(?: §([0-9A-Z.]+))?")


def rule_of(findings: list[GradedFinding]) -> dict[str, Any]:
    """The rule of the check that gave these findings; its weight is that of the weightiest.

    Args:
        findings: At least one, all of one check.
    """
    first = findings[0]
    worst = max(finding.severity for finding in findings)
    properties: dict[str, Any] = {
        "tags": ["security", "email", plain(first.check.partition("/")[0]), first.level.value],
        "precision": "high",
    }
    if worst is not Severity.NONE:
        properties["security-severity"] = SECURITY_SEVERITY[worst]
    rule: dict[str, Any] = {
        "id": plain(first.check),
        "shortDescription": {"text": cut(plain(first.title), MOST_DESCRIPTION)},
        "fullDescription": {"text": cut(_explanation(first), MOST_DESCRIPTION)},
        "help": {"text": _help(first), "markdown": _help_markdown(first)},
        "defaultConfiguration": {"level": _LEVELS.get(worst, "note")},
        "properties": properties,
    }
    if (uri := standard_uri(first.cites)) is not None:
        rule["helpUri"] = uri
    return rule


def standard_uri(cites: tuple[str, ...]) -> str | None:
    """Where the first RFC that is cited can be read, at its section; None where none is."""
    for cite in cites:
        if found := _RFC.fullmatch(cite):
            number, section = found.groups()
            anchor = f"#{'section' if section[0].isdigit() else 'appendix'}-{section}" if section else ""
            return f"https://www.rfc-editor.org/rfc/rfc{number}{anchor}"
    return None


def _explanation(finding: GradedFinding) -> str:
    """The check's own words; a profile's own rule has its title alone."""
    known = all_checks().get(finding.check)
    if known is None:
        return plain(finding.title)
    paragraphs = known.explanation.split("\n\n")
    return "\n\n".join(plain(paragraph.replace("\n", " ")) for paragraph in paragraphs)


def _help(finding: GradedFinding) -> str:
    parts = [plain(finding.remedy.general)]
    parts += [
        f"{SOFTWARE[software]}: {plain(setting)}" for software, setting in finding.remedy.by_software.items()
    ]
    return "\n\n".join((*parts, f"Standard: {plain(', '.join(finding.cites))} ({finding.level.value})"))


def _help_markdown(finding: GradedFinding) -> str:
    settings = [
        f"- {SOFTWARE[software]}: {code(setting)}" for software, setting in finding.remedy.by_software.items()
    ]
    parts = ("Fix: " + prose(finding.remedy.general), "\n".join(settings))
    standard = f"Standard: {prose(', '.join(finding.cites))} ({finding.level.value})"
    return "\n\n".join(part for part in (*parts, standard) if part)
