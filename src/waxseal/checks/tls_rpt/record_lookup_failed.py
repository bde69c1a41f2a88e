"""Asking DNS for the domain's TLS-RPT record ended with an error, or its signatures do not hold.

Senders then find nowhere to send reports to, so failures of TLS stay unseen. Mail itself is not touched. An
error is held against the zone only where the same resolver answered another question in the same run; silence
may be the network's fault and is left open.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from waxseal.checks import samples
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    fail,
    passed,
    unreached,
)
from waxseal.checks.dns._asked import Asked
from waxseal.checks.dns._lookup import ANSWERED, TRY_AGAIN, shown
from waxseal.checks.failed_lookup import judge_failed
from waxseal.checks.tls_rpt import _samples
from waxseal.checks.tls_rpt._record import is_bogus
from waxseal.facts import Dnssec, DnsStatus, MxRecords, TlsRptRecord


@check(
    title="The look-up of the TLS-RPT record fails",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 8460 §3",),
    remedy=Remedy(
        general="Ask each name server of the zone for the record directly, and mend the one that answers "
        "with an error; sign the zone anew where its signatures do not hold.",
        dns="dig +norecurse TXT _smtp._tls.example.org @ns1.example.org",
    ),
    rows=("G10",),
)
def judge(record: TlsRptRecord, asked: Asked, mx: MxRecords | None) -> Judgement:
    """Judge how the TXT look-up ended."""
    if is_bogus(record.answer):
        if mx is not None and is_bogus(mx.answer):
            return unreached("the MX records are bogus too; see dnssec/mx-bogus", advice=TRY_AGAIN)
        return fail("The signatures over the TLS-RPT record do not hold", shown(record.answer))
    if record.answer.status in ANSWERED:
        return passed("DNS answers the TXT look-up", shown(record.answer))
    return judge_failed(record.answer, asked, mx, "senders find nowhere to report to")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    mx = samples.mx_records((10, "mx.example.org"))
    failed = _samples.record(status=DnsStatus.SERVFAIL)
    yield Example("answered", Verdict.PASS, (_samples.good(),))
    yield Example("denied", Verdict.PASS, (_samples.record(),))
    yield Example("servfail, MX answered", Verdict.FAIL, (mx, failed))
    yield Example("servfail alone", Verdict.INCONCLUSIVE, (failed,))
    yield Example("no answer", Verdict.INCONCLUSIVE, (mx, _samples.record(status=DnsStatus.TIMED_OUT)))
    bogus = replace(failed, answer=replace(failed.answer, dnssec=Dnssec.BOGUS))
    yield Example("bogus", Verdict.FAIL, (mx, bogus))
    all_bogus = replace(mx, answer=replace(mx.answer, dnssec=Dnssec.BOGUS))
    yield Example("the whole zone", Verdict.INCONCLUSIVE, (all_bogus, bogus))
