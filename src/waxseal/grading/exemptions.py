"""Exemptions of a profile: what does not count, where, why, and until which day.

An exemption is judged at the time when the facts were seen, so that a judgement can be repeated. In force, it
takes the weight of a finding and leaves the verdict; once it has ended, the finding weighs as always and the
report says so.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from ipaddress import ip_address
from typing import Any

from msgspec import Struct

from waxseal.facts import FactSet, RunContext, Subject


class Exemption(Struct, frozen=True):
    """One exemption.

    Attributes:
        check: Id of a check or of a rule, or a pattern of such.
        reason: Why.
        until: The last day (UTC) on which it holds.
        where: Domain, host or address, or a pattern; "" for everywhere.
    """

    check: str
    reason: str
    until: date
    where: str = ""

    @property
    def text(self) -> str:
        """As reports say it."""
        return f"{self.reason}, until {self.until.isoformat()}"

    def fits(self, check: str, subject: Subject) -> bool:
        """Whether it is about a finding."""
        if check != self.check and not fnmatchcase(check, self.check):
            return False
        if not self.where:
            return True
        names = (subject.domain, subject.host, subject.address)
        return any(name is not None and fnmatchcase(name, self.where) for name in names)


class State(StrEnum):
    """What became of an exemption in a run."""

    IN_FORCE = "in-force"
    ENDED = "ended"
    UNUSED = "unused"
    """Nothing that it is about failed or warned."""


class Standing(Struct, frozen=True):
    """An exemption, and what became of it.

    Attributes:
        exemption: It.
        state: In force or ended where it fits findings, else unused.
        findings: How many findings that fail or warn it fits.
    """

    exemption: Exemption
    state: State
    findings: int


def day_of(facts: FactSet) -> date | None:
    """The day (UTC) when the run started, else that of the last fact; None where there is none."""
    context = facts.nearest(RunContext, Subject())
    if context is not None:
        return _utc(context.started_at)
    return max((_utc(record.seen_at) for record in facts), default=None)


def _utc(moment: datetime) -> date:
    try:
        return moment.astimezone(UTC).date()
    except OverflowError:  # within a day of the first or the last year
        return moment.date()


def in_force(exemptions: Iterable[Exemption], day: date | None) -> tuple[Exemption, ...]:
    """Those that hold on a day; none where the day is not known."""
    return tuple(e for e in exemptions if day is not None and day <= e.until)


def standings(
    exemptions: Iterable[Exemption], bad: Collection[tuple[str, Subject]], day: date | None
) -> tuple[Standing, ...]:
    """What became of each exemption.

    Args:
        exemptions: Of the profile.
        bad: Check and subject of each finding that fails or warns.
        day: When the facts were seen.
    """
    rows = []
    for exemption in exemptions:
        count = sum(exemption.fits(check, subject) for check, subject in bad)
        state = State.IN_FORCE if day is not None and day <= exemption.until else State.ENDED
        rows.append(Standing(exemption, state if count else State.UNUSED, count))
    return tuple(rows)


def parse_exemption(row: Mapping[str, Any], known: Collection[str]) -> Exemption:
    """Read one of ``[[exemptions]]``.

    Args:
        row: As TOML has it.
        known: Ids of checks and rules.

    Raises:
        ValueError: Something is missing or not of the form.
    """
    unknown = sorted(set(row) - set(Exemption.__struct_fields__))
    if unknown:
        raise ValueError(f"the key {unknown[0]!r} is not known")
    for key in ("check", "reason"):
        value = row.get(key)
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"it lacks `{key}`" + (": say why it does not count" if key == "reason" else ""))
    until, where = row.get("until"), row.get("where", "")
    if until is None:
        raise ValueError("it lacks `until`: the last day on which it holds, as 2027-03-01")
    if not isinstance(until, date) or isinstance(until, datetime):
        raise ValueError("`until` is no date, as 2027-03-01 without quotation marks")  # noqa: TRY004
    if not isinstance(where, str):
        raise ValueError("`where` is no text")  # noqa: TRY004  # the file is at fault
    check = row["check"]
    if check not in known and not any(fnmatchcase(name, check) for name in known):
        raise ValueError(f"{check!r} is no check and no rule of the profile")
    return Exemption(check, row["reason"].strip(), until, _canonical(where))


def _canonical(where: str) -> str:
    """Names in lower case without the last dot, addresses as subjects have them."""
    try:
        return str(ip_address(where))
    except ValueError:
        return where.lower().rstrip(".")
