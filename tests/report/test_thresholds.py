"""Ranges of monitoring plug-ins: the guidelines' own examples, and what they mean for any number."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxseal.report.thresholds import Range, decimal, parse_range

EXAMPLES = {  # text: values that raise an alert, values that raise none
    "10": ((-1, 10.5, 11), (0, 5, 10)),
    "10:": ((9.9, -5), (10, 1e9)),
    "~:10": ((10.1, 1e9), (10, -1e9)),
    "10:20": ((9, 21), (10, 15, 20)),
    "@10:20": ((10, 15, 20), (9, 21)),
    "@~:0": ((-3, 0), (1,)),
    "@10": ((0, 10), (-1, 11)),
    ":10": ((-1, 11), (0, 10)),
    "-20:-10": ((-21, -9), (-20, -10)),
    "~:": ((), (-1e9, 0, 1e9)),
    "@~:": ((-1e9, 0, 1e9), ()),
    "0.5:1.5": ((0.4, 1.6), (0.5, 1.5)),
}
WRONG = [
    "",
    ":",
    "@",
    "@:",
    "a",
    "1:2:3",
    "20:10",
    "~",
    "10:~",
    "1e3:",
    "inf:",
    "nan",
    "1 :2",
    "10;",
    "٣:",
    "+-1",
]
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
RANGES = st.builds(
    lambda ends, start, end, inside: Range(
        -math.inf if start else min(ends), math.inf if end else max(ends), inside
    ),
    st.tuples(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12)),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


@pytest.mark.parametrize("text", EXAMPLES)
def test_examples(text: str) -> None:
    limit = parse_range(text)
    alerts, none = EXAMPLES[text]
    assert all(limit.alerts(value) for value in alerts)
    assert not any(limit.alerts(value) for value in none)


@pytest.mark.parametrize("text", [*WRONG, "1" * 65])
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(ValueError, match=r"no range|ends before"):
        parse_range(text)


@given(RANGES)
def test_a_range_is_read_back_as_it_is_written(limit: Range) -> None:
    if len(str(limit)) <= 64:
        assert parse_range(str(limit)) == limit


@given(RANGES, NUMBERS)
def test_at_turns_the_answer_round(limit: Range, value: float) -> None:
    other = Range(limit.start, limit.end, not limit.inside)
    assert limit.alerts(value) is not other.alerts(value)


@given(st.text(alphabet="@~:0123456789.-+ e", max_size=12) | st.text(max_size=12))
def test_any_text_is_a_range_or_a_value_error(text: str) -> None:
    try:
        limit = parse_range(text)
    except ValueError:
        return
    assert limit.start <= limit.end
    assert parse_range(str(limit)) == limit


@given(NUMBERS)
def test_numbers_are_written_without_an_exponent(value: float) -> None:
    text = decimal(value)
    assert set(text) <= set("-.0123456789")
    assert float(text) == value
