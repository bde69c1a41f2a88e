"""Lists of ``tag=value`` pairs, as DKIM's key records and signatures and DMARC's records have them.

Holds the grammar of RFC 6376 §3.2, without the meaning of any tag: that is in ``wire.dkim`` and
``wire.dmarc``. MTA-STS and TLS-RPT have grammars of their own. A breach of the grammar is a `Problem`, and
reading goes on.
"""

import re
from typing import Final

from msgspec import Struct

from waxseal.wire.smtp_reply import decode_text

MAX_TAGS: Final = 200
"""Tags of one list that are read; a list with more of them is flagged."""
MAX_SHOWN: Final = 80
"""Characters of a received text that a problem quotes."""

# [FWS] tag-name [FWS] "=" [FWS] tag-value [FWS]; the blanks around the value are taken off afterwards.
_SPEC: Final = re.compile(rb"[ \t\r\n]*([A-Za-z][A-Za-z0-9_]*)[ \t\r\n]*=(.*)", re.DOTALL)
_VALUE: Final = re.compile(rb"[\x21-\x3a\x3c-\x7e \t]*")
_FOLD: Final = re.compile(rb"\r\n(?=[ \t])")
_BLANKS: Final = b" \t\r\n"


class Problem(Struct, frozen=True):
    """What is wrong with a list or with one of its values.

    Attributes:
        rule: Stable name, such as ``tag-twice``.
        detail: One plain phrase, with the received text in it, escaped and bounded.
    """

    rule: str
    detail: str


class TagList(Struct, frozen=True):
    """A list as far as it could be read.

    Attributes:
        tags: Names as they are written with their values, in order; blanks around a value are left out, those
            inside it are kept.
        problems: Breaches of the grammar. A name that comes twice makes the whole list invalid
            (RFC 6376 §3.2), and is still in `tags` twice.
    """

    tags: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...] = ()

    def value(self, name: str) -> str | None:
        """The first value of a tag; None where it is not there, which is not the same as empty."""
        return next((value for known, value in self.tags if known == name), None)


def shown(octets: bytes | str) -> str:
    """Received text for a problem: escaped, and cut at `MAX_SHOWN`."""
    text = decode_text(octets) if isinstance(octets, bytes) else octets
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."


def read_tag_list(octets: bytes) -> TagList:
    """Read a list (RFC 6376 §3.2); a semicolon at its end is allowed.

    Octets above 127 in a value are kept, escaped, and flagged.
    """
    tags: list[tuple[str, str]] = []
    problems: list[Problem] = []
    specs = octets.split(b";", MAX_TAGS)
    if len(specs) > MAX_TAGS:
        problems.append(Problem("too-many-tags", f"there are more than {MAX_TAGS} tags"))
        specs.pop()
    elif not specs[-1].strip(_BLANKS):
        specs.pop()
    for spec in specs:
        match = _SPEC.fullmatch(spec)
        if match is None:
            what = (
                f'"{shown(spec.strip(_BLANKS))}" is no tag=value pair'
                if spec.strip(_BLANKS)
                else "a pair is empty"
            )
            problems.append(Problem("no-pair", what))
            continue
        name, value = match[1].decode("ascii"), _FOLD.sub(b"", match[2].strip(_BLANKS))
        if not _VALUE.fullmatch(value):
            problems.append(
                Problem(
                    "value-octets", f'the value of {name} holds other than printable ASCII: "{shown(value)}"'
                )
            )
        if any(name == known for known, _ in tags):
            problems.append(Problem("tag-twice", f"the tag {shown(name)} comes more than once"))
        tags.append((name, decode_text(value)))
    return TagList(tuple(tags), tuple(problems))
