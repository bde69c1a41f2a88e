"""DMARC: our vectors, the order of questions, and nothing that a record may hold is raised."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.test_spf import txt
from waxseal.facts import DnsAnswer, DnsStatus
from waxseal.wire import dmarc
from waxseal.wire.dmarc import DmarcReading, look_alikes, read_record, read_records, walk_names

FILE = Path(__file__).parents[1] / "data" / "dmarc-vectors.toml"
VECTORS: list[dict[str, Any]] = tomllib.loads(FILE.read_text(encoding="utf-8"))["vector"]


def answers(zone: dict[str, list[str]], domain: str) -> list[DnsAnswer]:
    """The answers to every question of the walk."""
    found = []
    for name, rdtype in dmarc.read(domain, ()).questions:
        records = zone.get(name.removeprefix("_dmarc."))
        if records == ["!SERVFAIL"]:
            found.append(DnsAnswer(name, rdtype, DnsStatus.SERVFAIL))
        elif records is None:
            found.append(DnsAnswer(name, rdtype, DnsStatus.NXDOMAIN))
        else:
            found.append(DnsAnswer(name, rdtype, DnsStatus.ANSWERED, rdata=tuple(map(txt, records))))
    return found


def read(zone: dict[str, list[str]], domain: str = "example.org", *more: DnsAnswer) -> DmarcReading:
    return dmarc.read(domain, (*answers(zone, domain), *more))


def test_there_are_enough() -> None:
    assert len(VECTORS) >= 30
    assert all(vector["section"].startswith(("RFC 9989 §", "RFC 6376 §")) for vector in VECTORS)


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["what"] for vector in VECTORS])
def test_vector(vector: dict[str, Any]) -> None:
    domain = vector.get("domain", "example.org")
    reading = read(vector["zone"], domain)
    record = reading.record
    policy = vector.get("policy", "")
    expected = {
        "found_at": vector.get("found_at", ""),
        "organization": vector.get("organization", domain),
        "policy": policy,
        "applied": vector.get("applied", policy),
        "problems": vector.get("problems", []),
    }
    assert expected == {
        "found_at": reading.found_at,
        "organization": reading.organization,
        "policy": "" if reading.policy is None else str(reading.policy),
        "applied": "" if reading.applied is None else str(reading.applied),
        "problems": [problem.rule for problem in record.problems] if record else [],
    }
    if record is not None:
        assert str(record.for_subdomains) == vector.get("subdomains", str(record.for_subdomains))
        assert str(record.for_missing) == vector.get("missing", str(record.for_missing))
        assert [uri.host for uri in record.rua] == vector.get("hosts", [uri.host for uri in record.rua])


def test_the_walk_takes_eight_look_ups() -> None:
    """The example of RFC 9989 §4.10."""
    assert walk_names("a.b.c.d.e.f.g.h.i.j.mail.example.com") == (
        "a.b.c.d.e.f.g.h.i.j.mail.example.com",
        "g.h.i.j.mail.example.com",
        "h.i.j.mail.example.com",
        "i.j.mail.example.com",
        "j.mail.example.com",
        "mail.example.com",
        "example.com",
        "com",
    )
    assert len(walk_names("a.b.c.d.e.f.g.h")) == 8
    assert walk_names("Example.ORG.") == ("example.org", "org")


def test_a_domain_that_does_not_exist_gets_np() -> None:
    zone = {"example.org": ["v=DMARC1; p=none; sp=quarantine; np=reject"]}
    known = answers(zone, "a.example.org")
    assert str(dmarc.read("a.example.org", known).policy) == "quarantine"
    assert str(dmarc.read("a.example.org", known, exists=False).policy) == "reject"


def test_destinations_are_asked_for_in_two_more_rounds() -> None:
    addresses = "mailto:d@mail.example.org,mailto:d@example.net,https://report.example.com/d"
    zone = {"example.org": [f"v=DMARC1; p=none; rua={addresses}; ruf=mailto:f@example.net"]}
    reading = read(zone)
    assert [(d.host, d.outside, d.mail, d.uris) for d in reading.destinations] == [
        ("mail.example.org", False, True, ("mailto:d@mail.example.org",)),
        ("example.net", True, True, ("mailto:d@example.net", "mailto:f@example.net")),
        ("report.example.com", True, False, ("https://report.example.com/d",)),
    ]
    assert reading.questions == (
        ("mail.example.org", "MX"),
        ("example.org._report._dmarc.example.net", "TXT"),
        ("example.net", "MX"),
        ("example.org._report._dmarc.report.example.com", "TXT"),
        ("report.example.com", "A"),
        ("report.example.com", "AAAA"),
    )
    known = [DnsAnswer(name, rdtype, DnsStatus.NO_DATA) for name, rdtype in reading.questions]
    reading = read(zone, "example.org", *known)
    assert {question.rdtype for question in reading.questions} == {"A", "AAAA"}
    known += [DnsAnswer(name, rdtype, DnsStatus.NO_DATA) for name, rdtype in reading.questions]
    assert not read(zone, "example.org", *known).questions


@pytest.mark.parametrize(
    ("record", "agrees"),
    [
        ("v=DMARC1", True),
        ("v=DMARC1; rua=mailto:x@example.net", True),
        ("v=DMARC2", False),
        ("v=spf1", False),
    ],
)
def test_agreement(record: str, agrees: bool) -> None:
    zone = {"example.org": ["v=DMARC1; p=none; rua=mailto:d@example.net"]}
    agreement = DnsAnswer(
        "example.org._report._dmarc.example.net", "TXT", DnsStatus.ANSWERED, rdata=(txt("hello"), txt(record))
    )
    (destination,) = read(zone, "example.org", agreement).destinations
    assert destination.agrees is agrees


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("mailto:a@example.org", "example.org"),
        ("MAILTO:a@Example.ORG.", "example.org"),
        ("mailto:a%40b@example.org?subject=x", "example.org"),
        ("mailto:@example.org", ""),
        ("mailto:a@localhost", ""),
        ("mailto:a@[192.0.2.1]", ""),
        ("mailto:a b@example.org", ""),
        ("https://user@example.org:8443/x", "example.org"),
        ("https:example.org", ""),
        ("a@example.org", ""),
        ("", ""),
    ],
)
def test_report_addresses(uri: str, host: str) -> None:
    assert [found.host for found in read_record(f"v=DMARC1; p=none; rua={uri}".encode()).rua] == [host]


def test_what_is_meant_as_dmarc() -> None:
    texts = (
        b"v=DMARC1; p=none",
        b"v=DMARC1 p=none",
        b"v=dmarc1; p=none",
        b"DMARC1; p=none",
        b'"v=DMARC1;',
        b"hello",
    )
    assert len(read_records(texts)) == 1
    assert look_alikes(texts) == texts[1:5]


@given(st.binary(max_size=200))
def test_any_record_can_be_read(octets: bytes) -> None:
    record = read_record(b"v=DMARC1;" + octets)
    assert record.for_missing in dmarc.Policy
    reading = dmarc.read(
        "example.org",
        [
            DnsAnswer(
                "_dmarc.example.org",
                "TXT",
                DnsStatus.ANSWERED,
                (txt("v=DMARC1;" + octets.decode("latin-1")),),
            ),
            DnsAnswer("_dmarc.org", "TXT", DnsStatus.NXDOMAIN),
        ],
    )
    assert reading.found_at == "example.org"
    look_alikes([octets])


@given(st.text(max_size=300))
def test_any_domain_has_a_walk(domain: str) -> None:
    assert 1 <= len(walk_names(domain)) <= dmarc.MAX_QUERIES
