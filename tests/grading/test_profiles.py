"""Built-in profiles: each loads, names nothing unknown, cites its source; and what they say of the lab."""

import re
from functools import cache
from importlib.resources import files

import pytest

from tests.corpus import recorded
from waxseal.checks.api import Finding
from waxseal.checks.engine import judge_all
from waxseal.checks.registry import all_checks
from waxseal.facts import Subject
from waxseal.grading.letter_rules import fits, letter_rules
from waxseal.grading.profile import GradedFinding, find_rule, grade, load_profile, profile_names
from waxseal.grading.rules.classes import Classes, Rank
from waxseal.grading.rules.own_rule import EFFORTS, kinds
from waxseal.wire.tls_suites import SUITE_NAMES

BUILT_IN = profile_names()
MINE = [n for n in BUILT_IN if n.startswith(("ncsc", "mozilla"))]


def classes(rule: str) -> Classes:
    found = find_rule(rule)
    assert found is not None
    assert isinstance(found.demand, Classes)
    return found.demand


def suites_of(rule: str, rank: Rank) -> set[str]:
    """The registered suites of a class, by the rule's own reading."""
    return {name for name in SUITE_NAMES.values() if classes(rule).rank(name) is rank}


def test_the_default_one_is_first() -> None:
    assert BUILT_IN[0] == "rfc9325"
    assert {"ncsc-nl-2025-05", "ncsc-nl-2.1", "bsi-tr-03108", "nist-800-52r2"} <= set(BUILT_IN)
    assert {f"mozilla-5.7-{name}" for name in ("modern", "intermediate", "old")} <= set(BUILT_IN)


@pytest.mark.parametrize("name", BUILT_IN)
def test_each_is_whole(name: str) -> None:
    profile = load_profile(name)
    assert (profile.id, bool(profile.title)) == (name, True)
    if name != "rfc9325":
        assert profile.document
        assert profile.own
        assert profile.extends == "rfc9325/1"
    for rule in profile.own:
        assert rule.id.startswith(f"{name}/")
        assert rule.source.strip()
        assert rule.warn <= rule.fail
        assert set(rule.replaces) <= set(all_checks())
        assert rule.demand.told()
    assert not profile.exemptions


@pytest.mark.parametrize("name", MINE)
def test_each_names_its_document_in_every_source(name: str) -> None:
    start = "NCSC-NL TLS guidelines" if name.startswith("ncsc") else "Server Side TLS 5.7, "
    assert all(rule.source.startswith(start) for rule in load_profile(name).own)


def test_nothing_that_caps_a_letter_is_replaced() -> None:
    capped = {check for check in all_checks() if any(fits(check, row.checks) for row in letter_rules().caps)}
    assert {"tls/heartbleed", "dane/mismatch"} <= capped
    for name in BUILT_IN:
        assert not capped & set(load_profile(name).replaced), name


def test_efforts_are_those_of_the_letters() -> None:
    assert set(EFFORTS) == set(letter_rules().efforts)


def test_every_kind_is_used_by_a_profile() -> None:
    assert {rule.kind for name in BUILT_IN for rule in load_profile(name).own} == set(kinds())


def test_suites_are_as_many_as_the_documents_have() -> None:
    assert len(suites_of("ncsc-nl-2025-05/suites", Rank.GOOD)) == 2
    assert len(suites_of("ncsc-nl-2025-05/suites", Rank.SUFFICIENT)) == 10
    assert len(suites_of("ncsc-nl-2025-05/suites", Rank.PHASE_OUT)) == 35
    assert len(suites_of("mozilla-5.7-modern/suites", Rank.GOOD)) == 3
    assert len(suites_of("mozilla-5.7-intermediate/suites", Rank.GOOD)) == 3 + 9
    assert len(suites_of("mozilla-5.7-old/suites", Rank.GOOD)) == 3 + 26


