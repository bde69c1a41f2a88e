"""The address of a mail server has no reverse name (no PTR record).

For taking mail this hardly matters. But a server that takes mail mostly sends some too, if only bounces,
and many receivers turn down or distrust mail from an address without a name. It is said only when DNS
answered that there is none; look-ups that failed are told by dns/reverse-lookup-failed. Addresses that are
not public are not judged.
"""

from collections.abc import Iterator

from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Scope,
    Subject,
    Verdict,
    check,
    passed,
    unreached,
    warn,
)
from waxseal.checks.dns._lookup import EMPTY, TRY_AGAIN, shown
from waxseal.checks.dns._reverse import REVERSE_REMEDY, unless_public
from waxseal.checks.dns._samples import reverse, reverse_name
from waxseal.facts import DnsStatus, ReverseNames, RunContext


@check(
    title="A mail server's address has no reverse name",
    level=Level.SHOULD,
    scope=Scope.ADDRESS,
    cites=("RFC 1912 §2.1",),
    remedy=REVERSE_REMEDY,
    rows=("A7",),
)
def judge(subject: Subject, reverse: ReverseNames, context: RunContext) -> Judgement:
    """Judge how the PTR look-up ended."""
    if barred := unless_public(subject, context):
        return barred
    status = reverse.answer.status
    if status in EMPTY:
        return warn(
            "The address has no reverse name (PTR): mail that it sends is distrusted", shown(reverse.answer)
        )
    if status is DnsStatus.ANSWERED:
        return passed("the address has a reverse name", shown(reverse.answer))
    return unreached(
        f"whether the address has a reverse name was not seen: the look-up ended {status.value}",
        shown(reverse.answer),
        advice=TRY_AGAIN,
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("a name", Verdict.PASS, (reverse(reverse_name()),))
    yield Example("no PTR", Verdict.WARN, (reverse(status=DnsStatus.NXDOMAIN),))
    yield Example("no data", Verdict.WARN, (reverse(status=DnsStatus.NO_DATA),))
    yield Example("unknown", Verdict.INCONCLUSIVE, (reverse(status=DnsStatus.SERVFAIL),))
    yield Example(
        "private", Verdict.NOT_APPLICABLE, (reverse(status=DnsStatus.NXDOMAIN, address="10.0.0.25"),)
    )
