"""Asking DNS for the reverse name of a mail server's address ended with an error.

Receivers that check the reverse name of a sender get the same error; many put the mail off for as long as
it lasts. Mostly the reverse zone is delegated to name servers that do not serve it. SERVFAIL is held
against the zone only where the same resolver answered another question in the same run; a refusal, a
senseless answer and silence may be the resolver's or the network's fault, and are left open. Addresses that
are not public are not judged.
"""

from collections.abc import Iterator

from waxseal.checks import samples
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
from waxseal.checks.dns._asked import Asked
from waxseal.checks.dns._lookup import ANSWERED, BROKEN, TRY_AGAIN, shown
from waxseal.checks.dns._reverse import unless_public
from waxseal.checks.dns._samples import PUBLIC, reverse, reverse_name
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
def judge(subject: Subject, reverse: ReverseNames, context: RunContext, asked: Asked) -> Judgement:
    """Judge the status of the PTR look-up."""
    if barred := unless_public(subject, context):
        return barred
    status, evidence = reverse.answer.status, shown(reverse.answer)
    if asked.blamed(reverse.answer):
        error = f"The reverse look-up is answered with an error ({status.value})"
        return warn(error, evidence, *asked.proof(reverse.answer))
    if status in BROKEN:
        return asked.undecided(reverse.answer, evidence)
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
    failing, host = reverse(status=DnsStatus.SERVFAIL), samples.host_addresses(PUBLIC)
    yield Example("error", Verdict.WARN, (host, failing))
    yield Example("error, nothing else asked", Verdict.INCONCLUSIVE, (failing,))
    yield Example("refused", Verdict.INCONCLUSIVE, (host, reverse(status=DnsStatus.REFUSED)))
    yield Example("silence", Verdict.INCONCLUSIVE, (reverse(status=DnsStatus.TIMED_OUT),))
    yield Example(
        "private", Verdict.NOT_APPLICABLE, (reverse(status=DnsStatus.SERVFAIL, address="10.0.0.25"),)
    )
