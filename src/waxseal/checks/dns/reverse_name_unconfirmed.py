"""The address of a mail server has a reverse name, but no such name leads back to the address.

Anyone can let the PTR record of an address of theirs hold any name, so receivers believe it only when the
name has that address too (forward-confirmed reverse DNS). Mail that this server sends, bounces included, is
treated as if it had no name, and many receivers turn it down. One name that leads back is enough.
"""

import ipaddress
from collections.abc import Iterator

from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Scope,
    Subject,
    Verdict,
    check,
    inconclusive,
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.checks.dns._lookup import ANSWERED, EMPTY, TRY_AGAIN, bounded, shown
from waxseal.checks.dns._reverse import REVERSE_REMEDY, unless_public
from waxseal.checks.dns._samples import PUBLIC, reverse, reverse_name
from waxseal.facts import DnsStatus, ReverseNames, RunContext


@check(
    title="A mail server's reverse name does not lead back",
    level=Level.SHOULD,
    scope=Scope.ADDRESS,
    cites=("RFC 1912 §2.1",),
    remedy=REVERSE_REMEDY,
    rows=("A7",),
)
def judge(subject: Subject, reverse: ReverseNames, context: RunContext) -> Judgement:
    """Judge whether one of the PTR names has the address."""
    if barred := unless_public(subject, context):
        return barred
    if reverse.answer.status in EMPTY:
        return not_applicable("the address has no reverse name; see dns/reverse-name-missing")
    own = ipaddress.ip_address(subject.address or "")
    evidence = [
        bounded(f"{name.name}: {', '.join(name.addresses) or name.status.value}") for name in reverse.names
    ]
    for line, name in zip(evidence, reverse.names, strict=True):
        if own in map(ipaddress.ip_address, name.addresses):
            return passed("the reverse name leads back to the address", line)
    if not reverse.names:
        return unreached(
            "the reverse name was not seen, so it could not be followed",
            shown(reverse.answer),
            advice=TRY_AGAIN,
        )
    unseen = len(reverse.names) < len(reverse.answer.rdata)
    if unseen or any(name.status not in ANSWERED for name in reverse.names):
        return inconclusive(
            "no reverse name was seen to lead back to the address, but not all of them could be followed",
            *evidence,
            advice=TRY_AGAIN,
        )
    return warn(
        "The reverse name does not lead back to the address: mail that it sends is distrusted", *evidence
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    other = reverse_name("192.31.196.1")
    yield Example("leads back", Verdict.PASS, (reverse(reverse_name(PUBLIC)),))
    yield Example("one of two leads back", Verdict.PASS, (reverse(other, reverse_name(PUBLIC)),))
    yield Example("leads elsewhere", Verdict.WARN, (reverse(other),))
    yield Example("no address", Verdict.WARN, (reverse(reverse_name(status=DnsStatus.NXDOMAIN)),))
    yield Example("unknown", Verdict.INCONCLUSIVE, (reverse(reverse_name(status=DnsStatus.TIMED_OUT)),))
    yield Example("too many to follow", Verdict.INCONCLUSIVE, (reverse(other, unfollowed=5),))
    yield Example("look-up failed", Verdict.INCONCLUSIVE, (reverse(status=DnsStatus.SERVFAIL),))
    yield Example("no PTR", Verdict.NOT_APPLICABLE, (reverse(status=DnsStatus.NXDOMAIN),))
