"""Judges the smallest facts by one rule."""

from typing import Any

from waxseal.checks import samples
from waxseal.checks.api import At, Example, Verdict
from waxseal.checks.engine import judge_all
from waxseal.facts import Fact
from waxseal.grading.profile import GradedFinding, Profile, grade, parse_profile

HEAD = 'id = "mine"\nversion = "1"\ntitle = "Mine"\nextends = "rfc9325"\n'
COMMON = 'level = "MUST"\ntitle = "t"\nsource = "s"\nwhy = "w"\nremedy = "r"\n'


def rule(kind: str, keys: str, name: str = "r") -> str:
    """TOML of one rule."""
    return f'[[rules]]\nid = "{name}"\nkind = "{kind}"\n{COMMON}{keys}\n'


def profile(*rules: str) -> Profile:
    """A profile of one's own with these rules."""
    return parse_profile(HEAD + "".join(rules))


def findings(of: Profile, *facts: Fact | At, checks: bool = False) -> tuple[GradedFinding, ...]:
    """What the profile makes of facts; those of the checks too where they are wanted."""
    known = samples.fact_set(Example("", Verdict.PASS, facts))
    return grade(judge_all(known) if checks else (), of, known)


def said(kind: str, keys: str, *facts: Fact | At, checks: bool = False) -> GradedFinding:
    """What one rule says, where it says one thing."""
    all_ = [f for f in findings(profile(rule(kind, keys)), *facts, checks=checks) if f.check == "mine/r"]
    assert len(all_) == 1, all_
    return all_[0]


def verdict(kind: str, keys: str, *facts: Any, checks: bool = False) -> str:
    """Its verdict."""
    return said(kind, keys, *facts, checks=checks).verdict.value
