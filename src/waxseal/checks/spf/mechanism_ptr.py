"""The SPF policy uses ``ptr``, which is not to be published any more.

It makes every receiver look up the names of the sending address and all their addresses: slow, unreliable,
and a burden on the reverse zones. Large receivers pass over it, so servers that only ``ptr`` allows fail
there. It also lets whoever writes reverse names within the domain send mail for it.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, passed, warn
from waxseal.checks.dns._lookup import bounded
from waxseal.checks.spf._policy import MAX_LINES, ReadableSpf
from waxseal.checks.spf._samples import SILENT, SOUND, policy, txt


@check(
    title="SPF uses the mechanism ptr",
    level=Level.SHOULD,
    scope=Scope.DOMAIN,
    cites=("RFC 7208 §5.5",),
    remedy=Remedy(
        general="Name the servers that ptr stands for by ip4, ip6 or a, and take ptr out.",
        dns='example.org. TXT "v=spf1 ip4:192.0.2.0/24 -all" (in place of: "v=spf1 ptr -all")',
    ),
    rows=("A15", "P2"),
)
def judge(policy: ReadableSpf) -> Judgement:
    """Judge whether a record of the policy has ptr."""
    reading = policy.read()
    if reading.ptr_terms:
        evidence = (bounded(f"{domain}: {term}") for domain, term in reading.ptr_terms[:MAX_LINES])
        return warn("The SPF policy uses ptr, which should not be published", *evidence)
    return policy.unless_seen(reading) or passed("the SPF policy does without ptr")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record = "v=spf1 include:spf.example.net -all"
    yield Example("without", Verdict.PASS, (SOUND,))
    yield Example("ptr", Verdict.WARN, (policy("v=spf1 ptr:example.org -all"),))
    included = policy(record, more=(txt("spf.example.net", "v=spf1 ?PTR -all"),))
    yield Example("in an included record", Verdict.WARN, (included,))
    yield Example("not looked up", Verdict.INCONCLUSIVE, (policy(record),))
    yield Example("no record", Verdict.NOT_APPLICABLE, (policy(),))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