def test_patterns_take_what_they_should() -> None:
    old = suites_of("ncsc-nl-2025-05/suites", Rank.PHASE_OUT)
    assert "TLS_DHE_RSA_WITH_ARIA_256_CBC_SHA384" in old
    assert "TLS_DHE_RSA_WITH_AES_256_CCM" in old
    assert not [name for name in old if re.search(r"_SHA$|CCM_8|DSS|anon|PSK|_RSA_WITH_3DES", name)]
    assert not [name for name in old if name.startswith("TLS_RSA_")]
    of_2_1 = suites_of("ncsc-nl-2.1/suites", Rank.SUFFICIENT)
    assert "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA" in of_2_1
    assert not [name for name in of_2_1 if name.startswith("TLS_RSA_") or "DSS" in name]


@pytest.mark.parametrize(
    ("profile", "target", "expected"),
    [
        ("ncsc-nl-2025-05", "rsa-and-ecdsa.test", {"certificate-key": "warn", "versions": "pass"}),
        ("ncsc-nl-2.1", "rsa-and-ecdsa.test", {"certificate-key": "pass"}),
        ("ncsc-nl-2025-05", "sound.test", {"certificate-key": "pass", "suites": "pass"}),
        ("ncsc-nl-2025-05", "weak-key.test", {"certificate-key": "fail"}),
        ("ncsc-nl-2025-05", "sha1.test", {"certificate-signature": "fail"}),
        ("ncsc-nl-2025-05", "no-forward-secrecy.test", {"suites": "fail"}),
        ("ncsc-nl-2.1", "no-forward-secrecy.test", {"suites": "warn"}),
        ("ncsc-nl-2025-05", "old-tls.test", {"versions": "fail"}),
        ("ncsc-nl-2.1", "old-tls.test", {"versions": "warn"}),
        ("mozilla-5.7-old", "old-tls.test", {"versions": "pass"}),
        ("mozilla-5.7-intermediate", "old-tls.test", {"versions": "fail"}),
        ("mozilla-5.7-modern", "sound.test", {"versions": "fail", "certificate-lifetime": "fail"}),
        ("mozilla-5.7-intermediate", "sound.test", {"versions": "pass", "suites": "pass"}),
        ("mozilla-5.7-old", "sound.test", {"certificate-types": "fail"}),
        ("mozilla-5.7-intermediate", "rsa-and-ecdsa.test", {"certificate-types": "pass"}),
        ("ncsc-nl-2025-05", "no-starttls.test", {"versions": "not-applicable", "suites": "not-applicable"}),
    ],
)
def test_lab_domains(profile: str, target: str, expected: dict[str, str]) -> None:
    """The worst verdict of each rule at the domain's addresses."""
    worst = verdicts(profile, target)
    assert {rule: worst[f"{profile}/{rule}"] for rule in expected} == expected


def verdicts(profile: str, target: str) -> dict[str, str]:
    order = ("fail", "warn", "inconclusive", "pass", "not-applicable")
    found: dict[str, str] = {}
    for finding in graded(profile):
        if finding.subject.within(Subject(domain=target)):
            value = finding.verdict.value
            found[finding.check] = min(value, found.get(finding.check, value), key=order.index)
    return found


@cache
def of_checks() -> tuple[Finding, ...]:
    return judge_all(recorded("lab"))


@cache
def graded(profile: str) -> tuple[GradedFinding, ...]:
    return grade(of_checks(), load_profile(profile), recorded("lab"))


@pytest.mark.parametrize("name", BUILT_IN)
def test_no_rule_crashes_on_the_lab(name: str) -> None:
    assert not [f.check for f in graded(name) if f.crashed]


def test_the_checks_that_a_rule_replaces_weigh_nothing() -> None:
    def weight(profile: str) -> int:
        return max(f.severity for f in graded(profile) if f.check == "tls/version-old")

    assert weight("rfc9325") > 0
    assert weight("ncsc-nl-2025-05") == 0


def test_each_profile_is_a_file_of_its_id() -> None:
    folder = files("waxseal.grading").joinpath("profiles")
    assert all(folder.joinpath(f"{name}.toml").is_file() for name in BUILT_IN)
