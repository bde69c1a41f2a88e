"""Lines of a Checkmk local check: one service for each target, with its status, metrics and text.

The form is that of Checkmk's manual, "Local checks". Statuses and numbers come from ``report.status``; the
metrics are in docs/reference/monitoring.md. The status is ours (0 to 3, never ``P``): levels stand beside the
metrics for the graphs. Names of metrics hold letters, digits and ``_`` alone.
"""

import math
import re
from collections.abc import Iterator

from waxseal.facts import FactSet
from waxseal.report.model import Report
from waxseal.report.nagios import summary_of
from waxseal.report.status import Gauge, Status, assess, clip, days_left, gauges, one_line, target_name
from waxseal.report.thresholds import Limits, Range, decimal

MOST_TEXT_OCTETS = 4096
_MOST_LINE_OCTETS = 480
_NOT_IN_A_METRIC = re.compile(r"[^A-Za-z0-9_]")
_NOT_IN_A_SERVICE = re.compile(r"[\"'\\]")


def render_checkmk(reports: tuple[Report, ...], facts: FactSet, *, limits: Limits | None = None) -> str:
    """A line for each target, each with its line end.

    Args:
        reports: One for each target; one that was named twice has one line.
        facts: What they rest on.
        limits: Thresholds; None for the usual ones.
    """
    limits = limits or Limits()
    lines: dict[str, str] = {}
    for report in reports:
        name = service_name(target_name(report.target))
        lines.setdefault(name, _line(name, report, facts, limits))
    return "".join(lines.values())


def render_unknown(message: str) -> str:
    """The line where no target could be tested: UNKNOWN with a sentence, such as a mistake in the script."""
    return f'{int(Status.UNKNOWN)} "{service_name("")}" - {clip(_text(message), _MOST_LINE_OCTETS)}\n'


def service_name(target: str) -> str:
    """The name of the service of a target, without what would end it."""
    return _NOT_IN_A_SERVICE.sub("_", one_line(f"waxseal {target}".strip()))


def _line(name: str, report: Report, facts: FactSet, limits: Limits) -> str:
    assessment = assess(report, facts, limits)
    metrics = "|".join(dict.fromkeys(_metrics(report, limits)))
    details = [f"{reason.status.name}: {reason}" for reason in assessment.reasons]
    details.append(f"profile {report.profile}, letters by {report.letters.version}")
    told = [clip(_text(text), _MOST_LINE_OCTETS) for text in (summary_of(report, assessment), *details)]
    while sum(len(text.encode()) + 2 for text in told) > MOST_TEXT_OCTETS:
        told.pop()
    text = "\\n".join(told)
    return f'{int(assessment.status)} "{name}" {metrics} {text}\n'


def _text(text: str) -> str:
    """A line of the text. A ``\\n`` in it begins a new one, so that no stranger's backslash may stand."""
    return one_line(text).replace("\\", "/").strip()


def _metrics(report: Report, limits: Limits) -> Iterator[str]:
    for gauge in gauges(report, limits):
        yield _metric(gauge.name, gauge)
    for gauge in days_left(report, limits):
        if gauge.place is not None:
            yield _metric(f"{gauge.name}_{gauge.place.address}_{gauge.place.port}", gauge)


def _metric(name: str, gauge: Gauge) -> str:
    """``name=value;warn;crit;min;max``, where a level is ``upper``, ``lower:`` or ``lower:upper``."""
    bounds = ["" if bound is None else decimal(bound) for bound in (gauge.least, gauge.most)]
    told = [decimal(gauge.value), _level(gauge.warning), _level(gauge.critical), *bounds]
    return f"{_NOT_IN_A_METRIC.sub('_', name)}={';'.join(told)}".rstrip(";")


def _level(limit: Range | None) -> str:
    """A range as levels; "" for one that alerts inside, which levels cannot say."""
    if limit is None or limit.inside:
        return ""
    upper = "" if limit.end == math.inf else decimal(limit.end)
    return upper if limit.start == -math.inf else f"{decimal(limit.start)}:{upper}"
