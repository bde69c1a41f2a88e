"""Distinguished names: as text (RFC 4514) and in the form in which they are compared (RFC 5280 §7.1).

Names are handled as DER, so that one odd attribute does not lose the rest. Which names identify a server is
not decided here but in ``names``.
"""

from functools import lru_cache
from typing import Final

from waxseal.trust import der

COMMON_NAME: Final = "2.5.4.3"
EMAIL_ADDRESS: Final = "1.2.840.113549.1.9.1"

_SHORT: Final[dict[str, str]] = {
    COMMON_NAME: "CN",
    "2.5.4.4": "sn",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "2.5.4.15": "businessCategory",
    "2.5.4.17": "postalCode",
    "2.5.4.42": "givenName",
    "2.5.4.43": "initials",
    "2.5.4.44": "generationQualifier",
    "2.5.4.46": "dnQualifier",
    "2.5.4.65": "pseudonym",
    "2.5.4.97": "organizationIdentifier",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
    EMAIL_ADDRESS: "emailAddress",
}

_CHARSETS: Final[dict[int, str]] = {
    0x0C: "utf-8",
    0x12: "latin-1",
    0x13: "latin-1",
    0x14: "latin-1",
    0x16: "latin-1",
    0x1A: "latin-1",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}

Attribute = tuple[str, int, bytes]
"""Type in dotted form, string tag, value octets."""

CanonicalName = tuple[tuple[tuple[str, int, bytes], ...], ...]
"""One tuple per RDN, its attributes sorted; text is folded and has tag 0."""


def attributes(name: bytes) -> list[list[Attribute]]:
    """The RDNs of a Name in the order of the encoding, each with its attributes.

    Args:
        name: DER of the Name, SEQUENCE header included.

    Raises:
        DerError: It is not a Name (RFC 5280 §4.1.2.4).
    """
    return [list(rdn) for rdn in _rdns(name)]


@lru_cache(maxsize=32)
def _rdns(name: bytes) -> tuple[tuple[Attribute, ...], ...]:
    rdns: list[tuple[Attribute, ...]] = []
    for rdn in der.elements(der.sole(name, der.SEQUENCE)):
        found: list[Attribute] = []
        for pair in der.elements(der.expect(rdn, der.SET)):
            parts = der.elements(der.expect(pair, der.SEQUENCE))
            if len(parts) != 2:
                raise der.DerError("an attribute is not a type and a value")
            kind = der.object_identifier(der.expect(parts[0], der.OBJECT_IDENTIFIER))
            found.append((kind, parts[1].tag, parts[1].content))
        if not found:
            raise der.DerError("an empty RDN")
        rdns.append(tuple(found))
    return tuple(rdns)


def text(name: bytes) -> str:
    """The name as RFC 4514 writes it: last RDN first; "" for an empty one.

    A type without a registered short name is written in dotted form with its value in hex (RFC 4514 §2.4).

    Raises:
        DerError: It is not a Name.
    """
    return ",".join("+".join(_pair(attribute) for attribute in rdn) for rdn in reversed(_rdns(name)))


def common_names(name: bytes) -> tuple[str, ...]:
    """The CN values in the order of the encoding; those that are no text are left out.

    Raises:
        DerError: It is not a Name.
    """
    values = (_decoded(tag, value) for kind, tag, value in _flat(name) if kind == COMMON_NAME)
    return tuple(value for value in values if value is not None)


def email_addresses(name: bytes) -> tuple[bytes, ...]:
    """The emailAddress values, which name constraints bind as well (RFC 5280 §4.2.1.10).

    Raises:
        DerError: It is not a Name.
    """
    return tuple(value for kind, _, value in _flat(name) if kind == EMAIL_ADDRESS)


def canonical(name: bytes) -> CanonicalName:
    """The form in which names are compared: case and spacing of text do not count (RFC 5280 §7.1).

    As OpenSSL folds them: ASCII letters to lower case, runs of space to one, none at the ends, and every
    string type as one.

    Raises:
        DerError: It is not a Name.
    """
    return tuple(tuple(sorted(_folded(attribute) for attribute in rdn)) for rdn in _rdns(name))


def _flat(name: bytes) -> list[Attribute]:
    return [attribute for rdn in _rdns(name) for attribute in rdn]


def _decoded(tag: int, value: bytes) -> str | None:
    charset = _CHARSETS.get(tag)
    if charset is None:
        return None
    try:
        return value.decode(charset)
    except UnicodeDecodeError:
        return None


def _folded(attribute: Attribute) -> tuple[str, int, bytes]:
    kind, tag, value = attribute
    string = None if tag in {0x12, 0x1B} else _decoded(tag, value)
    if string is None:
        return attribute
    octets = string.encode("utf-8", "surrogatepass").lower()
    return kind, 0, b" ".join(octets.split())


def _pair(attribute: Attribute) -> str:
    kind, tag, value = attribute
    short = _SHORT.get(kind)
    string = _decoded(tag, value) if short is not None else None
    if string is None:
        return f"{short or kind}=#{_tagged(tag, value).hex()}"
    return f"{short}={_escaped(string)}"


def _tagged(tag: int, value: bytes) -> bytes:
    size = len(value)
    if size < 0x80:
        return bytes((tag, size)) + value
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(octets))) + octets + value


def _escaped(string: str) -> str:
    """Escape as RFC 4514 §2.4 demands, and what cannot be printed (controls, bidi marks) as hex pairs."""
    out: list[str] = []
    last = len(string) - 1
    for at, character in enumerate(string):
        if (
            character in '"+,;<>\\'
            or (character == "#" and at == 0)
            or (character == " " and at in {0, last})
        ):
            out.append("\\" + character)
        elif not character.isprintable():
            out.extend(f"\\{octet:02X}" for octet in character.encode("utf-8", "surrogatepass"))
        else:
            out.append(character)
    return "".join(out)
