"""x509-limbo: every case has the outcome that is committed, and every disagreement its reason."""

import json
from collections import Counter
from typing import Any

import pytest

from tests.trust.limbo import DISAGREEMENTS, EXPECTED, OTHER_REASON, SKIPPED, Case, cases, outcome

COMMITTED: dict[str, dict[str, Any]] = json.loads(EXPECTED.read_text(encoding="utf-8"))


def test_the_figures() -> None:
    assert Counter(row["result"] for row in COMMITTED.values()) == {"agrees": 201, "disagrees": 7}
    assert {case.id for case in cases()} == set(COMMITTED)
    assert len(cases()) == 208


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_outcome(case: Case) -> None:
    assert outcome(case) == COMMITTED[case.id]
    assert COMMITTED[case.id].get("why") != ""


def test_no_reason_is_left_over() -> None:
    by_result = {
        result: {name for name, row in COMMITTED.items() if row["result"] == result}
        for result in ("disagrees", "skipped")
    }
    assert by_result == {"disagrees": set(DISAGREEMENTS), "skipped": set(SKIPPED)}
    assert {name for name, row in COMMITTED.items() if "but" in row} == set(OTHER_REASON)
