"""The reports about the domain go to a mailbox whose own domain has the reports about it sent back here.

A report is a mail too. Senders should not report on the mail that carries a report, but some do, since their
mail server cannot tell it from other mail: then each day's report leads to one about its own delivery the day
after, back and forth between the two domains, without any other mail. A mailbox in the domain itself is the
common case and is not held against it, though such a sender goes on there as well.
"""

from collections.abc import Iterator, Mapping

from waxseal.checks.api import (
    Around,
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Subject,
    Verdict,
    check,
    inconclusive,
    not_applicable,
    passed,
    warn,
)
from waxseal.checks.dns._lookup import TRY_AGAIN, bounded, shown
from waxseal.checks.tls_rpt import _samples
from waxseal.checks.tls_rpt._record import is_told
from waxseal.facts import DnsAnswer, DnsStatus, ReportDestination
from waxseal.wire.dns_rdata import txt_records
from waxseal.wire.tls_rpt import read_record


@check(
    title="TLS reports may go round in circles",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 8460 §3",),
    remedy=Remedy(
        general="Take reports in at a domain that has no TLS-RPT record itself, or at an https endpoint.",
    ),
    rows=("G11",),
)
def judge(destinations: Around[ReportDestination], subject: Subject) -> Judgement:
    """Judge whether the reports about report mail lead from another domain back to this one."""
    home = subject.domain or ""
    first = list(dict.fromkeys(found.place for found in destinations if found.mx is not None))
    if not first:
        return not_applicable("reports do not go by mail")
    steps = {step.domain: step.answer for found in destinations for step in found.onward}
    elsewhere = [place for place in first if place != home]
    if not elsewhere:
        return passed("Reports go to the domain itself; senders should not report on their delivery")
    for place in elsewhere:
        if path := _back(place, home, steps):
            return warn(
                "The reports about report mail lead back to this domain", bounded(" -> ".join([home, *path]))
            )
    if failed := next((answer for answer in steps.values() if not is_told(answer)), None):
        return inconclusive("a look-up on the way of the reports failed", shown(failed), advice=TRY_AGAIN)
    return passed("Reports about report mail do not lead back to this domain, as far as they were followed")


def _back(start: str, home: str, steps: Mapping[str, DnsAnswer]) -> list[str]:
    """The shortest way from a domain to `home` by mailboxes for reports; empty where there is none."""
    ways = [[start]]
    seen = {start}
    for way in ways:  # grows while it is walked, by at most one way for each domain
        if way[-1] == home:
            return way
        answer = steps.get(way[-1])
        found = read_record(txt_records(answer)).destinations if answer is not None else ()
        places = {one.place: None for one in found if one.scheme == "mailto" and one.place not in seen}
        seen |= set(places)
        ways += [[*way, place] for place in places]
    return []


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    step, net = _samples.onward, "example.net"
    yield Example("no onward reports", Verdict.PASS, (_samples.mailbox(onward=(step(net),)),))
    yield Example("back", Verdict.WARN, (_samples.mailbox(onward=(step(net, "example.org"),)),))
    around = (step(net, "example.com"), step("example.com", net, "example.org"))
    yield Example("back by way of a third", Verdict.WARN, (_samples.mailbox(onward=around),))
    own = _samples.mailbox("example.org", onward=(step("example.org", "example.org"),))
    yield Example("one's own mailbox", Verdict.PASS, (own,))
    yield Example("there it stays", Verdict.PASS, (_samples.mailbox(onward=(step(net, net),)),))
    failed = step(net, status=DnsStatus.SERVFAIL)
    yield Example("not known", Verdict.INCONCLUSIVE, (_samples.mailbox(onward=(failed,)),))
    yield Example("https", Verdict.NOT_APPLICABLE, (_samples.endpoint(),))
