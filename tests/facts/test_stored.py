import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.facts.test_subject import subjects
from waxseal.errors import UsageError
from waxseal.facts import FACT_TYPES, Certificate, Fact, FactSet, Record, Subject, UnknownFact
from waxseal.facts.stored import MAX_LINE_OCTETS, SCHEMA, dump, dump_record, load

NOW = datetime(2026, 11, 1, 12, 0, 0, 123456, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HEADER = b'{"schema":"waxseal.facts/1"}\n'
WORDS_OF_WORTH = frozenset(
    (
        "valid",
        "invalid",
        "weak",
        "strong",
        "secure",
        "insecure",
        "supported",
        "unsupported",
        "good",
        "bad",
        "ok",
        "okay",
        "safe",
        "unsafe",
        "sound",
        "broken",
        "fine",
        "correct",
        "wrong",
        "trusted",
        "untrusted",
        "proper",
        "improper",
        "right",
        "error",
        "failed",
        "failure",
        "best",
        "worst",
        "modern",
        "obsolete",
        "recommended",
        "acceptable",
        "healthy",
    )
)

texts = st.text(st.characters(codec="utf-8"), max_size=20)
times = st.integers(1, 4_000_000_000_000_000).map(lambda us: EPOCH + timedelta(microseconds=us))


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that a fact's field may have."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return st.one_of(*map(values, arguments))
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return st.lists(values(arguments[0]), max_size=2).map(tuple)
        return st.tuples(*map(values, arguments))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return structs(kind)
    simple: dict[Any, st.SearchStrategy[Any]] = {
        str: texts,
        int: st.integers(0, 2**40),
        bool: st.booleans(),
        float: st.floats(0, 1e6),
        bytes: st.binary(max_size=40),
        datetime: times,
        NoneType: st.none(),
    }
    return simple[kind]


def structs(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    fields = get_type_hints(kind)
    wanted = {name: values(fields[name]) for name in kind.__struct_fields__}
    if kind.__name__ == "Attempt":
        wanted |= {"id": texts.filter(bool), "probe": texts.filter(bool)}
    if kind.__name__ == "CertificateChain":
        wanted["certificates"] = st.lists(structs(Certificate), min_size=1, max_size=2).map(tuple)
    return st.builds(kind, **wanted)


def reload(*records: Record) -> FactSet:
    return load(dump(records))


@pytest.mark.parametrize("tag", sorted(FACT_TYPES))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_fact_type_survives_a_round_trip(tag: str, data: st.DataObject) -> None:
    found = data.draw(structs(FACT_TYPES[tag]))
    record = Record(subject=data.draw(subjects), fact=found, seen_at=NOW, attempt=data.draw(texts))
    (read,) = reload(record)
    assert read == record
    assert type(read.fact) is FACT_TYPES[tag]
    assert dump_record(read) == dump_record(record)


def test_the_first_line_names_the_schema() -> None:
    assert list(dump(())) == [HEADER]
    assert SCHEMA == "waxseal.facts/1"


UNKNOWN = (
    b'{"fact":"moon.phase/3","subject":{"domain":"example.org"},"seen_at":"2026-11-01T12:00:00Z",'
    b'"data":{"b" : 1.50e0,\t"a": [ "\\u0041" , null ], "b":2},"attempt":"a1"}'
)


def test_an_unknown_tag_survives_octet_for_octet() -> None:
    facts = load([HEADER, UNKNOWN + b"\n"])
    (record,) = facts
    assert isinstance(record.fact, UnknownFact)
    assert record.fact.tag == "moon.phase/3"
    assert dump_record(record) == UNKNOWN
    assert dump_record(next(iter(load(dump(facts))))) == UNKNOWN


def test_an_unknown_version_of_a_known_tag_is_unknown() -> None:
    line = UNKNOWN.replace(b"moon.phase/3", b"smtp.greeting/99")
    (record,) = load([line])
    assert isinstance(record.fact, UnknownFact)


def quit_line(**changes: Any) -> bytes:
    parts = {
        "fact": "smtp.quit/1",
        "subject": {"address": "192.0.2.1", "port": 25},
        "seen_at": "2026-11-01T12:00:00Z",
        "data": {"reply": None, "elapsed_s": 0.5},
    }
    return json.dumps({**parts, **changes}).encode()


def test_blank_lines_and_other_line_ends_are_passed_over() -> None:
    facts = load([HEADER, b"\n", b"  \r\n", quit_line() + b"\r\n", b"\n", quit_line()])
    assert len(facts) == 2


def test_a_missing_header_is_no_matter() -> None:
    assert len(load([quit_line()])) == 1


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b"\xff\xfe",
        b"\x00",
        b'{"schema"',
        quit_line(seen_at="yesterday"),
        quit_line(seen_at="2026-11-01T12:00:00"),
        quit_line(subject={"port": "25"}),
        quit_line(subject=None),
        quit_line(data={"elapsed_s": "long"}),
        quit_line(data=7),
        quit_line(fact=None),
        quit_line(
            fact="smtp.starttls/1", data={"reply": {"code": 220, "raw": "not base64!"}, "offered": True}
        ),
        quit_line(
            fact="attempt/1", data={"id": "", "probe": "", "ended": {"cause": "completed"}, "elapsed_s": 0}
        ),
        quit_line(
            fact="attempt/1", data={"id": "a", "probe": "p", "ended": {"cause": "tired"}, "elapsed_s": 0}
        ),
        quit_line(fact="tls.chain/1", data={"certificates": []}),
        quit_line()[:-20],
        b"[" * 100_000,
        UNKNOWN.replace(b'{"b" : 1.50e0', b'{"b" : ' + b"[" * 100_000),
    ],
)
def test_a_line_that_is_no_fact_is_the_users_mistake_and_its_number_is_told(line: bytes) -> None:
    with pytest.raises(UsageError) as caught:
        load([HEADER, quit_line(), b"\n", line], "run.jsonl")
    assert caught.value.message.startswith("run.jsonl, line 4: ")
    assert caught.value.hint


