"""Beside usable TLSA records stands one of usage 0 or 1, which are not for mail servers.

Those usages want a certificate by a public authority on top, and no list of authorities is agreed on between
mail servers. Senders mostly pass such a record over, so it helps nobody; a sender that tried to obey it
might fail where the others do not.
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
from waxseal.trust.dane import PKIX_EE, PKIX_TA


@check(
    title="A TLSA record has a usage that is not for SMTP",
    level=Level.SHOULD,
    scope=Scope.HOST,
    cites=("RFC 7672 §3.1.3",),
    remedy=Remedy(general="Take the records of usage 0 and 1 away, and keep those of usage 3 or 2."),
    rows=("G1",),
)
def judge(published: Published) -> Judgement:
    """Judge the usages beside usable records."""
    return published.of_records(_judge)


def _judge(lookup: TlsaLookup) -> Judgement:
    if (elsewhere := unless_usable(lookup)) is not None:
        return elsewhere
    found = [record for record in lookup.records if record.usage in (PKIX_TA, PKIX_EE)]
    if found:
        return warn(
            "A TLSA record of usage 0 or 1 is published, which senders cannot use for SMTP",
            *(short(record) for record in found[:6]),
        )
    return passed("No TLSA record has usage 0 or 1", *(short(record) for record in lookup.records[:3]))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    pkix = TlsaRecord(1, 1, 1, bytes(32))
    yield Example("beside a usable one", Verdict.WARN, (_samples.tlsa(_samples.OTHER, pkix),))
    yield Example("alone", Verdict.NOT_APPLICABLE, (_samples.tlsa(pkix),))
    yield Example("usage 3", Verdict.PASS, (_samples.tlsa(_samples.OTHER),))
