"""Beside real MX records the domain has a null MX, the record that says "no mail is taken here".

The two contradict each other. Some senders believe the null MX and return the mail at once, others pass
over it and deliver, so whether a message arrives depends on who sent it. A null MX that stands alone is a
clear and good statement and is no fault; it should have preference 0, and this is mentioned where it has
another.
"""

from collections.abc import Iterator

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
    not_applicable,
    passed,
)
from waxseal.checks.dns._lookup import null_exchanges, shown, unless_answered
from waxseal.facts import DnsStatus, MxRecords


@check(
    title="A null MX stands beside other MX records",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 7505 §3",),
    remedy=Remedy(
        general="Delete the null MX if the domain takes mail; delete all the others if it takes none.",
        dns='delete "example.org. MX 0 ." or keep it as the only MX record',
    ),
    rows=("A5",),
)
def judge(mx: MxRecords) -> Judgement:
    """Judge the company that a null MX keeps."""
    if unanswered := unless_answered(mx):
        return unanswered
    if not mx.exchanges:
        return not_applicable("there is no MX record")
    evidence = shown(mx.answer)
    if not null_exchanges(mx):
        return passed("there is no null MX among the MX records", evidence)
    if len(mx.exchanges) > 1:
        return fail(
            "A null MX stands beside other MX records: some senders return the mail, others deliver it",
            evidence,
        )
    if mx.exchanges[0].preference != 0:
        return passed(
            "the domain says that it takes no mail, though with a preference other than 0 in its null MX",
            evidence,
        )
    return passed("the domain says clearly that it takes no mail", evidence)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("no null MX", Verdict.PASS, (samples.mx_records((10, "mx.example.org")),))
    yield Example("null MX alone", Verdict.PASS, (samples.mx_records((0, "")),))
    yield Example("null MX with preference 10", Verdict.PASS, (samples.mx_records((10, "")),))
    yield Example("with another", Verdict.FAIL, (samples.mx_records((0, ""), (10, "mx.example.org")),))
    yield Example("no MX", Verdict.NOT_APPLICABLE, (samples.mx_records(status=DnsStatus.NO_DATA),))
    yield Example("MX unknown", Verdict.INCONCLUSIVE, (samples.mx_records(status=DnsStatus.SERVFAIL),))
