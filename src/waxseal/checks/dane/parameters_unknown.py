"""Beside usable TLSA records stands one whose usage, selector or matching type no standard knows.

Senders pass such a record over, so it protects nothing. Mostly the numbers were mixed up: a record reads
usage, selector, matching type, in this order, and ``3 1 1`` is the one that fits most servers.
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


@check(
    title="A TLSA record has unknown parameters",
    level=Level.MUST,
    scope=Scope.HOST,
    cites=("RFC 6698 §4.1", "RFC 7671 §2"),
    remedy=Remedy(general="Correct the numbers of the record, or take it away."),
    rows=("G1",),
)
def judge(published: Published) -> Judgement:
    """Judge the three numbers of each record."""
    return published.of_records(_judge)


def _judge(lookup: TlsaLookup) -> Judgement:
    if (elsewhere := unless_usable(lookup)) is not None:
        return elsewhere
    found = [record for record in lookup.records if not _is_known(record)]
    if found:
        return warn(
            "A TLSA record has parameters that no standard knows, and is passed over",
            *(short(record) for record in found[:6]),
        )
    return passed(
        "Every TLSA record has parameters that are known", *(short(record) for record in lookup.records[:3])
    )


def _is_known(record: TlsaRecord) -> bool:
    """Whether RFC 6698 §2.1 knows all three numbers."""
    return record.usage <= 3 and record.selector <= 1 and record.matching_type <= 2


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    odd = [TlsaRecord(4, 1, 1, bytes(32)), TlsaRecord(3, 2, 1, bytes(32)), TlsaRecord(3, 1, 3, b"")]
    for record in odd:
        yield Example(short(record), Verdict.WARN, (_samples.tlsa(_samples.OTHER, record),))
    yield Example("alone", Verdict.NOT_APPLICABLE, (_samples.tlsa(*odd),))
    yield Example("3 1 1", Verdict.PASS, (_samples.tlsa(_samples.OTHER),))
