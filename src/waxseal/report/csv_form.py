"""The report as a table: one row for each finding, schema ``waxseal.csv/1`` (docs/reference/formats.md).

RFC 4180: lines end in CRLF, the first one names the columns, and a field is quoted where it has to be (§2).
A spreadsheet takes a cell that begins with ``=`` or the like for a formula, wherever it came from, so such a
cell gets an apostrophe in front; and so does one that begins with an apostrophe, so that taking one off gives
the text back.
"""

import csv
import io
from collections.abc import Iterator

from waxseal.facts import FactSet
from waxseal.grading.letters import Letter
from waxseal.grading.profile import GradedFinding
from waxseal.report.grouping import last_seen
from waxseal.report.model import Report
from waxseal.report.plain import plain

COLUMNS = (
    "target",
    "domain",
    "host",
    "address",
    "port",
    "check",
    "verdict",
    "severity",
    "level",
    "title",
    "summary",
    "evidence",
    "standard",
    "remedy",
    "exempt",
    "profile",
    "passive",
    "active",
    "seen_at",
    "server_name",
    "certificate_type",
    "advice",
)
"""The columns of version 1, in order; others are only ever added behind them."""
BETWEEN = " | "
"""Stands between the lines of evidence and between standards."""
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")
"""What a cell may not begin with, blanks aside: the four signs, their full-width forms, and what moves on."""


def render_csv(reports: tuple[Report, ...], facts: FactSet) -> str:
    """The table, with its head; each target's findings in the order of its report.

    Args:
        reports: One for each target.
        facts: What they rest on.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    seen_at = last_seen(facts)
    for report in reports:
        letters = (_letter(report.letters.passive), _letter(report.letters.active))
        target = cell(report.target.given)
        profile = cell(report.profile)
        for finding in report.findings:
            when = next((seen_at[s] for s in finding.subject.outwards() if s in seen_at), "")
            writer.writerow(
                (target, *_place(finding), *_answer(finding), profile, *letters, when, *_behind(finding))
            )
    return out.getvalue()


def cell(text: str) -> str:
    """Text that no spreadsheet reckons with: one line, printable, and never a formula."""
    text = plain(text)
    begin = text.lstrip(" ")
    return f"'{text}" if begin.startswith(_FORMULA) or begin.startswith("'") else text


def _letter(letter: Letter) -> str:
    return letter.letter or ""


def _place(finding: GradedFinding) -> Iterator[str]:
    subject = finding.subject
    yield cell(subject.domain or "")
    yield cell(subject.host or "")
    yield cell(subject.address or "")
    yield "" if subject.port is None else str(subject.port)


def _answer(finding: GradedFinding) -> Iterator[str]:
    yield cell(finding.check)
    yield finding.verdict.value
    yield finding.severity.label
    yield finding.level.value
    yield cell(finding.title)
    yield cell(finding.summary)
    yield cell(BETWEEN.join(finding.evidence))
    yield cell(BETWEEN.join(finding.cites))
    yield cell(finding.remedy.general)
    yield cell(finding.exempt)


def _behind(finding: GradedFinding) -> Iterator[str]:
    yield cell(finding.subject.server_name or "")
    yield cell(finding.subject.certificate_type or "")
    yield cell(finding.advice)
