"""What is said where a fact is missing, and that a pointer to another check never points at silence."""

import re

from msgspec.structs import replace

from waxseal.checks import samples
from waxseal.checks.absence import absence
from waxseal.checks.api import Check, Example, Verdict
from waxseal.checks.dane import _samples
from waxseal.checks.engine import judge_all, needs_of
from waxseal.checks.mta_sts import _samples as sts
from waxseal.checks.registry import all_checks
from waxseal.checks.tls_rpt import _samples as tls_rpt
from waxseal.facts import Dnssec, DnsStatus, FactSet, Subject

CHECKS: list[Check] = [
    check
    for check in all_checks().values()
    if check.id.split("/")[0] in ("dns", "dnssec", "mta-sts", "policy", "tls-rpt")
]


def test_every_fact_that_a_check_needs_has_a_name_in_plain_words() -> None:
    kinds = {
        need.kind
        for check in all_checks().values()
        for need in needs_of(check.judge)
        if need.kind and not need.optional
    }
    said = {kind: absence(FactSet([]), Subject(domain="example.org"), kind).summary for kind in kinds}
    assert not {kind.TAG: text for kind, text in said.items() if "the fact" in text}


def test_in_a_bogus_zone_everything_points_at_the_check_that_speaks() -> None:
    """One fault: the zone. The others name ``dnssec/mx-bogus``, and nothing that says nothing."""
    report = tls_rpt.record(status=DnsStatus.SERVFAIL)
    facts = (
        _samples.mx(Dnssec.BOGUS, DnsStatus.SERVFAIL),
        sts.record(status=DnsStatus.SERVFAIL, dnssec=Dnssec.BOGUS),
        replace(report, answer=replace(report.answer, dnssec=Dnssec.BOGUS)),
    )
    found = judge_all(samples.fact_set(Example("", Verdict.PASS, facts)), CHECKS)
    assert {f.check for f in found if f.verdict in (Verdict.FAIL, Verdict.WARN)} == {"dnssec/mx-bogus"}
    pointers = {name for f in found for name in re.findall(r"see ([a-z-]+/[a-z-]+)", f.summary)}
    assert pointers == {"dnssec/mx-bogus"}
    alone = {f.check for f in found if f.verdict is Verdict.INCONCLUSIVE and not f.follows}
    assert not {check for check in alone if check.startswith(("mta-sts/", "tls-rpt/"))}
