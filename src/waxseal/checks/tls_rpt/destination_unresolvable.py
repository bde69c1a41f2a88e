"""DNS does not lead to a destination of TLS reports.

The mailbox's domain does not exist, has neither MX records nor an address, or says with a null MX that it
takes no mail; or the host of an https endpoint has no address. Reports for it are lost. A look-up that failed
is no denial and is left open.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import Around, Example, Judgement, Level, Remedy, Scope, Verdict, check
from waxseal.checks.dns._lookup import EMPTY, TRY_AGAIN, bounded, shown
from waxseal.checks.tls_rpt import _samples
from waxseal.checks.tls_rpt._record import Outcome, is_bogus, judge_all_of
from waxseal.facts import Cause, DnsStatus, ReportDestination, Stage
from waxseal.wire.dns_rdata import mx_records


@check(
    title="A destination of TLS reports cannot be found",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 8460 §3", "RFC 5321 §5.1", "RFC 7505 §3"),
    remedy=Remedy(general="Name a mailbox or an endpoint that is in use, and take the other one out."),
    rows=("G11",),
)
def judge(destinations: Around[ReportDestination]) -> Judgement:
    """Judge the look-ups of each destination."""
    outcomes = [found for destination in destinations if (found := _found(destination)) is not None]
    return judge_all_of(
        outcomes, "DNS leads to every destination of reports", "cannot be found in DNS", advice=TRY_AGAIN
    )


def _found(destination: ReportDestination) -> tuple[Outcome, str] | None:
    """How the look-ups ended; None where there was nothing to look up."""
    mx, addresses = destination.mx, [x for x in (destination.a, destination.aaaa) if x is not None]
    uri = bounded(destination.uri)
    if mx is not None and (mx.status is not DnsStatus.NO_DATA or not addresses):
        line = bounded(f"{uri}: {shown(mx)}")
        if mx.status in (DnsStatus.NXDOMAIN, DnsStatus.NAME_INVALID):
            return Outcome.FAILS, line
        if mx.status is not DnsStatus.ANSWERED or is_bogus(mx):
            return Outcome.UNSEEN, line
        exchanges = [record.exchange for record in mx_records(mx)]
        return (Outcome.FAILS if exchanges and not any(exchanges) else Outcome.WORKS), line
    if not addresses:
        return None
    line = bounded(f"{uri}: {'; '.join(map(shown, addresses))}")
    if any(answer.status is DnsStatus.ANSWERED for answer in addresses):
        return Outcome.WORKS, line
    denied = all(answer.status in EMPTY and not is_bogus(answer) for answer in addresses)
    return (Outcome.FAILS if denied else Outcome.UNSEEN), line


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    lost = _samples.mailbox(status=DnsStatus.NXDOMAIN)
    yield Example("MX", Verdict.PASS, (_samples.mailbox(),))
    by_address = _samples.mailbox(status=DnsStatus.NO_DATA, address=DnsStatus.ANSWERED)
    yield Example("an address for MX", Verdict.PASS, (by_address,))
    yield Example("https", Verdict.PASS, (_samples.endpoint(),))
    yield Example("no domain", Verdict.FAIL, (lost,))
    neither = _samples.mailbox(status=DnsStatus.NO_DATA, address=DnsStatus.NO_DATA)
    yield Example("neither", Verdict.FAIL, (neither,))
    yield Example("null MX", Verdict.FAIL, (_samples.null_mx(),))
    gone = _samples.endpoint(Cause.DNS, Stage.RESOLVE, a=samples.answer("x", "A", status=DnsStatus.NXDOMAIN))
    yield Example("https, no address", Verdict.FAIL, (gone,))
    yield Example("one of two", Verdict.WARN, (_samples.mailbox(), lost))
    yield Example("not known", Verdict.INCONCLUSIVE, (_samples.mailbox(status=DnsStatus.SERVFAIL),))
    yield Example("another scheme", Verdict.NOT_APPLICABLE, (ReportDestination(uri="ftp://example.net/"),))
