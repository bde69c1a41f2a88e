"""Since an earlier run, the policy changed and its id did not, or the other way round.

Senders look at the id in the TXT record to learn whether the policy has changed. With the old id they keep
the old policy until it expires, and hold new mail hosts to it. A new id with the old policy behind it is
fetched anew for nothing; where a change is under way, senders that come in between store the old policy under
the new id, so the policy has to change first.
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
    not_applicable,
    passed,
    warn,
)
from waxseal.checks.dns._lookup import bounded
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy, patterns_line
from waxseal.facts import StsEarlier
from waxseal.wire.mta_sts import read_policy, read_record


@check(
    title="The MTA-STS policy and its id did not change together",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §3.1", "RFC 8461 §8.1"),
    remedy=Remedy(
        general="Change the policy first, then the id in the TXT record, to a value that was never used "
        "before.",
        dns='_mta-sts.example.org. IN TXT "v=STSv1; id=20261102"',
    ),
    rows=("G9",),
)
def judge(published: PublishedPolicy, earlier: StsEarlier | None) -> Judgement:
    """Judge what is published now against what was published at an earlier run."""
    if earlier is None:
        return not_applicable("no earlier run is there to compare with")
    then, now = read_record(earlier.texts).record, published.reading.record
    before, today = read_policy(earlier.body or b"").policy, published.served
    if then is None or now is None or before is None or today is None:
        return not_applicable("record and policy were not both in form, then and now")
    told = (
        f"{earlier.seen_at:%Y-%m-%d %H:%M} UTC: id {then.id}",
        bounded(f"now: id {now.id}"),
        patterns_line(today),
    )
    if before != today and then.id == now.id:
        return fail("The policy changed and its id did not: senders keep the old one until it expires", *told)
    if before == today and then.id != now.id:
        return warn(
            "The id changed and the policy did not: senders that come now store the old one under it", *told
        )
    return passed(
        "Policy and id changed together" if before != today else "Policy and id are the same", *told
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record, fetch = _samples.record(), _samples.fetch()
    other = _samples.body("mx.example.net")
    old = "v=STSv1; id=20261001"
    yield Example("the same", Verdict.PASS, (record, fetch, _samples.earlier()))
    yield Example("both changed", Verdict.PASS, (record, fetch, _samples.earlier(other, old)))
    yield Example("only the policy", Verdict.FAIL, (record, fetch, _samples.earlier(other)))
    yield Example("only the id", Verdict.WARN, (record, fetch, _samples.earlier(text=old)))
    yield Example("no earlier run", Verdict.NOT_APPLICABLE, (record, fetch))
    yield Example(
        "not served now", Verdict.NOT_APPLICABLE, (record, _samples.fetch(status=404), _samples.earlier())
    )
