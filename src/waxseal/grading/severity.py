"""How much a finding matters, in five steps."""

from enum import IntEnum


class Severity(IntEnum):
    """Ordered: a higher one is worse."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        """Lower-case name, as profiles and reports write it."""
        return self.name.lower()

    @classmethod
    def from_label(cls, label: str) -> "Severity":
        """The step of that name.

        Raises:
            KeyError: There is none.
        """
        return cls[label.upper()]
