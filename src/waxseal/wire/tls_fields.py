"""Fields of TLS structures: numbers and vectors, read within bounds and written (RFC 8446 §3).

The reader never raises on received octets: a field that runs past the end gives what is there and is noted
as a `Deviation`. Which fields a message has stands in the modules of the messages.
"""

import struct
from struct import pack
from typing import Final

from waxseal.facts import Deviation

MAX_DEVIATION_OCTETS: Final = 64
"""How many of the offending octets a `Deviation` keeps."""


class FieldReader:
    """Reads the fields of one structure in order.

    Attributes:
        octets: The whole message; offsets of deviations count in it.
        at: Where the next field begins.
        end: Where the structure ends.
        source: The section that the fields obey, for deviations.
        deviations: What did not fit, each rule once; shared with the readers of inner structures.
        short: Whether a field of this structure ran past its end.
    """

    __slots__ = ("at", "deviations", "end", "octets", "short", "source")

    def __init__(
        self,
        octets: bytes,
        source: str,
        at: int = 0,
        end: int | None = None,
        deviations: list[Deviation] | None = None,
    ) -> None:
        self.octets = octets
        self.source = source
        self.at = at
        self.end = len(octets) if end is None else min(end, len(octets))
        self.deviations: list[Deviation] = [] if deviations is None else deviations
        self.short = False

    @property
    def left(self) -> int:
        """Octets that are not read yet."""
        return self.end - self.at

    def flag(self, rule: str, source: str = "", at: int | None = None) -> None:
        """Note a breach of a rule, the first of its name, with the octets from `at` on."""
        if all(known.rule != rule for known in self.deviations):
            start = self.at if at is None else at
            octets = self.octets[start : min(self.end, start + MAX_DEVIATION_OCTETS)]
            self.deviations.append(Deviation(rule, source or self.source, octets, start))

    def take(self, size: int, source: str = "") -> bytes:
        """The next `size` octets, or as many as are left, which breaks the rule of `source`."""
        at = self.at
        end = at + size
        if end > self.end:
            self.flag("field-cut-short", source)
            self.short = True
            end = self.end
        self.at = end
        return self.octets[at:end]

    def number(self, size: int) -> int:
        """An unsigned number of `size` octets; 0 where they are not there, and `short` is set."""
        end = self.at + size
        if end > self.end:
            self.take(size)
            return 0
        value = int.from_bytes(self.octets[self.at : end], "big")
        self.at = end
        return value

    def vector(self, size: int) -> bytes:
        """A vector whose length stands before it in `size` octets (RFC 8446 §3.4)."""
        return self.take(self.number(size))

    def inner(self, size: int, source: str = "") -> "FieldReader":
        """A reader of the vector that comes next, for a structure inside this one."""
        length = self.number(size)
        start = self.at
        if length > self.end - start:
            self.take(length, source)
        else:
            self.at = start + length
        return FieldReader(self.octets, source or self.source, start, self.at, self.deviations)

    def numbers(self, size: int) -> tuple[int, ...]:
        """All that is left, as numbers of `size` octets each."""
        found = tuple(self.number(size) for _ in range(self.left // size))
        self.finish()
        return found

    def finish(self) -> None:
        """Note octets that are left where the structure should have ended."""
        if self.left:
            self.flag("trailing-octets")
            self.at = self.end


def number(value: int, size: int) -> bytes:
    """An unsigned number as `size` octets, its lowest bits where it is greater."""
    return (value & ((1 << 8 * size) - 1)).to_bytes(size, "big")


def numbers(values: tuple[int, ...], size: int) -> bytes:
    """Numbers one after the other, `size` octets each."""
    if size <= 2:
        try:
            return pack(f">{len(values)}{'BH'[size - 1]}", *values)
        except struct.error:  # one of them is greater
            pass
    return b"".join(number(value, size) for value in values)


def vector(octets: bytes, size: int) -> bytes:
    """A vector with its length before it in `size` octets (RFC 8446 §3.4).

    Raises:
        ValueError: The octets are too many for the length field.
    """
    if len(octets) >= 1 << 8 * size:
        raise ValueError(f"{len(octets)} octets do not fit a vector with a length of {size} octets")
    return len(octets).to_bytes(size, "big") + octets


def message(kind: int, body: bytes) -> bytes:
    """A handshake message: type, length in 3 octets, body (RFC 8446 §4)."""
    return bytes([kind]) + vector(body, 3)


def records(kind: int, octets: bytes, version: int = 0x0303, record_octets: int = 2**14) -> bytes:
    """Octets of one content type as records of at most `record_octets` each (RFC 8446 §5.1).

    Nothing at all makes no record.
    """
    if 0 < len(octets) <= record_octets < 0x10000:
        return pack(">BHH", kind, version & 0xFFFF, len(octets)) + octets
    return b"".join(
        bytes([kind]) + number(version, 2) + vector(octets[at : at + record_octets], 2)
        for at in range(0, len(octets), record_octets)
    )
