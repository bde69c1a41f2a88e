"""The forms for monitoring systems, over servers of the lab: status, form, numbers, and strangers' text."""

import asyncio
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from tests.report.perfdata import CODES, Answer, read_answer
from waxseal.api import Result, check
from waxseal.facts import MailProtocol, Target, TargetKind, TlsMode
from waxseal.grading.severity import Severity
from waxseal.lab.world import LabWorld
from waxseal.probes.settings import ProbeSettings
from waxseal.report import checkmk, nagios
from waxseal.report.checkmk import render_checkmk
from waxseal.report.model import Report
from waxseal.report.nagios import MOST_OCTETS, render_nagios
from waxseal.report.prometheus import METRICS, STAGES, render_prometheus
from waxseal.report.status import Status, target_name, worst
from waxseal.report.thresholds import Limits, parse_range

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "monitoring.md"
STATUS = {
    "sound.test": Status.OK,
    "null-mx.test": Status.OK,
    "expired.test": Status.WARNING,
    "expires-soon.test": Status.WARNING,
    "no-starttls.test": Status.CRITICAL,
    "greeting-554.test": Status.UNKNOWN,
    "ipv6-broken.test": Status.UNKNOWN,
}
LOCAL_CHECK = re.compile(
    r"(?P<state>[0-3]) \"(?P<service>[^\"']+)\" (?P<metrics>-|[a-zA-Z0-9_=;:.|-]+) (?P<text>[^|]*)"
)


async def _check() -> Result:
    async with LabWorld() as world:
        settings = ProbeSettings(ehlo_name="probe.test", time_limit_s=8)
        return await check(*STATUS, network=world.network(), settings=settings)


@pytest.fixture(scope="module")
def result() -> Result:
    return asyncio.run(_check())


def report_of(result: Result, target: str) -> Report:
    return next(report for report in result.reports if report.target.name == target)


def answer(result: Result, target: str, **limits: object) -> Answer:
    text, code = render_nagios(
        (report_of(result, target),),
        result.facts,
        limits=Limits(**limits) if limits else None,  # type: ignore[arg-type]
    )
    read = read_answer(text)
    assert code == read.code
    assert len(text.encode()) <= MOST_OCTETS
    return read


@pytest.mark.parametrize("target", STATUS)
def test_status_of_a_target(result: Result, target: str) -> None:
    read = answer(result, target)
    assert read.status == STATUS[target].name
    assert read.text.startswith(report_of(result, target).headline.sentence.rstrip("."))


def test_numbers_are_those_of_the_report(result: Result) -> None:
    report = report_of(result, "expired.test")
    read = answer(result, "expired.test")
    numbers = {label: item.value for label, item in read.numbers.items()}
    assert numbers["passive"] == report.letters.passive.points
    assert numbers["active"] == report.letters.active.points
    assert numbers["connections"] == report.connections
    assert numbers["warned"] == len([f for f in report.to_fix if f.verdict == "warn"]) > 0
    assert numbers["days_left"] == min(e.days_left for e in report.endpoints if e.days_left is not None) < 0
    places = {f"days_left_{str(e.subject.address).replace(':', '-')}_25" for e in report.endpoints}
    assert places == {label for label in numbers if label.startswith("days_left_")}


@pytest.mark.parametrize("target", ["greeting-554.test", "null-mx.test"])
def test_what_was_not_seen_has_no_number(result: Result, target: str) -> None:
    labels = set(answer(result, target).numbers)
    assert not labels & {"passive", "active", "days_left"}
    assert {"time", "connections", "not_seen"} <= labels


def test_severity_decides(result: Result) -> None:
    assert answer(result, "expired.test", critical=Severity.MEDIUM).status == "CRITICAL"
    assert answer(result, "expired.test", warning=None, critical=None).status == "OK"
    assert answer(result, "no-starttls.test", critical=None).status == "WARNING"


def test_what_could_not_be_seen_is_never_ok(result: Result) -> None:
    for target in ("greeting-554.test", "ipv6-broken.test"):
        assert answer(result, target, warning=None, critical=None).status == "UNKNOWN"
    assert answer(result, "greeting-554.test", warning=Severity.LOW).status == "UNKNOWN"
    assert answer(result, "ipv6-broken.test", warning=Severity.LOW).status == "WARNING"


def test_days_decide(result: Result) -> None:
    critical = parse_range("3000:")
    read = answer(result, "sound.test", expiry_critical=critical)
    assert read.status == "CRITICAL"
    assert "days left to the certificate" in read.text
    assert {i.critical for label, i in read.numbers.items() if label.startswith("days_left")} == {"3000:"}
    assert answer(result, "sound.test", expiry_warning=parse_range("@0:3000")).status == "WARNING"
    assert answer(result, "sound.test", expiry_warning=parse_range("3:")).status == "OK"
    assert answer(result, "expires-soon.test", expiry_warning=parse_range("1:")).status == "OK"
    assert answer(result, "null-mx.test", expiry_critical=critical).status == "OK"


