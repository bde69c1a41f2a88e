"""A plan as it is shown: whole records, every width, a word for each verdict, and the document."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from tests.trust import pki
from waxseal.grading.change_steps import CachedState, ChangePlan, Step
from waxseal.report.plan import print_plan, render_plan_json

NOW = pki.NOW
RECORD = f"_25._tcp.mx.example.org. 3600 IN TLSA 3 1 1 {'ab' * 32}"


def plan(*verdicts: bool | None) -> ChangePlan:
    states = tuple(
        CachedState("a policy", NOW, verdict, "it is so\x1b[2J", "RFC 8461 §5") for verdict in verdicts
    )
    step = Step(
        "Publish the TLSA records of the certificate to come beside today's",
        NOW + timedelta(hours=2),
        zone=(RECORD,),
        remove=(RECORD.replace("ab", "cd"),),
        policy="version: STSv1\r\nmode: enforce\r\n",
        why="both match",
        source="RFC 7671 §8.1",
    )
    return ChangePlan("example.org", NOW, states, (step,), ("a note",))


def shown(of: ChangePlan, width: int = 80) -> str:
    out = StringIO()
    print_plan(Console(file=out, width=width, color_system=None), of)
    return out.getvalue()


@pytest.mark.parametrize(
    ("verdicts", "word"),
    [((True,), "SAFE"), ((), "SAFE"), ((True, False, None), "UNSAFE"), ((None, True), "NOT SEEN")],
)
def test_the_verdict(verdicts: tuple[bool | None, ...], word: str) -> None:
    assert shown(plan(*verdicts)).lstrip().startswith(word)


@pytest.mark.parametrize("width", [40, 80])
def test_records_stay_whole_and_the_rest_keeps_the_width(width: int) -> None:
    lines = shown(plan(True, False), width).splitlines()
    assert f"     {RECORD}" in lines
    assert any(line.startswith("     ; remove: _25._tcp") for line in lines)
    assert "     mode: enforce" in lines
    rest = [line for line in lines if "TLSA 3" not in line]
    assert all(cell_len(line) <= width for line in rest)
    assert not any("\x1b" in line for line in lines)


def test_the_document() -> None:
    document = json.loads(render_plan_json(plan(True, None)))
    assert document["schema"] == "waxseal.plan/1"
    assert document["safe_now"] is None
    assert document["plan"]["steps"][0]["zone"] == [RECORD]
