"""The domain asks senders to insist on TLS, by MTA-STS or DANE, and does not ask them to report what fails.

When a certificate expires or a policy no longer fits, mail stays away, and nobody tells. With a TLS-RPT
record the large senders report every day how many connections failed and why; an attack on the way shows
there, too.
"""

from collections.abc import Iterator

from waxseal.checks import samples
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
    warn,
)
from waxseal.checks.dns._lookup import shown
from waxseal.checks.tls_rpt import _samples
from waxseal.checks.tls_rpt._record import ReportRecord, is_told
from waxseal.facts import DnsStatus, StsRecord, TlsaLookup, TlsaRecords
from waxseal.wire.dns_rdata import txt_records
from waxseal.wire.mta_sts import read_record


@check(
    title="No TLS-RPT record beside MTA-STS or DANE",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 8460 §1", "RFC 8461 §6"),
    remedy=Remedy(
        general="Publish a TLS-RPT record whose destination somebody reads.",
        dns='_smtp._tls.example.org. IN TXT "v=TLSRPTv1; rua=mailto:tls-reports@example.net"',
    ),
    rows=("G10",),
)
def judge(published: ReportRecord, sts: StsRecord | None, tlsa: Each[TlsaRecords] | None) -> Judgement:
    """Judge the record's absence beside what it would report on."""
    if published.meant:
        return passed("A TLS-RPT record is published", shown(published.record.answer))
    if not is_told(published.record.answer):
        return published.unread()
    beside = []
    if sts is not None and read_record(txt_records(sts.answer)).candidates:
        beside.append(shown(sts.answer))
    found = (records.chosen for _, records in tlsa or ())
    beside += [shown(x.answer) for x in found if x is not None and x.answer.status is DnsStatus.ANSWERED]
    if not beside:
        return not_applicable("neither an MTA-STS record nor a TLSA record was seen")
    return warn("Senders are asked to insist on TLS, and not to report what fails", *beside[:3])


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    text = '"v=STSv1; id=20261101"'
    sts = StsRecord(answer=samples.answer("_mta-sts.example.org", "TXT", text))
    owner = "_25._tcp.mx.example.org"
    found = TlsaLookup("mx.example.org", samples.answer(owner, "TLSA", f"3 1 1 {'ab' * 32}"))
    denied = TlsaLookup("mx.example.org", samples.answer(owner, "TLSA", status=DnsStatus.NXDOMAIN))
    yield Example("published", Verdict.PASS, (_samples.good(), sts))
    yield Example("beside MTA-STS", Verdict.WARN, (_samples.record(), sts))
    yield Example("beside DANE", Verdict.WARN, (_samples.record(), TlsaRecords(port=25, lookups=(found,))))
    alone = (_samples.record(), TlsaRecords(port=25, lookups=(denied,)))
    yield Example("nothing beside", Verdict.NOT_APPLICABLE, alone)
    yield Example("not known", Verdict.INCONCLUSIVE, (_samples.record(status=DnsStatus.SERVFAIL), sts))
