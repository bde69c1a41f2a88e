"""The SPF policy does not say no to anybody, or even says yes to everybody.

With ``+all``, or a network that holds every address, all forged mail passes SPF, and with it DMARC: worse
than no record. With ``?all``, or without an ``all`` at the end, the record says nothing of servers that it
does not list, so forgeries get the same answer as from a domain without SPF. ``~all`` and ``-all`` are both
fine; which of them, is the domain's choice.
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
    passed,
    unreached,
    warn,
)
from waxseal.checks.dns._lookup import bounded, shown
from waxseal.checks.spf._policy import MAX_LINES, ReadableSpf
from waxseal.checks.spf._samples import SILENT, SOUND, policy, txt


@check(
    title="SPF turns nobody away",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 7208 §4.7", "RFC 7208 §5.1"),
    remedy=Remedy(
        general="End the record with ~all while you are not sure that all sending servers are listed, then "
        "with -all; take out networks that hold more than your own servers.",
        dns='example.org. TXT "v=spf1 mx ip4:192.0.2.0/24 -all"',
    ),
    rows=("A15", "P2"),
)
def judge(policy: ReadableSpf) -> Judgement:
    """Judge what the policy says of servers that it does not list."""
    reading = policy.read()
    if reading.open_terms:
        evidence = (bounded(f"{term.domain}: {term.term}") for term in reading.open_terms[:MAX_LINES])
        return fail("Mail from any server passes SPF", *evidence)
    default = reading.tree.default
    if default is None:
        return policy.unless_seen(reading) or unreached(
            "what ends the policy was not seen; see spf/include-unresolved",
            shown(policy.first),
            advice="mend the redirect first",
        )
    if default == "?":
        return warn("SPF says nothing of servers that are not listed (?all)", shown(policy.first))
    if default == "":
        return warn("SPF says nothing of servers that are not listed: there is no all", shown(policy.first))
    return passed(f"servers that are not listed get {default}all", shown(policy.first))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("-all", Verdict.PASS, (SOUND,))
    yield Example("~all", Verdict.PASS, (policy("v=spf1 mx ~all"),))
    yield Example("+all", Verdict.FAIL, (policy("v=spf1 mx all"),))
    yield Example("every address", Verdict.FAIL, (policy("v=spf1 ip4:0.0.0.0/0 -all"),))
    yield Example("?all", Verdict.WARN, (policy("v=spf1 mx ?all"),))
    yield Example("no all", Verdict.WARN, (policy("v=spf1 mx"),))
    sound = txt("spf.example.net", "v=spf1 mx -all")
    yield Example("by redirect", Verdict.PASS, (policy("v=spf1 redirect=spf.example.net", more=(sound,)),))
    lost = policy("v=spf1 redirect=spf.example.net", more=(txt("spf.example.net"),))
    yield Example("by a redirect to nothing", Verdict.INCONCLUSIVE, (lost,))
    yield Example("no record", Verdict.NOT_APPLICABLE, (policy(),))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
