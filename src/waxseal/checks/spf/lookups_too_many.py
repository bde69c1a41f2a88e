"""The SPF policy takes more than ten look-ups, so receivers give up on it.

Each include, a, mx, ptr, exists and redirect counts, those in included records as well. At the eleventh,
receivers must report a permanent error: mail from servers that are named late in the record fails, and DMARC
gets nothing from SPF. Every mail service added to a record brings its own look-ups with it. A record that
leads back to itself has no end and is said here too. What is counted is what an evaluation takes for a
client that no mechanism matches.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, passed
from waxseal.checks.spf._policy import ReadableSpf, lines, outline
from waxseal.checks.spf._samples import SILENT, SOUND, policy, txt
from waxseal.wire.spf import FOLLOW_LIMIT, LOOKUP_LIMIT, Fault


@check(
    title="The SPF policy takes too many look-ups",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 7208 §4.6.4",),
    remedy=Remedy(
        general="Take out what is no longer needed, name your own servers by ip4 and ip6, not by a and mx, "
        "and give mail services a subdomain of their own with its own record.",
        dns='example.org. TXT "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/48 include:spf.example.net -all"',
    ),
    rows=("A15", "P2"),
)
def judge(policy: ReadableSpf) -> Judgement:
    """Judge the number of terms that cause look-ups."""
    reading = policy.read()
    if loops := reading.found(Fault.LOOP):
        return fail("The SPF policy leads back to itself, so there is no end to its look-ups", *lines(loops))
    if reading.lookups > LOOKUP_LIMIT:
        number = f"more than {FOLLOW_LIMIT}" if reading.cut else str(reading.lookups)
        if policy.spf.cut and not reading.cut:
            number = f"at least {number}"
        return fail(
            f"The SPF policy takes {number} look-ups, and receivers give up after {LOOKUP_LIMIT}",
            *outline(reading.tree),
        )
    return policy.unless_seen(reading) or passed(
        f"the SPF policy takes {reading.lookups} of {LOOKUP_LIMIT} look-ups", *outline(reading.tree)
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    exists = " ".join(f"exists:%{{i}}.{number}.example.org" for number in range(10))
    yield Example("none", Verdict.PASS, (SOUND,))
    yield Example("ten", Verdict.PASS, (policy(f"v=spf1 {exists} -all"),))
    yield Example("eleven", Verdict.FAIL, (policy(f"v=spf1 {exists} ptr -all"),))
    loop = txt("spf.example.net", "v=spf1 include:example.org -all")
    yield Example("a loop", Verdict.FAIL, (policy("v=spf1 include:spf.example.net -all", more=(loop,)),))
    yield Example("none to count", Verdict.NOT_APPLICABLE, (policy(),))
    yield Example("an include unseen", Verdict.INCONCLUSIVE, (policy("v=spf1 include:spf.example.net -all"),))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
