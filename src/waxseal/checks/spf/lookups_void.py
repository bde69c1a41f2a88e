"""More than two look-ups of the SPF policy lead to nothing.

A name in the record that does not exist, or has no record of the kind that is asked for, costs receivers a
question without an answer. They should stop at the third and report a permanent error, and many do: mail
fails then although the sending server is listed further on. Such names are what is left of servers and
services that are gone. An ``a`` whose name has no IPv6 address counts only for a sender that comes over IPv6.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, passed, warn
from waxseal.checks.dns._lookup import bounded
from waxseal.checks.samples import answer
from waxseal.checks.spf._policy import MAX_LINES, ReadableSpf
from waxseal.checks.spf._samples import SILENT, SOUND, denied, policy
from waxseal.facts import DnsStatus
from waxseal.wire.spf import VOID_LIMIT


@check(
    title="The SPF policy has too many look-ups that lead to nothing",
    level=Level.SHOULD,
    scope=Scope.DOMAIN,
    cites=("RFC 7208 §4.6.4",),
    remedy=Remedy(
        general="Take the terms out of the record whose names have no address or no MX record any more; name "
        "servers with IPv4 addresses only by ip4.",
    ),
    rows=("A15", "P2"),
)
def judge(policy: ReadableSpf) -> Judgement:
    """Judge the number of look-ups without a record, for each address family."""
    reading = policy.read()
    counts = {family: reading.void_lookups(family) for family in (4, 6)}
    evidence = tuple(
        bounded(
            f"{void.domain}: {void.term}" + ("" if len(void.families) == 2 else f" (IPv{void.families[0]})")
        )
        for void in reading.voids[:MAX_LINES]
    )
    rule = f"look-ups of the SPF policy lead to nothing, and receivers should stop after {VOID_LIMIT}"
    if min(counts.values()) > VOID_LIMIT:
        return fail(f"{min(counts.values())} {rule}", *evidence)
    for family, count in counts.items():
        if count > VOID_LIMIT:
            return warn(f"For a sender over IPv{family}, {count} {rule}", *evidence)
    most = max(counts.values())
    return policy.unless_seen(reading) or passed(
        f"{most} of {VOID_LIMIT} look-ups without a record are used up", *evidence
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    names = [f"{number}.example.org" for number in range(3)]
    terms = " ".join(f"a:{name}" for name in names)
    gone = [answer for name in names for answer in denied(name, "A", "AAAA")]
    record = f"v=spf1 {terms} -all"
    yield Example("none", Verdict.PASS, (SOUND,))
    yield Example(
        "two", Verdict.PASS, (policy(f"v=spf1 {' '.join(terms.split()[:2])} -all", more=tuple(gone[:4])),)
    )
    yield Example("three", Verdict.FAIL, (policy(record, more=tuple(gone)),))
    v4 = [answer(name, "A", "192.0.2.1") for name in names]
    v6 = [answer(name, "AAAA", status=DnsStatus.NO_DATA) for name in names]
    yield Example("three over IPv6", Verdict.WARN, (policy(record, more=(*v4, *v6)),))
    yield Example("not looked up", Verdict.INCONCLUSIVE, (policy(record),))
    yield Example("no record", Verdict.NOT_APPLICABLE, (policy(),))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
