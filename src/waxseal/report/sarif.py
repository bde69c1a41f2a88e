"""The report as SARIF 2.1.0, for code scanning: a result for each finding, a rule for each of their checks.

A result stands at the line of the targets file that named its target, so that it can be shown there. By
default only what fails or warns (kind *fail*) and what could not be seen for a reason of its own (kind
*review*) are written. The limits are those of GitHub (docs/reference/formats.md); what they cut is told in a
notification. Rules are in ``sarif_rules``, the forms of text in ``sarif_text``.
"""

import hashlib
import zlib
from collections.abc import Iterator
from typing import Any

import msgspec

from waxseal.checks.api import Verdict
from waxseal.facts import Attempt, Cause, FactSet, Subject, Target
from waxseal.grading.profile import GradedFinding
from waxseal.grading.severity import Severity
from waxseal.report.grouping import in_utc, place
from waxseal.report.model import Report
from waxseal.report.plain import plain
from waxseal.report.sarif_rules import rule_of
from waxseal.report.sarif_text import artifact_uri, message
from waxseal.version import __version__

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST_RESULTS = 25_000
"""GitHub turns down a run with more."""
MOST_OCTETS = 10_000_000
"""GitHub turns down a file that is longer than that when compressed with gzip."""
_ROOT = "%SRCROOT%"
_MOST_EVIDENCE = 12
_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning"}
_KINDS = {Verdict.PASS: "pass", Verdict.NOT_APPLICABLE: "notApplicable", Verdict.INCONCLUSIVE: "review"}
_Json = dict[str, Any]


def render_sarif(reports: tuple[Report, ...], facts: FactSet, *, every: bool = False) -> bytes:
    """The log file, one run, with a final line end.

    Args:
        reports: One for each target.
        facts: What they rest on; they say whether a probe crashed.
        every: Also write what passes, does not apply, or was not seen for a reason that another one names.
    """
    found = _chosen(reports, every)
    number = min(len(found), MOST_RESULTS)
    while True:
        log = _log(reports, found[:number], _invocation(reports, facts, number, len(found)))
        octets = msgspec.json.encode(log) + b"\n"
        if number == 0 or not _too_long(octets):
            return octets
        number //= 2


def _too_long(octets: bytes) -> bool:
    return len(octets) > MOST_OCTETS and len(zlib.compress(octets)) + 32 > MOST_OCTETS


def _chosen(reports: tuple[Report, ...], every: bool) -> list[tuple[Report, GradedFinding]]:
    """The findings to write, the weightiest first, each once even where it is in several reports."""
    found: dict[str, tuple[Report, GradedFinding]] = {}
    for report in reports:
        for finding in report.findings:
            if every or _asks_for_someone(finding):
                found.setdefault(_fingerprint(report, finding), (report, finding))
    order = {verdict: number for number, verdict in enumerate(Verdict)}
    return sorted(found.values(), key=lambda pair: (-pair[1].severity, order[pair[1].verdict]))


def _asks_for_someone(finding: GradedFinding) -> bool:
    if finding.verdict is Verdict.INCONCLUSIVE:
        return not finding.follows
    return finding.verdict in (Verdict.FAIL, Verdict.WARN)


def _log(reports: tuple[Report, ...], found: list[tuple[Report, GradedFinding]], invocation: _Json) -> _Json:
    by_rule: dict[str, list[GradedFinding]] = {}
    for _, finding in found:
        by_rule.setdefault(finding.check, []).append(finding)
    index = {check: number for number, check in enumerate(sorted(by_rule))}
    driver = {
        "name": "waxseal",
        "semanticVersion": __version__,
        "rules": [rule_of(by_rule[check]) for check in index],
    }
    run: _Json = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "the folder that waxseal was run in"}}},
        "invocations": [invocation],
        "results": [_result(report, finding, index[finding.check]) for report, finding in found],
        "properties": {"targets": [_target(report) for report in reports]},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _target(report: Report) -> _Json:
    """How a target stands; the letters are null where they could not be seen."""
    return {
        "target": plain(report.target.given),
        "state": report.headline.state.value,
        "headline": plain(report.headline.sentence),
        "passive": report.letters.passive.letter,
        "active": report.letters.active.letter,
        "profile": plain(report.profile),
    }


