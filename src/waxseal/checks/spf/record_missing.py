"""The domain has no SPF record, so it does not say which servers send its mail.

Anybody can send mail in its name and receivers have nothing to compare the sending address with; many of
them trust the domain's own mail less for it, and DMARC has to rest on DKIM alone. A domain that sends no
mail should say that too, with a record that allows nobody.
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
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.checks.dns._lookup import ANSWERED, TRY_AGAIN, shown
from waxseal.checks.spf._policy import SpfPolicy
from waxseal.checks.spf._samples import SILENT, SOUND, policy
from waxseal.facts import DnsStatus


@check(
    title="There is no SPF record",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 7208 §4.5", "RFC 7208 §10.1.2"),
    remedy=Remedy(
        general="Publish a TXT record at the domain that names the servers which send its mail, and ends in "
        "-all or ~all; where the domain sends none, publish v=spf1 -all.",
        dns='example.org. TXT "v=spf1 mx ip4:192.0.2.25 -all"',
    ),
    rows=("A15", "P2"),
)
def judge(policy: SpfPolicy) -> Judgement:
    """Judge whether the domain has an SPF record."""
    first = policy.first
    if first.status is DnsStatus.NXDOMAIN:
        return not_applicable("the domain does not exist; see dns/domain-missing")
    if first.status not in ANSWERED:
        return unreached(
            f"the TXT look-up ended {first.status.value}; see {policy.speaker()}",
            shown(first),
            advice=TRY_AGAIN,
        )
    if policy.records:
        return passed("the domain has an SPF record", shown(first))
    if policy.alike:
        return not_applicable("there is a record that is meant as SPF; see spf/record-malformed")
    return warn("The domain has no SPF record: it does not say which servers send its mail", shown(first))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("a record", Verdict.PASS, (SOUND,))
    yield Example("no TXT record", Verdict.WARN, (policy(),))
    yield Example("other TXT records", Verdict.WARN, (policy("site-verification=1", "spf2.0/pra -all"),))
    yield Example("meant as SPF", Verdict.NOT_APPLICABLE, (policy("v=spf1; mx -all"),))
    yield Example("no such domain", Verdict.NOT_APPLICABLE, (policy(status=DnsStatus.NXDOMAIN),))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
