"""A public authority's certificate is valid for longer than the rules of its time allow.

Public authorities are bound to limits that have come down from 825 days to 398 in 2020 and to 200 days from
March 2026, with 100 and 47 to come. A certificate beyond the limit of its date of issue is refused by some
clients whole, and shows that its authority does not keep its own rules. What counts is when the
certificate was issued, so old ones are not blamed for new limits. An authority of one's own may choose as it
likes; its certificates are not judged here.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, passed, warn
from waxseal.checks.certificate._public import unless_public
from waxseal.checks.certificate._samples import chain
from waxseal.checks.certificate._shown import ShownChain, unread
from waxseal.trust.lifetime import excess, limit_days, validity


@check(
    title="The certificate is valid for too long",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("CA/B BR §6.3.2",),
    remedy=Remedy(
        general="Have the certificate issued anew, for a shorter time, and let an ACME client renew it.",
    ),
    rows=("D15",),
)
def judge(shown: ShownChain) -> Judgement:
    """Judge the leaf's period by the limit of its first day."""
    if (answer := unless_public(shown)) is not None:
        return answer
    leaf = shown.chain.leaf
    lasts = validity(leaf)
    if lasts is None or leaf.not_before is None:
        return unread("a date")
    limit = limit_days(leaf.not_before)
    days = lasts.total_seconds() / 86400
    dates = f"valid from {leaf.not_before:%Y-%m-%d} until {leaf.not_after:%Y-%m-%d}, {days:.2f} days"
    if excess(leaf) is not None:
        return warn(f"The certificate is valid for {days:.0f} days, where {limit} are allowed", dates)
    allowed = f"at most {limit} days for one issued then" if limit else "no limit in days for one issued then"
    return passed("The certificate is valid for no longer than is allowed", dates, allowed)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("210 days", Verdict.WARN, (samples.endpoint(), *chain("public_long")))
    yield Example("90 days", Verdict.PASS, (samples.endpoint(), *chain("public")))
    yield Example("an authority of one's own", Verdict.NOT_APPLICABLE, (samples.endpoint(), *chain("good")))
    yield Example(
        "a root outside the store", Verdict.NOT_APPLICABLE, (samples.endpoint(), *chain("public_private"))
    )