def test_letters_decide(result: Result) -> None:
    read = answer(result, "ipv6-broken.test", letter_critical="C", letter_warning="B")
    assert read.status == "CRITICAL"
    assert "against the active attacker" in read.text
    assert (read.numbers["passive"].warning, read.numbers["passive"].critical) == ("90:", "80:")
    assert answer(result, "sound.test", letter_critical="C").status == "OK"
    assert answer(result, "null-mx.test", letter_critical="B").status == "OK"


def test_a_crash_is_unknown(result: Result) -> None:
    report = report_of(result, "sound.test")
    crashed = replace(report, findings=(*report.findings[:-1], replace(report.findings[-1], crashed=True)))
    text, code = render_nagios((crashed,), result.facts)
    assert code == Status.UNKNOWN
    assert "a bug in waxseal" in text


def test_several_targets_have_the_worst_status(result: Result) -> None:
    text, code = render_nagios(result.reports, result.facts)
    read = read_answer(text)
    assert (code, read.status) == (2, "CRITICAL")
    assert read.text.startswith(
        "7 targets: 2 ok, 2 warning, 1 critical, 2 unknown; critical: no-starttls.test"
    )
    assert read.details[0].startswith("CRITICAL: ")
    assert read.numbers["connections"].value == sum(report.connections for report in result.reports)
    assert read.numbers["sound.test_active"].value == 100
    assert worst([Status.OK, Status.UNKNOWN]) is Status.UNKNOWN
    assert worst([Status.UNKNOWN, Status.WARNING, Status.OK]) is Status.WARNING
    assert worst(Status) is Status.CRITICAL
    assert worst([]) is Status.UNKNOWN


def test_answers_are_bounded(result: Result) -> None:
    many = tuple(
        replace(report, target=replace(report.target, name=f"{'x' * 50}{number}.test"))
        for number in range(60)
        for report in result.reports
    )
    text, _ = render_nagios(many, result.facts)
    assert len(text.encode()) <= MOST_OCTETS
    assert "more lines" in read_answer(text).details[-1]
    assert nagios.render_nagios((), result.facts)[1] == Status.UNKNOWN


NASTY = st.text(max_size=40) | st.sampled_from(
    [
        "a|b=1",
        "x\nCRITICAL",
        "\\n0 other - ok",
        "'=;",
        '"',
        "\x1b[31m",
        "\u2028",
        "\ud800",
        "é" * 4000,
        "\r",
        "\0",
    ]
)


@settings(max_examples=60, deadline=None)
@given(NASTY, NASTY)
def test_strangers_cannot_break_the_forms(result: Result, sentence: str, name: str) -> None:
    report = report_of(result, "no-starttls.test")
    findings = tuple(replace(f, title=sentence or "x") for f in report.findings)
    headline = replace(report.headline, sentence=f"It says {sentence}")
    target = replace(report.target, name=f"x{name}", kind=TargetKind.HOST)
    ends = tuple(replace(e, ended=sentence, suite=sentence, version=name) for e in report.endpoints)
    nasty = replace(report, findings=findings, headline=headline, target=target, endpoints=ends)
    text, code = render_nagios((nasty, report), result.facts)
    assert read_answer(text).code == code == 2
    assert len(text.encode()) <= MOST_OCTETS
    lines = render_checkmk((nasty, report), result.facts).encode().decode().split("\n")
    assert len(lines) == 3
    for line in lines[:2]:
        assert LOCAL_CHECK.fullmatch(line), line
        assert line.isprintable()
    details = [reason for reason in lines[0].split("\\n")[1:] if reason]
    assert all(detail.startswith(("CRITICAL: ", "UNKNOWN: ", "WARNING: ")) for detail in details[:-1])
    assert details[-1].startswith("profile ")
    read_prometheus(render_prometheus((nasty, report), result.facts).encode().decode())


def test_local_checks(result: Result) -> None:
    lines = render_checkmk(result.reports, result.facts, limits=Limits(expiry_critical=parse_range("3:")))
    read = [LOCAL_CHECK.fullmatch(line) for line in lines.splitlines()]
    found = {match["service"]: match for match in read if match is not None}
    assert len(read) == len(found) == len(STATUS)
    assert {name: Status(int(match["state"])) for name, match in found.items()} == {
        f"waxseal {name}": (Status.CRITICAL if name == "expired.test" else status)
        for name, status in STATUS.items()
    }
    metrics = dict(item.split("=") for item in found["waxseal sound.test"]["metrics"].split("|"))
    assert re.fullmatch(r"\d+;;3:", metrics["days_left"])
    assert re.fullmatch(r"[0-9.]+;;;0", metrics["time"])
    assert all(re.fullmatch(r"[a-z][A-Za-z0-9_]*", name) for name in metrics)


