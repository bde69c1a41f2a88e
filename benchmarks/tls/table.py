"""The figures as tables of at most 110 columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.tls.delay_proxy import Counts
from benchmarks.tls.measure import Cost
from benchmarks.tls.seen import Difference, Seen, differences

WIDE = 110


@dataclass(frozen=True)
class Run:
    """One run of one tool against one server over one path."""

    server: str
    peer: str
    rtt_s: float
    cost: Cost
    counts: Counts
    seen: Seen

    def document(self) -> dict[str, Any]:
        """As it goes into the JSON file."""
        return {
            "server": self.server,
            "peer": self.peer,
            "rtt_s": self.rtt_s,
            **vars(self.cost),
            **{name: value for name, value in vars(self.counts).items() if name != "cpu_s"},
            "proxy_cpu_s": self.counts.cpu_s,
            "sets": self.seen.sets,
            "answers": self.seen.answers,
            "wrong": self.seen.wrong,
        }


def print_costs(server: str, runs: Sequence[Run], rtts: Sequence[float], first: str) -> None:
    """One row for each tool: what it took, and how often what `first` took."""
    by: dict[str, dict[float, Run]] = {}
    for run in runs:
        by.setdefault(run.peer, {})[run.rtt_s] = run
    walls = "".join(f"{f'{rtt * 1000:.0f} ms':>9}{'x':>6}" for rtt in rtts)
    heads = f"{'conn':>5}{'x':>6} {'open':>4} {'octets':>7} {'pairs':>5} {'CPU s':>6} {'MB':>4}"
    print(f"\n{server:20} {heads}{walls}  note")
    reference = by.get(first, {})
    for peer, of in by.items():
        one = of[min(of)]
        mark = reference.get(min(of))
        cells = f"{peer:20} {one.counts.connections:>5}"
        cells += _ratio(one.counts.connections, mark.counts.connections if mark else None)
        octets = (one.counts.octets_in + one.counts.octets_out) / 1000
        cells += f" {one.counts.most_open:>4} {octets:>6.0f}k {one.seen.pairs or '-':>5}"
        cells += f" {one.cost.cpu_s:>6.2f} {one.cost.peak_octets / 1e6:>4.0f}"
        for rtt in rtts:
            if rtt in of:
                wall_s = of[rtt].cost.wall_s
                theirs = reference[rtt].cost.wall_s if rtt in reference else None
                cells += f"{wall_s:>9.2f}{_ratio(wall_s, theirs)}"
            else:
                cells += f"{'-':>15}"
        print(f"{cells}  {_note(of)}"[:WIDE].rstrip())


def _ratio(value: float, reference: float | None) -> str:
    return f"{value / reference:>6.1f}" if reference else f"{'':>6}"


def _note(of: Mapping[float, Run]) -> str:
    """What has to be known of the figures: a run that was ended, failed, or is not complete."""
    for run in of.values():
        at = f" at {run.rtt_s * 1000:.0f} ms"
        if run.cost.gave_up:
            return f"gave up{at}"
        if run.seen.wrong:
            return run.seen.wrong[0]
        if run.seen.pairs != of[min(of)].seen.pairs:
            return f"{run.seen.pairs} pairs{at}"
    return ""


def print_differences(server: str, seen: Mapping[str, Seen]) -> None:
    """Every element on which the tools that asked do not agree, those with the same tools in one line."""
    found = differences(seen)
    print(f"\n{server}: {len(found)} elements on which the tools differ")
    grouped: dict[tuple[str, str], list[str]] = {}
    for one in found:
        grouped.setdefault((one.question, _sides(one)), []).append(one.element)
    for (question, sides), elements in grouped.items():
        names = ", ".join(element for element in elements if element)
        print_folded(f"  {question}: {names} [{sides}]" if names else f"  {question}: {sides}")


def _sides(one: Difference) -> str:
    return "; ".join(f"{said}: {', '.join(tools)}" for said, tools in one.said.items())


def print_folded(text: str) -> None:
    """Print a line, folded at blanks where it is too long."""
    line = ""
    for word in text.split(" "):
        if len(line) + 1 + len(word) > WIDE:
            print(line)
            line = "      " + word
        else:
            line = f"{line} {word}" if line or word == "" else word
    print(line)
