"""A name has more than one SPF record, so none of them counts.

Receivers must not choose: they report a permanent error, as if the policy were broken, and DMARC gets
nothing from SPF. It happens when a provider's instructions are followed beside an older record. It is said
of the domain itself, and of a domain that its record includes.
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
)
from waxseal.checks.dns._lookup import ANSWERED, TRY_AGAIN, shown
from waxseal.checks.spf._policy import SpfPolicy, lines
from waxseal.checks.spf._samples import SILENT, SOUND, policy, txt
from waxseal.wire.spf import Fault


@check(
    title="There are several SPF records at one name",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 7208 §3.2", "RFC 7208 §4.5"),
    remedy=Remedy(
        general="Put the mechanisms of all of them into one record, with one all at its end, and take the "
        "others away.",
        dns='example.org. TXT "v=spf1 mx include:spf.example.net -all"',
    ),
    rows=("A15", "P2"),
)
def judge(policy: SpfPolicy) -> Judgement:
    """Judge how many SPF records each name of the policy has."""
    if policy.first.status not in ANSWERED:
        return unreached(
            f"the TXT look-up ended {policy.first.status.value}; see {policy.speaker()}",
            shown(policy.first),
            advice=TRY_AGAIN,
        )
    reading = policy.read()
    several = reading.found(Fault.RECORDS_SEVERAL)
    if several:
        return fail(
            "There is more than one SPF record at one name: receivers use none of them", *lines(several)
        )
    return policy.unless_seen(reading) or passed("no name of the policy has more than one SPF record")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    two = ("v=spf1 mx -all", "V=SPF1 ip4:192.0.2.1 -all")
    yield Example("one", Verdict.PASS, (SOUND,))
    yield Example("none", Verdict.PASS, (policy(),))
    yield Example("two", Verdict.FAIL, (policy(*two),))
    included = policy("v=spf1 include:spf.example.net -all", more=(txt("spf.example.net", *two),))
    yield Example("two at an included domain", Verdict.FAIL, (included,))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
