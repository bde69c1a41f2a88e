"""The two letters: recomputed by other, shorter code from the JSON report and the published rules alone."""

import json
import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.corpus import recorded
from waxseal.api import Result, judge
from waxseal.checks.registry import all_checks
from waxseal.checks.verdict import Verdict
from waxseal.facts import Target
from waxseal.grading.letter_rules import Axis, ladder, letter_rules, standing
from waxseal.grading.letters import Basis, Letters, letters_of
from waxseal.grading.profile import GradedFinding, load_profile
from waxseal.grading.seal import Seal
from waxseal.grading.severity import Severity
from waxseal.report.json_form import render_json
from waxseal.report.model import Report

RULES = tomllib.loads(files("waxseal.grading").joinpath("letters.toml").read_text(encoding="utf-8"))
WORSE = ("fail", "warn")
PLACE = ("domain", "host", "address", "port", "server_name", "certificate_type")


@cache
def judged() -> Result:
    return judge(recorded("lab"))


@cache
def documents() -> dict[tuple[str, int], dict[str, Any]]:
    reports = json.loads(render_json(judged().reports, judged().facts))["reports"]
    return {(report["target"]["name"], report["target"].get("port", 25)): report for report in reports}


@cache
def reports() -> dict[str, Report]:
    return {f"{report.target.name}:{report.target.port}": report for report in judged().reports}


# --- The independent few lines: what docs/grading.md says, written once more.


