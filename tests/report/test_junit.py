"""JUnit XML: of its schema whatever a server said, and the outcomes are those of the findings."""

from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from lxml import etree
from msgspec import structs

from tests.report.written import TEXT, crashed, exempted, facts, few, lab, report, saying, thinned
from waxseal.checks.api import Verdict
from waxseal.grading.severity import Severity
from waxseal.report.junit import render_junit

XSD = Path(__file__).with_name("junit.xsd")
XUNIT = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {
        *("name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname"),
        *("id", "package", "file", "log", "url"),
    },
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"name", "time", "classname", "group"},
    "skipped": {"type", "message"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "system-out": set(),
}
"""Elements and attributes that the Jenkins xUnit plug-in's JUnit model, version 10, accepts."""


@cache
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(XSD)))


def parsed(text: str) -> "etree._Element":
    root = etree.fromstring(text.encode())
    schema().assertValid(root)
    return root


def outcome(case: "etree._Element") -> str:
    found = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
    return str(found[0]) if found else ""


def test_every_lab_domain_is_of_the_schema_and_counted_right() -> None:
    result = lab()
    root = parsed(render_junit(result.reports, result.facts))
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites] == [found.target.given for found in result.reports]
    for suite, found in zip(suites, result.reports, strict=True):
        cases = suite.findall("testcase")
        counted = Counter(outcome(case) for case in cases)
        told = [suite.get(name) for name in ("tests", "failures", "errors", "skipped")]
        assert told == [
            str(n) for n in (len(cases), counted["failure"], counted["error"], counted["skipped"])
        ]
        assert counted["failure"] == sum(f.severity >= Severity.HIGH for f in found.findings)
        assert counted["error"] == found.untested + sum(f.crashed for f in found.findings)
    assert root.get("tests") == str(len(root.findall("testsuite/testcase")))


def test_jenkins_takes_every_element_and_attribute() -> None:
    whole = exempted(report("dane-mismatch.test"), "dane/mismatch", "why")
    for element in parsed(render_junit((whole, *few()), facts())).iter():
        assert set(map(str, element.attrib)) <= XUNIT[str(element.tag)]


def test_what_was_not_seen_never_passes() -> None:
    for found in few("greeting-421.test", "sound.test"):
        root = parsed(render_junit((found,), facts()))
        unseen = {f"{f.check} @ {f.subject}" for f in found.findings if f.verdict is Verdict.INCONCLUSIVE}
        assert unseen
        got = {case.get("name"): outcome(case) for case in root.iter("testcase")}
        assert {got[name] for name in unseen} == {"skipped"}
    (own,) = [case for case in root.iter("testcase") if case.get("classname") == "waxseal"]
    assert outcome(own) == ""
    untested = parsed(render_junit(few("greeting-421.test"), facts()))
    (own,) = [case for case in untested.iter("testcase") if case.get("classname") == "waxseal"]
    assert outcome(own) == "error"


@pytest.mark.parametrize(
    ("fail_on", "outcomes"),
    [
        (Severity.CRITICAL, {"failure"}),
        (None, {""}),
    ],
)
def test_the_threshold_decides_what_fails(fail_on: Severity | None, outcomes: set[str]) -> None:
    root = parsed(render_junit(few("dane-mismatch.test"), facts(), fail_on=fail_on))
    bad = [f for f in report("dane-mismatch.test").findings if f.verdict is Verdict.FAIL]
    names = {f"{f.check} @ {f.subject}" for f in bad}
    cases = [case for case in root.iter("testcase") if case.get("name") in names]
    assert {outcome(case) for case in cases} == outcomes
    texts = ["".join(map(str, case.itertext())) for case in cases]
    assert all("Publish the record that the evidence names" in text for text in texts)


def test_exempt_and_crashed() -> None:
    whole = exempted(report("dane-mismatch.test"), "dane/mismatch", "moving, until 2027-01-31")
    first = structs.replace(whole.findings[-1], crashed=True, verdict=Verdict.INCONCLUSIVE)
    whole = structs.replace(whole, findings=(first, *whole.findings[:-1]))
    root = parsed(render_junit((whole,), facts()))
    assert root.get("failures") == "0"
    assert root.get("errors") == "1"
    messages = [str(found.get("message")) for found in root.iter("skipped") if found.get("type") == "exempt"]
    assert messages == ["exempt: moving, until 2027-01-31"] * 2


def test_a_probe_that_crashed_is_an_error() -> None:
    whole = report("dane-mismatch.test")
    root = parsed(render_junit((whole,), crashed(whole)))
    assert root.get("errors") == "1"
    (error,) = root.iter("error")
    assert "is a bug of waxseal" in str(error.get("message"))


@settings(max_examples=60, deadline=None)
@given(TEXT)
def test_strangers_text_is_text(text: str) -> None:
    whole = thinned(report("dane-mismatch.test"))
    whole = structs.replace(whole, target=structs.replace(whole.target, file="list.txt", line=3))
    hostile = structs.replace(saying(whole, text), target=whole.target)
    root = parsed(render_junit((hostile,), facts()))
    plain = parsed(render_junit((saying(whole, "x"),), facts()))
    assert [element.tag for element in root.iter()] == [element.tag for element in plain.iter()]
