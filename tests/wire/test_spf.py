"""SPF: our vectors, and nothing that a zone may hold is raised or goes on for ever."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxseal.facts import DnsAnswer, DnsStatus
from waxseal.wire import spf
from waxseal.wire.spf import FOLLOW_LIMIT, Question, SpfReading
from waxseal.wire.spf_record import expand, look_alikes, presentation, read_record, select_records

FILE = Path(__file__).parents[1] / "data" / "spf-vectors.toml"
VECTORS: list[dict[str, Any]] = tomllib.loads(FILE.read_text(encoding="utf-8"))["vector"]
Zone = dict[str, list[str]]


def txt(text: str) -> str:
    """A text in presentation form, in strings of 255 octets."""
    octets = text.encode("utf-8")
    strings = [octets[at : at + 255] for at in range(0, len(octets), 255)] or [b""]
    return " ".join('"' + "".join(f"\\{octet:03d}" for octet in string) + '"' for string in strings)


def answer(zone: Zone, question: Question) -> DnsAnswer:
    records = zone.get(f"{question.name} {question.rdtype}")
    if records is None:
        exists = any(key.split(" ")[0].endswith(question.name) for key in zone)
        return DnsAnswer(*question, DnsStatus.NO_DATA if exists else DnsStatus.NXDOMAIN)
    if records == ["!SERVFAIL"]:
        return DnsAnswer(*question, DnsStatus.SERVFAIL)
    rdata = tuple(map(txt, records)) if question.rdtype == "TXT" else tuple(records)
    return DnsAnswer(*question, DnsStatus.ANSWERED, rdata=rdata)


def follow(zone: Zone, domain: str = "example.org", rounds: int = FOLLOW_LIMIT + 2) -> SpfReading:
    """Ask until nothing is open."""
    answers: list[DnsAnswer] = []
    for _ in range(rounds):
        reading = spf.read(domain, answers)
        if not reading.questions:
            return reading
        assert not {(a.name, a.rdtype) for a in answers} & set(reading.questions), "asked twice"
        answers += [answer(zone, question) for question in reading.questions]
    raise AssertionError("no end")


def test_there_are_enough() -> None:
    assert len(VECTORS) >= 60
    assert all(vector["section"].startswith("RFC 7208 §") for vector in VECTORS)


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["what"] for vector in VECTORS])
def test_vector(vector: dict[str, Any]) -> None:
    reading = follow(vector["zone"])
    default = reading.tree.default
    found = {
        "faults": [str(problem.fault) for problem in reading.problems],
        "default": "unknown" if default is None else default,
        "lookups": reading.lookups,
        "void4": reading.void_lookups(4),
        "void6": reading.void_lookups(6),
        "open": [term.term for term in reading.open_terms],
        "unfollowed": len(reading.unfollowed),
    }
    none: dict[str, Any] = {"faults": [], "lookups": 0, "void4": 0, "void6": 0, "open": [], "unfollowed": 0}
    assert found == none | {key: vector[key] for key in vector if key not in ("what", "section", "zone")}


def test_questions_come_side_by_side_and_records_first() -> None:
    record = "v=spf1 mx a:a.example include:b.example exists:c.example redirect=d.example"
    (first,) = spf.read("Example.ORG.", ()).questions
    assert first == ("example.org", "TXT")
    reading = spf.read("example.org", [answer({"example.org TXT": [record]}, first)])
    assert reading.questions == (
        ("b.example", "TXT"),
        ("d.example", "TXT"),
        ("example.org", "MX"),
        ("a.example", "A"),
        ("a.example", "AAAA"),
        ("c.example", "A"),
    )
    assert not reading.complete


def test_the_tree_says_who_includes_whom() -> None:
    zone = {
        "example.org TXT": ["v=spf1 include:a.example redirect=b.example"],
        "a.example TXT": ["v=spf1 include:c.example ptr -all"],
        "b.example TXT": ["v=spf1 ~all"],
        "c.example TXT": ["v=spf1 ip4:192.0.2.1 -all"],
    }
    tree = follow(zone).tree
    shown = [(node.domain, node.term, node.lookups, node.default) for node in tree.walk()]
    assert shown == [
        ("example.org", "", 4, "~"),
        ("a.example", "include:a.example", 2, "-"),
        ("c.example", "include:c.example", 0, "-"),
        ("b.example", "redirect=b.example", 0, "~"),
    ]


def test_records_that_double_each_other_stay_small() -> None:
    zone = {
        f"d{number}.example TXT": [f"v=spf1 include:d{number + 1}.example include:d{number + 1}.example -all"]
        for number in range(60)
    }
    reading = follow(zone, "d0.example")
    assert reading.cut
    assert reading.lookups == FOLLOW_LIMIT
    assert sum(1 for _ in reading.tree.walk()) <= FOLLOW_LIMIT + 1


def test_a_very_long_record_is_cut() -> None:
    reading = follow({"example.org TXT": ["v=spf1 " + "ip4:192.0.2.1 " * 3000 + "-all"]})
    assert reading.cut
    assert not reading.complete


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("%{d}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d1}.x.org", "com.x.org"),
        ("%{dr}.x.org", "com.example.email.x.org"),
        ("%{d2r}.x.org", "example.email.x.org"),
        ("%{O}.x.org", "sender.example.x.org"),
        ("a%%b%-c.x.org", "a%b%20c.x.org"),
        ("a%_b.x.org", "a\\032b.x.org"),
        ("%{s}.x.org", None),
        ("%{lr-}.x.org", None),
        ("%{v}.x.org", None),
        ("a..x.org", ""),
        ("a" * 64 + ".x.org", ""),
    ],
)
def test_macros(spec: str, expected: str | None) -> None:
    assert expand(spec, "email.example.com", "sender.example") == expected


def test_a_name_that_is_too_long_loses_labels_on_the_left() -> None:
    spec = ".".join(["a" * 60, "b" * 60, "c" * 60, "d" * 60, "example.org"])
    expanded = expand(spec, "x.example", "x.example")
    assert expanded == spec.partition(".")[2]


def test_what_is_meant_as_spf() -> None:
    texts = (
        b"v=spf1 -all",
        b"v=spf1;-all",
        b"spf1 mx -all",
        b'"v=spf1 -all',
        b"spf-verify=1",
        b"spf2.0/pra",
        b"hello",
    )
    assert select_records(texts) == (texts[0],)
    assert look_alikes(texts) == texts[1:4]


TERMS = st.one_of(
    st.sampled_from(["a", "mx", "ptr", "-all", "+all", "~all", "a:a.example/8", "ip4:192.0.2.1", "x=y"]),
    st.sampled_from(["include:a.example", "include:b.example", "redirect=a.example", "exp=%{d}"]),
    st.sampled_from(["exists:%{i}.a.example", "exists:b.example"]),
)


@given(
    st.dictionaries(st.sampled_from(["example.org TXT", "a.example TXT", "b.example TXT"]), st.lists(TERMS))
)
def test_any_policy_comes_to_an_end(terms: dict[str, Sequence[str]]) -> None:
    zone = {name: ["v=spf1 " + " ".join(words)] for name, words in terms.items()}
    reading = follow(zone)
    assert reading.lookups <= FOLLOW_LIMIT
    assert reading == follow(zone)


@given(st.binary(max_size=200))
def test_any_record_can_be_read(octets: bytes) -> None:
    record = read_record(b"v=spf1 " + octets)
    assert all(problem.detail for problem in record.problems)
    read = spf.read(
        "example.org", [DnsAnswer("example.org", "TXT", DnsStatus.ANSWERED, (txt(octets.decode("latin-1")),))]
    )
    assert read.tree.domain == "example.org"
    look_alikes([octets])


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=300))
def test_any_name_can_be_presented(name: str) -> None:
    assert len(presentation(name)) <= 4 * 255
