"""The policy is in mode none: senders treat the domain as if it had no policy.

That is the orderly way to give MTA-STS up: it is served until every policy that was served before has
expired, and then record and policy may go. Until something else is published, nothing makes senders insist on
TLS.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, passed, warn
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy
from waxseal.wire.mta_sts import Mode


@check(
    title="The MTA-STS policy says none",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §5", "RFC 8461 §8.3"),
    remedy=Remedy(
        general="Set mode: testing or enforce to use MTA-STS again. To give it up, leave the policy as it "
        "is until the longest max_age that was ever served is over, then remove record and policy.",
    ),
    rows=("G7", "G14"),
)
def judge(published: PublishedPolicy) -> Judgement:
    """Judge the mode."""
    if (obstacle := published.unserved) is not None:
        return obstacle.judgement()
    policy = published.served
    if policy is not None and policy.mode is Mode.NONE:
        return warn(
            "The policy says none: senders deliver as if there were none",
            f"mode: none, max_age: {policy.max_age}",
        )
    return passed("The policy is in use")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record = _samples.record()
    yield Example("enforce", Verdict.PASS, (record, _samples.fetch()))
    yield Example("none", Verdict.WARN, (record, _samples.fetch(_samples.body(mode="none"))))
    yield Example("malformed", Verdict.NOT_APPLICABLE, (record, _samples.fetch(b"")))
