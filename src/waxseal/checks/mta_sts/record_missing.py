"""The policy host serves an MTA-STS policy, and no TXT record announces it.

Senders look for the record first. Without it they never ask for the policy, so it protects nobody who does
not have it already; and who has it does not learn of changes.
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
from waxseal.checks.dns._lookup import shown
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import TRY_AGAIN, PublishedPolicy, is_told, patterns_line, speaker_of
from waxseal.facts import DnsStatus


@check(
    title="No record announces the MTA-STS policy",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §3.1", "RFC 8461 §3"),
    remedy=Remedy(
        general="Publish the TXT record, with an id that you change whenever the policy changes; or stop "
        "serving the policy as RFC 8461 §8.3 describes.",
        dns='_mta-sts.example.org. IN TXT "v=STSv1; id=20261101"',
    ),
    rows=("G7",),
)
def judge(published: PublishedPolicy) -> Judgement:
    """Judge whether the policy that is served is announced."""
    if published.meant:
        return passed("A record announces the policy", shown(published.record.answer))
    if not is_told(published.record.answer):
        told = speaker_of(published.record, published.mx)
        return unreached(f"the TXT look-up failed; see {told}", advice=TRY_AGAIN)
    policy = published.served
    if policy is None:
        return not_applicable("no policy is served")
    return warn(
        "A policy is served that no sender will ask for, as no TXT record announces it",
        shown(published.record.answer),
        patterns_line(policy),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("both", Verdict.PASS, (_samples.record(), _samples.fetch()))
    yield Example("no record", Verdict.WARN, (_samples.no_record(), _samples.fetch()))
    yield Example("a foreign record", Verdict.WARN, (_samples.record("v=spf1 -all"), _samples.fetch()))
    yield Example("neither", Verdict.NOT_APPLICABLE, (_samples.no_record(),))
    failed = _samples.record(status=DnsStatus.SERVFAIL)
    yield Example("not known", Verdict.INCONCLUSIVE, (failed, _samples.fetch()))
