"""The DER reader takes the one form that DER allows, and nothing but `DerError` comes out of it."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trust.pki import encode, encode_oid
from waxseal.trust import der


@pytest.mark.parametrize(
    "octets",
    [
        "",
        "30",
        "3001",
        "308000",
        "3081",
        "308101",
        "30817f",
        "308200ff",
        "30850000000001",
        "1f0100",
        "3f8101",
    ],
)
def test_what_is_not_der(octets: str) -> None:
    with pytest.raises(der.DerError):
        der.read_element(bytes.fromhex(octets))


@settings(deadline=None)
@given(st.integers(0, 0x1E), st.binary(max_size=300), st.binary(max_size=5))
def test_an_element_is_read_back(tag: int, content: bytes, rest: bytes) -> None:
    element, end = der.read_element(encode(tag, content) + rest)
    assert (element.tag, element.content, element.encoded) == (tag, content, encode(tag, content))
    assert end == len(element.encoded)


@pytest.mark.parametrize(
    ("content", "value"), [("00", 0), ("7f", 127), ("80", -128), ("0080", 128), ("ff", -1)]
)
def test_integers(content: str, value: int) -> None:
    assert der.integer(bytes.fromhex(content)) == value


@pytest.mark.parametrize(
    ("reader", "content"),
    [
        (der.integer, ""),
        (der.integer, "0001"),
        (der.integer, "ff80"),
        (der.boolean, "01"),
        (der.boolean, ""),
        (der.bit_string, ""),
        (der.bit_string, "08ff"),
        (der.bit_string, "01"),
        (der.whole_octets, "01fe"),
        (der.object_identifier, ""),
        (der.object_identifier, "2a86"),
        (der.object_identifier, "2a8001"),
        (der.object_identifier, "2a" * 129),
    ],
)
def test_malformed_values(reader: Callable[[bytes], Any], content: str) -> None:
    with pytest.raises(der.DerError):
        reader(bytes.fromhex(content))


@settings(deadline=None)
@given(st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 2**40), min_size=1, max_size=9))
def test_object_identifiers_are_read_back(first: int, second: int, arcs: list[int]) -> None:
    dotted = ".".join(str(arc) for arc in (first, second, *arcs))
    assert der.object_identifier(der.sole(encode_oid(dotted), der.OBJECT_IDENTIFIER)) == dotted


def test_too_many_elements() -> None:
    with pytest.raises(der.DerError, match="more than"):
        der.elements(b"\x05\x00" * (der.MAX_ELEMENTS + 1))


def test_octets_after_the_only_element() -> None:
    with pytest.raises(der.DerError, match="follow"):
        der.sole(b"\x05\x00\x00", der.NULL)
