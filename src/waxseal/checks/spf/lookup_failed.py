"""A look-up that the domain's SPF policy needs ends with an error.

Receivers cannot tell then whether a message may come from where it comes from: they answer "try again
later", so that mail of the domain is late or is returned in the end. The name that fails may be the domain's
own, or one that its record includes. An error is held against the zone only where the same resolver answered
other questions in the same run; silence may be the network's fault and is left open.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, at, check, passed
from waxseal.checks.dns._asked import Asked
from waxseal.checks.dns._lookup import ANSWERED, shown
from waxseal.checks.failed_lookup import judge_failed
from waxseal.checks.spf._policy import SpfPolicy
from waxseal.checks.spf._samples import SILENT, SOUND, policy, txt
from waxseal.facts import DnsStatus, MxRecords
from waxseal.wire.spf import Fault


@check(
    title="A look-up of the SPF policy fails",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 7208 §4.4", "RFC 7208 §5"),
    remedy=Remedy(
        general="Ask each name server of the zone for the record directly, and mend the one that answers "
        "with an error; take a name out of the SPF record that nobody serves any more.",
        dns="dig +norecurse TXT example.org @ns1.example.org",
    ),
    rows=("A15", "P2"),
)
def judge(policy: SpfPolicy, asked: Asked, mx: MxRecords | None) -> Judgement:
    """Judge how the look-ups ended."""
    consequence = "receivers put mail of the domain off"
    if policy.first.status not in ANSWERED:
        return judge_failed(policy.first, asked, mx, consequence)
    failed = [problem.answer for problem in policy.read().found(Fault.LOOKUP_FAILED) if problem.answer]
    if not failed:
        return passed("DNS answers what the SPF policy asks for", shown(policy.first))
    blamed = next((answer for answer in failed if asked.blamed(answer)), failed[0])
    return judge_failed(blamed, asked, mx, consequence)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    mx = samples.mx_records((10, "mx.example.org"))
    broken = txt("spf.example.net", status=DnsStatus.SERVFAIL)
    yield Example("answered", Verdict.PASS, (SOUND,))
    yield Example("no record", Verdict.PASS, (policy(),))
    yield Example("servfail, MX answered", Verdict.FAIL, (mx, policy(status=DnsStatus.SERVFAIL)))
    yield Example("servfail alone", Verdict.INCONCLUSIVE, (policy(status=DnsStatus.SERVFAIL),))
    yield Example(
        "include", Verdict.FAIL, (mx, policy("v=spf1 include:spf.example.net -all", more=(broken,)))
    )
    yield Example("silence", Verdict.INCONCLUSIVE, (mx, SILENT))
    elsewhere = at(samples.host_addresses("192.0.2.99"), domain=None, host="mx.example.net")
    failed = samples.mx_records(status=DnsStatus.SERVFAIL)
    yield Example(
        "the MX look-up fails too",
        Verdict.INCONCLUSIVE,
        (failed, elsewhere, policy(status=DnsStatus.SERVFAIL)),
    )
