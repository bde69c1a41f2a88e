"""The JSON document: its published schema is the one it has, and it holds what the report holds."""

import asyncio
import json
from pathlib import Path

import msgspec
import pytest

from waxseal.api import Result, check
from waxseal.lab.world import LabWorld
from waxseal.probes.settings import ProbeSettings
from waxseal.report.json_form import SCHEMA, JsonDocument, json_schema, render_json

PUBLISHED = Path(__file__).parents[2] / "docs" / "reference" / "report-1.schema.json"
TARGETS = ("sound.test", "no-starttls.test", "null-mx.test", "greeting-421.test")


async def _check() -> Result:
    async with LabWorld() as world:
        settings = ProbeSettings(ehlo_name="probe.test", time_limit_s=8)
        return await check(*TARGETS, network=world.network(), settings=settings)


@pytest.fixture(scope="module")
def result() -> Result:
    return asyncio.run(_check())


def test_the_published_schema_is_the_one_in_force() -> None:
    assert json.loads(PUBLISHED.read_text()) == json.loads(json.dumps(json_schema())), (
        "the document changed: regenerate the schema (docs/reference/report.md) and think of its version"
    )


def test_the_document_is_of_its_schema(result: Result) -> None:
    text = render_json(result.reports, result.facts)
    document = msgspec.json.decode(text, type=JsonDocument)
    assert document.schema == SCHEMA
    assert [report.target.name for report in document.reports] == list(TARGETS)


def test_counts_and_findings_agree(result: Result) -> None:
    for report in json.loads(render_json(result.reports, result.facts))["reports"]:
        verdicts = [finding["verdict"] for finding in report["findings"]]
        assert report["counts"] == {verdict: verdicts.count(verdict) for verdict in report["counts"]}
        assert len(verdicts) > 80
