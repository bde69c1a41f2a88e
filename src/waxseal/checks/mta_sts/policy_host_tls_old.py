"""The policy host negotiates TLS 1.0 or 1.1, though newer versions were offered.

Every sender that checks MTA-STS has TLS 1.2 or newer, and most refuse older versions. Those cannot fetch the
policy, and deliver as if there were none.
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
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy
from waxseal.facts import Cause, Stage


@check(
    title="The MTA-STS policy host speaks only old TLS",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §7.2", "RFC 8996 §4", "RFC 8996 §5"),
    remedy=Remedy(general="Switch TLS 1.2 and 1.3 on at the web server, and the older versions off."),
    rows=("G7",),
)
def judge(published: PublishedPolicy) -> Judgement:
    """Judge the version that was negotiated."""
    fetch = published.fetch
    if fetch is None or not fetch.version:
        return unreached(
            "no handshake with the policy host was completed; see mta-sts/policy-unreachable",
            advice="mend that first, then test again",
        )
    if fetch.version in ("TLSv1.2", "TLSv1.3"):
        return passed(f"The policy host negotiates {fetch.version}")
    return fail(
        f"The policy host negotiates {fetch.version}: senders that refuse it get no policy", fetch.url[:200]
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record = _samples.record()
    yield Example("TLS 1.3", Verdict.PASS, (record, _samples.fetch()))
    yield Example("TLS 1.1", Verdict.FAIL, (record, _samples.fetch(version="TLSv1.1")))
    unseen = _samples.unfetched(Cause.REFUSED, Stage.CONNECT)
    yield Example("not reached", Verdict.INCONCLUSIVE, (record, unseen))