@pytest.mark.parametrize(
    ("text", "level"), [("14:", "14:"), ("~:90", "90"), ("10:20", "10:20"), ("14", "0:14"), ("@1:2", "")]
)
def test_levels(text: str, level: str) -> None:
    assert checkmk._level(parse_range(text)) == level


def read_prometheus(text: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Every series by its metric, read by Prometheus' own parser for Python."""
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        assert (family.type, family.documentation) == ("gauge", METRICS[family.name])
        found[family.name] = [(sample.labels, sample.value) for sample in family.samples]
    series = [(name, *sorted(labels.items())) for name, samples in found.items() for labels, _ in samples]
    assert len(series) == len(set(series)) == len([x for x in text.splitlines() if not x.startswith("#")])
    return found


def test_metrics(result: Result) -> None:
    text = render_prometheus(result.reports, result.facts)
    assert text == render_prometheus(result.reports, result.facts)
    found = read_prometheus(text)
    assert set(found) == set(METRICS)
    up = {labels["target"]: value for labels, value in found["waxseal_up"]}
    assert up == {name: float(name != "greeting-554.test") for name in STATUS}
    letters = {(labels["target"], labels["axis"]): value for labels, value in found["waxseal_letter"]}
    assert letters["sound.test", "active"] == 5
    assert letters["no-starttls.test", "active"] == 0
    assert not [target for target, _ in letters if target in ("greeting-554.test", "null-mx.test")]
    states = [labels for labels, value in found["waxseal_state"] if value]
    assert {labels["target"]: labels["state"] for labels in states} == {
        report.target.name: report.headline.state for report in result.reports
    }
    unseen = [v for labels, v in found["waxseal_findings"] if labels["target"] == "greeting-554.test"]
    assert 0 not in unseen
    assert {labels["stage"] for labels, _ in found["waxseal_stage_seconds"]} == set(STAGES)
    ends = {
        labels["target"]: value for labels, value in found["waxseal_certificate_not_after_timestamp_seconds"]
    }
    (began,) = [value for _, value in found["waxseal_run_timestamp_seconds"]]
    assert ends["expired.test"] < began < ends["sound.test"]


def test_a_target_named_twice_has_its_series_once(result: Result) -> None:
    once, twice = result.reports[:1], (*result.reports[:1], *result.reports[:1])
    assert render_prometheus(twice, result.facts) == render_prometheus(once, result.facts)
    assert render_checkmk(twice, result.facts) == render_checkmk(once, result.facts)


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (Target(given="", kind=TargetKind.DOMAIN, name="a.test"), "a.test"),
        (Target(given="", kind=TargetKind.HOST, name="a.test"), "a.test:25"),
        (Target(given="", kind=TargetKind.ADDRESS, name="2001:db8::1"), "[2001:db8::1]:25"),
        (
            Target(given="", kind=TargetKind.HOST, name="a.test", port=587, submission=True),
            "submission://a.test:587",
        ),
        (
            Target(given="", kind=TargetKind.HOST, name="a.test", port=465, mode=TlsMode.IMPLICIT),
            "smtps://a.test:465",
        ),
        (
            Target(
                given="",
                kind=TargetKind.HOST,
                name="a.test",
                port=993,
                mode=TlsMode.IMPLICIT,
                protocol=MailProtocol.IMAP,
            ),
            "imaps://a.test:993",
        ),
        (
            Target(given="", kind=TargetKind.ADDRESS, name="unix:/run/x", port=0, protocol=MailProtocol.LMTP),
            "lmtp+unix:/run/x",
        ),
    ],
)
def test_names_of_targets(target: Target, name: str) -> None:
    assert target_name(target) == name


def test_the_page_has_every_metric_and_label(result: Result) -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(waxseal_\w+)` \|([^|]*)\| ", page, re.MULTILINE)
    assert [name for name, _ in rows] == list(METRICS)
    found = read_prometheus(render_prometheus(result.reports, result.facts))
    for name, labels in rows:
        assert set(re.findall(r"`(\w+)`", labels)) == set(found[name][0][0]), name
    table = page.partition("### Performance data")[2].partition("\n#")[0]
    documented = re.findall(r"^\| `(\w+)` \| ([^|]*?) ?\| ", table, re.MULTILINE)
    plain = {label: unit for label, unit in documented if label.islower()}
    read = read_answer(render_nagios(result.reports[:1], result.facts)[0])
    assert plain == {n: item.unit for n, item in read.numbers.items() if not n.startswith("days_left_")}
    assert [label for label, _ in documented if not label.islower()] == [
        "days_left_ADDRESS_PORT",
        "TARGET_LABEL",
    ]
    assert all(name in page for name in (*STAGES, *CODES))


def test_failures_are_of_the_form() -> None:
    assert read_answer(nagios.render_unknown("no | such\noption")).code == 3
    assert LOCAL_CHECK.fullmatch(checkmk.render_unknown("no | such\noption \\n").removesuffix("\n"))
