"""Profiles: every rule names a check that exists, says why, and weighs as it says."""

import pytest

from waxseal.checks.api import Level, Verdict
from waxseal.checks.registry import all_checks
from waxseal.grading.profile import load_profile, parse_profile
from waxseal.grading.severity import Severity

MINIMAL = """
id = "mine"
version = "1"
title = "My own"
[levels]
MUST = { fail = "high", warn = "medium" }
SHOULD = { fail = "medium", warn = "low" }
ADVICE = { fail = "low", warn = "low" }
"""


def test_every_rule_is_about_a_check_and_says_why() -> None:
    profile = load_profile()
    assert set(profile.rules) <= set(all_checks())
    assert all(rule.why and rule.source.startswith("RFC ") for rule in profile.rules.values())


def test_a_rule_goes_before_the_level() -> None:
    profile, checks = load_profile(), all_checks()
    assert checks["smtp/starttls-missing"].level is Level.SHOULD
    assert profile.severity(checks["smtp/starttls-missing"], Verdict.FAIL) is Severity.CRITICAL
    assert profile.severity(checks["dns/null-mx-with-others"], Verdict.FAIL) is Severity.HIGH
    assert profile.severity(checks["dns/ipv6-missing"], Verdict.WARN) is Severity.LOW


def test_a_warning_never_outweighs_the_failure() -> None:
    profile = load_profile()
    for check in all_checks().values():
        assert profile.severity(check, Verdict.WARN) <= profile.severity(check, Verdict.FAIL), check.id


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE])
def test_only_fail_and_warn_weigh(verdict: Verdict) -> None:
    profile = load_profile()
    assert {profile.severity(check, verdict) for check in all_checks().values()} == {Severity.NONE}


def test_a_profile_of_ones_own() -> None:
    profile = parse_profile(
        MINIMAL + '[checks."dns/ipv6-missing"]\nfail = "high"\nwhy = "we need it"\nsource = "us"\n'
    )
    check = all_checks()["dns/ipv6-missing"]
    assert profile.severity(check, Verdict.FAIL) is Severity.HIGH
    assert profile.severity(check, Verdict.WARN) is Severity.LOW


@pytest.mark.parametrize(
    "broken", ["", MINIMAL.replace("MUST", "PERHAPS"), MINIMAL.replace('"high"', '"huge"')]
)
def test_a_broken_profile_is_told(broken: str) -> None:
    with pytest.raises(ValueError):
        parse_profile(broken)
