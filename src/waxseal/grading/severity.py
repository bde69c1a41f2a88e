"""How much a finding matters, in five steps."""

from enum import IntEnum
from typing import Final, Literal

SeverityLabel = Literal["none", "low", "medium", "high", "critical"]
_LABELS: Final[tuple[SeverityLabel, ...]] = ("none", "low", "medium", "high", "critical")


class Severity(IntEnum):
    """Ordered: a higher one is worse."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> SeverityLabel:
        """Lower-case name, as profiles and reports write it."""
        return _LABELS[self]

    @classmethod
    def from_label(cls, label: str) -> "Severity":
        """The step of that name.

        Raises:
            KeyError: There is none.
        """
        return cls[label.upper()]
