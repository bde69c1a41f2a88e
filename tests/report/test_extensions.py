"""The extensions of a server in one line, and the lines of an endpoint's detail around it."""

import pytest

from waxseal.checks import samples
from waxseal.facts import (
    AccessGreeting,
    CapabilitiesTls,
    EhloTls,
    Fact,
    FactSet,
    Keyword,
    Record,
    Response,
    Scope,
)
from waxseal.report.endpoint_detail import endpoint_lines
from waxseal.report.extensions import extensions_line, readable

PLACE = samples.SUBJECT.up_to(Scope.PORT)


def facts(*seen: Fact) -> FactSet:
    return FactSet(Record(subject=PLACE, fact=fact, seen_at=samples.NOW, attempt="a1") for fact in seen)


@pytest.mark.parametrize(
    ("keywords", "line"),
    [
        (
            ("PIPELINING", "SIZE 52428800", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN", "REQUIRETLS"),
            "PIPELINING, SIZE 50 MiB, 8BITMIME, SMTPUTF8, CHUNKING, DSN, REQUIRETLS",
        ),
        (
            ("SIZE 0", "AUTH PLAIN LOGIN", "STARTTLS", "CHUNKING", "DSN", "SMTPUTF8"),
            "SIZE (no fixed limit), CHUNKING, DSN, SMTPUTF8; not PIPELINING, 8BITMIME, REQUIRETLS",
        ),
        (
            ("SIZE", "LIMITS RCPTMAX=10"),
            "SIZE (no limit stated), LIMITS RCPTMAX=10; not PIPELINING, 8BITMIME, SMTPUTF8, CHUNKING, DSN, "
            "REQUIRETLS",
        ),
        (("SIZE many", *["PIPELINING", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN"]), None),
    ],
)
def test_smtp(keywords: tuple[str, ...], line: str | None) -> None:
    said = extensions_line(facts(samples.ehlo(*keywords)), PLACE)
    assert said == (line or "SIZE many, PIPELINING, 8BITMIME, SMTPUTF8, CHUNKING, DSN; not REQUIRETLS")


def test_the_answer_under_tls_counts() -> None:
    said = extensions_line(facts(samples.ehlo("PIPELINING"), samples.ehlo_tls("DSN", "REQUIRETLS")), PLACE)
    assert said.startswith("DSN, REQUIRETLS; not PIPELINING")


def test_a_refused_hello_lists_nothing() -> None:
    refused = samples.ehlo_tls(reply=samples.reply(421, "busy"), keywords=())
    assert isinstance(refused, EhloTls)
    assert extensions_line(facts(refused), PLACE) == ""
    assert extensions_line(facts(), PLACE) == ""


def test_imap() -> None:
    greeting = AccessGreeting(response=Response(status="OK", text="ready"))
    names = ("IMAP4REV1", "IDLE", "AUTH=PLAIN", "STARTTLS", "APPENDLIMIT=35651584")
    listed = CapabilitiesTls(response=Response(status="OK"), keywords=tuple(map(Keyword, names)))
    lines = dict(endpoint_lines(facts(greeting, listed), PLACE))
    assert lines["Greeting"] == "OK ready"
    assert lines["Capabilities in TLS"] == ", ".join(names)
    assert "Extensions" not in lines


def test_lmtp_is_called_by_its_hello() -> None:
    lines = dict(endpoint_lines(facts(samples.ehlo("SIZE 1000", command="LHLO")), PLACE))
    assert lines["LHLO"] == "SIZE 1000"
    assert lines["Extensions"].startswith("SIZE 1000 octets; not ")


@pytest.mark.parametrize(
    ("octets", "words"),
    [(0, "0 octets"), (1023, "1023 octets"), (1024, "1 KiB"), (10240000, "9.8 MiB"), (1 << 31, "2 GiB")],
)
def test_units(octets: int, words: str) -> None:
    assert readable(octets) == words
