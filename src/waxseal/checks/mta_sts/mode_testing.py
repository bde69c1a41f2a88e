"""The policy is in mode testing: senders report what fails, and deliver all the same.

That is how to begin, for some weeks and with TLS-RPT beside it. As long as it stays so, nobody is kept from
taking STARTTLS away or answering in the server's place.
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
    warn,
)
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy
from waxseal.wire.mta_sts import Mode


@check(
    title="The MTA-STS policy is only being tested",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §5",),
    remedy=Remedy(
        general="When the reports show no failures of your own servers, set mode: enforce, then change the "
        "id.",
    ),
    rows=("G7", "G14"),
)
def judge(published: PublishedPolicy) -> Judgement:
    """Judge the mode."""
    if (obstacle := published.unserved) is not None:
        return obstacle.judgement()
    if published.served is None or published.served.mode is Mode.NONE:
        return not_applicable("the mode is none; see mta-sts/mode-none")
    if published.served.mode is Mode.TESTING:
        return warn("The policy is tested, not enforced: mail is delivered whatever fails", "mode: testing")
    return passed("The policy is enforced", "mode: enforce")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record = _samples.record()
    yield Example("enforce", Verdict.PASS, (record, _samples.fetch()))
    yield Example("testing", Verdict.WARN, (record, _samples.fetch(_samples.body(mode="testing"))))
    yield Example("none", Verdict.NOT_APPLICABLE, (record, _samples.fetch(_samples.body(mode="none"))))
