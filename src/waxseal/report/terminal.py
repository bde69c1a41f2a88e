"""The report as people read it in a terminal: the sentence, a row per address, what to fix first, detail.

Meaning never rests on colour alone: each state has its word. Widths are respected, wide characters included
(rich measures cells). Peers' text reaches the screen only as plain `Text`, escaped when it was read.
"""

from collections.abc import Iterable
from itertools import groupby

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from waxseal.checks.api import Verdict
from waxseal.facts import Subject
from waxseal.grading.profile import GradedFinding
from waxseal.grading.seal import EndpointSeal, Seal, State
from waxseal.report.model import Report
from waxseal.wire.idna import to_u_label

_STATE_LOOK = {
    State.SEALED: ("SEALED", "bold green"),
    State.NO_MAIL: ("NO MAIL", "bold"),
    State.MEND: ("MEND", "bold yellow"),
    State.PARTLY_UNKNOWN: ("PARTLY SEEN", "bold yellow"),
    State.UNKNOWN: ("NOT SEEN", "bold magenta"),
    State.UNDELIVERABLE: ("NO WAY", "bold red"),
    State.EXPOSED: ("EXPOSED", "bold red"),
}
_SEAL_LOOK = {
    Seal.SEALED: "green",
    Seal.ENCRYPTED: "yellow",
    Seal.EXPOSED: "red",
    Seal.UNKNOWN: "magenta",
}
_SEVERITY_LOOK = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "none": "dim"}
_SOFTWARE = {
    "postfix": "Postfix",
    "exim": "Exim",
    "sendmail": "Sendmail",
    "opensmtpd": "OpenSMTPD",
    "exchange": "Exchange",
    "dovecot": "Dovecot",
    "dns": "DNS",
}
_MOST_SUBJECTS = 4


def print_report(console: Console, report: Report, *, verbose: int = 0, brief: bool = False) -> None:
    """Print one report.

    Args:
        console: Where to; its width is respected.
        report: The report.
        verbose: 1 adds detail of what was not seen and the evidence, 2 adds every check.
        brief: Leave remedies out, for many reports after each other.
    """
    console.print(Group(*_parts(report, verbose, brief)), highlight=False)


def _parts(report: Report, verbose: int, brief: bool) -> Iterable[RenderableType]:
    yield _head(report)
    if report.endpoints:
        yield Padding(_endpoints(report.endpoints), (1, 0, 0, 2))
    if report.to_fix:
        yield from _to_fix(report, verbose, brief)
    if report.not_seen:
        yield from _not_seen(report, verbose, brief)
    if verbose >= 2:
        yield from _passes(report)
    yield Padding(_footer(report), (1, 0, 1, 0))


def _head(report: Report) -> RenderableType:
    word, look = _STATE_LOOK[report.headline.state]
    text = Text()
    text.append(f" {word} ", style=f"{look} reverse")
    text.append(" ")
    text.append(report.headline.sentence, style="bold")
    return text


