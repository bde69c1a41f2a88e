"""MTA-STS records and policies: our vectors, nothing raises, and what is written reads the same."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxseal.wire.mta_sts import (
    MAX_POLICY_OCTETS,
    Mode,
    Policy,
    pattern_matches,
    read_policy,
    read_record,
    write_policy,
    write_record,
)

Vector = dict[str, Any]
VECTORS: dict[str, list[Vector]] = tomllib.loads(
    Path(__file__).parents[1].joinpath("data/mta-sts-vectors.toml").read_text(encoding="utf-8")
)
GOOD = b"version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 86400\n"
LABELS = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,10}[A-Za-z0-9])?", fullmatch=True)
DOMAINS = st.builds(lambda labels: ".".join([*labels, "example"]), st.lists(LABELS, max_size=4))
PATTERNS = st.builds(str.__add__, st.sampled_from(["", "*."]), DOMAINS)
EXTENSIONS = st.dictionaries(
    st.from_regex(r"x[A-Za-z0-9_.-]{0,31}", fullmatch=True),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20).filter(
        lambda text: text == text.strip(" \t")
    ),
    max_size=3,
)
POLICIES = st.builds(
    Policy,
    mode=st.sampled_from(Mode),
    max_age=st.integers(0, 31_557_600),
    mx=st.lists(PATTERNS, min_size=1, max_size=4).map(tuple),
    extensions=EXTENSIONS.map(lambda found: tuple(found.items())),
)
PIECES = st.sampled_from(
    [
        *(
            b"version",
            b"STSv1",
            b"mode",
            b"enforce",
            b"mx",
            b"max_age",
            b"v=STSv1",
            b"id=",
            b"a.example",
            b"*.",
        ),
        *(
            b";",
            b":",
            b"=",
            b" ",
            b"\t",
            b"\r",
            b"\n",
            b"\r\n",
            b"1",
            b"\xef\xbb\xbf",
            b"\0",
            b"\xff",
            b"\xc3\xbc",
        ),
    ]
)
OCTETS = st.lists(PIECES, max_size=40).map(b"".join) | st.binary(max_size=200)


@pytest.mark.parametrize("vector", VECTORS["txt"], ids=lambda vector: vector["name"])
def test_record_vector(vector: Vector) -> None:
    reading = read_record([text.encode("latin-1") for text in vector["texts"]])
    assert [problem.id for problem in reading.problems] == vector.get("problems", [])
    assert reading.candidates == vector.get("candidates", 1)
    assert (reading.record.id if reading.record else None) == vector.get("id")
    if reading.record:
        assert reading.record.extensions == tuple(map(tuple, vector.get("extensions", [])))
        assert not any(problem.fatal for problem in reading.problems)


@pytest.mark.parametrize("vector", VECTORS["policy"], ids=lambda vector: vector["name"])
def test_policy_vector(vector: Vector) -> None:
    reading = read_policy(vector["body"].encode("latin-1"))
    assert [problem.id for problem in reading.problems] == vector.get("problems", [])
    assert reading.conforms == vector.get("conforms", True)
    assert (reading.policy is None) == any(problem.fatal for problem in reading.problems)
    assert (reading.policy is not None) == ("mode" in vector)
    if reading.policy:
        assert reading.policy.mode == vector["mode"]
        assert reading.policy.max_age == vector["max_age"]
        assert reading.policy.mx == tuple(vector["mx"])
        assert reading.policy.extensions == tuple(map(tuple, vector.get("extensions", [])))


@pytest.mark.parametrize("vector", VECTORS["pattern"], ids=lambda v: f"{v['pattern']} {v['host']}")
def test_pattern_vector(vector: Vector) -> None:
    assert pattern_matches(vector["pattern"], vector["host"]) is vector["matches"]


def test_there_are_enough_vectors() -> None:
    assert sum(len(kind) for kind in VECTORS.values()) >= 80
    assert all(vector["section"] for kind in VECTORS.values() for vector in kind)


def test_lines_are_counted_and_octets_kept() -> None:
    problem = read_policy(b"version: STSv1\r\nmode: enforce\r\nmx: a b\r\nmax_age: 1").problems[0]
    assert (problem.line, problem.octets, problem.source) == (3, b"a b", "RFC 8461 §3.2")
    second = read_record([b"v=spf1 -all", b"v=STSv1; id=" + b"a" * 99]).problems[-1]
    assert (second.id, second.line, len(second.octets)) == ("id-form", 2, 64)


def test_size_limit() -> None:
    filler = b"x: " + b"y" * (MAX_POLICY_OCTETS - len(GOOD) - 3)
    assert read_policy(GOOD + filler).conforms
    assert [problem.id for problem in read_policy(GOOD + filler + b"y").problems] == ["too-large"]


def test_a_flood_of_problems_is_bounded_and_still_decides() -> None:
    reading = read_policy(b"\n" * 1000 + b"nonsense\n" * 100 + GOOD)
    assert reading.policy is None
    assert len(reading.problems) == 16


def test_policy_allows_and_lifetime() -> None:
    policy = Policy(Mode.ENFORCE, 9_999_999_999, ("*.example.net", "a.example"))
    assert policy.allows("mx.example.net")
    assert policy.allows("A.example")
    assert not policy.allows("example.net")
    assert policy.lifetime_s == 31_557_600


@given(PATTERNS, st.one_of(DOMAINS, PATTERNS, st.text(max_size=20)))
def test_a_pattern_matches_where_its_labels_do(pattern: str, host: str) -> None:
    """RFC 8461 §4.1, word for word, against the set that matching is done with."""
    offered, wanted = pattern.lower().split("."), host.lower().split(".")
    alike = offered == wanted or (
        offered[0] == "*" and offered[1:] == wanted[1:] and wanted[0] not in ("", "*")
    )
    if host.isascii() and "*" not in host and not host.endswith("."):
        assert pattern_matches(pattern, host) is (alike and (wanted[0] == offered[0] or len(wanted) > 1))


def test_a_policy_of_thousands_of_lines() -> None:
    policy = Policy(Mode.ENFORCE, 1, tuple(f"h{number}.example" for number in range(5000)))
    assert not any(policy.allows(f"x{number}.example") for number in range(50))
    assert policy.allows("H4999.example.")


@given(st.lists(OCTETS, max_size=3))
def test_any_texts_can_be_read(texts: list[bytes]) -> None:
    reading = read_record(texts)
    assert (reading.record is None) or not any(problem.fatal for problem in reading.problems)
    assert reading.candidates <= len(texts)


@given(OCTETS, st.booleans())
def test_any_body_can_be_read(octets: bytes, behind: bool) -> None:
    reading = read_policy(GOOD + octets if behind else octets)
    assert (reading.policy is None) == any(problem.fatal for problem in reading.problems)


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_names_can_be_compared(pattern: str, host: str) -> None:
    pattern_matches(pattern, host)


@given(POLICIES)
def test_written_policy_reads_the_same(policy: Policy) -> None:
    body = write_policy(policy)
    assert read_policy(body).policy == policy
    assert read_policy(body).conforms
    assert read_policy(body.replace(b"\r\n", b"\n")).policy == policy


@given(PATTERNS, LABELS)
def test_pattern_matches_itself_once_filled(pattern: str, label: str) -> None:
    host = pattern.replace("*", label)
    assert pattern_matches(pattern, host.swapcase())
    assert not pattern_matches(pattern, f"{label}.{host}")


@given(st.from_regex(r"[A-Za-z0-9]{1,32}", fullmatch=True))
def test_written_record_reads_the_same(identifier: str) -> None:
    reading = read_record([write_record(identifier).encode()])
    assert reading.record is not None
    assert (reading.record.id, reading.problems) == (identifier, ())


@pytest.mark.parametrize(
    "policy",
    [
        Policy(Mode.ENFORCE, 1),
        Policy(Mode.ENFORCE, -1, ("a.example",)),
        Policy(Mode.ENFORCE, 31_557_601, ("a.example",)),
        Policy(Mode.ENFORCE, 1, ("a.example\nmx: b.example",)),
        Policy(Mode.ENFORCE, 1, ("bücher.example",)),
        Policy(Mode.ENFORCE, 1, ("a.example",), (("mode", "none"),)),
        Policy(Mode.ENFORCE, 1, ("a.example",), (("x", "\ud800"),)),
        Policy(Mode.ENFORCE, 1, ("a.example",), (("x", " y"),)),
    ],
)
def test_what_would_read_otherwise_is_not_written(policy: Policy) -> None:
    with pytest.raises(ValueError, match="no policy in form"):
        write_policy(policy)


@pytest.mark.parametrize("identifier", ["", "a" * 33, "a b", "a;b", "é"])
def test_bad_id_is_not_written(identifier: str) -> None:
    with pytest.raises(ValueError, match="letters and digits"):
        write_record(identifier)
