"""The machine-readable report: one JSON document, schema ``waxseal.report/1`` (docs/reference/report.md).

Fields are only added within a version; a change of meaning makes a new one.
"""

import inspect
from typing import Any

import msgspec

from waxseal.checks.api import Level, Verdict
from waxseal.facts import FactSet, RunContext, Subject, Target
from waxseal.grading.delivery import Prediction
from waxseal.grading.exemptions import Standing
from waxseal.grading.headline import Headline
from waxseal.grading.letters import Letters
from waxseal.grading.seal import EndpointSeal
from waxseal.grading.severity import SeverityLabel
from waxseal.report.delivery import sender_rows
from waxseal.report.model import Report
from waxseal.report.policy_view import PolicySection, policy_section
from waxseal.report.simulation import SimulationSection, simulation_sections
from waxseal.report.tls_inventory import TlsInventory, tls_inventory
from waxseal.version import __version__

SCHEMA = "waxseal.report/1"


class JsonFinding(msgspec.Struct, frozen=True):
    """A finding as the document has it; `severity` is a word."""

    check: str
    subject: Subject
    verdict: Verdict
    severity: SeverityLabel
    level: Level
    title: str
    summary: str
    evidence: tuple[str, ...]
    advice: str
    follows: bool
    missing: str
    crashed: bool
    cites: tuple[str, ...]
    remedy: str
    settings: dict[str, str]
    exempt: str = ""


class JsonReport(msgspec.Struct, frozen=True):
    """The report of one target."""

    target: Target
    root: Subject
    headline: Headline
    endpoints: tuple[EndpointSeal, ...]
    findings: tuple[JsonFinding, ...]
    counts: dict[str, int]
    connections: int
    elapsed_s: float
    profile: str
    letters: Letters
    tls: tuple[TlsInventory, ...] = ()
    simulations: tuple[SimulationSection, ...] = ()
    policy: PolicySection | None = None
    senders: tuple[Prediction, ...] = ()


class JsonDocument(msgspec.Struct, frozen=True):
    """The document: all reports of one run.

    Attributes:
        schema: `SCHEMA`.
        waxseal: Version that wrote it.
        context: Context of the run that saw the facts.
        reports: One for each target.
        exemptions: What became of each exemption of the profile in the run.
    """

    schema: str
    waxseal: str
    context: RunContext | None
    reports: tuple[JsonReport, ...]
    exemptions: tuple[Standing, ...] = ()


def render_json(reports: tuple[Report, ...], facts: FactSet) -> bytes:
    """The document, indented, with a final line end.

    Args:
        reports: One for each target.
        facts: What they rest on.
    """
    document = JsonDocument(
        SCHEMA,
        __version__,
        reports[0].context if reports else None,
        tuple(_report(r, facts) for r in reports),
        reports[0].exemptions if reports else (),
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def json_schema() -> dict[str, Any]:
    """JSON Schema of the document, with the docstrings as descriptions."""
    schema: dict[str, Any] = msgspec.json.schema(JsonDocument)
    for definition in schema["$defs"].values():
        if "description" in definition:  # Python 3.13 takes the indent off docstrings, older ones keep it
            definition["description"] = inspect.cleandoc(definition["description"])
    return schema


def _report(report: Report, facts: FactSet) -> JsonReport:
    inventories = (tls_inventory(facts, endpoint.subject) for endpoint in report.endpoints)
    return JsonReport(
        target=report.target,
        root=report.root,
        headline=report.headline,
        endpoints=report.endpoints,
        findings=tuple(
            JsonFinding(
                check=f.check,
                subject=f.subject,
                verdict=f.verdict,
                severity=f.severity.label,
                level=f.level,
                title=f.title,
                summary=f.summary,
                evidence=f.evidence,
                advice=f.advice,
                follows=f.follows,
                missing=f.missing,
                crashed=f.crashed,
                cites=f.cites,
                remedy=f.remedy.general,
                settings=f.remedy.by_software,
                exempt=f.exempt,
            )
            for f in report.findings
        ),
        counts={verdict.value: number for verdict, number in report.counts.items()},
        connections=report.connections,
        elapsed_s=report.elapsed_s,
        profile=report.profile,
        letters=report.letters,
        tls=tuple(found for found in inventories if found is not None),
        simulations=simulation_sections(facts, report.root),
        policy=policy_section(facts, report.root),
        senders=sender_rows(facts, report.root),
    )
