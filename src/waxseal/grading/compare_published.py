"""What two runs were told differently by DNS and by policy hosts: MX, addresses, TLSA, MTA-STS.

A look-up that failed says nothing: it is told as not seen. An answer that differs is told with what DNSSEC
says of it, since an answer that is secure on both sides was changed by its owner and by nobody else.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from waxseal.facts import (
    DnsAnswer,
    Dnssec,
    DnsStatus,
    FactSet,
    HostAddresses,
    MxRecords,
    StsFetch,
    StsRecord,
    Subject,
    TlsaRecords,
)
from waxseal.grading.compare_heard import MAX_SHOWN
from waxseal.grading.compare_model import Difference, Kind, Runs, Side, Told, Unseen
from waxseal.grading.severity import Severity
from waxseal.trust.proof import plain

_KNOWN = frozenset({DnsStatus.ANSWERED, DnsStatus.NO_DATA, DnsStatus.NXDOMAIN, DnsStatus.CNAME_LOOP})
_JUDGED = frozenset({Dnssec.SECURE, Dnssec.INSECURE, Dnssec.BOGUS})


class _Answer(NamedTuple):
    """What a side was told; `failed` says why nothing."""

    records: frozenset[str] = frozenset()
    dnssec: Dnssec = Dnssec.UNTRUSTED
    failed: str = ""


def compare_domain(runs: Runs, domain: Subject) -> Iterator[Told]:
    """The MX RRset and the MTA-STS record and policy of a domain that both sides asked for."""
    mx = Severity.MEDIUM
    yield from _answers(runs, domain, Kind.MX, "the MX look-up", mx, _mx)
    yield from _answers(runs, domain, Kind.POLICY, "the MTA-STS record", Severity.MEDIUM, _sts_record)
    yield from _policy(runs, domain)


def compare_host(runs: Runs, host: Subject) -> Iterator[Told]:
    """The addresses and TLSA records of a host."""
    for family in ("A", "AAAA"):
        yield from _answers(
            runs, host, Kind.ADDRESSES, f"the {family} look-up", Severity.LOW, _addresses(family)
        )
    yield from _answers(runs, host, Kind.TLSA, "the TLSA look-up", Severity.MEDIUM, _tlsa)


def _answers(
    runs: Runs,
    place: Subject,
    kind: Kind,
    what: str,
    weight: Severity,
    read: Callable[[FactSet, Subject], _Answer | None],
) -> Iterator[Told]:
    a, b = read(runs.a, place), read(runs.b, place)
    if a is None or b is None:
        return  # not asked for on one side, as its settings say
    if a.failed or b.failed:
        for side, answer in ((Side.A, a), (Side.B, b)):
            if answer.failed:
                yield Unseen(side, place, what, answer.failed)
        return
    if a.records != b.records:
        yield Difference(kind, weight, place, _told(a), _told(b))
    elif a.dnssec is not b.dnssec and {a.dnssec, b.dnssec} <= _JUDGED:
        lacks = Side.A if _standing(a.dnssec) > _standing(b.dnssec) else Side.B
        yield Difference(
            Kind.DNSSEC, Severity.MEDIUM, place, f"{what}: {a.dnssec}", f"{what}: {b.dnssec}", lacks
        )


def _standing(dnssec: Dnssec) -> int:
    return (Dnssec.SECURE, Dnssec.INSECURE, Dnssec.BOGUS).index(dnssec)


def _told(answer: _Answer) -> str:
    listed = plain(", ".join(sorted(answer.records)) or "none", MAX_SHOWN)
    return f"{listed} ({answer.dnssec})"


def _read(answer: DnsAnswer | None, records: frozenset[str] | None = None) -> _Answer | None:
    if answer is None:
        return None
    if answer.status not in _KNOWN:
        return _Answer(failed=f"it ended {answer.status.value}")
    found = frozenset(answer.rdata) if records is None else records
    return _Answer(found or frozenset(), answer.dnssec)


def _mx(facts: FactSet, domain: Subject) -> _Answer | None:
    mx = facts.nearest(MxRecords, domain)
    if mx is None:
        return None
    return _read(mx.answer, frozenset(f"{x.preference} {x.exchange or '.'}" for x in mx.exchanges))


def _addresses(family: str) -> Callable[[FactSet, Subject], _Answer | None]:
    def read(facts: FactSet, host: Subject) -> _Answer | None:
        found = facts.nearest(HostAddresses, host)
        if found is None:
            return None
        answer = found.a if family == "A" else found.aaaa
        six = family == "AAAA"
        return _read(answer, frozenset(x for x in found.addresses if (":" in x) is six))

    return read


def _tlsa(facts: FactSet, host: Subject) -> _Answer | None:
    records = facts.nearest(TlsaRecords, host)
    if records is None:
        return None
    failed = next((x.answer for x in records.lookups if x.answer.status not in _KNOWN), None)
    if failed is not None:
        return _read(failed)
    chosen = records.chosen
    if chosen is None:
        return _read(records.lookups[-1].answer, frozenset()) if records.lookups else None
    return _read(chosen.answer, frozenset(str(record) for record in chosen.records))


def _sts_record(facts: FactSet, domain: Subject) -> _Answer | None:
    record = facts.nearest(StsRecord, domain)
    return None if record is None else _read(record.answer)


def _policy(runs: Runs, domain: Subject) -> Iterator[Told]:
    """The policy that the host served; a host that gives none to one side alone is told too."""
    a, b = runs.a.nearest(StsFetch, domain), runs.b.nearest(StsFetch, domain)
    if a is None or b is None:
        return
    if (a.status, a.body) == (b.status, b.body):
        return
    if a.status is None or b.status is None:
        for side, fetch in ((Side.A, a), (Side.B, b)):
            if fetch.status is None:
                yield Unseen(
                    side, domain, "the MTA-STS policy", f"{fetch.ended.cause} {fetch.ended.detail}".strip()
                )
        return
    if a.status != b.status or a.status == 200:
        yield Difference(Kind.POLICY, Severity.MEDIUM, domain, _served(a), _served(b))


def _served(fetch: StsFetch) -> str:
    if fetch.status != 200:
        return f"status {fetch.status}"
    text = fetch.body.decode("utf-8", "backslashreplace")
    return plain("; ".join(line.strip() for line in text.splitlines() if line.strip()), MAX_SHOWN)
