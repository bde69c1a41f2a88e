"""JSON documents of all lab domains are of the schema that is published."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from tests.report.written import facts, few, lab
from waxseal.report.json_form import render_json

PUBLISHED = Path(__file__).parents[2] / "docs" / "reference" / "report-1.schema.json"


@cache
def validator() -> Draft202012Validator:
    schema = json.loads(PUBLISHED.read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_schema_does_reject() -> None:
    document = json.loads(render_json(few("null-mx.test"), facts()))
    assert validator().is_valid(document)
    document["reports"][0]["findings"][0]["verdict"] = 3
    assert not validator().is_valid(document)


def test_a_whole_document() -> None:
    validator().validate(json.loads(render_json(few("dane-mismatch.test", "greeting-421.test"), facts())))


def test_every_lab_domain() -> None:
    """Each report, and each check with each of its verdicts once: what repeats has the same form."""
    document = json.loads(render_json(lab().reports, facts()))
    known: set[tuple[str, str]] = set()
    for report in document["reports"]:
        report["findings"] = [finding for finding in report["findings"] if _new(finding, known)]
    assert len(document["reports"]) > 300
    assert len({check for check, _ in known}) > 200
    validator().validate(document)


def _new(finding: dict[str, Any], known: set[tuple[str, str]]) -> bool:
    key = (finding["check"], finding["verdict"])
    fresh = key not in known
    known.add(key)
    return fresh or bool(finding["evidence"])
