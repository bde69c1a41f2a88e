"""Beside usable TLSA records stands one whose data cannot be what it claims to be.

A SHA-256 digest has 32 octets and a SHA-512 digest 64; with matching type 0 the data is a whole certificate
or key. Senders pass a record with other data over, so it protects nothing. Mostly digits were lost on the
way into the zone, a digest of another kind was taken, or a digest stands under matching type 0.
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
from waxseal.checks.dane._tlsa import Published, short, unless_usable
from waxseal.facts import TlsaLookup, TlsaRecord
from waxseal.trust.dane import unusable


@check(
    title="A TLSA record holds malformed data",
    level=Level.MUST,
    scope=Scope.HOST,
    cites=("RFC 6698 §4.1", "RFC 6698 §2.1.4"),
    remedy=Remedy(general="Write the record anew from the certificate; 'waxseal records' prints it."),
    rows=("G1",),
)
def judge(published: Published) -> Judgement:
    """Judge the data of each record whose parameters are known."""
    return published.of_records(_judge)


def _judge(lookup: TlsaLookup) -> Judgement:
    if (elsewhere := unless_usable(lookup)) is not None:
        return elsewhere
    known = [r for r in lookup.records if r.usage in (2, 3) and r.selector <= 1 and r.matching_type <= 2]
    found = [record for record in known if unusable(record)]
    if found:
        return warn(
            "A TLSA record holds data that is no digest, certificate or key of its kind, and is passed over",
            *(f"{short(record)}: {unusable(record)}"[:200] for record in found[:6]),
        )
    return passed(
        "The data of every TLSA record has the form that its parameters ask for",
        *(short(record) for record in lookup.records[:3]),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    cut = TlsaRecord(3, 1, 1, bytes(31))
    digest = TlsaRecord(3, 0, 0, bytes(32))
    yield Example("an octet lost", Verdict.WARN, (_samples.tlsa(_samples.OTHER, cut),))
    yield Example("a digest under matching type 0", Verdict.WARN, (_samples.tlsa(_samples.OTHER, digest),))
    yield Example("alone", Verdict.NOT_APPLICABLE, (_samples.tlsa(cut),))
    yield Example("sound", Verdict.PASS, (_samples.tlsa(_samples.OTHER),))
