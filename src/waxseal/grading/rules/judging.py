"""Runs a profile's own rules over what was seen and what checks found. Pure, as the checks' engine is."""

from collections.abc import Iterator

from waxseal.checks.api import Finding, inconclusive
from waxseal.checks.engine import subjects_of
from waxseal.facts import FactSet, Scope
from waxseal.grading.rules.of_checks import CheckRule
from waxseal.grading.rules.own_rule import OwnRule
from waxseal.grading.rules.scene import FindingIndex, Scene


def judge_rules(
    rules: tuple[OwnRule, ...], facts: FactSet, findings: tuple[Finding, ...]
) -> Iterator[tuple[OwnRule, Finding]]:
    """One finding for each rule and each subject of its scope, and the wider ones where looking stopped."""
    if not rules:
        return
    wanted = frozenset(name for r in rules if isinstance(r.demand, CheckRule) for name in r.demand.of)
    index = FindingIndex(findings, wanted)
    scenes: dict[Scope, list[Scene]] = {}
    for rule in rules:
        scope = rule.scope
        if scope not in scenes:
            scenes[scope] = [Scene(facts, subject, index) for subject in subjects_of(scope, facts)]
        for scene in scenes[scope]:
            yield rule, _judged(rule, scene)


def _judged(rule: OwnRule, scene: Scene) -> Finding:
    crashed = False
    try:
        judgement = rule.demand.judge(scene)
    except Exception as error:  # a bug of ours is contained, as in checks.engine
        crashed = True
        judgement = inconclusive(
            f"the rule itself failed ({type(error).__name__}); this is a bug of waxseal",
            advice="report it with the recorded facts (--facts)",
        )
    return Finding(
        check=rule.id,
        subject=scene.subject,
        verdict=judgement.verdict,
        summary=judgement.summary,
        evidence=judgement.evidence,
        advice=judgement.advice,
        follows=judgement.follows,
        crashed=crashed,
    )
