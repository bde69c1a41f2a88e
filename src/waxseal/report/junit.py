"""The report as JUnit XML: a test suite for each target, a test case for each check and subject.

There is no standard; this is the form that Ant and Surefire write and Jenkins and GitLab read
(docs/reference/formats.md). What could not be seen is *skipped* and never passed; a target of which nothing
at all could be seen, and a fault of waxseal itself, are *errors*.
"""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from waxseal.checks.api import Verdict
from waxseal.facts import Attempt, Cause, FactSet, MailProtocol
from waxseal.grading.letters import Letter
from waxseal.grading.profile import GradedFinding
from waxseal.grading.severity import Severity
from waxseal.report.grouping import in_utc
from waxseal.report.model import Report
from waxseal.report.plain import plain
from waxseal.report.words import settings
from waxseal.version import __version__

OWN = "waxseal"
"""Class name of the test cases that are about the run, and no check."""
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_MARKUP = re.compile('[&<>"]')


class _Case(Struct, frozen=True):
    """A test case, written.

    Attributes:
        xml: The element.
        outcome: ``failure``, ``error`` or ``skipped``; "" where it passed.
    """

    xml: str
    outcome: str = ""


def render_junit(
    reports: tuple[Report, ...], facts: FactSet, *, fail_on: Severity | None = Severity.HIGH
) -> str:
    """The XML document.

    Args:
        reports: One for each target.
        facts: What they rest on.
        fail_on: The least severity of a failure; None for none at all.
    """
    suites = []
    totals = {"tests": 0, "failure": 0, "error": 0}
    for report in reports:
        cases = [
            *_run_cases(report, facts),
            *(_case(f, fail_on, report.target.protocol) for f in report.findings),
        ]
        outcomes = [case.outcome for case in cases]
        totals["tests"] += len(cases)
        totals["failure"] += outcomes.count("failure")
        totals["error"] += outcomes.count("error")
        suites.append(_suite(report, cases, outcomes))
    longest = max((report.elapsed_s for report in reports), default=0.0)
    head = (
        f'<testsuites name="waxseal" tests="{totals["tests"]}" failures="{totals["failure"]}" '
        f'errors="{totals["error"]}" time="{longest:.3f}">'
    )
    return "\n".join(('<?xml version="1.0" encoding="UTF-8"?>', head, *suites, "</testsuites>", ""))


def _suite(report: Report, cases: list[_Case], outcomes: list[str]) -> str:
    context = report.context
    attributes = {
        "name": report.target.given,
        "tests": str(len(cases)),
        "failures": str(outcomes.count("failure")),
        "errors": str(outcomes.count("error")),
        "skipped": str(outcomes.count("skipped")),
        "time": f"{report.elapsed_s:.3f}",
    }
    if context is not None:
        started_at = in_utc(context.started_at).replace(tzinfo=None)
        attributes["timestamp"] = started_at.isoformat(timespec="seconds")
        if context.vantage:
            attributes["hostname"] = context.vantage
    if report.target.file not in ("", "-"):
        attributes["file"] = report.target.file
    properties = (
        f"    <property{_attributes({'name': name, 'value': value})}/>" for name, value in _properties(report)
    )
    lines = (
        f"  <testsuite{_attributes(attributes)}>",
        "  <properties>",
        *properties,
        "  </properties>",
        *(case.xml for case in cases),
        "  </testsuite>",
    )
    return "\n".join(lines)


def _properties(report: Report) -> Iterator[tuple[str, str]]:
    yield "waxseal.version", __version__
    yield "waxseal.profile", report.profile
    yield "waxseal.headline", report.headline.sentence
    yield "waxseal.state", report.headline.state.value
    yield "waxseal.passive", _letter(report.letters.passive)
    yield "waxseal.active", _letter(report.letters.active)


def _letter(letter: Letter) -> str:
    return letter.letter or f"none: {letter.why}"


def _run_cases(report: Report, facts: FactSet) -> Iterator[_Case]:
    """Whether the target could be tested at all, and what of waxseal itself went wrong."""
    name = f"could be tested @ {report.target.given}"
    if report.untested:
        yield _with(OWN, name, "error", "untested", report.headline.sentence)
    else:
        yield _Case(_element(OWN, name))
    for where, attempt in facts.within(Attempt, report.root):
        if attempt.ended.cause is Cause.CRASHED and where.port in (None, report.target.port):
            told = f"the probe {attempt.probe} crashed; this is a bug of waxseal"
            yield _with(OWN, f"{attempt.probe} @ {where}", "error", "crash", told)


def _case(finding: GradedFinding, fail_on: Severity | None, protocol: MailProtocol) -> _Case:
    topic = finding.check.partition("/")[0]
    name = f"{finding.check} @ {finding.subject}"
    if finding.crashed:
        return _with(topic, name, "error", "crash", finding.summary, _told(finding, protocol))
    if finding.exempt:
        return _with(topic, name, "skipped", "exempt", f"exempt: {finding.exempt}", _told(finding, protocol))
    if finding.verdict in (Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE):
        why = finding.summary + (f"; try: {finding.advice}" if finding.advice else "")
        return _with(topic, name, "skipped", finding.verdict.value, why)
    if finding.verdict is Verdict.PASS:
        return _Case(_element(topic, name))
    if fail_on is not None and finding.severity >= fail_on:
        return _with(
            topic, name, "failure", finding.severity.label, finding.summary, _told(finding, protocol)
        )
    told = [
        f"{finding.verdict.value}, {finding.severity.label}: {finding.summary}",
        *_told(finding, protocol),
    ]
    return _Case(_element(topic, name, f"<system-out>{_lines(told)}</system-out>"))


def _told(finding: GradedFinding, protocol: MailProtocol) -> Iterator[str]:
    """What a person needs to mend it, line by line."""
    yield finding.title
    yield from (f"  {line}" for line in finding.evidence)
    yield f"Fix: {finding.remedy.general}"
    for software, setting in settings(finding.remedy, protocol):
        yield f"  {software}: {setting}"
    yield f"Standard: {', '.join(finding.cites)} ({finding.level.value})"


def _with(topic: str, name: str, outcome: str, kind: str, message: str, told: Iterable[str] = ()) -> _Case:
    """A test case that did not pass."""
    inner = f"<{outcome}{_attributes({'type': kind, 'message': message})}>{_lines(told)}</{outcome}>"
    return _Case(_element(topic, name, inner), outcome)


def _element(topic: str, name: str, inner: str = "") -> str:
    start = f"    <testcase{_attributes({'classname': topic, 'name': name})}"
    return f"{start}>{inner}</testcase>" if inner else f"{start}/>"


def _attributes(values: dict[str, str]) -> str:
    return "".join(f' {name}="{_escaped(value)}"' for name, value in values.items())


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(map(_escaped, lines))


def _escaped(text: str) -> str:
    """Text for XML 1.0, whose *Char* leaves out most controls and the surrogates, even as references.

    What is printable is such a character; the rest is shown as escapes.
    """
    return _MARKUP.sub(lambda found: _ESCAPED[found[0]], plain(text))
