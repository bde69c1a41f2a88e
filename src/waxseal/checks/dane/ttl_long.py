"""Senders may keep the TLSA records for longer than a day.

When a key has to be changed at once, because it was lost or stolen, senders that still hold the old records
do not deliver until they let go of them: for as long as the TTL says. A short TTL keeps that outage, and the
waiting time of every planned change, short. Answers from a resolver's cache show what is left of the TTL, so
the published one may be longer than what was seen, and is never shorter.
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
    passed,
    unreached,
    warn,
)
from waxseal.checks.dane import _samples
from waxseal.checks.dane._tlsa import Published, owner
from waxseal.facts import TlsaLookup

MAX_TTL_S = 86_400


@check(
    title="TLSA records are kept for more than a day",
    level=Level.ADVICE,
    scope=Scope.HOST,
    cites=("RFC 7671 §13",),
    remedy=Remedy(
        general="Give the TLSA records a TTL of an hour or a few.",
        dns="_25._tcp.mx.example.org. 3600 IN TLSA 3 1 1 (64 hex digits)",
    ),
    rows=("G1",),
)
def judge(published: Published) -> Judgement:
    """Judge the TTL that was seen."""
    return published.of_records(_judge)


def _judge(lookup: TlsaLookup) -> Judgement:
    ttl_s = lookup.answer.lifetime_s
    if ttl_s is None:
        return unreached("the TTL of the TLSA records was not recorded", advice="test again")
    evidence = f"{owner(lookup)}: TTL {ttl_s} s"
    if ttl_s > MAX_TTL_S:
        return warn(
            f"Senders may keep the TLSA records for {ttl_s / 3600:.0f} hours; a key that is changed in haste "
            "stops mail for as long",
            evidence,
        )
    return passed("The TLSA records are kept for a day at the most, as far as it was seen", evidence)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("a week", Verdict.WARN, (_samples.tlsa(_samples.OTHER, ttl_s=604_800),))
    yield Example("a day", Verdict.PASS, (_samples.tlsa(_samples.OTHER, ttl_s=86_400),))
    yield Example("not recorded", Verdict.INCONCLUSIVE, (_samples.tlsa(_samples.OTHER),))
