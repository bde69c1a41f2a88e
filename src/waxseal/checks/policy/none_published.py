"""The domain publishes nothing that makes senders insist on TLS: neither TLSA records nor an MTA-STS policy.

Between mail servers TLS is opportunistic. Whoever sits between sender and receiver can take STARTTLS out of
the server's answer, or answer in its place with any certificate, and nearly every sender delivers all the
same: in clear, or to the wrong server. Only what the domain publishes can change that: TLSA records in a
signed zone (DANE), or an MTA-STS policy in mode enforce. What is published and does not hold is told by the
checks of dane/ and mta-sts/.
"""

from collections.abc import Iterator

from waxseal.checks.api import (
    Each,
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.checks.dns._lookup import ANSWERED, TRY_AGAIN, shown, unless_answered
from waxseal.checks.samples import answer, host_addresses, mx_records
from waxseal.facts import (
    DnsAnswer,
    Dnssec,
    DnsStatus,
    HostAddresses,
    MxRecords,
    StsRecord,
    TlsaLookup,
    TlsaRecord,
    TlsaRecords,
)
from waxseal.wire.dns_rdata import txt_records


@check(
    title="Nothing published makes senders insist on TLS",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §1", "RFC 7672 §1.3.1"),
    remedy=Remedy(
        general="Publish an MTA-STS policy, first in mode testing; and TLSA records where the zone of the "
        "mail hosts is signed. 'waxseal records' prints both for this domain.",
        dns='_mta-sts.example.org. IN TXT "v=STSv1; id=20261101"',
    ),
    rows=("G1", "G7"),
)
def judge(
    mx: MxRecords, sts: StsRecord, tlsa: Each[TlsaRecords] | None, found: Each[HostAddresses] | None
) -> Judgement:
    """Judge whether either is there at all."""
    if (aside := unless_answered(mx)) is not None:
        return aside
    if len(mx.exchanges) == 1 and not mx.exchanges[0].exchange:
        return not_applicable("the domain takes no mail (null MX)")
    if found is not None and not any(addresses.addresses for _, addresses in found):
        return not_applicable("no mail host has an address that mail could go to")
    chosen = [(where.host or "", records.chosen) for where, records in tlsa or ()]
    there = sorted({host for host, lookup in chosen if lookup is not None and lookup.records})
    if there:
        return passed("TLSA records are published", *there[:5])
    if any(text.startswith(b"v=STSv1") for text in txt_records(sts.answer)):
        return passed("an MTA-STS record is published", shown(sts.answer))
    failed = next((lookup.answer for _, lookup in chosen if lookup is not None), None)
    if failed is not None:
        told = "dane/answer-bogus" if failed.dnssec is Dnssec.BOGUS else "dane/lookup-failed"
        return unreached(f"a TLSA look-up failed; see {told}", shown(failed), advice=TRY_AGAIN)
    if sts.answer.status not in ANSWERED:
        return unreached("the look-up of the MTA-STS record failed", shown(sts.answer), advice=TRY_AGAIN)
    if tlsa is None:
        return unreached("no mail host was asked about TLSA records", advice="mend the mail hosts' addresses")
    return warn("Senders are told nothing, so they deliver even where TLS is taken away or the server false")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    mx = mx_records((10, "mx.example.org"))
    owner = "_25._tcp.mx.example.org"
    no_tlsa = _tlsa(answer(owner, "TLSA", status=DnsStatus.NO_DATA))
    some_tlsa = _tlsa(answer(owner, "TLSA", "3 1 1 " + "ab" * 32), TlsaRecord(3, 1, 1, b"\xab" * 32))
    no_sts = _sts(status=DnsStatus.NXDOMAIN)
    yield Example("nothing", Verdict.WARN, (mx, no_sts, no_tlsa))
    yield Example("MTA-STS", Verdict.PASS, (mx, _sts('"v=STSv1; id=1"'), no_tlsa))
    yield Example("TLSA", Verdict.PASS, (mx, no_sts, some_tlsa))
    failed = _tlsa(answer(owner, "TLSA", status=DnsStatus.SERVFAIL))
    yield Example("a failed look-up is no denial", Verdict.INCONCLUSIVE, (mx, no_sts, failed))
    yield Example("another record", Verdict.WARN, (mx, _sts('"something else"'), no_tlsa))
    yield Example("no answer", Verdict.INCONCLUSIVE, (mx, _sts(status=DnsStatus.TIMED_OUT), no_tlsa))
    nowhere = host_addresses()
    yield Example("no address", Verdict.NOT_APPLICABLE, (mx, no_sts, no_tlsa, nowhere))
    yield Example("no mail", Verdict.NOT_APPLICABLE, (mx_records((0, "")), no_sts))


def _sts(*texts: str, status: DnsStatus = DnsStatus.ANSWERED) -> StsRecord:
    return StsRecord(answer=answer("_mta-sts.example.org", "TXT", *texts, status=status))


def _tlsa(found: DnsAnswer, *records: TlsaRecord) -> TlsaRecords:
    return TlsaRecords(port=25, lookups=(TlsaLookup("mx.example.org", found, records),))
