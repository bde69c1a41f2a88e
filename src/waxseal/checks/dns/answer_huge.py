"""A DNS answer about the domain is unusually large: more than 16 KiB, or more than 64 records.

Whoever needs it has to fetch it over TCP, which some networks still block; those senders see an error instead
of the records. Mostly old records pile up (texts that proved an ownership years ago), or a program publishes
anew without taking away. An answer like that can also be meant to keep resolvers and testers busy. It is read
all the same, within our own limits.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Bundle,
    Each,
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    passed,
    warn,
)
from waxseal.checks.dns._lookup import bounded
from waxseal.facts import (
    DnsAnswer,
    HostAddresses,
    MxRecords,
    SpfAnswers,
    StsRecord,
    TlsaRecords,
    TlsRptRecord,
)

MOST_OCTETS = 16_384
MOST_RECORDS = 64


class Answered(Bundle, frozen=True):
    """Every answer about the domain and its mail hosts."""

    mx: MxRecords
    sts: StsRecord | None
    reports: TlsRptRecord | None
    spf: SpfAnswers | None
    hosts: Each[HostAddresses] | None
    tlsa: Each[TlsaRecords] | None

    def answers(self) -> tuple[DnsAnswer, ...]:
        """All of them."""
        found: list[DnsAnswer | None] = [self.mx.answer]
        found += [fact.answer for fact in (self.sts, self.reports) if fact is not None]
        found += self.spf.answers[:1] if self.spf is not None else ()
        for _, addresses in self.hosts or ():
            found += (addresses.a, addresses.aaaa)
        for _, records in self.tlsa or ():
            found += [lookup.answer for lookup in records.lookups]
        return tuple(answer for answer in found if answer is not None)


@check(
    title="A DNS answer is unusually large",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 7671 §10.1.1",),
    remedy=Remedy(general="Take away the records that nobody needs any more; move others to names below."),
    rows=("A1",),
)
def judge(answered: Answered) -> Judgement:
    """Judge the number of records and of characters of every answer."""
    huge = [a for a in answered.answers() if len(a.rdata) > MOST_RECORDS or _size(a) > MOST_OCTETS]
    if not huge:
        return passed("no answer about the domain is unusually large")
    told = (f"{a.rdtype} {a.name}: {len(a.rdata)} records, about {_size(a)} octets" for a in huge[:5])
    return warn("A DNS answer about the domain is unusually large", *map(bounded, told))


def _size(answer: DnsAnswer) -> int:
    """Characters in presentation form, which is near enough to the octets on the wire."""
    return sum(map(len, answer.rdata))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    mx = samples.mx_records((10, "mx.example.org"))
    yield Example("one record", Verdict.PASS, (mx,))
    many = [f'"proof={number}"' for number in range(65)]
    text = samples.answer("example.org", "TXT", *many)
    yield Example("many records", Verdict.WARN, (mx, SpfAnswers(answers=(text,))))
    long = samples.answer("_smtp._tls.example.org", "TXT", *(f'"{"x" * 250}"' for _ in range(64)), '"y"')
    yield Example("many octets", Verdict.WARN, (mx, TlsRptRecord(answer=long)))
