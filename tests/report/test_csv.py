"""The table: what a reader of RFC 4180 gets is what the reports hold, and no cell is a formula."""

import csv
import io

from hypothesis import given, settings

from tests.report.written import TEXT, facts, few, lab, report, saying, thinned
from waxseal.report.csv_form import COLUMNS, cell, render_csv

FIRST = (
    "target,domain,host,address,port,check,verdict,severity,level,title,summary,evidence,standard,remedy,exempt,"
    "profile,passive,active,seen_at,server_name,certificate_type,advice"
)


def read(text: str) -> list[dict[str, str]]:
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert all(len(row) == len(COLUMNS) for row in rows)
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def test_the_columns_of_version_1_stay() -> None:
    assert ",".join(COLUMNS) == FIRST
    assert render_csv((), facts()) == f"{FIRST}\r\n"


def test_a_row_for_each_finding_of_every_lab_domain() -> None:
    result = lab()
    rows = read(render_csv(result.reports, result.facts))
    findings = [finding for found in result.reports for finding in found.findings]
    assert [row["check"] for row in rows] == [finding.check for finding in findings]
    assert [row["severity"] for row in rows] == [finding.severity.label for finding in findings]
    assert all(row["seen_at"].endswith("Z") for row in rows)


def test_a_row_says_what_its_finding_says() -> None:
    whole = report("dane-mismatch.test")
    rows = [row for row in read(render_csv((whole,), facts())) if row["check"] == "dane/mismatch"]
    failed = [row for row in rows if row["verdict"] == "fail"]
    assert {row["address"] for row in failed} == {"192.0.2.113", "2001:db8:0:1::71"}
    for row in failed:
        assert (row["target"], row["host"], row["port"]) == (
            whole.target.given,
            "mx.dane-mismatch.test",
            "25",
        )
        assert (row["severity"], row["level"], row["profile"]) == ("critical", "MUST", whole.profile)
        assert (row["passive"], row["active"]) == ("A", "F")
        assert row["standard"] == "RFC 7672 §3.2 | RFC 7672 §8.1 | RFC 7671 §9"
        assert row["evidence"].startswith("_25._tcp.mx.dane-mismatch.test: 3 1 1 ")


def test_formulas_are_defused_and_can_be_had_back() -> None:
    for evil in ("=1+1", "+1", "-1", "@SUM(A1)", "＝1", "  =1", "'=1", "'"):
        assert cell(evil) == f"'{evil}"
    assert cell("\t=1") == "\\t=1"
    assert cell("\r=1") == "\\r=1"
    assert cell("mx.example.org") == "mx.example.org"


@settings(max_examples=60, deadline=None)
@given(TEXT)
def test_strangers_text_neither_breaks_a_row_nor_begins_a_formula(text: str) -> None:
    whole = thinned(report("dane-mismatch.test"))
    written = render_csv((saying(whole, text),), facts())
    assert written.encode()
    rows = read(written)
    assert len(rows) == len(whole.findings)
    for row in rows:
        for value in row.values():
            assert not value.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
            assert value.isprintable()


def test_targets_are_told_apart() -> None:
    rows = read(render_csv(few("sound.test", "null-mx.test"), facts()))
    assert {row["target"] for row in rows} == {"sound.test", "null-mx.test"}
    assert {(row["target"], row["passive"]) for row in rows} == {("sound.test", "A"), ("null-mx.test", "")}
