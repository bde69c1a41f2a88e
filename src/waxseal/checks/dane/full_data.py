"""A TLSA record holds a whole certificate or key where a digest would do.

Answers that large are often too big for a datagram and get lost on networks that break DNS over TCP or drop
fragments; senders that do not get the answer do not deliver. With a digest the answer stays small, and the
server shows the certificate in the handshake anyway.
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
from waxseal.trust.dane import FULL


@check(
    title="A TLSA record holds a whole certificate or key",
    level=Level.SHOULD,
    scope=Scope.HOST,
    cites=("RFC 7671 §10.1.2", "RFC 7671 §5.2.1"),
    remedy=Remedy(general="Publish a digest instead: matching type 1 (SHA-256)."),
    rows=("G1",),
)
def judge(published: Published) -> Judgement:
    """Judge the matching types of the usable records."""
    return published.of_records(_judge)


def _judge(lookup: TlsaLookup) -> Judgement:
    if (elsewhere := unless_usable(lookup)) is not None:
        return elsewhere
    found = [record for record in usable_of(lookup) if record.matching_type == FULL]
    if found:
        return warn(
            "A TLSA record holds a whole certificate or key, which makes the answer large",
            *(short(record) for record in found[:6]),
        )
    return passed(
        "Every usable TLSA record holds a digest", *(short(record) for record in lookup.records[:3])
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("certificate", Verdict.WARN, (_samples.tlsa(_samples.record("3 0 0", "good")),))
    yield Example("key", Verdict.WARN, (_samples.tlsa(_samples.record("3 1 0", "good")),))
    yield Example("digest", Verdict.PASS, (_samples.tlsa(_samples.record("3 1 1", "good")),))
