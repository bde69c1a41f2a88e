"""Every form of output over facts that a stranger made up: none crashes, and none loses its form."""

from datetime import UTC, timedelta, timezone
from functools import cache

import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from tests.corpus import recorded
from tests.report.hostile_facts import SeededChooser, hostile, of_domain
from tests.report.wellformed import READERS, read_markdown
from waxseal.api import Result, judge
from waxseal.cli.forms import FORMS, Wanted
from waxseal.facts import FactSet, Record, RunContext, Subject, Timing
from waxseal.facts.stored import dump, load
from waxseal.grading.profile import parse_profile, profile_names
from waxseal.report.thresholds import Limits

DOMAINS = ("sound.test", "dane-mismatch.test", "expired.test", "no-starttls.test", "null-mx.test")
_INDIA = timezone(timedelta(hours=5, minutes=30))
RUNS = ("real/postfix-services-open-relay", "real/dovecot-lax-imap", "real/exim-services-submission")
EVIL = r"""
id = "ours]]>&|`<b>"
version = "1\n|<b>\u202e"
title = "t\u001b[2J<script>"
document = "\u001b]0;x\u0007"
extends = "ncsc-nl-2025-05"
[[rules]]
id = "r|<b>`"
kind = "suites"
title = "T\u001b[31m|<script>alert(1)</script>\n`"
level = "MUST"
source = "s ](javascript:x) <b>\n|"
why = "\u001b[31mw"
remedy = "=r|\n{0}"
otherwise = "insufficient"
settings = {postfix = "\u001b[31m\n<script>|"}
[[exemptions]]
check = "*"
reason = "<script>|\n\u001b[31m]]>"
until = 9999-12-31
where = "sound*"
"""


def wanted(seed: int) -> Wanted:
    return Wanted("high", Limits(), seed % 3, ("en", "de")[seed % 2])


@cache
def base(number: int) -> FactSet:
    """The facts to make hostile."""
    if number < len(DOMAINS):
        return of_domain(recorded("lab"), Subject(domain=DOMAINS[number]))
    return recorded(RUNS[number - len(DOMAINS)])


def expect_forms(result: Result, wanted: Wanted) -> None:
    """Every form, each read by another's parser."""
    for name, read in READERS.items():
        octets = FORMS[name].render(result, wanted)
        read(octets)
        if name == "markdown":
            read_markdown(octets)
        if name == "prometheus":
            assert list(text_string_to_metric_families(octets.decode()))


@pytest.mark.parametrize("seed", range(16))
def test_hostile_facts_leave_every_form_as_it_is(seed: int) -> None:
    made = hostile(base(seed % 8), SeededChooser(seed), (5, 20, 60, 200)[seed % 4], long=seed % 8 == 7)
    facts = load(dump(made))
    assert facts.records
    expect_forms(judge(facts, profile=profile_names()[seed % len(profile_names())]), wanted(seed))


@pytest.mark.parametrize("number", [0, 5])
def test_a_hostile_profile_leaves_every_form_as_it_is(number: int) -> None:
    result = judge(base(number), profile=parse_profile(EVIL))
    assert any(finding.exempt for report in result.reports for finding in report.findings) is (number == 0)
    expect_forms(result, wanted(number))


def test_a_version_of_tls_that_is_none_is_shown_as_it_is() -> None:
    """What `load` takes, the inventory shows."""
    facts = load(line.replace(b'"TLSv1.2"', b'"TLSv1.9"') for line in dump(base(0)))
    text = FORMS["text"].render(judge(facts), wanted(1)).decode()
    assert "TLSv1.9" in text


@pytest.mark.parametrize("form", ["csv", "html", "junit", "markdown", "prometheus", "sarif"])
def test_the_time_is_said_in_utc(form: str) -> None:
    """Also where a file of facts has it in another way."""
    usual, shifted = (judge(FactSet(_at(zone, record) for record in base(0))) for zone in (UTC, _INDIA))
    assert FORMS[form].render(usual, wanted(0)) == FORMS[form].render(shifted, wanted(0))


def _at(zone: timezone, record: Record) -> Record:
    fact = record.fact
    if isinstance(fact, RunContext):
        fact = replace(fact, started_at=fact.started_at.astimezone(zone))
    return replace(record, fact=fact, seen_at=record.seen_at.astimezone(zone))


@pytest.mark.parametrize("took", [float("nan"), float("inf"), -1.0])
def test_a_duration_that_is_none_has_no_series(took: float) -> None:
    odd = (
        replace(record, fact=replace(record.fact, connect_s=took))
        if isinstance(record.fact, Timing)
        else record
        for record in base(0)
    )
    expect_forms(judge(FactSet(odd)), wanted(0))
