"""Thresholds of the monitoring forms: from which severity, letter or number of days on they warn or alarm.

Ranges have the form of the Monitoring Plugins Development Guidelines, "Threshold and ranges". Which status
follows from them is in ``report.status``.
"""

import math
import re
from decimal import Decimal

from msgspec import Struct

from waxseal.grading.severity import Severity

_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_RANGE = re.compile(rf"(?P<inside>@)?(?:(?P<start>~|{_NUMBER})?(?P<colon>:))?(?P<end>{_NUMBER})?")
_MOST_CHARACTERS = 64


class Range(Struct, frozen=True):
    """A range of numbers, both ends included.

    Attributes:
        start: Its lower end; minus infinity for ``~``.
        end: Its upper end; infinity where none is given.
        inside: Alert inside the range instead of outside (``@``).
    """

    start: float = 0.0
    end: float = math.inf
    inside: bool = False

    def alerts(self, value: float) -> bool:
        """Whether a value is one to raise an alert for."""
        return (self.start <= value <= self.end) is self.inside

    def __str__(self) -> str:
        """As it is written in perfdata, without an exponent."""
        mark = "@" if self.inside else ""
        if self.start == -math.inf:
            start = "~:"
        elif self.start == 0 and self.end != math.inf:
            start = ""
        else:
            start = f"{decimal(self.start)}:"
        return f"{mark}{start}{'' if self.end == math.inf else decimal(self.end)}"


def parse_range(text: str) -> Range:
    """Read ``[@]start:end``: ``10``, ``10:``, ``~:10``, ``10:20``, ``@10:20``.

    ``10`` is ``0:10``. At least one end is given.

    Raises:
        ValueError: It is not of the form, or ends before it starts.
    """
    match = _RANGE.fullmatch(text) if len(text) <= _MOST_CHARACTERS else None
    if match is None or (match["start"] is None and match["end"] is None):
        raise ValueError(f"{text[:_MOST_CHARACTERS]!r} is no range")
    start = -math.inf if match["start"] == "~" else float(match["start"] or 0)
    end = math.inf if match["end"] is None else float(match["end"])
    if start > end:
        raise ValueError(f"{text!r} ends before it starts")
    return Range(start + 0.0, end + 0.0, match["inside"] is not None)


def decimal(value: float) -> str:
    """A finite number in digits, ``-`` and ``.`` alone, as short as it is exact."""
    return str(int(value)) if value == int(value) else f"{Decimal(repr(value)):f}"


class Limits(Struct, frozen=True):
    """From what on a status is WARNING or CRITICAL.

    Attributes:
        warning, critical: The least severity of a finding; None for no severity.
        expiry_warning, expiry_critical: Of the days that are left to a certificate. None for a warning means
            what ``certificate/expires-soon`` says, and for an alarm that days alone raise none.
        letter_warning, letter_critical: The best letter that is too bad, ``A`` to ``F``; "" for none.
    """

    warning: Severity | None = Severity.MEDIUM
    critical: Severity | None = Severity.HIGH
    expiry_warning: Range | None = None
    expiry_critical: Range | None = None
    letter_warning: str = ""
    letter_critical: str = ""
