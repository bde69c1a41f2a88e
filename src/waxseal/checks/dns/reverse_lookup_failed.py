"""Asking DNS for the reverse name of a mail server's address ended with an error.

Receivers that check the reverse name of a sender get the same error; many put the mail off for as long as
it lasts. Mostly the reverse zone is delegated to name servers that do not serve it. Silence may as well be
the resolver's or the network's fault, and is left open. Addresses that are not public are not judged.
"""

from collections.abc import Iterator

from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Subject,
    Verdict,
    check,
    inconclusive,
    passed,
    warn,
)
from waxseal.checks.dns._lookup import ANSWERED, BROKEN, TRY_AGAIN, shown
from waxseal.checks.dns._reverse import unless_public
from waxseal.checks.dns._samples import reverse, reverse_name
from waxseal.facts import DnsStatus, ReverseNames, RunContext


@check(
    title="The reverse look-up of a mail server's address fails",
    level=Level.SHOULD,
    scope=Scope.ADDRESS,
    cites=("RFC 1912 §2.1", "RFC 2308 §7.1"),
    remedy=Remedy(
        general="Let whoever provides the address see that its reverse zone is delegated to name servers "
        "that serve it without errors.",
        dns="dig +trace -x 192.0.2.25",
    ),
    rows=("A7",),
)
def judge(subject: Subject, reverse: ReverseNames, context: RunContext) -> Judgement:
    """Judge the status of the PTR look-up."""
    if barred := unless_public(subject, context):
        return barred
    status, evidence = reverse.answer.status, shown(reverse.answer)
    if status in BROKEN:
        return warn(f"The reverse look-up is answered with an error ({status.value})", evidence)
    if status in ANSWERED:
        return passed("DNS answers the reverse look-up", evidence)
    return inconclusive(
        f"the reverse look-up got no answer ({status.value}): the resolver or the network may be the reason",
        evidence,
        advice=TRY_AGAIN,
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("answered", Verdict.PASS, (reverse(reverse_name()),))
    yield Example("answered: none", Verdict.PASS, (reverse(status=DnsStatus.NXDOMAIN),))
    yield Example("error", Verdict.WARN, (reverse(status=DnsStatus.SERVFAIL),))
    yield Example("silence", Verdict.INCONCLUSIVE, (reverse(status=DnsStatus.TIMED_OUT),))
    yield Example(
        "private", Verdict.NOT_APPLICABLE, (reverse(status=DnsStatus.SERVFAIL, address="10.0.0.25"),)
    )
