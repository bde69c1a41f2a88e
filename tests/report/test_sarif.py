"""SARIF: of its schema, within GitHub's limits, at the lines of the targets file, stable over runs."""

import gzip
import json
import zlib
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator, FormatChecker
from msgspec import structs

from tests.report.written import TEXT, at_line, crashed, exempted, facts, few, lab, report, saying, thinned
from waxseal.checks.api import Verdict
from waxseal.checks.registry import all_checks
from waxseal.grading.severity import Severity
from waxseal.report import sarif
from waxseal.report.model import Report
from waxseal.report.sarif import render_sarif
from waxseal.report.sarif_rules import standard_uri
from waxseal.report.sarif_text import artifact_uri

SCHEMA = Path(__file__).parents[1] / "data" / "sarif-2.1.0.schema.json.gz"


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(
        json.loads(gzip.decompress(SCHEMA.read_bytes())), format_checker=FormatChecker()
    )


def log_of(*reports: Report, every: bool = False) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(render_sarif(reports, facts(), every=every))
    validator().validate(log)
    run: dict[str, Any] = log["runs"][0]
    return run


def test_the_schema_does_reject() -> None:
    assert not validator().is_valid({"version": "2.1.0", "runs": [{"results": []}]})
    assert not validator().is_valid({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": 1}}}]})


def test_every_lab_domain() -> None:
    run = log_of(*lab().reports)
    bad = (Verdict.FAIL, Verdict.WARN)
    found = [f for one in lab().reports for f in one.findings if f.verdict in bad and f.subject.domain]
    failed = [result for result in run["results"] if result["kind"] == "fail"]
    assert len(failed) >= len({(f.check, f.subject) for f in found}) > 500
    rules = run["tool"]["driver"]["rules"]
    assert all(result["ruleId"] == rules[result["ruleIndex"]]["id"] for result in run["results"])
    assert {rule["id"] for rule in rules} == {result["ruleId"] for result in run["results"]}
    prints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]
    assert len(set(prints)) == len(prints)


def test_github_can_take_it() -> None:
    run = log_of(*lab().reports)
    for rule in run["tool"]["driver"]["rules"]:
        assert 0 < len(rule["shortDescription"]["text"]) <= 1024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert len(rule["properties"]["tags"]) <= 10
        assert 0 < float(rule["properties"].get("security-severity", "1")) <= 10
    for result in run["results"]:
        assert result["message"]["text"]
        assert (result["kind"] == "fail") or result["level"] == "none"
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"]
        assert set(location["physicalLocation"]["region"]) == {
            "startLine",
            "startColumn",
            "endLine",
            "endColumn",
        }


def test_a_result_says_what_its_finding_says() -> None:
    run = log_of(at_line(report("dane-mismatch.test"), "mail/targets.txt", 7))
    (rule,) = [r for r in run["tool"]["driver"]["rules"] if r["id"] == "dane/mismatch"]
    assert rule["properties"]["security-severity"] == "9.5"
    assert rule["helpUri"] == "https://www.rfc-editor.org/rfc/rfc7672#section-3.2"
    found = [result for result in run["results"] if result["ruleId"] == "dane/mismatch"]
    assert len(found) == 2
    for result in found:
        assert (result["level"], result["kind"], result["suppressions"]) == ("error", "fail", [])
        assert result["message"]["text"].startswith("TLSA records do not match a certificate: No TLSA record")
        physical = result["locations"][0]["physicalLocation"]
        assert physical["artifactLocation"] == {"uri": "mail/targets.txt", "uriBaseId": "%SRCROOT%"}
        region = {"startLine": 7, "startColumn": 1, "endLine": 7, "endColumn": len("dane-mismatch.test") + 1}
        assert physical["region"] == region


def test_what_is_written_beside_what_fails() -> None:
    whole = report("greeting-421.test")
    kinds = [result["kind"] for result in log_of(whole)["results"]]
    own = [f for f in whole.findings if f.verdict is Verdict.INCONCLUSIVE and not f.follows]
    assert own
    assert kinds.count("review") == len(own)
    assert set(kinds) == {"fail", "review"}
    notes = log_of(whole)["invocations"][0]["toolExecutionNotifications"]
    assert "could not be tested" in notes[0]["message"]["text"]
    every = log_of(whole, every=True)["results"]
    assert len(every) == len(whole.findings)
    assert {result["kind"] for result in every} == {"fail", "review", "pass", "notApplicable"}


def test_an_exemption_is_a_suppression() -> None:
    run = log_of(exempted(report("dane-mismatch.test"), "dane/mismatch", "moving, until 2027-01-31"))
    found = {json.dumps(r["suppressions"]) for r in run["results"] if r["ruleId"] == "dane/mismatch"}
    (only,) = found
    told = {"kind": "external", "status": "accepted", "justification": "moving, until 2027-01-31"}
    assert json.loads(only) == [told]


def test_a_crash_is_told() -> None:
    whole = report("dane-mismatch.test")
    (invocation,) = json.loads(render_sarif((whole,), crashed(whole)))["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    assert "1 of probes" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    assert log_of(whole)["invocations"][0]["executionSuccessful"] is True


def test_fingerprints_stay_when_time_and_words_change() -> None:
    def prints(one: Report) -> list[str]:
        return [r["partialFingerprints"]["primaryLocationLineHash"] for r in log_of(one)["results"]]

    whole = report("dane-mismatch.test")
    assert whole.context is not None
    later = structs.replace(whole.context, started_at=whole.context.started_at + timedelta(days=3))
    findings = tuple(structs.replace(f, summary=f"{f.summary}!", evidence=()) for f in whole.findings)
    assert prints(whole)
    assert prints(structs.replace(whole, context=later, findings=findings)) == prints(whole)


def test_limits_are_kept_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST_RESULTS", 100)
    run = log_of(*lab().reports)
    assert len(run["results"]) == 100
    assert {result["properties"]["severity"] for result in run["results"]} == {"critical"}
    assert "left out" in run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]
    monkeypatch.setattr(sarif, "MOST_OCTETS", 40_000)
    octets = render_sarif(lab().reports, facts())
    assert len(zlib.compress(octets)) < 40_000
    assert json.loads(octets)["runs"][0]["results"]


@pytest.mark.parametrize(
    ("path", "uri", "relative"),
    [
        ("targets.txt", "targets.txt", True),
        ("./a/../mail servers.txt", "mail%20servers.txt", True),
        ("c:d.txt", "c%3Ad.txt", True),
        ("a\\b.txt", "a/b.txt", True),
        ("/etc/list#1", "file:///etc/list%231", False),
        ("C:\\lists\\a.txt", "file:///C%3A/lists/a.txt", False),
    ],
)
def test_files_become_references(path: str, uri: str, relative: bool) -> None:
    assert artifact_uri(path) == (uri, relative)


def test_every_check_that_cites_an_rfc_has_a_page() -> None:
    cites = [check.cites for check in all_checks().values()]
    assert sum(standard_uri(cited) is not None for cited in cites) > 100
    assert standard_uri(("BSI TR-03108",)) is None
    assert standard_uri(("RFC 5280 §4.2.1.6",)) == "https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.6"


@settings(max_examples=40, deadline=None)
@given(TEXT)
def test_strangers_text_makes_no_link_and_no_placeholder(text: str) -> None:
    whole = thinned(at_line(report("dane-mismatch.test"), "list.txt", 1))
    run = log_of(saying(whole, text))
    assert len(run["results"]) == len(log_of(whole)["results"])
    for result in run["results"]:
        said = result["message"]["text"]
        assert "](" not in said
        assert "{" not in said.replace("{{", "")
        assert len(said) <= 9000


def test_two_targets_at_one_domain_keep_their_own_results() -> None:
    whole = report("dane-mismatch.test")
    other = structs.replace(whole, target=structs.replace(whole.target, port=2525))
    of_domain = [f for f in whole.findings if f.severity > Severity.NONE]
    assert len(log_of(whole, other)["results"]) == 2 * len(log_of(whole)["results"]) >= 2 * len(of_domain)
    assert len(log_of(*few())["results"]) >= len(of_domain)
