"""The TLS-RPT record as senders read it, and how its destinations came off; shared by these checks."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from waxseal.checks.api import Bundle, Judgement, fail, inconclusive, not_applicable, passed, unreached, warn
from waxseal.checks.dns._lookup import ANSWERED, bounded, speaker
from waxseal.facts import DnsAnswer, Dnssec, MxRecords, TlsRptRecord
from waxseal.wire.dns_rdata import txt_records
from waxseal.wire.tls_rpt import Problem, RecordReading, read_record

MAX_LINES = 5


class ReportRecord(Bundle, frozen=True):
    """The TXT records at ``_smtp._tls``."""

    record: TlsRptRecord
    mx: MxRecords | None

    @property
    def reading(self) -> RecordReading:
        """What they say."""
        return read_record(txt_records(self.record.answer))

    @property
    def meant(self) -> bool:
        """Whether a record is there that is, or seems to be meant as, one of TLS-RPT."""
        reading = self.reading
        return reading.candidates > 0 or any(problem.fatal for problem in reading.problems)

    def unread(self) -> Judgement:
        """The answer of the checks of a record where there is none to judge."""
        if is_told(self.record.answer):
            return not_applicable("the domain publishes no TLS-RPT record")
        own = "tls-rpt/record-lookup-failed"
        told = speaker(self.record.answer, self.mx, bogus=own, failed=own)
        return unreached(
            f"the TLS-RPT record was not seen; see {told}", advice="mend that first, then test again"
        )


class Outcome(StrEnum):
    """How one destination came off."""

    WORKS = "works"
    FAILS = "fails"
    UNSEEN = "unseen"


def judge_all_of(outcomes: Sequence[tuple[Outcome, str]], what: str, trouble: str, advice: str) -> Judgement:
    """FAIL where no destination works, WARN where one of several does not, INCONCLUSIVE where it is not seen.

    Args:
        outcomes: Of every destination that the check is about, each with a line of evidence.
        what: Said where all of them work, such as ``Every destination can be found``.
        trouble: What is wrong otherwise, such as ``cannot be found``.
        advice: What to try where it could not be seen.
    """
    if not outcomes:
        return not_applicable("there is no destination of that kind")
    found = {kind: [line for outcome, line in outcomes if outcome is kind] for kind in Outcome}
    if len(found[Outcome.FAILS]) == len(outcomes):
        subject = "The destination of reports" if len(outcomes) == 1 else "Every destination of reports"
        return fail(f"{subject} {trouble}", *found[Outcome.FAILS][:MAX_LINES])
    if found[Outcome.FAILS]:
        return warn(f"One of the destinations of reports {trouble}", *found[Outcome.FAILS][:MAX_LINES])
    if found[Outcome.UNSEEN]:
        return inconclusive(
            f"whether a destination of reports {trouble} was not seen",
            *found[Outcome.UNSEEN][:MAX_LINES],
            advice=advice,
        )
    return passed(what, *found[Outcome.WORKS][:MAX_LINES])


def is_bogus(answer: DnsAnswer) -> bool:
    """Whether the signatures of the answer do not hold."""
    return answer.dnssec is Dnssec.BOGUS


def is_told(answer: DnsAnswer) -> bool:
    """Whether DNS gave the records, or denied that there are any, in a way that senders take."""
    return answer.status in ANSWERED and not is_bogus(answer)


def lines(problems: Iterable[Problem]) -> tuple[str, ...]:
    """One line of evidence for each problem, at most five."""
    told = [f"record {p.line}: {p.id} {p.octets.decode('latin-1')!a} ({p.source})" for p in problems]
    return tuple(bounded(line) for line in told[:MAX_LINES])