def _endpoints(endpoints: tuple[EndpointSeal, ...]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(overflow="fold", ratio=None)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for row in endpoints:
        table.add_row(
            Text(_place(row.subject)), Text(row.seal.value, style=_SEAL_LOOK[row.seal]), Text(_detail(row))
        )
    return table


def _place(subject: Subject) -> str:
    """An endpoint as people read it, U-labels shown."""
    if subject.host is None:
        return str(subject)
    return str(subject).replace(subject.host, to_u_label(subject.host), 1)


def _detail(row: EndpointSeal) -> str:
    if not row.version:
        return row.ended or "no TLS"
    parts = [row.version.replace("TLSv", "TLS ")]
    if row.key_types:
        parts.append("+".join(row.key_types))
    if row.days_left is not None:
        when = "expired" if row.days_left < 0 else f"{row.days_left} days left"
        parts.append(when)
    if row.ended:
        parts.append(row.ended)
    return ", ".join(parts)


def _heading(text: str) -> Padding:
    return Padding(Text(text, style="bold"), (1, 0, 0, 0))


def _to_fix(report: Report, verbose: int, brief: bool) -> Iterable[RenderableType]:
    yield _heading("What to fix first" if len(report.to_fix) > 1 else "What to fix")
    groups = [list(group) for _, group in groupby(report.to_fix, key=lambda f: (f.severity, f.check))]
    for number, group in enumerate(groups, start=1):
        yield Padding(_problem(number, group, verbose, brief), (0, 0, 0, 2))


def _problem(number: int, group: list[GradedFinding], verbose: int, brief: bool) -> RenderableType:
    first = group[0]
    title = Text(f"{number}. {first.title} ")
    title.append(f"[{first.severity.label}]", style=_SEVERITY_LOOK[first.severity.label])
    title.append(f"  {first.check}", style="dim")
    body: list[RenderableType] = [title]
    shown = group if verbose else group[:_MOST_SUBJECTS]
    summaries = [list(same) for _, same in groupby(shown, key=lambda f: f.summary)]
    for same in summaries:
        where = ", ".join(_place(finding.subject) for finding in same)
        body.append(Padding(Text(f"{same[0].summary} ({where})"), (0, 0, 0, 3)))
        if verbose or not brief:
            body.extend(Padding(Text(line, style="dim"), (0, 0, 0, 5)) for line in same[0].evidence)
    if len(group) > len(shown):
        body.append(
            Padding(Text(f"and at {len(group) - len(shown)} more; see -v", style="dim"), (0, 0, 0, 3))
        )
    if not brief:
        body.append(Padding(_remedy(first), (0, 0, 0, 3)))
    return Group(*body)


def _remedy(finding: GradedFinding) -> RenderableType:
    lines: list[RenderableType] = [_labelled("Fix", finding.remedy.general)]
    for software, setting in finding.remedy.by_software.items():
        lines.append(Padding(_labelled(_SOFTWARE[software], setting), (0, 0, 0, 2)))
    lines.append(_labelled("Says", ", ".join(finding.cites)))
    return Group(*lines)


def _labelled(label: str, text: str) -> Table:
    row = Table.grid(padding=(0, 1, 0, 0))
    row.add_column(no_wrap=True)
    row.add_column(overflow="fold")
    row.add_row(Text(f"{label}:", style="cyan"), Text(text))
    return row


def _not_seen(report: Report, verbose: int, brief: bool) -> Iterable[RenderableType]:
    own = [f for f in report.not_seen if not f.follows]
    absent = [f for f in report.not_seen if f.follows]
    yield _heading("What could not be seen")
    for finding in own if verbose else _distinct(own):
        text = Text(f"• {finding.summary} ({_place(finding.subject)})")
        text.append(f"  {finding.check}", style="dim")
        yield Padding(text, (0, 0, 0, 2))
        if not brief or verbose:
            for line in finding.evidence:
                yield Padding(Text(line, style="dim"), (0, 0, 0, 6))
            yield Padding(_labelled("Try", finding.advice), (0, 0, 0, 4))
    if absent and verbose:
        for finding in absent:
            yield Padding(Text(f"• {finding.check}: {finding.summary}", style="dim"), (0, 0, 0, 2))
    elif absent:
        checks = len({f.check for f in absent})
        more = "further " if own else ""
        line = f"• {checks} {more}check{'s' if checks != 1 else ''} had nothing to go by (see -v)"
        yield Padding(Text(line, style="dim"), (0, 0, 0, 2))


def _distinct(findings: list[GradedFinding]) -> list[GradedFinding]:
    """One of each check and summary."""
    return list({(f.check, f.summary): f for f in reversed(findings)}.values())[::-1]


def _passes(report: Report) -> Iterable[RenderableType]:
    yield _heading("Every other check")
    for finding in report.findings:
        if finding.verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE):
            text = Text(f"{finding.verdict.value:14} {finding.check}: {finding.summary}")
            text.append(f" ({_place(finding.subject)})", style="dim")
            yield Padding(text, (0, 0, 0, 2))


def _footer(report: Report) -> Text:
    counts = report.counts
    parts = [
        f"{sum(counts.values())} answers: {counts[Verdict.PASS]} pass",
        f"{counts[Verdict.WARN]} warn",
        f"{counts[Verdict.FAIL]} fail",
        f"{counts[Verdict.INCONCLUSIVE]} not seen",
        f"{counts[Verdict.NOT_APPLICABLE]} not applicable",
    ]
    spent = f"{report.connections} connection{'' if report.connections == 1 else 's'}"
    places = f"{len(report.endpoints)} address{'' if len(report.endpoints) == 1 else 'es'}"
    text = f"{', '.join(parts)}. {spent} to {places}, {report.elapsed_s:.1f} s. Profile {report.profile}."
    return Text(text, style="dim")
