"""A bounded reader of DER, as far as certificates need it (ITU-T X.690 §8 and §10).

Why not the library's parser: it refuses a whole certificate for one odd field, and waxseal has to show the
rest. Strict where DER leaves one way only (definite, shortest lengths); the meaning of what is read lives in
``reading``, ``extensions`` and ``distinguished``.
"""

from functools import lru_cache
from typing import NamedTuple

BOOLEAN = 0x01
INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
NULL = 0x05
ENUMERATED = 0x0A
OBJECT_IDENTIFIER = 0x06
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30
SET = 0x31

MAX_ELEMENTS = 20_000
MAX_OID_OCTETS = 128


class DerError(ValueError):
    """The octets are not DER of the form that was due."""


class Element(NamedTuple):
    """One tag-length-value.

    Attributes:
        tag: The identifier octet: class, constructed bit and number.
        content: The value octets.
        encoded: The whole element.
    """

    tag: int
    content: bytes
    encoded: bytes


def read_element(data: bytes, start: int = 0) -> tuple[Element, int]:
    """Read the element that begins at `start`; returns it and where the next one begins.

    Raises:
        DerError: Cut short, an indefinite or overlong length (X.690 §10.1), or a tag number above 30.
    """
    if len(data) < start + 2:
        raise DerError("an element is cut short")
    tag = data[start]
    if tag & 0x1F == 0x1F:
        raise DerError("a tag number above 30")
    length = data[start + 1]
    body = start + 2
    if length & 0x80:
        size = length & 0x7F
        if not 1 <= size <= 4:
            raise DerError("an indefinite length or one of more than four octets")
        octets = data[body : body + size]
        if len(octets) < size:
            raise DerError("a length is cut short")
        length = int.from_bytes(octets)
        if length < 0x80 or octets[0] == 0:
            raise DerError("a length that is not the shortest form")
        body += size
    end = body + length
    if end > len(data):
        raise DerError("an element is cut short")
    return Element(tag, data[body:end], data[start:end]), end


def encode(tag: int, *contents: bytes) -> bytes:
    """One element of the tag with these contents one behind the other, its length in the shortest form."""
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(octets))) + octets + content


def elements(content: bytes) -> list[Element]:
    """Every element of a constructed value, in order.

    Raises:
        DerError: One is malformed, or there are more than `MAX_ELEMENTS`.
    """
    found: list[Element] = []
    at = 0
    while at < len(content):
        element, at = read_element(content, at)
        found.append(element)
        if len(found) > MAX_ELEMENTS:
            raise DerError(f"more than {MAX_ELEMENTS} elements")
    return found


def sole(data: bytes, tag: int) -> bytes:
    """The content of the one element of the tag that fills `data`.

    Raises:
        DerError: It is malformed, has another tag, or octets follow it.
    """
    element, end = read_element(data)
    if end != len(data):
        raise DerError("octets follow the element")
    return expect(element, tag)


def expect(element: Element, tag: int) -> bytes:
    """The content of an element that must have the tag; DerError where it has another."""
    if element.tag != tag:
        raise DerError(f"tag {element.tag:#04x} where {tag:#04x} was due")
    return element.content


def integer(content: bytes) -> int:
    """The value of an INTEGER (X.690 §8.3), sign included; DerError where it is empty or not shortest."""
    if not content:
        raise DerError("an INTEGER without octets")
    if len(content) > 1 and (content[0], content[1] >> 7) in {(0x00, 0), (0xFF, 1)}:
        raise DerError("an INTEGER that is not the shortest form")
    return int.from_bytes(content, signed=True)


def boolean(content: bytes) -> bool:
    """The value of a BOOLEAN; DerError where it is not one octet of all ones or all zeros (X.690 §11.1)."""
    if content not in {b"\x00", b"\xff"}:
        raise DerError("a BOOLEAN that is neither 00 nor FF")
    return content == b"\xff"


def bit_string(content: bytes) -> tuple[bytes, int]:
    """The octets of a BIT STRING and how many last bits are unused (X.690 §8.6); DerError if malformed."""
    if not content or content[0] > 7 or (content[0] and len(content) == 1):
        raise DerError("a malformed BIT STRING")
    return content[1:], content[0]


def whole_octets(content: bytes) -> bytes:
    """The octets of a BIT STRING that must have no unused bits; DerError otherwise."""
    octets, unused = bit_string(content)
    if unused:
        raise DerError("a BIT STRING with unused bits where octets were due")
    return octets


@lru_cache(maxsize=512)
def object_identifier(content: bytes) -> str:
    """An OBJECT IDENTIFIER in dotted form (X.690 §8.19).

    Raises:
        DerError: Empty, cut short, an arc padded with 0x80, or longer than `MAX_OID_OCTETS`.
    """
    if not content or len(content) > MAX_OID_OCTETS or content[-1] & 0x80:
        raise DerError("a malformed OBJECT IDENTIFIER")
    arcs: list[int] = []
    value, fresh = 0, True
    for octet in content:
        if fresh and octet == 0x80:
            raise DerError("an OBJECT IDENTIFIER with a padded arc")
        value = value << 7 | octet & 0x7F
        fresh = not octet & 0x80
        if fresh:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))
