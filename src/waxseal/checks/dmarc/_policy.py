"""The DMARC policy that the checks of this folder judge, and when there is none to judge."""

from functools import lru_cache

from waxseal.checks.api import Bundle, Judgement, not_applicable, unreached
from waxseal.checks.dns._lookup import ANSWERED, EMPTY, TRY_AGAIN, bounded, shown, speaker
from waxseal.facts import DmarcWalk, DnsStatus, MxRecords
from waxseal.wire import dmarc
from waxseal.wire.dmarc import Destination, DmarcReading, DmarcRecord
from waxseal.wire.dns_rdata import mx_records

MAX_LINES = 12
"""Lines of evidence of one finding."""
_FAILED = "dmarc/lookup-failed"


@lru_cache(maxsize=256)
def _read(walk: DmarcWalk) -> DmarcReading:
    """The reading, once for all checks."""
    domain = walk.answers[0].name.removeprefix("_dmarc.")
    return dmarc.read(domain, (*walk.answers, *walk.authorizations, *walk.exchanges))


class DmarcPolicy(Bundle, frozen=True):
    """The tree walk, whatever came of it."""

    walk: DmarcWalk
    mx: MxRecords | None

    def read(self) -> DmarcReading:
        """Follow the walk over the recorded answers."""
        return _read(self.walk)

    def unless_seen(self, reading: DmarcReading) -> Judgement | None:
        """The answer where it is not known which record applies (dmarc/lookup-failed); else None."""
        if reading.unseen:
            failed = reading.unseen[0]
            told = speaker(failed, self.mx, bogus=_FAILED, failed=_FAILED)
            return unreached(
                f"the TXT look-up of {failed.name} ended {failed.status.value}; see {told}",
                shown(failed),
                advice=TRY_AGAIN,
            )
        if reading.record is None and reading.questions:
            return unreached("the tree walk was not seen to its end", advice="test again")
        return None

    def without_record(self, reading: DmarcReading) -> Judgement | None:
        """The answer where no record applies to the domain, by which check says so; else None."""
        if unseen := self.unless_seen(reading):
            return unseen
        if reading.record is not None:
            return None
        if any(step.candidates > 1 for step in reading.steps):
            return not_applicable("there are several DMARC records at one name; see dmarc/records-several")
        if any(step.alike for step in reading.steps):
            return not_applicable("a record is meant as DMARC and is none; see dmarc/record-malformed")
        return not_applicable("the domain has no DMARC record; see dmarc/record-missing")


class AppliedDmarc(DmarcPolicy, frozen=True):
    """The policy of a domain to which a usable record of its own organization applies."""

    def aside(self) -> Judgement | None:
        """The answer where there is no such record: another check says so."""
        reading = self.read()
        if absent := self.without_record(reading):
            return absent
        if reading.of_registry:
            return not_applicable("only the record of a public suffix applies; see dmarc/record-missing")
        if reading.record is not None and not reading.record.usable:
            return not_applicable("the record asks for nothing that is known; see dmarc/record-malformed")
        return None

    def reading_and_record(self) -> tuple[DmarcReading, DmarcRecord]:
        """What was read, with the record that `aside` has made sure of."""
        reading = self.read()
        if reading.record is None:  # pragma: no cover - aside() has answered
            raise AssertionError("aside() lets no domain without a record through")
        return reading, reading.record


def place(reading: DmarcReading, text: str) -> str:
    """One line of evidence about the record that applies."""
    return bounded(f"_dmarc.{reading.found_at}: {text}")


def unresolvable(destination: Destination) -> str:
    """Why no mail can be sent to the domain of a report address; "" where it can, or it was not seen."""
    if not destination.mail:
        answers = destination.addresses
        return "has no address" if len(answers) == 2 and all(a.status in EMPTY for a in answers) else ""
    exchange = destination.exchange
    if exchange is None:
        return ""
    if exchange.status is DnsStatus.NXDOMAIN:
        return "does not exist"
    hosts = mx_records(exchange)
    if hosts and not any(host.exchange for host in hosts):
        return "takes no mail (null MX)"
    without = exchange.status is DnsStatus.NO_DATA and len(destination.addresses) == 2
    if without and all(answer.status in EMPTY for answer in destination.addresses):
        return "has no MX record and no address"
    return ""


def unseen(destination: Destination) -> bool:
    """Whether a look-up of the destination is missing or failed, so that nothing can be said of it."""
    if not destination.mail:
        return len(destination.addresses) < 2 or any(a.status not in ANSWERED for a in destination.addresses)
    exchange = destination.exchange
    if exchange is None or exchange.status not in ANSWERED:
        return True
    if exchange.status is not DnsStatus.NO_DATA:
        return False
    found = [answer.status for answer in destination.addresses]
    return DnsStatus.ANSWERED not in found and (len(found) < 2 or any(s not in ANSWERED for s in found))
