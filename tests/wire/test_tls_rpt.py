"""TLS-RPT records: our vectors, nothing raises, and what is written reads the same."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxseal.wire.tls_rpt import MAX_DESTINATIONS, read_record, write_record

Vector = dict[str, Any]
VECTORS: list[Vector] = tomllib.loads(
    Path(__file__).parents[1].joinpath("data/tls-rpt-vectors.toml").read_text(encoding="utf-8")
)["txt"]
PIECES = st.sampled_from(
    [
        *(
            b"v=TLSRPTv1",
            b"rua=",
            b"mailto:",
            b"https://",
            b"a@",
            b"example.com",
            b"%2C",
            b"%C3%BC",
            b"[::1]",
        ),
        *(b";", b",", b"!", b"=", b"?", b"#", b"/", b":", b"@", b" ", b"\t", b"%", b"\0", b"\xff", b"x"),
    ]
)
OCTETS = st.lists(PIECES, max_size=30).map(b"".join) | st.binary(max_size=100)
NAMES = st.from_regex(
    r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?){1,3}", fullmatch=True
)
URIS = st.builds(
    "mailto:{}@{}".format,
    st.from_regex(r"[a-z0-9+_%-]*[a-z]", fullmatch=True).map(lambda local: local.replace("%", "%25")),
    NAMES,
) | st.builds(
    "https://{}{}".format, NAMES, st.from_regex(r"(/[a-z0-9._~-]{0,5}){0,3}(\?[a-z=&]{0,8})?", fullmatch=True)
)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vector(vector: Vector) -> None:
    reading = read_record([text.encode("latin-1") for text in vector["texts"]])
    assert [problem.id for problem in reading.problems] == vector.get("problems", [])
    assert reading.candidates == vector.get("candidates", 1)
    assert reading.present == ("places" in vector)
    assert reading.conforms == (reading.present and vector.get("conforms", True))
    assert [[found.scheme, found.place] for found in reading.destinations] == vector.get("places", [])
    if reading.present:
        assert reading.extensions == tuple(map(tuple, vector.get("extensions", [])))


def test_there_are_enough_vectors() -> None:
    assert len(VECTORS) >= 40
    assert all(vector["section"] for vector in VECTORS)


def test_port_and_support() -> None:
    texts = [b"v=TLSRPTv1; rua=https://a.example:8443/x,https://b.example,ftp://c.example,mailto:d@e.example"]
    found = read_record(texts).destinations
    assert [(one.port, one.supported) for one in found] == [
        (8443, True),
        (443, True),
        (None, False),
        (None, True),
    ]


def test_many_destinations_are_bounded() -> None:
    uris = b",".join(b"mailto:a@example.com" for _ in range(MAX_DESTINATIONS + 1))
    assert len(read_record([b"v=TLSRPTv1; rua=" + uris]).destinations) == MAX_DESTINATIONS
    assert len(read_record([b"v=TLSRPTv1; rua=" + b"," * 60000]).problems) == 8


@given(st.lists(OCTETS, max_size=3))
def test_any_texts_can_be_read(texts: list[bytes]) -> None:
    reading = read_record(texts)
    assert reading.present == bool(reading.destinations)
    assert not reading.present or not any(problem.fatal for problem in reading.problems)


@given(OCTETS)
def test_any_uri_can_be_read(octets: bytes) -> None:
    read_record([b"v=TLSRPTv1; rua=" + octets])


@given(st.lists(URIS, min_size=1, max_size=4))
def test_written_record_reads_the_same(uris: list[str]) -> None:
    reading = read_record([write_record(uris).encode()])
    assert [found.uri for found in reading.destinations] == uris
    assert reading.conforms


@pytest.mark.parametrize(
    "uri", ["", "a@example.com", "mailto:a!b@example.com", "mailto:a@b.example;x", "ftp://a/"]
)
def test_what_would_read_otherwise_is_not_written(uri: str) -> None:
    with pytest.raises(ValueError, match="no record in form"):
        write_record([uri])
