"""How large the HTML report is and how long it takes to render: ``./run bench report [DOMAIN ...]``.

The facts are those of the lab in ``tests/corpus``. Without arguments the report of a domain with two
mail hosts and four addresses is rendered, then that of every recorded domain together. Judging is done before
and not timed. The first rendering of a process, which reads the style sheet and the tables, stands beside the
median of those after it. Figures are to look at: nothing fails here.
"""

import lzma
import statistics
import time
from pathlib import Path

from waxseal.api import judge
from waxseal.facts import FactSet, Subject, Target
from waxseal.facts.stored import load
from waxseal.report.html import render_html
from waxseal.report.model import Report

CORPUS = Path(__file__).resolve().parents[1] / "tests" / "corpus" / "lab.facts.xz"
TWO_HOSTS = "sound.test"
LIMIT_OCTETS = 300_000
LIMIT_S = 0.05
ROUNDS = 30


def row(what: str, measured: str, against: str = "", ratio: float | None = None) -> None:
    told = "" if ratio is None else f"{ratio:6.2f}x"
    print(f"{what:46} {measured:>14}   {against:24} {told}".rstrip())


def facts_of(facts: FactSet, domain: str) -> FactSet:
    """What was seen of one target, and of the run."""
    roots = {r.subject for r in facts if isinstance(r.fact, Target) and r.fact.given == domain}
    if not roots:
        raise SystemExit(f"{domain} is not among the recorded domains")
    return FactSet(r for r in facts if r.subject == Subject() or roots & set(r.subject.outwards()))


def render(reports: tuple[Report, ...], facts: FactSet, rounds: int) -> tuple[int, float, float]:
    """Octets, seconds of the first rendering, median seconds of the others."""
    times = []
    text = ""
    for _ in range(rounds + 1):
        began = time.perf_counter()
        text = render_html(reports, facts)
        times.append(time.perf_counter() - began)
    return len(text.encode()), times[0], statistics.median(times[1:])


def one(facts: FactSet, domain: str) -> None:
    result = judge(facts_of(facts, domain))
    octets, first, usual = render(result.reports, result.facts, ROUNDS)
    print(
        f"{domain}: {len(result.reports[0].endpoints)} addresses, {len(result.reports[0].findings)} findings"
    )
    row("size", f"{octets / 1000:,.0f} kB", f"limit {LIMIT_OCTETS / 1000:.0f} kB", octets / LIMIT_OCTETS)
    row("rendered", f"{usual * 1000:.1f} ms", f"limit {LIMIT_S * 1000:.0f} ms", usual / LIMIT_S)
    row("rendered for the first time", f"{first * 1000:.1f} ms")


def main(arguments: list[str]) -> int:
    """Print the figures."""
    with lzma.open(CORPUS) as lines:
        facts = load(lines, CORPUS.name)
    for domain in arguments or [TWO_HOSTS]:
        one(facts, domain)
    if not arguments:
        result = judge(facts)
        octets, _, usual = render(result.reports, result.facts, 3)
        print(f"all {len(result.reports)} targets in one document, each in brief")
        row("size", f"{octets / 1e6:,.1f} MB")
        row("size for each target", f"{octets / len(result.reports) / 1000:,.1f} kB")
        row("rendered", f"{usual:.2f} s")
    return 0
