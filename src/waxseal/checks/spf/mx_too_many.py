"""An ``mx`` in the SPF policy stands for more than ten mail hosts.

Receivers look up the addresses of ten at most, and must report a permanent error where there are more: mail
that no earlier term allows fails, and DMARC gets nothing from SPF. It is about the MX records of the name
that the term means, which is mostly the domain itself.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, passed
from waxseal.checks.samples import answer
from waxseal.checks.spf._policy import ReadableSpf, lines
from waxseal.checks.spf._samples import SILENT, SOUND, policy
from waxseal.facts import DnsAnswer
from waxseal.wire.spf import Fault


@check(
    title="SPF uses an mx with more than ten hosts",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 7208 §4.6.4", "RFC 7208 §5.4"),
    remedy=Remedy(
        general="Name the sending servers by ip4 and ip6 instead of mx, or have fewer MX records.",
        dns='example.org. TXT "v=spf1 ip4:192.0.2.0/24 -all" (in place of: "v=spf1 mx -all")',
    ),
    rows=("A15", "P2"),
)
def judge(policy: ReadableSpf) -> Judgement:
    """Judge the number of hosts behind each mx."""
    reading = policy.read()
    many = reading.found(Fault.MX_TOO_MANY)
    if many:
        return fail("An mx of the SPF policy stands for more than 10 hosts: a permanent error", *lines(many))
    return policy.unless_seen(reading) or passed("no mx of the policy stands for more than 10 hosts")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""

    def hosts(number: int) -> DnsAnswer:
        return answer("example.org", "MX", *(f"10 mx{count}.example.org." for count in range(number)))

    yield Example("no mx", Verdict.PASS, (SOUND,))
    yield Example("ten", Verdict.PASS, (policy("v=spf1 mx -all", more=(hosts(10),)),))
    yield Example("eleven", Verdict.FAIL, (policy("v=spf1 mx -all", more=(hosts(11),)),))
    yield Example("not looked up", Verdict.INCONCLUSIVE, (policy("v=spf1 mx -all"),))
    yield Example("no record", Verdict.NOT_APPLICABLE, (policy(),))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
