"""What each sender would do, as the report shows it: a row for each kind of sender.

The same predictions (``grading.delivery``) serve the terminal and the JSON document.
"""

import re
from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from waxseal.facts import FactSet, Subject
from waxseal.grading.delivery import Decider, HostOutcome, Outcome, Prediction, predictions
from waxseal.report.plain import plain
from waxseal.wire.idna import to_u_label

_LOOK = {
    Outcome.CLEAR: "bold red",
    Outcome.BOUNCED: "bold red",
    Outcome.DEFERRED: "red",
    Outcome.ENCRYPTED: "yellow",
    Outcome.VERIFIED: "green",
    Outcome.UNSEEN: "magenta",
}
_MOST_DATA = 8
_LEAST_FOR_TABLE = 66
_DATA = re.compile(r"\b[0-9a-f]{20,}\b")


def sender_rows(facts: FactSet, root: Subject) -> tuple[Prediction, ...]:
    """The predictions for a target; empty for any but a domain."""
    return predictions(facts, root)


def sender_view(facts: FactSet, root: Subject, *, verbose: int = 0) -> RenderableType | None:
    """The section for a terminal, without its heading; None where there is none.

    Args:
        facts: All that was seen.
        root: The target.
        verbose: 1 adds what comes of each mail host, 2 of each address.
    """
    rows = sender_rows(facts, root)
    if not rows:
        return None
    parts: list[RenderableType] = [_Table(rows)]
    if verbose:
        for row in rows:
            parts.append(Text(plain(row.title), style="bold"))
            parts += [Padding(_host(host, verbose), (0, 0, 0, 2), expand=False) for host in row.hosts]
    return Group(*parts)


class _Table:
    """A row for the senders that do the same for the same reason; lines instead where columns are few."""

    def __init__(self, rows: tuple[Prediction, ...]) -> None:
        self.rows = rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if options.max_width >= _LEAST_FOR_TABLE:
            table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
            for title in ("Sender", "A message would be", "Because of"):
                table.add_column(title, overflow="fold")
            for cells in _cells(self.rows):
                table.add_row(*cells)
            yield table
            return
        for titles, outcome, reason in _cells(self.rows):
            yield titles
            yield Padding(outcome, (0, 0, 0, 2), expand=False)
            yield Padding(reason, (0, 0, 0, 2), expand=False)


def _cells(rows: tuple[Prediction, ...]) -> Iterator[tuple[Text, Text, Text]]:
    """Senders, what becomes of a message, and why."""
    one_host = len({host.host for row in rows for host in row.hosts}) == 1
    groups: dict[tuple[object, ...], list[Prediction]] = {}
    for row in rows:
        groups.setdefault((row.outcome, row.possible, because(row, one_host=one_host)), []).append(row)
    for alike in groups.values():
        first = alike[0]
        titles = Text(plain("; ".join(row.title for row in alike)))
        reason = Text(plain(because(first, one_host=one_host)), style="default")
        yield titles, outcome_text(first.outcome, first.possible), reason


def outcome_text(outcome: Outcome, possible: tuple[Outcome, ...]) -> Text:
    """The word, and the others that are possible where there are some."""
    text = Text(outcome.value, style=_LOOK[outcome])
    others = [other.value for other in possible if other is not outcome]
    if outcome is Outcome.UNSEEN and others:
        text.append(f" ({' or '.join(others)})", style="default")
    elif others:
        text.append(f", or {' or '.join(others)}, by the server taken", style="default")
    return text


def because(row: Prediction, *, one_host: bool) -> str:
    """What decides, and why; the host is named unless there is only one."""
    if row.decider is Decider.NONE:
        return row.why or "no record decides"
    where = "" if one_host or not row.host else f" at {to_u_label(row.host)}"
    said = "; ".join(part for part in (_short(row.record).removeprefix("match: "), row.why) if part)
    return f"{row.decider.value}{where}: {said}" if said else f"{row.decider.value}{where}"


def _short(record: str) -> str:
    """A record without its owner, which the host tells, and its data cut to what a person compares."""
    record = record.partition(" ")[2] if record.startswith("_") else record
    return _DATA.sub(lambda found: f"{found[0][:_MOST_DATA]}...", record)


def _host(host: HostOutcome, verbose: int) -> RenderableType:
    line = Text(plain(f"{to_u_label(host.host)} (preference {host.preference}): "))
    line.append_text(outcome_text(host.outcome, host.possible))
    if host.why:
        line.append(plain(f", {host.why}"), style="default")
    if verbose < 2:
        return line
    inner = [
        Text(
            plain(
                f"  {Subject(address=met.subject.address, port=met.subject.port)}: "
                f"{' or '.join(o.value for o in met.possible)}{f', {met.why}' if met.why else ''}"
            )
        )
        for met in host.addresses
    ]
    return Group(line, *inner)
