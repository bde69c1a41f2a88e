"""Every usable TLSA record holds a SHA-512 digest, and none a SHA-256 digest.

Every sender with DANE knows SHA-256; SHA-512 only should be known. A sender that does not know it finds no
usable record: it encrypts, but cannot tell the server from a false one.
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
    warn,
)
from waxseal.checks.dane import _samples
from waxseal.checks.dane._tlsa import Published, short, unless_usable, usable_of
from waxseal.facts import TlsaLookup
from waxseal.trust.dane import SHA2_512


@check(
    title="TLSA records hold SHA-512 digests only",
    level=Level.SHOULD,
    scope=Scope.HOST,
    cites=("RFC 7671 §2",),
    remedy=Remedy(general="Publish the SHA-256 digest (matching type 1) as well, or in place of the other."),
    rows=("G1",),
)
def judge(published: Published) -> Judgement:
    """Judge whether a usable record holds anything but a SHA-512 digest."""
    return published.of_records(_judge)


def _judge(lookup: TlsaLookup) -> Judgement:
    if (elsewhere := unless_usable(lookup)) is not None:
        return elsewhere
    usable = usable_of(lookup)
    found = usable if all(record.matching_type == SHA2_512 for record in usable) else ()
    if found:
        return warn(
            "Every usable TLSA record holds a SHA-512 digest, which not every sender knows",
            *(short(record) for record in found[:6]),
        )
    return passed(
        "A usable TLSA record holds more than a SHA-512 digest",
        *(short(record) for record in lookup.records[:3]),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("SHA-512 alone", Verdict.WARN, (_samples.tlsa(_samples.record("3 1 2", "good")),))
    both = (_samples.record("3 1 2", "good"), _samples.record("3 1 1", "good"))
    yield Example("both digests", Verdict.PASS, (_samples.tlsa(*both),))
