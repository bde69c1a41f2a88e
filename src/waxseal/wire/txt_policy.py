"""TXT records of the form ``v=...; name=value``, and how their faults are told (RFC 8461 §3.1, RFC 8460 §3).

The records of MTA-STS and TLS-RPT have one grammar: a version, then fields, each behind ``*WSP ";" *WSP``.
Here the record that counts is chosen and cut into fields; what the fields mean is read in ``mta_sts`` and
``tls_rpt``. Texts come with the strings of a record already put together.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct

MAX_KEPT_OCTETS: Final = 64
"""Octets of the offending text that a `Problem` keeps."""
MAX_OF_A_KIND: Final = 8
"""Problems with one id that a reading keeps."""

_WSP = b" \t"
_FIELD = re.compile(rb"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=([\x21-\x3a\x3c\x3e-\x7e]+)")
_FREE_FIELD = re.compile(rb"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=([\x21-\x3a\x3c-\x7e][\t\x20-\x3a\x3c-\x7e]*)")


class Effect(StrEnum):
    """What a problem does to what was published."""

    REJECTED = "rejected"
    """Senders act as if nothing were there."""
    OUT_OF_FORM = "out-of-form"
    """It breaks the grammar or a limit and can still be read in one way only; strict senders reject it."""
    PASSED_OVER = "passed-over"
    """The grammar allows it, and it counts for nothing; everything else counts."""


class Problem(Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong with a record or a policy.

    Attributes:
        id: Stable name, such as ``id-missing``.
        source: Where the rule stands, such as ``RFC 8461 §3.1``.
        effect: What comes of it.
        line: Line of the policy, or number of the TXT record as given, from 1; 0 where it is about the whole.
        octets: The offending octets, at most 64 of them.
    """

    id: str
    source: str
    effect: Effect
    line: int = 0
    octets: bytes = b""

    @property
    def fatal(self) -> bool:
        """Whether senders act as if nothing were there."""
        return self.effect is Effect.REJECTED


class Problems:
    """The problems of one reading, in order and bounded: of each id the first few are kept."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.rejected = False
        self._kept: list[Problem] = []
        self._counts: dict[str, int] = {}

    def add(self, name: str, effect: Effect, line: int = 0, octets: bytes = b"", source: str = "") -> None:
        """Take in one problem; `source` where it is not that of the reading."""
        self.rejected = self.rejected or effect is Effect.REJECTED
        self._counts[name] = self._counts.get(name, 0) + 1
        if self._counts[name] <= MAX_OF_A_KIND:
            self._kept.append(Problem(name, source or self.source, effect, line, octets[:MAX_KEPT_OCTETS]))

    def found(self) -> tuple[Problem, ...]:
        """Those that are kept, in the order found."""
        return tuple(self._kept)


class Chosen(Struct, frozen=True):
    """The record that counts among those at one name.

    Attributes:
        text: It; None where there is none, or more than one.
        number: Its number as given, from 1; 0 for none.
        candidates: How many records were not discarded.
    """

    text: bytes | None
    number: int
    candidates: int


def choose(texts: Sequence[bytes], version: bytes, problems: Problems) -> Chosen:
    """Discard what does not begin with the version and ``;``, and take what is left where that is one record.

    The grammar allows white space before the first ``;``, the rule for discarding does not (erratum 6285 of
    RFC 8461). That rule is one for several records, so one that stands alone is taken by the grammar.

    Args:
        texts: The TXT records, each as one text.
        version: Such as ``v=STSv1``.
        problems: Takes what is found: ``several``; ``version-space`` (white space before the first ``;``);
            ``version-form`` for a discarded record that seems to be meant; ``foreign`` for any other.
    """
    spaced = re.compile(re.escape(version) + rb"[ \t]+;")
    left = [number for number, text in enumerate(texts, 1) if text.startswith(version + b";")]
    if len(texts) == 1 and spaced.match(texts[0]):
        left = [1]
        problems.add("version-space", Effect.PASSED_OVER, 1, texts[0])
    meant = version.partition(b"=")[2].lower()
    for number, text in enumerate(texts, 1):
        if number in left:
            continue
        if meant in text.lower():
            effect = Effect.PASSED_OVER if left else Effect.REJECTED
            problems.add("version-form", effect, number, text)
        else:
            problems.add("foreign", Effect.PASSED_OVER, number, text)
    if len(left) > 1:
        problems.add("several", Effect.REJECTED, left[1], texts[left[1] - 1])
    if len(left) != 1:
        return Chosen(None, 0, len(left))
    return Chosen(texts[left[0] - 1], left[0], 1)


def read_fields(chosen: Chosen, version: bytes, problems: Problems, free: str = "") -> list[tuple[str, str]]:
    """The fields behind the version, as name and value, in order.

    Args:
        chosen: What `choose` gave.
        version: As there.
        problems: Takes what is found: ``non-ascii``, ``field-empty`` (two delimiters without a field between
            them), ``trailing-space`` (white space behind the last field, where none may be) and
            ``field-form`` (no ``name=value`` of the grammar).
        free: Name of the field whose value has a grammar of its own, in which "=" and white space may stand.
    """
    if chosen.text is None:
        return []
    if not chosen.text.isascii():
        problems.add("non-ascii", Effect.REJECTED, chosen.number, chosen.text)
        return []
    pieces = chosen.text[len(version) :].split(b";")[1:]
    if not pieces[-1].strip(_WSP):  # the delimiter that may stand at the end
        pieces.pop()
    elif pieces[-1] != pieces[-1].rstrip(_WSP):
        problems.add("trailing-space", Effect.REJECTED, chosen.number, pieces[-1][-MAX_KEPT_OCTETS:])
    found = []
    for piece in pieces:
        field = piece.strip(_WSP)
        match = _FIELD.fullmatch(field)
        if match is None and free and field.startswith(free.encode() + b"="):
            match = _FREE_FIELD.fullmatch(field)
        if match is not None:
            found.append((match[1].decode(), match[2].decode()))
        else:
            problems.add("field-form" if field else "field-empty", Effect.REJECTED, chosen.number, field)
    return found
