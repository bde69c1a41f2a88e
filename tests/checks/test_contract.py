"""Every check, one contract: its examples give their answers, stored or not, and nothing is left open."""

import inspect
from importlib import import_module

import pytest

from waxseal.checks import samples
from waxseal.checks.api import Check, Example, Verdict
from waxseal.checks.engine import judge_all, needs_of
from waxseal.checks.registry import all_checks
from waxseal.facts import FactSet, RunContext
from waxseal.facts.stored import dump, load

CHECKS = list(all_checks().values())
EXAMPLES = [
    pytest.param(check, example, id=f"{check.id}: {example.name}")
    for check in CHECKS
    for example in import_module(check.module).examples()
]


def verdicts(check: Check, facts: FactSet) -> list[Verdict]:
    findings = judge_all(facts, [check])
    assert not any(finding.crashed for finding in findings), findings
    return [finding.verdict for finding in findings]


@pytest.mark.parametrize(("check", "example"), EXAMPLES)
def test_example_gives_its_verdict(check: Check, example: Example) -> None:
    facts = samples.fact_set(example)
    assert verdicts(check, facts) == [example.verdict]
    assert judge_all(load(dump(facts)), [check]) == judge_all(facts, [check])


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.id)
def test_fires_and_does_not_fire(check: Check) -> None:
    shown = {example.verdict for example in import_module(check.module).examples()}
    assert shown & {Verdict.FAIL, Verdict.WARN, Verdict.INCONCLUSIVE}, "no example where it fires"
    assert Verdict.PASS in shown, "no example where it does not fire"


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.id)
def test_missing_fact_is_never_an_answer(check: Check) -> None:
    required = [n for n in needs_of(check.judge) if n.kind not in (None, RunContext) and not n.optional]
    for example in import_module(check.module).examples():
        if example.verdict in (Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE):
            continue
        for need in required:
            kept = [r for r in samples.fact_set(example) if type(r.fact) is not need.kind]
            got = verdicts(check, FactSet(kept))
            assert set(got) <= {Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE}, (example.name, need)


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.id)
def test_is_documented(check: Check) -> None:
    module = import_module(check.module)
    assert check.id == check.module.removeprefix("waxseal.checks.").replace(".", "/").replace("_", "-")
    assert len(check.explanation) > 120
    assert check.title
    assert not check.title.endswith(".")
    assert check.cites
    assert check.remedy.general
    assert inspect.signature(check.judge).return_annotation is not inspect.Signature.empty
    source = inspect.getsource(module)
    assert len(source.splitlines()) <= 160, "a check is small; share what several need"


def test_there_are_enough() -> None:
    assert len(CHECKS) >= 40


ROWS = (
    "A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A15 B1 B2 B3 B4 B5 B6 B7 B8 B9 B10 B11 B12 B13 "
    "C1 C2 C3 C4 C5 C6 C7 C8 C9 C10 C11 D1 D2 D3 D4 D5 D6 D7 D8 D9 D10 D11 D12 D13 D14 D15 "
    "E1 E2 E3 E4 E5 E6 F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F13 F14 J7 K1 K2 K3 K4 "
    "G1 G2 G3 G4 G6 G7 G8 G9 G10 G11 G15 P2 P3 P4 P5 P10"
)
"""Rows of the feature table whose judgement this version claims to have."""


@pytest.mark.parametrize("row", ROWS.split())
def test_every_claimed_row_has_a_check(row: str) -> None:
    assert [check.id for check in CHECKS if row in check.rows]
