"""The SPF policy that the checks of this folder judge, and when there is none to judge."""

from collections.abc import Iterable
from functools import lru_cache

from waxseal.checks.api import Bundle, Judgement, not_applicable, unreached
from waxseal.checks.dns._lookup import ANSWERED, bounded, shown, speaker
from waxseal.facts import DnsAnswer, DnsStatus, MxRecords, SpfAnswers
from waxseal.wire import spf
from waxseal.wire.dns_rdata import txt_records
from waxseal.wire.spf import Fault, SpfNode, SpfProblem, SpfReading
from waxseal.wire.spf_record import look_alikes, select_records

MAX_LINES = 12
"""Lines of evidence of one finding."""
_FAILED = "spf/lookup-failed"


class SpfPolicy(Bundle, frozen=True):
    """The look-ups of the domain's policy, whatever came of them."""

    spf: SpfAnswers
    mx: MxRecords | None

    @property
    def first(self) -> DnsAnswer:
        """The TXT look-up of the domain."""
        return self.spf.answers[0]

    @property
    def records(self) -> tuple[bytes, ...]:
        """The SPF records of the domain itself."""
        return select_records(txt_records(self.first))

    @property
    def alike(self) -> tuple[bytes, ...]:
        """Records of the domain that seem to be meant as SPF, where none is."""
        return () if self.records else look_alikes(txt_records(self.first))

    def read(self) -> SpfReading:
        """Follow the policy over the recorded answers."""
        return _read(self.spf)

    def speaker(self) -> str:
        """The check that tells of a look-up that failed."""
        return speaker(self.first, self.mx, bogus=_FAILED, failed=_FAILED)

    def unless_seen(self, reading: SpfReading) -> Judgement | None:
        """The answer where a part of the policy was not seen, which other checks report; else None."""
        failed = reading.found(Fault.LOOKUP_FAILED)
        if failed:
            return unreached(
                f"a part of the policy could not be looked up; see {self.speaker()}",
                *lines(failed),
                advice="mend the look-up first, or test again",
            )
        if not reading.complete or self.spf.cut:
            why = "the policy was not followed to its end"
            if reading.lookups > spf.LOOKUP_LIMIT:
                why += "; see spf/lookups-too-many"
            return unreached(why, advice="shorten the policy, or test again")
        return None


@lru_cache(maxsize=256)
def _read(fact: SpfAnswers) -> SpfReading:
    """The reading, once for all checks."""
    return spf.read(fact.answers[0].name, fact.answers)


class ReadableSpf(SpfPolicy, frozen=True):
    """The policy of a domain that has exactly one record, which keeps to the grammar."""

    def aside(self) -> Judgement | None:
        """The answer where there is no such record: another check says so."""
        if self.first.status is DnsStatus.NXDOMAIN:
            return not_applicable("the domain does not exist; see dns/domain-missing")
        if self.first.status not in ANSWERED:
            return unreached(
                f"the TXT look-up ended {self.first.status.value}; see {self.speaker()}",
                shown(self.first),
                advice="mend the look-up first, or give another --resolver",
            )
        if not self.records:
            other = "record-malformed" if self.alike else "record-missing"
            return not_applicable(f"the domain has no SPF record; see spf/{other}")
        if len(self.records) > 1:
            return not_applicable("the domain has several SPF records; see spf/records-several")
        if self.read().tree.record is None:
            return not_applicable("the SPF record breaks the grammar; see spf/record-malformed")
        return None


def lines(problems: Iterable[SpfProblem]) -> tuple[str, ...]:
    """Evidence: where each problem is, and what it is."""
    found = [
        bounded(
            f"{problem.domain}: {problem.term}: {problem.detail}"
            if problem.term
            else f"{problem.domain}: {problem.detail}"
        )
        for problem in problems
    ]
    return tuple(found[:MAX_LINES])


def outline(tree: SpfNode, depth: int = 0) -> tuple[str, ...]:
    """Evidence: which record brings in which, each with the terms with look-ups in it and below it."""
    name = tree.domain or tree.term
    found = [bounded(f"{'. ' * depth}{name}: {tree.lookups}")]
    for child in tree.children:
        found += outline(child, depth + 1)
    return tuple(found[:MAX_LINES])