def _invocation(reports: tuple[Report, ...], facts: FactSet, written: int, whole: int) -> _Json:
    checks = sum(finding.crashed for report in reports for finding in report.findings)
    probes = sum(a.ended.cause is Cause.CRASHED for _, a in facts.within(Attempt, Subject()))
    notes = [
        _note("warning", f"{report.target.given} could not be tested: {report.headline.sentence}")
        for report in reports
        if report.untested
    ]
    if checks or probes:
        told = (
            f"{checks} answers of checks and {probes} of probes are missing: they crashed, a bug of waxseal"
        )
        notes.append(_note("error", told))
    if written < whole:
        told = (
            f"{whole - written} of {whole} results are left out, the least severe ones: GitHub takes no more"
        )
        notes.append(_note("warning", told))
    invocation: _Json = {"executionSuccessful": not (checks or probes), "toolExecutionNotifications": notes}
    context = reports[0].context if reports else None
    if context is not None:
        at = in_utc(context.started_at).replace(tzinfo=None).isoformat(timespec="milliseconds")
        invocation["startTimeUtc"] = f"{at}Z"
    return invocation


def _note(level: str, text: str) -> _Json:
    return {"level": level, "message": {"text": message(text)}}


def _result(report: Report, finding: GradedFinding, rule: int) -> _Json:
    kind = _KINDS.get(finding.verdict, "fail")
    return {
        "ruleId": plain(finding.check),
        "ruleIndex": rule,
        "kind": kind,
        "level": _LEVELS.get(finding.severity, "note") if kind == "fail" else "none",
        "message": {"text": message(*_told(finding))},
        "locations": [_location(report.target, finding.subject)],
        "partialFingerprints": {
            "primaryLocationLineHash": _fingerprint(report, finding),
            "waxsealFinding/v1": _fingerprint(report, finding),
        },
        "suppressions": list(_suppressions(finding)),
        "properties": {
            "target": plain(report.target.given),
            "verdict": finding.verdict.value,
            "severity": finding.severity.label,
        },
    }


def _told(finding: GradedFinding) -> Iterator[str]:
    """The message, a paragraph each; the first is a sentence by itself."""
    title = "" if finding.summary.startswith(finding.title) else f"{finding.title}: "
    yield f"{title}{finding.summary} ({place(finding.subject)})."
    yield from finding.evidence[:_MOST_EVIDENCE]
    if finding.advice:
        yield f"Try: {finding.advice}."


def _suppressions(finding: GradedFinding) -> Iterator[_Json]:
    """Where one result of a run has them, every one has to; so the list is there, and mostly empty."""
    if finding.exempt:
        yield {"kind": "external", "status": "accepted", "justification": plain(finding.exempt)}


def _location(target: Target, subject: Subject) -> _Json:
    """The line of the targets file; where there is none, the target's name stands for a file.

    GitHub shows no result without a file, and does not mind one that is not in the repository.
    """
    in_file = target.line > 0 and target.file not in ("", "-")
    line, columns = (target.line, len(target.given)) if in_file else (1, 0)
    named = target.file if in_file else target.name
    uri, relative = artifact_uri(named)
    artifact = {"uri": uri, "uriBaseId": _ROOT} if relative else {"uri": uri}
    names = [n for n in (subject.domain, subject.host, subject.address) if n is not None]
    names += [str(subject.port)] if subject.port is not None else []
    logical = {
        "name": plain(place(subject)),
        "fullyQualifiedName": plain("/".join(names) or place(subject)),
        "kind": subject.scope.name.lower(),
    }
    region = {"startLine": line, "startColumn": 1, "endLine": line, "endColumn": columns + 1}
    return {
        "physicalLocation": {"artifactLocation": artifact, "region": region},
        "logicalLocations": [logical],
    }


def _fingerprint(report: Report, finding: GradedFinding) -> str:
    """What makes a result the same one in another run: check, subject and target; no time, no words."""
    target = report.target
    asked = (target.name, target.port, target.mode.value) if finding.subject != Subject() else ()
    subject = finding.subject
    where = (subject.domain, subject.host, subject.address, subject.port, subject.server_name)
    whole = msgspec.json.encode(
        (finding.check, [plain(str(part)) for part in (*asked, *where)], _kind(subject))
    )
    return hashlib.sha256(whole).hexdigest()[:32]


def _kind(subject: Subject) -> str:
    return plain(subject.certificate_type or "")
