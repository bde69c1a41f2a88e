"""Reports are to go to a domain that can take no mail.

It does not exist, says with a null MX that it takes none, or has neither MX record nor address. Reports sent
there come back or are lost, and nobody notices. Where the domain is free to register, somebody else may
begin to collect them.
"""

from collections.abc import Iterator

from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    fail,
    inconclusive,
    passed,
)
from waxseal.checks.dmarc._policy import MAX_LINES, AppliedDmarc, unresolvable, unseen
from waxseal.checks.dmarc._samples import SILENT, reporting, walk
from waxseal.checks.dns._lookup import TRY_AGAIN, bounded
from waxseal.facts import DnsStatus


@check(
    title="DMARC reports go where no mail can go",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 5321 §5.1", "RFC 7505 §3", "RFC 9989 §4.7"),
    remedy=Remedy(
        general="Correct the address of the reports, or give its domain a mail server.",
        dns='_dmarc.example.org. TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.org"',
    ),
    rows=("A15", "P2"),
)
def judge(policy: AppliedDmarc) -> Judgement:
    """Judge whether each destination resolves."""
    reading, _ = policy.reading_and_record()
    gone = [
        bounded(f"{', '.join(d.uris)}: {d.host} {unresolvable(d)}")
        for d in reading.destinations
        if unresolvable(d)
    ]
    if gone:
        return fail("DMARC reports are to go to a domain that can take none", *gone[:MAX_LINES])
    open_ = [bounded(f"{d.host}: not seen") for d in reading.destinations if unseen(d)]
    if open_:
        return inconclusive(
            "whether a destination of reports resolves was not seen", *open_[:MAX_LINES], advice=TRY_AGAIN
        )
    return passed("every destination of reports resolves", *(bounded(d.host) for d in reading.destinations))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    agreed = ("v=DMARC1;",)
    yield Example("resolves", Verdict.PASS, (reporting(agreement=agreed),))
    yield Example("no reports", Verdict.PASS, (walk("v=DMARC1; p=none"),))
    gone = reporting(agreement=agreed, exchange="", status=DnsStatus.NXDOMAIN)
    yield Example("no such domain", Verdict.FAIL, (gone,))
    yield Example("null MX", Verdict.FAIL, (reporting(agreement=agreed, exchange="0 ."),))
    yield Example(
        "no MX, addresses unknown", Verdict.INCONCLUSIVE, (reporting(agreement=agreed, exchange=""),)
    )
    failed = reporting(agreement=agreed, exchange="", status=DnsStatus.SERVFAIL)
    yield Example("unknown", Verdict.INCONCLUSIVE, (failed,))
    yield Example("no record", Verdict.NOT_APPLICABLE, (walk(),))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
