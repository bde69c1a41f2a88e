"""An enforced policy that an earlier run saw is gone, while senders still hold it in their caches.

They keep it until its max_age is over, and hold the domain's mail hosts to it without a way to learn of a
change: new mail hosts get no mail from them. The orderly way is to serve a policy with mode none under a new
id until the longest lifetime that was ever served is over, and only then to remove record and policy.
"""

from collections.abc import Iterator
from datetime import timedelta

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
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import TRY_AGAIN, PublishedPolicy, is_told, patterns_line, speaker_of
from waxseal.facts import DnsStatus, MxRecords, RunContext, StsEarlier, StsFetch, StsRecord
from waxseal.wire.mta_sts import Mode, read_policy


@check(
    title="The MTA-STS policy was removed before it expired",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §8.3", "RFC 8461 §3.3"),
    remedy=Remedy(
        general="Serve a policy with mode: none and a max_age of a day, under a new id, until the old one "
        "has expired everywhere.",
        dns='_mta-sts.example.org. IN TXT "v=STSv1; id=20261102"',
    ),
    rows=("G9",),
)
def judge(
    record: StsRecord,
    fetch: StsFetch | None,
    earlier: StsEarlier | None,
    run: RunContext,
    mx: MxRecords | None,
) -> Judgement:
    """Judge whether the caches that the earlier policy filled have run out."""
    if earlier is None or not earlier.body:
        return not_applicable("no earlier run saw a policy")
    policy = read_policy(earlier.body).policy
    if policy is None or policy.mode is not Mode.ENFORCE:
        return not_applicable("the earlier policy was not enforced")
    published = PublishedPolicy(record=record, fetch=fetch)
    if published.meant or published.served is not None:
        return passed("Record or policy are still there")
    if not is_told(record.answer):
        return unreached(f"the TXT look-up failed; see {speaker_of(record, mx)}", advice=TRY_AGAIN)
    now = fetch.fetched_at if fetch is not None else run.started_at
    until = earlier.seen_at + timedelta(seconds=policy.lifetime_s)
    told = (
        f"seen {earlier.seen_at:%Y-%m-%d %H:%M} UTC",
        f"kept until {until:%Y-%m-%d %H:%M} UTC",
        patterns_line(policy),
    )
    if now >= until:
        return passed("The policy that was last seen has expired since", *told)
    return warn("The policy is gone, and senders hold the domain to it until it expires", *told)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    gone, before = _samples.no_record(), _samples.earlier()
    yield Example("gone", Verdict.WARN, (gone, before))
    yield Example("gone and expired", Verdict.PASS, (gone, _samples.earlier(days_ago=8)))
    yield Example("still there", Verdict.PASS, (_samples.record(), _samples.fetch(), before))
    yield Example("the record is left", Verdict.PASS, (_samples.record(), before))
    tested = _samples.earlier(_samples.body(mode="testing"))
    yield Example("was tested", Verdict.NOT_APPLICABLE, (gone, tested))
    yield Example("no earlier run", Verdict.NOT_APPLICABLE, (gone,))
    failed = _samples.record(status=DnsStatus.SERVFAIL)
    yield Example("not known", Verdict.INCONCLUSIVE, (failed, before))