def test_a_moment_without_offset_inside_a_fact_is_refused() -> None:
    line = quit_line(
        fact="run.context/1",
        subject={},
        data={"started_at": "2026-11-01T12:00:00", "version": "1", "ehlo_name": "a"},
    )
    with pytest.raises(UsageError, match="line 1"):
        load([line])


def test_a_line_over_the_limit_is_refused() -> None:
    line = quit_line(attempt="a" * MAX_LINE_OCTETS)
    with pytest.raises(UsageError, match=f"line 2: longer than {MAX_LINE_OCTETS}"):
        load([HEADER, line])


def test_a_long_line_under_the_limit_is_read() -> None:
    (record,) = load([quit_line(attempt="a" * 1_000_000)])
    assert len(record.attempt) == 1_000_000


@pytest.mark.parametrize("schema", ["waxseal.facts/2", "other/1", None, 7])
def test_another_schema_is_refused(schema: Any) -> None:
    with pytest.raises(UsageError, match="schema") as caught:
        load([json.dumps({"schema": schema}).encode()], "run.jsonl")
    assert "run.jsonl" in caught.value.message
    assert SCHEMA in caught.value.hint


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=4))
def test_whatever_a_file_holds_it_is_facts_or_a_usage_error(lines: list[bytes]) -> None:
    message = "line 0"
    try:
        load(lines)
    except UsageError as error:
        message = error.message
    assert re.search(r"line \d|schema", message)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 400), st.integers(0, 255))
def test_a_changed_octet_is_facts_or_a_usage_error(place: int, octet: int) -> None:
    record = Record(subject=Subject(domain="example.org"), fact=FACT_TYPES_SAMPLE, seen_at=NOW, attempt="a1")
    line = bytearray(dump_record(record))
    line[place % len(line)] = octet
    try:
        load([bytes(line)])
    except UsageError:
        return


FACT_TYPES_SAMPLE = msgspec.json.decode(
    b'{"reply":{"code":221,"lines":["bye"],"raw":"MjIxIGJ5ZQ0K"},"elapsed_s":0.25}',
    type=FACT_TYPES["smtp.quit/1"],
)


def all_structs(kind: Any, seen: set[type]) -> Iterator[type[msgspec.Struct]]:
    """A struct type and every one that its fields hold."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if kind in seen:
            return
        seen.add(kind)
        yield kind
        for field in get_type_hints(kind).values():
            yield from all_structs(field, seen)
    for argument in get_args(kind):
        yield from all_structs(argument, seen)


FIELDS = [
    (kind.__name__, name)
    for tag in FACT_TYPES
    for kind in all_structs(FACT_TYPES[tag], set())
    for name in kind.__struct_fields__
]


def test_no_field_of_a_fact_holds_a_word_of_worth() -> None:
    assert len(FIELDS) > 50
    assert not [(kind, name) for kind, name in FIELDS if WORDS_OF_WORTH & set(name.split("_"))]


def test_durations_and_sizes_name_their_unit() -> None:
    def bare(name: str) -> bool:
        words = set(name.split("_"))
        return bool(words & {"elapsed", "duration", "delay", "timeout", "ttl"}) and "s" not in words

    assert not [(kind, name) for kind, name in FIELDS if bare(name)]


@pytest.mark.parametrize("tag", sorted(FACT_TYPES))
def test_tags_have_a_version_and_types_a_frozen_shape(tag: str) -> None:
    kind = FACT_TYPES[tag]
    assert re.fullmatch(r"[a-z]+(\.[a-z0-9-]+)?/[1-9][0-9]*", tag)
    assert tag == kind.TAG
    assert kind.__struct_config__.frozen
    assert issubclass(kind, Fact)


def test_time_keeps_its_microseconds_and_its_offset() -> None:
    record = Record(subject=Subject(), fact=FACT_TYPES_SAMPLE, seen_at=NOW)
    (read,) = reload(record)
    assert read.seen_at == NOW
    assert read.seen_at.utcoffset() == timedelta(0)
