"""What monitoring systems themselves read in our output.

Icinga 2 (its own parser of performance data, by ``icinga2 console``), the Perl module with which plug-ins and
graphing tools read performance data and ranges (Monitoring::Plugin), and ``promtool`` of Prometheus, which
looks at metrics and alert rules. All are Debian's packages, unpacked and not installed.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.report.perfdata import Item, read_answer
from waxseal.api import Result, check
from waxseal.lab.world import LabWorld
from waxseal.probes.settings import ProbeSettings
from waxseal.report.nagios import render_nagios
from waxseal.report.prometheus import render_prometheus
from waxseal.report.thresholds import Limits, Range, parse_range

from .packages import UnavailableError, fetch

if TYPE_CHECKING:
    from .packages import PackageTree

pytestmark = pytest.mark.real

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "monitoring.md"
TARGETS = ("sound.test", "expired.test", "no-starttls.test", "null-mx.test", "greeting-554.test")
LIMITS = Limits(expiry_warning=Range(14), expiry_critical=Range(3), letter_warning="B")
_UNITS = {"s": "seconds", "": ""}
_READ = """
for $p (Monitoring::Plugin::Performance->parse_perfstring($ARGV[0])) {
  print join("\\t", map { defined $_ ? "$_" : "" } $p->label, $p->value, $p->uom, $p->min, $p->max), "\\n";
}
"""
_CHECK = """
while (<STDIN>) {
  chomp; my ($text, $value) = split /\\t/;
  my $range = Monitoring::Plugin::Range->parse_range_string($text);
  print defined $range ? ($range->check_range($value) ? "alert" : "none") : "wrong", "\\n";
}
"""


async def _look() -> Result:
    async with LabWorld() as world:
        settings = ProbeSettings(ehlo_name="probe.test", time_limit_s=8)
        return await check(*TARGETS, network=world.network(), settings=settings)


@pytest.fixture(scope="module")
def result() -> Result:
    return asyncio.run(_look())


def _tree(package: str) -> PackageTree:
    try:
        return fetch([package])
    except UnavailableError as error:
        if os.environ.get("WAXSEAL_REQUIRE_REAL", os.environ.get("CI", "0")) not in ("", "0"):
            raise
        pytest.skip(str(error))


def _run(command: list[str], given: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **variables},
    )


def _perl(module: str, program: str, *arguments: str, given: str = "") -> str:
    tree = _tree("libmonitoring-plugin-perl")
    if shutil.which("perl") is None:
        pytest.skip("there is no perl")
    folders = [tree.root / "usr/share/perl5", *tree.root.glob("usr/lib/*/perl5/5*")]
    libraries = ":".join(map(str, folders))
    ran = _run(["perl", f"-M{module}", "-e", program, *arguments], given, PERL5LIB=libraries)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def _answers(result: Result) -> list[str]:
    alone = [(report,) for report in result.reports]
    return [render_nagios(some, result.facts, limits=LIMITS)[0] for some in (*alone, result.reports)]


def _perfdata(answer: str) -> str:
    return answer.split("\n")[0].partition(" | ")[2]


def test_icinga_reads_every_number(result: Result) -> None:
    tree = _tree("icinga2-bin")
    (binary,) = tree.root.glob("usr/lib/*/icinga2/sbin/icinga2")
    libraries = ":".join(map(str, (*tree.root.glob("usr/lib/*-linux-gnu*"), binary.parents[1])))
    for answer in _answers(result):
        items = [f'System.parse_performance_data("{item}")' for item in _perfdata(answer).split(" ")]
        ran = _run([str(binary), "console", "--eval", f"[{', '.join(items)}]"], LD_LIBRARY_PATH=libraries)
        assert ran.returncode == 0, ran.stderr
        read = json.loads(ran.stdout)
        wanted = read_answer(answer).numbers
        assert {i["label"]: (i["value"], i["unit"], i["min"], i["max"]) for i in read} == {
            label: (item.value, _UNITS[item.unit], _number(item.least), _number(item.most))
            for label, item in wanted.items()
        }
        assert not any(item["counter"] for item in read)


def _number(text: str) -> float | None:
    return float(text) if text else None


def test_the_module_of_the_plugins_reads_every_number(result: Result) -> None:
    for answer in _answers(result):
        told = _perl("Monitoring::Plugin::Performance", _READ, _perfdata(answer))
        read = {}
        for label, value, unit, least, most in (line.split("\t") for line in told.splitlines()):
            read[label] = Item(float(value), unit, "", "", least, most)
        wanted = read_answer(answer).numbers
        assert read == {n: Item(i.value, i.unit, "", "", i.least, i.most) for n, i in wanted.items()}


RANGES = st.from_regex(r"@?(((~|-?[0-9]{1,3}(\.[0-9])?)?:)?(-?[0-9]{1,3}(\.[0-9])?)?)", fullmatch=True)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(RANGES, st.integers(-1200, 1200)), min_size=200, max_size=300))
def test_ranges_mean_what_they_mean_to_the_plugins(cases: list[tuple[str, int]]) -> None:
    given = "".join(f"{text}\t{value}\n" for text, value in cases)
    theirs = _perl("Monitoring::Plugin::Range", f"no warnings; {_CHECK}", given=given).splitlines()
    assert [(case, _ours(*case)) for case in cases] == list(zip(cases, theirs, strict=True))


def _ours(text: str, value: int) -> str:
    try:
        return "alert" if parse_range(text).alerts(value) else "none"
    except ValueError:
        return "wrong"


def _promtool(*arguments: str, given: str = "") -> str:
    tool = _tree("prometheus").root / "usr/bin/promtool"
    ran = _run([str(tool), *arguments], given)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def test_promtool_finds_no_fault_with_the_metrics(result: Result) -> None:
    assert _promtool("check", "metrics", given=render_prometheus(result.reports, result.facts)).strip() == ""


def test_promtool_takes_the_alert_rules_of_the_page(tmp_path: Path) -> None:
    (rules,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    path = tmp_path / "rules.yml"
    path.write_text(rules, encoding="utf-8")
    assert "5 rules found" in _promtool("check", "rules", str(path))
