"""The header of a mail message as it lies in a file (RFC 5322 §2.2).

Reads fields and unfolds them, within limits; the body and the meaning of fields do not live here. What is
no field is passed over, and reading goes on.
"""

import re
from typing import Final

MAX_HEADER_OCTETS: Final = 256 * 1024
"""Octets of a message that are looked at."""
MAX_FIELDS: Final = 1000

_LINE_END: Final = re.compile(rb"\r?\n")
# A field name is printable US-ASCII without the colon (RFC 5322 §2.2); blanks before the colon are obsolete
# syntax that has to be understood (RFC 5322 §4.5).
_FIELD: Final = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)


def header_fields(message: bytes) -> tuple[tuple[str, bytes], ...]:
    """The fields of a message's header, in order: name in lower case, and unfolded body.

    Unfolding takes away the line ends only (RFC 5322 §2.2.3). Lines may end in CRLF or in LF, as files have
    them. Fields beyond `MAX_FIELDS`, or beyond `MAX_HEADER_OCTETS`, are left out.
    """
    octets = message[:MAX_HEADER_OCTETS]
    fields: list[tuple[str, bytearray]] = []
    folding = False
    for line in _LINE_END.split(octets):
        if not line:
            break
        if line[:1] in (b" ", b"\t"):
            if folding:
                fields[-1][1].extend(line)
            continue
        match = _FIELD.fullmatch(line)
        folding = match is not None
        if match is None:
            continue
        if len(fields) == MAX_FIELDS:
            break
        fields.append((match[1].decode("ascii").lower(), bytearray(match[2])))
    return tuple((name, bytes(body)) for name, body in fields)
