"""Metrics in Prometheus' text format, for the textfile collector or any web server.

The form is that of "Exposition formats" in Prometheus' manual, the names follow "Metric and label naming":
base units, gauges throughout, since each run stands for itself. Every metric is in
docs/reference/monitoring.md.

What could not be seen has no series; it is never a 0. No sample has a timestamp, as the textfile collector
takes none: ``waxseal_run_timestamp_seconds`` says when it was seen.
"""

from collections import Counter
from collections.abc import Iterator
from math import isfinite
from typing import NamedTuple

from waxseal.checks.api import Verdict
from waxseal.facts import CertificateChain, FactSet, Subject, Timing
from waxseal.grading.letter_rules import LETTERS
from waxseal.grading.seal import Seal, State
from waxseal.grading.severity import Severity
from waxseal.report.model import Report
from waxseal.report.plain import plain
from waxseal.report.status import target_name
from waxseal.report.thresholds import decimal
from waxseal.version import __version__

METRICS = {
    "waxseal_build_info": "1; the version of waxseal that wrote this.",
    "waxseal_run_timestamp_seconds": "When the run began that saw it, as Unix time.",
    "waxseal_profile_info": "1; the profile that weighed the findings, and the rules of the letters.",
    "waxseal_up": "0 where the run gave no answer about the target, else 1.",
    "waxseal_state": "1 for the state of the target, 0 for the others.",
    "waxseal_letter": "The letter against an attacker, from 5 for A to 0 for F.",
    "waxseal_letter_points": "The points of the letter, 0 to 100.",
    "waxseal_findings": "Findings that fail or warn, by severity.",
    "waxseal_finding": "The greatest severity of a check's findings: 1 low, 2 medium, 3 high, 4 critical.",
    "waxseal_not_seen": "Answers that could not be had.",
    "waxseal_connections": "TCP connections that the run spent.",
    "waxseal_duration_seconds": "From the start of the run to the last fact about the target.",
    "waxseal_endpoint_state": "1 for the state of the address and port, 0 for the others.",
    "waxseal_tls_info": "1; the version and the suite that were negotiated.",
    "waxseal_certificate_not_after_timestamp_seconds": "When the leaf expires, as Unix time.",
    "waxseal_stage_seconds": "How long a stage of the conversation took.",
}
"""Every metric with its help text, in the order of the output."""

STAGES = ("connect", "greeting", "ehlo", "starttls", "handshake", "ehlo_tls", "quit")

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Sample(NamedTuple):
    """One line: a metric, its labels in order, and its value."""

    metric: str
    labels: tuple[tuple[str, str], ...]
    value: float


def render_prometheus(reports: tuple[Report, ...], facts: FactSet) -> str:
    """The exposition, with a final line end.

    No series comes twice; of a target that was named twice the first counts.

    Args:
        reports: One for each target.
        facts: What they rest on.
    """
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {metric: {} for metric in METRICS}
    for sample in filter(lambda sample: isfinite(sample.value), _samples(reports, facts)):
        found[sample.metric].setdefault(sample.labels, sample.value)
    lines: list[str] = []
    for metric, series in found.items():
        if series:
            lines += [f"# HELP {metric} {METRICS[metric]}", f"# TYPE {metric} gauge"]
            lines += [_line(metric, labels, value) for labels, value in series.items()]
    return "\n".join([*lines, ""])


def _samples(reports: tuple[Report, ...], facts: FactSet) -> Iterator[Sample]:
    yield _sample("waxseal_build_info", 1, version=__version__)
    for report in reports:
        if report.context is not None:
            yield _sample("waxseal_run_timestamp_seconds", round(report.context.started_at.timestamp(), 3))
        target = target_name(report.target)
        yield from _of_target(report, target)
        yield from _of_findings(report, target)
        for seal in report.endpoints:
            yield from _of_endpoint(facts, seal.subject, target)
            place = _place(target, seal.subject)
            for state in Seal:
                value = int(seal.seal is state)
                yield _sample("waxseal_endpoint_state", value, **place, state=state.value)
            if seal.version:
                yield _sample("waxseal_tls_info", 1, **place, version=seal.version, suite=seal.suite)


def _sample(metric: str, value: float, **labels: str) -> Sample:
    return Sample(metric, tuple(labels.items()), value)


def _of_target(report: Report, target: str) -> Iterator[Sample]:
    yield _sample(
        "waxseal_profile_info", 1, target=target, profile=report.profile, letters=report.letters.version
    )
    yield _sample("waxseal_up", int(not report.untested), target=target)
    for state in State:
        here = int(report.headline.state is state)
        yield _sample("waxseal_state", here, target=target, state=state.value)
    for letter in (report.letters.passive, report.letters.active):
        if letter.letter is not None and letter.points is not None:
            axis = letter.axis.value
            value = len(LETTERS) - 1 - LETTERS.index(letter.letter)
            yield _sample("waxseal_letter", value, target=target, axis=axis)
            yield _sample("waxseal_letter_points", letter.points, target=target, axis=axis)
    yield _sample("waxseal_connections", report.connections, target=target)
    yield _sample("waxseal_duration_seconds", round(report.elapsed_s, 6), target=target)


def _of_findings(report: Report, target: str) -> Iterator[Sample]:
    """Counts and worst severities. That there is none of a kind is said only where something was seen."""
    counts = Counter((finding.severity, finding.verdict) for finding in report.to_fix)
    for severity in Severity:
        for verdict in (Verdict.FAIL, Verdict.WARN):
            number = counts[severity, verdict]
            if severity is not Severity.NONE and (number or not report.untested):
                kind = {"severity": severity.label, "verdict": verdict.value}
                yield _sample("waxseal_findings", number, target=target, **kind)
    greatest: dict[tuple[str, Verdict], Severity] = {}
    for finding in report.to_fix:
        key = (finding.check, finding.verdict)
        greatest[key] = max(finding.severity, greatest.get(key, Severity.NONE))
    for (check, verdict), severity in greatest.items():
        yield _sample("waxseal_finding", int(severity), target=target, check=check, verdict=verdict.value)
    yield _sample("waxseal_not_seen", len(report.not_seen), target=target)


def _of_endpoint(facts: FactSet, subject: Subject, target: str) -> Iterator[Sample]:
    place = _place(target, subject)
    first: dict[str, float] = {}
    for _, chain in facts.within(CertificateChain, subject):
        if chain.leaf.not_after is not None:
            end = chain.leaf.not_after.timestamp()
            first[chain.leaf.key_type] = min(end, first.get(chain.leaf.key_type, end))
    for key_type, end in sorted(first.items()):
        yield _sample("waxseal_certificate_not_after_timestamp_seconds", end, **place, key_type=key_type)
    timing = next(reversed(facts.at(Timing, subject)), None)
    for stage in STAGES if timing is not None else ():
        took = getattr(timing, f"{stage}_s")
        if took is not None:
            yield _sample("waxseal_stage_seconds", round(took, 6), **place, stage=stage)


def _place(target: str, subject: Subject) -> dict[str, str]:
    return {
        "target": target,
        "host": subject.host or "",
        "address": subject.address or "",
        "port": str(subject.port),
    }


def _line(metric: str, labels: tuple[tuple[str, str], ...], value: float) -> str:
    told = ",".join(f'{name}="{plain(text).translate(_ESCAPES)}"' for name, text in labels)
    return f"{metric}{{{told}}} {decimal(value)}" if told else f"{metric} {decimal(value)}"
