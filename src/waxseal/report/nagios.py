"""The answer of a Nagios or Icinga plug-in: a line with the status, lines of detail, and performance data.

The form is that of the Monitoring Plugins Development Guidelines ("Plugin Output for Nagios", "Performance
data"). Statuses and numbers are those of ``report.status``; docs/reference/monitoring.md lists them.

Labels hold letters, digits, ``_``, ``-`` and ``.`` alone: a quote or a ``=`` ends them in some readers, and
Icinga 2 takes a ``::``, as IPv6 addresses have it, for the mark of another plug-in's numbers.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from waxseal.checks.api import Verdict
from waxseal.facts import FactSet, Subject
from waxseal.grading.seal import State
from waxseal.report.model import Report
from waxseal.report.status import (
    WORST_FIRST,
    Assessment,
    Gauge,
    Status,
    assess,
    clip,
    days_left,
    gauges,
    one_line,
    target_name,
    worst,
)
from waxseal.report.thresholds import Limits, decimal

MOST_OCTETS = 4096
"""The whole answer with its line ends; some readers keep no more than 4 kB."""
MOST_PERFDATA_OCTETS = 2048
MOST_SUMMARY_OCTETS = 480
_MOST_LINE_OCTETS = 400
_NOT_IN_A_LABEL = re.compile(r"[^A-Za-z0-9_.-]")
_UNSEEN = (State.UNKNOWN, State.PARTLY_UNKNOWN)
_LEAST = frozenset({"passive", "active", "days_left"})
_COUNTS = {"failed": Verdict.FAIL, "warned": Verdict.WARN, "not_seen": Verdict.INCONCLUSIVE}


def render_nagios(
    reports: tuple[Report, ...], facts: FactSet, *, limits: Limits | None = None
) -> tuple[str, int]:
    """The answer with a final line end, and the exit code: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.

    Several targets have one status, the worst: CRITICAL before WARNING before UNKNOWN before OK.

    Args:
        reports: One for each target.
        facts: What they rest on.
        limits: Thresholds; None for the usual ones.
    """
    limits = limits or Limits()
    found = [(report, assess(report, facts, limits)) for report in reports]
    status = worst(assessment.status for _, assessment in found)
    perfdata = " ".join(_bounded(_perfdata(reports, limits), MOST_PERFDATA_OCTETS))
    first = f"WAXSEAL {status.name} - {clip(one_line(_summary(found)), MOST_SUMMARY_OCTETS)}"
    first = f"{first} | {perfdata}" if perfdata else first
    lines = _lines(_details(found), MOST_OCTETS - len(first.encode()) - 1)
    return "\n".join([first, *lines, ""]), int(status)


def render_unknown(message: str) -> str:
    """The answer where there is none: UNKNOWN with a sentence, such as a mistake on the command line."""
    return f"WAXSEAL {Status.UNKNOWN.name} - {clip(one_line(message), MOST_SUMMARY_OCTETS)}\n"


def summary_of(report: Report, assessment: Assessment) -> str:
    """The headline, and what decided the status where the headline does not say it."""
    said = report.headline.sentence.rstrip(".")
    deciding = [reason for reason in assessment.reasons if reason.status is assessment.status]
    told = report.headline.state is State.EXPOSED and assessment.status is not Status.UNKNOWN
    told = told or (report.headline.state in _UNSEEN and assessment.status is Status.UNKNOWN)
    if not deciding or told or any(r.title.casefold() in said.casefold() for r in deciding):
        return said
    more = f" (and {len(deciding) - 1} more)" if len(deciding) > 1 else ""
    return f"{said}; {deciding[0].title[0].lower()}{deciding[0].title[1:]}{more}"


def _summary(found: list[tuple[Report, Assessment]]) -> str:
    if not found:
        return "no target was tested"
    if len(found) == 1:
        return summary_of(*found[0])
    counts = Counter(assessment.status for _, assessment in found)
    told = ", ".join(f"{counts[s]} {s.name.lower()}" for s in Status if counts[s])
    status = worst(counts)
    if status is Status.OK:
        return f"{len(found)} targets, all ok"
    names = [target_name(report.target) for report, a in found if a.status is status]
    return f"{len(found)} targets: {told}; {status.name.lower()}: {', '.join(names)}"


def _details(found: list[tuple[Report, Assessment]]) -> Iterator[str]:
    """A line for each reason; of several targets the worst first, each under its sentence; the profile."""
    for report, assessment in sorted(found, key=lambda one: WORST_FIRST.index(one[1].status)):
        indent = ""
        if len(found) > 1:
            yield f"{assessment.status.name}: {report.headline.sentence}"
            indent = "  "
        for reason in assessment.reasons:
            yield f"{indent}{reason.status.name}: {reason}"
    if found:
        yield f"profile {found[0][0].profile}, letters by {found[0][0].letters.version}"


def _lines(details: Iterable[str], octets: int) -> list[str]:
    """As many of the lines as have room, and how many have none."""
    lines = [clip(one_line(text), _MOST_LINE_OCTETS) for text in details]
    while sum(len(line.encode()) + 1 for line in lines) > octets:
        left = 1
        if lines[-1].startswith("... and "):
            left += int(lines.pop().split()[2])
        lines.pop()
        lines.append(f"... and {left} more lines")
    return lines


def _perfdata(reports: tuple[Report, ...], limits: Limits) -> Iterator[str]:
    """Numbers of the whole first, then those of each target where there are several, then of each address."""
    of_targets = [(report, list(gauges(report, limits))) for report in reports]
    yield from (_item(gauge.name, gauge) for gauge in _together(of_targets))
    if len(reports) > 1:
        for report, own in of_targets:
            for gauge in own:
                yield _item(f"{_as_label(target_name(report.target))}_{gauge.name}", gauge)
    places: dict[Subject | None, Gauge] = {}
    for report in reports:
        for gauge in days_left(report, limits):
            known = places.get(gauge.place)
            if known is None or gauge.value < known.value:
                places[gauge.place] = gauge
    for place, gauge in places.items():
        if place is not None:
            yield _item(f"{gauge.name}_{place.address}_{place.port}", gauge)


def _together(of_targets: list[tuple[Report, list[Gauge]]]) -> Iterator[Gauge]:
    """Each number over all targets: the longest time, the least points and days, the sum of what is counted.

    A finding about the whole run counts once.
    """
    grouped: dict[str, list[Gauge]] = {}
    for _, own in of_targets:
        for gauge in own:
            grouped.setdefault(gauge.name, []).append(gauge)
    for name, alike in grouped.items():
        values = [gauge.value for gauge in alike]
        if name in _COUNTS:
            yield _with(alike[0], _count(_COUNTS[name], [report for report, _ in of_targets]))
        elif name == "time":
            yield _with(alike[0], max(values))
        else:
            yield _with(alike[0], min(values) if name in _LEAST else sum(values))


def _with(gauge: Gauge, value: float) -> Gauge:
    return Gauge(
        gauge.name, value, gauge.unit, gauge.warning, gauge.critical, gauge.least, gauge.most, gauge.place
    )


def _count(verdict: Verdict, reports: Iterable[Report]) -> int:
    found = {
        (finding.check, finding.subject)
        for report in reports
        for finding in (report.not_seen if verdict is Verdict.INCONCLUSIVE else report.to_fix)
        if finding.verdict is verdict
    }
    return len(found)


def _as_label(target: str) -> str:
    """The name of a target without the marks of a URL: ``imap-mx.example.org-143``."""
    return target.replace("://", "-").replace("[", "").replace("]", "")


def _item(label: str, gauge: Gauge) -> str:
    """``'label'=value[unit];[warning];[critical];[least];[most]`` without the semicolons at its end."""
    bounds = [gauge.warning, gauge.critical]
    told = ["" if bound is None else str(bound) for bound in bounds]
    told += ["" if bound is None else decimal(bound) for bound in (gauge.least, gauge.most)]
    name = _NOT_IN_A_LABEL.sub("-", label)
    return ";".join([f"'{name}'={decimal(gauge.value)}{gauge.unit}", *told]).rstrip(";")


def _bounded(items: Iterable[str], octets: int) -> Iterator[str]:
    """The first of the items, one of each label, that fit together with blanks between them."""
    seen: set[str] = set()
    room = octets
    for item in items:
        label = item.partition("=")[0]
        room -= len(item) + 1
        if room < 0:
            return
        if label not in seen:
            seen.add(label)
            yield item
