"""How deep a TLS server is looked into, and how many connections that takes at the most."""

from enum import StrEnum


class Depth(StrEnum):
    """How much is asked: all that a grade needs; classes of suites, their order, groups; everything."""

    GRADE = "grade"
    STANDARD = "standard"
    FULL = "full"

    @property
    def most_connections(self) -> int:
        """The limit of connections to one address and port, unless the user sets another."""
        return {Depth.GRADE: 8, Depth.STANDARD: 60, Depth.FULL: 250}[self]

    @property
    def time_limit_s(self) -> float:
        """The limit of time for one address and port, unless the user sets another."""
        return {Depth.GRADE: 30.0, Depth.STANDARD: 60.0, Depth.FULL: 180.0}[self]
