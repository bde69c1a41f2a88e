"""The report as a table: one row for each finding, schema ``waxseal.csv/1`` (docs/reference/formats.md).

RFC 4180: lines end in CRLF, the first one names the columns, and a field is quoted where it has to be (§2).
A spreadsheet takes a cell that begins with ``=`` or the like for a formula, wherever it came from, so such a
cell gets an apostrophe in front; and so does one that begins with an apostrophe, so that taking one off gives
the text back.
"""

import csv
import io

from waxseal.facts import FactSet, Subject
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
    cells = _Cells()
    for report in reports:
        target = cells[report.target.given]
        about = (cells[report.profile], _letter(report.letters.passive), _letter(report.letters.active))
        for finding in report.findings:
            when = next((seen_at[s] for s in finding.subject.outwards() if s in seen_at), "")
            place = _place(finding.subject, cells)
            writer.writerow(
                (target, *place, *_answer(finding, cells), *about, when, *_behind(finding, cells))
            )
    return out.getvalue()


class _Cells(dict[str, str]):
    """Cells by their text, each made once: most texts come again in every row of their check."""

    def __missing__(self, text: str) -> str:
        made = self[text] = cell(text)
        return made


def cell(text: str) -> str:
    """Text that no spreadsheet reckons with: one line, printable, and never a formula."""
    text = plain(text)
    begin = text.lstrip(" ")
    return f"'{text}" if begin.startswith(_FORMULA) or begin.startswith("'") else text


def _letter(letter: Letter) -> str:
    return letter.letter or ""


def _place(subject: Subject, cells: _Cells) -> tuple[str, ...]:
    port = "" if subject.port is None else str(subject.port)
    return cells[subject.domain or ""], cells[subject.host or ""], cells[subject.address or ""], port


def _answer(finding: GradedFinding, cells: _Cells) -> tuple[str, ...]:
    return (
        cells[finding.check],
        finding.verdict.value,
        finding.severity.label,
        finding.level.value,
        cells[finding.title],
        cells[finding.summary],
        cell(BETWEEN.join(finding.evidence)),
        cells[BETWEEN.join(finding.cites)],
        cells[finding.remedy.general],
        cells[finding.exempt],
    )


def _behind(finding: GradedFinding, cells: _Cells) -> tuple[str, ...]:
    subject = finding.subject
    return cells[subject.server_name or ""], cells[subject.certificate_type or ""], cells[finding.advice]
