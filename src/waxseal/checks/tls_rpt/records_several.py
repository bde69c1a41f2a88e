"""More than one TLS-RPT record is published at the same name.

Senders have to take it then that the domain wants no reports, whatever the records say. Several destinations
belong into one record, with commas between them.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, passed
from waxseal.checks.dns._lookup import shown
from waxseal.checks.tls_rpt import _samples
from waxseal.checks.tls_rpt._record import ReportRecord
from waxseal.facts import DnsStatus


@check(
    title="There are several TLS-RPT records",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 8460 §3",),
    remedy=Remedy(
        general="Leave exactly one TXT record that begins with v=TLSRPTv1; at that name.",
        dns='_smtp._tls.example.org. IN TXT "v=TLSRPTv1; rua=mailto:a@example.net,mailto:b@example.org"',
    ),
    rows=("G10",),
)
def judge(published: ReportRecord) -> Judgement:
    """Judge how many records are left once foreign ones are discarded."""
    count, evidence = published.reading.candidates, shown(published.record.answer)
    if count > 1:
        return fail(f"There are {count} TLS-RPT records, so senders take it that there is none", evidence)
    if count == 1:
        return passed("There is one TLS-RPT record", evidence)
    return published.unread()


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    text = "v=TLSRPTv1; rua=mailto:tls@example.net"
    yield Example("one", Verdict.PASS, (_samples.good(),))
    yield Example("two", Verdict.FAIL, (_samples.record(text, text),))
    yield Example("a foreign one beside", Verdict.PASS, (_samples.record(text, "v=spf1 -all"),))
    yield Example("none", Verdict.NOT_APPLICABLE, (_samples.record(),))
    yield Example("not known", Verdict.INCONCLUSIVE, (_samples.record(status=DnsStatus.SERVFAIL),))
