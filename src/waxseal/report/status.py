"""The status that monitoring systems ask for: OK, WARNING, CRITICAL or UNKNOWN, with its reasons.

What is common to the forms of ``report.nagios`` and ``report.checkmk``. "Could not be seen" is UNKNOWN: never
OK, and never CRITICAL by itself. Statuses and their codes are those of the Monitoring Plugins Development
Guidelines, "Plugin Return Codes".
"""

from collections.abc import Iterable, Iterator
from enum import IntEnum

from msgspec import Struct

from waxseal.checks.api import Verdict
from waxseal.facts import Attempt, Cause, FactSet, MailProtocol, Subject, Target, TargetKind, TlsMode
from waxseal.facts.address import UNIX
from waxseal.grading.headline import LOCAL
from waxseal.grading.letter_rules import FULL, letter_rules
from waxseal.grading.letters import Letter
from waxseal.grading.profile import GradedFinding
from waxseal.grading.seal import LeftOut, Seal, State, left_out
from waxseal.report.model import Report
from waxseal.report.plain import plain
from waxseal.report.thresholds import Limits, Range

EXPIRES_SOON = "certificate/expires-soon"
"""The check whose warning counts whatever its severity, where no range of days is given."""


class Status(IntEnum):
    """The status of a service, by its exit code."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


WORST_FIRST = (Status.CRITICAL, Status.WARNING, Status.UNKNOWN, Status.OK)
"""Which status counts where several apply: something known to be wrong before what is not known."""


def worst(statuses: Iterable[Status]) -> Status:
    """The one status of several: CRITICAL before WARNING before UNKNOWN before OK; UNKNOWN of none."""
    return min(statuses, key=WORST_FIRST.index, default=Status.UNKNOWN)


class Reason(Struct, frozen=True):
    """Why a status is not OK.

    Attributes:
        status: The status that it asks for.
        title: What it is, in a few words.
        detail: Where and how; "" where there is no more to say. Both may hold a stranger's text.
    """

    status: Status
    title: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.title} {self.detail}".rstrip()


class Assessment(Struct, frozen=True):
    """The status of one target, and its reasons, worst first."""

    status: Status
    reasons: tuple[Reason, ...]


class Gauge(Struct, frozen=True):
    """One number of a target or of one of its addresses.

    Attributes:
        name: Such as ``days_left``.
        value: In its unit.
        unit: ``s`` or "" for a plain number.
        warning, critical: Its ranges; None for none.
        least, most: Its bounds; None for none.
        place: The address and port that it is of; None where it is of the target.
    """

    name: str
    value: float
    unit: str = ""
    warning: Range | None = None
    critical: Range | None = None
    least: float | None = None
    most: float | None = None
    place: Subject | None = None


def assess(report: Report, facts: FactSet, limits: Limits) -> Assessment:
    """The status of a target.

    Where nothing of its servers was seen, UNKNOWN outweighs WARNING: what DNS shows is then no answer to the
    question that was asked. Where some of it was seen, WARNING outweighs UNKNOWN.
    """
    reasons = [*_of_findings(report, limits), *_of_days(report, limits), *_of_letters(report, limits)]
    reasons += _of_the_unseen(report, facts)
    statuses = {reason.status for reason in reasons}
    status = worst(statuses or {Status.OK})
    if report.untested and status is Status.WARNING:
        status = Status.UNKNOWN
    ordered = sorted(reasons, key=lambda r: (r.status is not status, WORST_FIRST.index(r.status)))
    return Assessment(status, tuple(ordered))


def _of_findings(report: Report, limits: Limits) -> Iterator[Reason]:
    groups: dict[tuple[Status, str, str], list[GradedFinding]] = {}
    for finding in report.to_fix:
        status = _status_of(finding, limits)
        if status is not Status.OK:
            groups.setdefault((status, finding.check, finding.title), []).append(finding)
    for (status, check, title), alike in groups.items():
        places = dict.fromkeys(str(finding.subject) for finding in alike)
        yield Reason(status, title, f"({check}) at {'; '.join(places)}")


def _status_of(finding: GradedFinding, limits: Limits) -> Status:
    if limits.critical is not None and finding.severity >= limits.critical:
        return Status.CRITICAL
    soon = limits.expiry_warning is None and finding.check == EXPIRES_SOON
    if soon or (limits.warning is not None and finding.severity >= limits.warning):
        return Status.WARNING
    return Status.OK


def _of_days(report: Report, limits: Limits) -> Iterator[Reason]:
    for gauge in days_left(report, limits):
        for status, limit in ((Status.CRITICAL, gauge.critical), (Status.WARNING, gauge.warning)):
            if limit is not None and limit.alerts(gauge.value):
                days = f"{gauge.value:g} day{'' if gauge.value == 1 else 's'} left to the certificate"
                yield Reason(status, days, f"at {gauge.place} (range {limit})")
                break


def _of_letters(report: Report, limits: Limits) -> Iterator[Reason]:
    for letter in (report.letters.passive, report.letters.active):
        steps = ((Status.CRITICAL, limits.letter_critical), (Status.WARNING, limits.letter_warning))
        for status, limit in steps:
            if limit and letter.letter is not None and letter.letter >= limit:
                yield Reason(status, f"letter {letter.letter} against the {letter.axis} attacker")
                break


def _of_the_unseen(report: Report, facts: FactSet) -> Iterator[Reason]:
    if any(finding.crashed for finding in report.findings) or _attempt_crashed(report, facts):
        yield Reason(Status.UNKNOWN, "a check or an attempt crashed: a bug in waxseal")
    state = report.headline.state
    if state in (State.SEALED, State.NO_MAIL) or report.headline.id == LOCAL:
        return
    if report.untested:
        yield Reason(Status.UNKNOWN, "nothing could be seen of the servers")
        return
    unknown = [seal for seal in report.endpoints if seal.seal is Seal.UNKNOWN]
    for seal in unknown:
        yield Reason(Status.UNKNOWN, f"could not be seen: {seal.subject}", _why(seal.ended))
    left = left_out(facts, report.endpoints, report.root)
    if left != LeftOut():
        yield Reason(Status.UNKNOWN, _left(left))
    elif state is State.PARTLY_UNKNOWN and not unknown:
        yield Reason(Status.UNKNOWN, "the certificates could not be judged")
    elif state is State.UNDELIVERABLE and not unknown:
        yield Reason(Status.UNKNOWN, "there was no server to test")


def _attempt_crashed(report: Report, facts: FactSet) -> bool:
    return any(attempt.ended.cause is Cause.CRASHED for _, attempt in facts.within(Attempt, report.root))


def _why(ended: str) -> str:
    return f"({ended})" if ended else ""


def _left(left: LeftOut) -> str:
    parts = [
        (left.hosts, "mail host", "mail hosts"),
        (left.addresses, "address", "addresses"),
        (left.families, "address family without an answer from DNS", "such address families"),
    ]
    named = [f"{number} {one if number == 1 else many}" for number, one, many in parts if number]
    return f"not tested: {', '.join(named)}"


def gauges(report: Report, limits: Limits) -> Iterator[Gauge]:
    """The numbers of a target; what could not be seen is left out, never 0."""
    bad = report.to_fix
    yield Gauge("time", round(report.elapsed_s, 3), "s", least=0)
    yield Gauge("connections", report.connections, least=0)
    for letter in (report.letters.passive, report.letters.active):
        yield from _points(letter, limits)
    yield Gauge("failed", sum(f.verdict is Verdict.FAIL for f in bad), least=0)
    yield Gauge("warned", sum(f.verdict is Verdict.WARN for f in bad), least=0)
    yield Gauge("not_seen", len(report.not_seen), least=0)
    days = [gauge.value for gauge in days_left(report, limits)]
    if days:
        yield Gauge("days_left", min(days), "", limits.expiry_warning, limits.expiry_critical)


def _points(letter: Letter, limits: Limits) -> Iterator[Gauge]:
    if letter.points is not None:
        warning, critical = _better_than(limits.letter_warning), _better_than(limits.letter_critical)
        yield Gauge(letter.axis.value, letter.points, "", warning, critical, 0, FULL)


def _better_than(letter: str) -> Range | None:
    """The range of points outside of which a letter is this one or worse."""
    return Range(letter_rules().most(letter) + 1) if letter else None


def days_left(report: Report, limits: Limits) -> Iterator[Gauge]:
    """Days until the first leaf of each address and port expires, the least where hosts share an address."""
    least: dict[Subject, int] = {}
    for seal in report.endpoints:
        if seal.days_left is not None:
            place = Subject(address=seal.subject.address, port=seal.subject.port)
            least[place] = min(seal.days_left, least.get(place, seal.days_left))
    for place, days in least.items():
        yield Gauge("days_left", days, "", limits.expiry_warning, limits.expiry_critical, place=place)


def target_name(target: Target) -> str:
    """The target in a form that two different targets never share: ``example.org``, ``imap://mx:143``."""
    if target.name.startswith(UNIX):
        return f"{target.protocol}+{target.name}"
    smtp = target.protocol is MailProtocol.SMTP and target.mode is TlsMode.STARTTLS and not target.submission
    if target.kind is TargetKind.DOMAIN and target.port == 25 and smtp:
        return target.name
    host = f"[{target.name}]" if ":" in target.name else target.name
    place = f"{host}:{target.port}"
    return place if smtp else f"{_scheme(target)}://{place}"


def _scheme(target: Target) -> str:
    implicit = "s" if target.mode is TlsMode.IMPLICIT else ""
    if target.protocol is not MailProtocol.SMTP:
        return f"{target.protocol}{implicit}"
    return f"submission{implicit}" if target.submission else f"smtp{implicit}"


def one_line(text: str) -> str:
    """A stranger's text fit for a line of plug-in output: no control characters, and no ``|``."""
    return plain(text).replace("|", "¦")


def clip(text: str, octets: int) -> str:
    """The text, cut at the end to so many octets of UTF-8, with ``...`` where it was cut."""
    encoded = text.encode("utf-8")
    if len(encoded) <= octets:
        return text
    return encoded[: max(octets - 3, 0)].decode("utf-8", "ignore") + "..."[:octets]
