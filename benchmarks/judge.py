"""How long judging the recorded facts of 1,000 domains takes on one core: ``./run bench judge [FILE]``.

The facts are those of the lab's domains in ``tests/corpus`` (or FILE, ``.xz`` or plain), as often under other
names as makes 1,000. Reading the lines, judging, and weighing and reporting are timed apart, each round with
nothing remembered from the one before, and the collector of cycles left as it is. Copies bear the same
certificates, so what is remembered of signatures is cut down until no copy gains from another. Their names do
not fit the certificates, which costs a little more. Figures are to look at: nothing fails here.
"""

import gc
import lzma
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from msgspec.structs import replace

from waxseal.checks.engine import judge_all
from waxseal.facts import FactSet, Record, Subject, Target, TargetKind
from waxseal.facts.stored import dump, load
from waxseal.grading.profile import load_profile
from waxseal.report.model import build_reports
from waxseal.trust import chain, dane, reading, signature

CORPUS = Path(__file__).resolve().parents[1] / "tests" / "corpus" / "lab.facts.xz"
DOMAINS = 1000
LIMIT_S = 5.0
ROUNDS = 5
SIGNATURES_KEPT = 64

signature.octets_fault = lru_cache(maxsize=SIGNATURES_KEPT)(signature.octets_fault.__wrapped__)
CACHES = (chain._verify, reading._decoded, signature.octets_fault, dane._association, dane._key_of)


def facts_of_domains(source: FactSet, count: int) -> list[bytes]:
    """The lines of so many domains: those of the source, then the same again under other names."""
    of_run = [record for record in source if record.subject == Subject()]
    by_root: dict[Subject, list[Record]] = defaultdict(list)
    for record in source:
        by_root[record.subject.outwards()[-2:][0]].append(record)
    asked = ((record.subject, record.fact) for record in source)
    roots = [root for root, fact in asked if isinstance(fact, Target) and fact.kind is TargetKind.DOMAIN]
    wanted = [(number // len(roots), roots[number % len(roots)]) for number in range(count)]
    copies = (renamed(record, copy) for copy, root in wanted for record in by_root[root])
    return list(dump([*of_run, *copies]))


def renamed(record: Record, copy: int) -> Record:
    """The record below other names of domain and host; the first copy is the record itself."""
    if not copy:
        return record
    where = record.subject
    host = where.host and f"{where.host}{copy}"
    fact = record.fact
    if isinstance(fact, Target):
        fact = replace(fact, name=f"{fact.name}{copy}")
    return replace(record, subject=replace(where, domain=f"{where.domain}{copy}", host=host), fact=fact)


def resident_octets() -> int:
    """What this process holds in memory (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def one_round(lines: Iterable[bytes]) -> tuple[list[float], list[int], int, int]:
    """Processor seconds and octets of memory of each stage, and how many reports and findings there were."""
    for cache in CACHES:
        cache.cache_clear()
    gc.collect()
    profile = load_profile()
    times, sizes = [time.process_time()], [resident_octets()]

    def note() -> None:
        times.append(time.process_time())
        sizes.append(resident_octets())

    facts = load(lines)
    note()
    findings = judge_all(facts)
    note()
    reports = build_reports(facts, findings, profile)
    note()
    spent = [after - before for before, after in pairwise(times)]
    grown = [after - before for before, after in pairwise(sizes)]
    return spent, grown, len(reports), len(findings)


def main(arguments: list[str]) -> int:
    """Run and print every row."""
    path = Path(arguments[0]) if arguments else CORPUS
    text = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
    source = load(text.splitlines())
    judge_all(source)  # imports every check
    lines = facts_of_domains(source, DOMAINS)
    del source, text
    rounds = [one_round(lines) for _ in range(ROUNDS)]
    _, sizes, count, findings = rounds[0]
    print(f"{count} domains, {sum(map(len, lines)) / 1e6:.0f} MB of lines, {findings} findings; one core")
    stages = list(zip(*(spent for spent, *_ in rounds), strict=True))
    for name, spent, grown in zip(("read", "judge", "report"), stages, sizes, strict=True):
        median = statistics.median(spent)
        print(
            f"{name:7} {median:6.2f} s (best {min(spent):.2f})   {count / median:6.0f} domains/s   "
            f"{findings / median:9,.0f} findings/s   {grown / count / 1000:6.0f} kB a domain"
        )
    in_all = statistics.median(sum(spent) for spent, *_ in rounds)
    print(f"in all  {in_all:6.2f} s, limit {LIMIT_S:.0f} s, ratio {in_all / LIMIT_S:.2f}x")
    held = sum(sizes) / count
    print(f"a million domains at once would take {held / 1000:.0f} GB: judge them in portions")
    return 0