def around(place: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether one of the two places is inside the other."""
    pairs = [(place.get(part), other.get(part)) for part in PLACE]
    return all(a == b for a, b in pairs if a is not None and b is not None)


def row(check: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [r for r in rows if any(fnmatchcase(check, pattern) for pattern in r["checks"])]


def asked_for(check: str, kind: str) -> bool:
    """Whether a rung asks for a check, so that it takes nothing of its own."""
    asked = [p for r in RULES["rungs"] if r["for"] == kind for p in r["proved_by"] + r["spoiled_by"]]
    return any(fnmatchcase(check, pattern) for pattern in asked)


def recomputed(report: dict[str, Any], endpoint: dict[str, Any], axis: str, kind: str, rung: str) -> int:
    """The points of one address."""
    here = [f for f in report["findings"] if f["subject"] and around(f["subject"], endpoint["subject"])]
    bad = [f for f in here if f["verdict"] in WORSE and f["severity"] != "none"]
    most, each = 100, 0
    together: dict[str, int] = {}
    for check in {f["check"] for f in bad}:
        of_check = [f for f in bad if f["check"] == check]
        axes = row(check, RULES["axes"])
        if not axes or axis not in axes[0]["against"]:
            continue
        took = max(RULES["points"][f["severity"]] for f in of_check)
        if axis == "active" and asked_for(check, kind):
            took = 0
        if axes[0].get("once"):
            together[axes[0]["why"]] = max(took, together.get(axes[0]["why"], 0))
        else:
            each += took
        capped = any(axis in cap["against"] for cap in row(check, RULES["caps"]))
        if capped and any(f["verdict"] == "fail" for f in of_check):
            most = RULES["thresholds"]["E"] - 1
    if endpoint["seal"] == "exposed":
        most = RULES["thresholds"]["E"] - 1
    of_rung = next((r["lost"] for r in RULES["rungs"] if (r["for"], r["id"]) == (kind, rung)), 0)
    return int(min(max(100 - each - sum(together.values()) - of_rung, 0), most))


def letter_of(points: int) -> str:
    return next((letter for letter, least in RULES["thresholds"].items() if points >= least), "F")


def test_anybody_can_recompute_the_letters() -> None:
    for report in reports().values():
        check_sum(report)


def kind_of(report: Report, endpoint: dict[str, Any]) -> str:
    """Which rungs there are to ask for, where none could be seen."""
    of_programs = report.target.protocol.value != "smtp" or endpoint["subject"]["port"] in (465, 587)
    return "access" if of_programs else "mail"


def check_sum(report: Report) -> None:
    document = documents()[report.target.name, report.target.port]
    for endpoint, given in zip(document["endpoints"], document["letters"]["by_address"], strict=True):
        for axis in ("passive", "active"):
            letter = given[axis]
            if letter["letter"] is not None:
                kind = letter["kind"] or kind_of(report, endpoint)
                points = recomputed(document, endpoint, axis, kind, letter["rung"])
                assert (letter["points"], letter["letter"]) == (points, letter_of(points)), endpoint[
                    "subject"
                ]
    worst = {
        axis: min(given, key=lambda letter: letter["points"])["letter"] if given else None
        for axis in ("passive", "active")
        for given in [
            [row[axis] for row in document["letters"]["by_address"] if row[axis]["points"] is not None]
        ]
    }
    assert worst == {axis: document["letters"][axis]["letter"] for axis in worst}


def test_every_lost_point_is_listed_and_can_be_regained() -> None:
    for letters in (report.letters for report in reports().values()):
        check_lost(letters)


def check_lost(letters: Letters) -> None:
    for letter in (letters.passive, letters.active):
        if letter.points is None:
            assert letter.letter is None
            assert letter.why
            continue
        least = max(0, 100 - sum(lost.points for lost in letter.lost))
        assert letter.points == least or (letter.points < least and any(lost.cap for lost in letter.lost))
        regained = {regain.check for regain in letters.regain}
        assert {lost.check for lost in letter.lost} <= regained
        assert len({lost.check for lost in letter.lost}) == len(letter.lost)
        assert all(lost.regain and lost.title for lost in letter.lost)


def test_what_stands_in_clear_is_f_and_what_was_not_seen_has_no_letter() -> None:
    for report in reports().values():
        for endpoint, row_ in zip(report.endpoints, report.letters.by_address, strict=True):
            if endpoint.seal is Seal.EXPOSED:
                assert (row_.passive.letter, row_.active.letter) == ("F", "F"), endpoint
            if endpoint.seal is Seal.UNKNOWN and not row_.passive.lost:
                assert row_.passive.letter is None


def test_a_self_signed_opportunistic_server_loses_nothing_against_who_listens() -> None:
    letters = reports()["self-signed.test:25"].letters
    assert (letters.passive.letter, letters.passive.points) == ("A", 100)
    assert (letters.active.letter, letters.active.rung) == ("E", "none")


@pytest.mark.parametrize(
    ("name", "letter", "rung"),
    [
        ("sound.test:25", "A", "dane"),
        ("dane-only.test:25", "A", "dane"),
        ("sts-only.test:25", "A", "mta-sts"),
        ("sts-testing.test:25", "D", "testing"),
        ("self-signed.test:25", "E", "none"),
        ("dane-mismatch.test:25", "F", "none"),
        ("sts-mx-certificate.test:25", "F", "none"),
        ("sts-unmatched.test:25", "F", "none"),
        ("sts-unmatched-testing.test:25", "E", "none"),
        ("dane-pkix.test:25", "E", "none"),
        ("dane-mx-insecure.test:25", "E", "none"),
        ("sts-none.test:25", "E", "none"),
        ("sts-wrong-name.test:25", "E", "none"),
        ("sts-two-records.test:25", "E", "none"),
        ("dane-unknown.test:25", "A", "dane"),
        ("dane-one-bad-type.test:25", "F", "none"),
        ("mail-kept.test:25", "E", "none"),
        ("mail.expired.test:465", "E", "none"),
        ("imap-no-list.access.test:143", "C", "pkix"),
        ("imap-plain.access.test:143", "F", ""),
        ("sts-stalls.test:25", None, ""),
    ],
)
def test_rungs(name: str, letter: str | None, rung: str) -> None:
    active = reports()[name].letters.active
    assert (active.letter, active.rung) == (letter, rung)


def test_mending_what_is_broken_counts_with_what_it_broke() -> None:
    first = reports()["dane-mismatch.test:25"].letters.regain[0]
    assert (first.check, first.active, first.caps) == ("dane/mismatch", 60, (Axis.ACTIVE,))


@pytest.mark.parametrize("name", ["sts-", "dane-"])
def test_what_is_published_and_broken_is_no_worse_than_nothing_unless_it_stops_mail(name: str) -> None:
    """A proof that senders pass over leaves them where they were; F is for what they turn mail down for."""
    nothing = reports()["provider.test:25"].letters.active.points
    assert nothing is not None
    for target, report in reports().items():
        active = report.letters.active
        kept = not any(lost.cap or lost.check.startswith("certificate/") for lost in active.lost)
        if (
            target.startswith(name)
            and active.points is not None
            and kept
            and target != "dane-partial.test:25"
        ):
            assert active.points >= nothing, target


def test_what_gives_points_back_is_what_is_broken() -> None:
    expected = {
        "dane-pkix.test:25": {"dane/none-usable": 60},
        "dane-mx-insecure.test:25": {"dane/mx-insecure": 60},
        "sts-expired.test:25": {"mta-sts/policy-host-certificate": 50, "dane/unsigned": 10},
        "sts-testing.test:25": {"mta-sts/mode-testing": 30, "dane/unsigned": 10},
        "mail.expired.test:465": {"certificate/expired": 70},
        "self-signed.test:25": {
            "policy/none-published": 50,
            "certificate/self-signed": 12,
            "dane/unsigned": 10,
        },
    }
    found = {name: {row.check: row.active for row in reports()[name].letters.regain} for name in expected}
    assert found == expected


def test_several_faults_of_one_proof_count_once_and_all_are_named() -> None:
    report = reports()["self-signed.test:25"]
    fault = next(f for f in report.findings if f.check == "certificate/self-signed" and f.severity)
    other = structs.replace(fault, check="certificate/unreadable", title="It cannot be read")
    active = again(report, (*report.findings, other)).active
    assert active.points == report.letters.active.points
    assert any("It cannot be read (certificate/unreadable)" in lost.regain for lost in active.lost)


def test_an_exemption_takes_the_points_off_and_proves_nothing() -> None:
    for name in ("no-starttls.test:25", "dane-mismatch.test:25", "expired.test:25"):
        report = reports()[name]
        none = tuple(structs.replace(f, severity=Severity.NONE, exempt="so be it") for f in report.findings)
        letters = again(report, none)
        assert letters.passive.letter == report.letters.passive.letter
        assert letters.active.rung == report.letters.active.rung
        assert (letters.active.points or 0) >= (report.letters.active.points or 0)
    assert again(report, none).active.points == 40


def test_what_was_not_tested_is_said_beside_the_letter() -> None:
    assert "one mail host was not tested" in reports()["mx-unresolvable.test:25"].letters.passive.why
    assert "of 2 addresses could not be seen" in reports()["ipv6-broken.test:25"].letters.active.why


# --- INCONCLUSIVE never moves a letter.


def again(report: Report, findings: tuple[GradedFinding, ...]) -> Letters:
    profile = load_profile()
    return letters_of(judged().facts, findings, report.endpoints, report.target, profile)


def test_open_questions_take_nothing() -> None:
    """A letter that is given stays what it is without the findings that could not be seen."""
    for report in reports().values():
        seen = tuple(f for f in report.findings if f.verdict is not Verdict.INCONCLUSIVE)
        without = again(report, seen)
        for before, after in (
            (report.letters.passive, without.passive),
            (report.letters.active, without.active),
        ):
            assert before.letter in (None, after.letter), report.target.name


@pytest.mark.parametrize("name", ["sound.test:25", "expired.test:25", "weak-key.test:25", "old-tls.test:25"])
def test_what_can_no_longer_be_seen_takes_no_points(name: str) -> None:
    """A finding made INCONCLUSIVE keeps the points, gives its own back, or takes the letter away."""
    report = reports()[name]
    for number, finding in enumerate(report.findings):
        hidden = structs.replace(finding, verdict=Verdict.INCONCLUSIVE, severity=Severity.NONE)
        findings = (*report.findings[:number], hidden, *report.findings[number + 1 :])
        letters = again(report, findings)
        for before, after in (
            (report.letters.passive, letters.passive),
            (report.letters.active, letters.active),
        ):
            gone = before.letter is None or after.letter is None
            assert gone or str(after.letter) <= str(before.letter)


def test_a_host_by_itself_does_not_say_which_policy_binds_senders() -> None:
    report = reports()["self-signed.test:25"]
    host = structs.replace(report.target, kind=next(iter(hosts())).kind)
    letters = letters_of(judged().facts, report.findings, report.endpoints, host, load_profile())
    assert letters.active.letter is None
    assert "MTA-STS" in letters.active.why


def hosts() -> Iterator[Target]:
    return (report.target for report in reports().values() if report.target.kind.value == "host")


# --- Which address decides.


def test_the_worst_address_decides_unless_told_otherwise() -> None:
    mixed = next(
        report
        for report in reports().values()
        if len({row.active.points for row in report.letters.by_address if row.active.points is not None}) > 1
    )
    points = [row.active.points for row in mixed.letters.by_address if row.active.points is not None]
    of = {
        basis: letters_of(
            judged().facts, mixed.findings, mixed.endpoints, mixed.target, load_profile(), basis
        ).active.points
        for basis in Basis
    }
    assert of[Basis.WORST] == min(points)
    assert of[Basis.BEST] == max(points)
    assert of[Basis.FIRST] in points


# --- The rules themselves.


def test_every_pattern_of_the_rules_names_a_check() -> None:
    known = all_checks()
    rules = letter_rules()
    patterns = [p for axes in rules.axes for p in axes.checks]
    patterns += [p for cap in rules.caps for p in cap.checks]
    patterns += [
        p for rung in rules.rungs for p in (*rung.proved_by, *rung.spoiled_by, *rung.soft, *rung.opened_by)
    ]
    patterns += [rung.check for rung in rules.rungs if rung.check]
    assert not [p for p in patterns if not any(fnmatchcase(check, p) for check in known)]


def test_what_caps_also_counts() -> None:
    for check in all_checks():
        rules = standing(check)
        assert set(rules.caps) <= set(rules.against), check


def test_every_rung_that_takes_points_leads_to_a_better_one() -> None:
    for rung in letter_rules().rungs:
        better = {other.id for other in ladder(rung.kind) if other.lost < rung.lost}
        assert (rung.next in better) == bool(rung.lost), rung.id
    for kind in ("mail", "access"):
        assert not ladder(kind)[-1].proved_by


def test_thresholds_fall_and_efforts_are_known() -> None:
    rules = letter_rules()
    assert list(rules.thresholds.values()) == sorted(rules.thresholds.values(), reverse=True)
    assert set(rules.points) == {s.label for s in Severity if s}
    assert {r.effort for r in rules.axes} | {r.effort for r in rules.rungs if r.effort} <= set(rules.efforts)
    assert [rules.letter(points) for points in (100, 90, 89, 80, 65, 50, 20, 19, 0)] == list("AABBCDEFF")
    assert [rules.most(letter) for letter in "AF"] == [100, 19]


def test_the_page_about_grading_says_what_the_rules_say() -> None:
    page = (Path(__file__).parents[2] / "docs" / "grading.md").read_text(encoding="utf-8")
    cells = [[cell.strip(" *`") for cell in line.strip("| ").split("|")] for line in page.splitlines()]
    rules = letter_rules()
    assert {c[0]: int(c[1]) for c in cells if c[0] in rules.points} == rules.points
    rows = re.findall(r"^\s*\| (?!start)[^|]+ \| (\d+) \| ([^|]*)\|$", page, re.MULTILINE)
    assert [int(lost) for lost, _ in rows] == [rung.lost for rung in rules.rungs]
    named = [set(re.findall(r"[a-z-]+/[a-z-]+", proved)) for _, proved in rows]
    assert named == [set(rung.proved_by) for rung in rules.rungs]
    thresholds = re.search(r"A from (\d+), B from (\d+), C from (\d+), D from (\d+), E from (\d+)", page)
    assert thresholds is not None
    assert [int(number) for number in thresholds.groups()] == list(rules.thresholds.values())


@pytest.mark.parametrize("name", ["self-signed.test", "sts-testing.test", "dane-mismatch.test"])
def test_the_worked_examples_are_what_the_lab_gives(name: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "grading.md").read_text(encoding="utf-8")
    example = page.split(f"(`{name}`)")[1]
    sums = re.search(r"\*\*sum\*\* \| \*\*(\d+): ([A-F])\*\* \| \*\*(\d+): ([A-F])\*\*", example)
    assert sums is not None
    letters = reports()[f"{name}:25"].letters
    given = [letters.passive.points, letters.passive.letter, letters.active.points, letters.active.letter]
    assert [str(value) for value in given] == list(sums.groups())
