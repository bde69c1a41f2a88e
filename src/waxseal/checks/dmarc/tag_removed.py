"""The DMARC record has tags of the old standard that the current one has removed.

``pct`` was to apply the policy to a part of the mail; receivers that follow the current standard apply it to
all. ``pct=0`` was used for testing, which ``t=y`` does now. ``rf`` and ``ri`` never had much effect, and size
limits behind a report address are ignored. Receivers differ as long as such tags are there.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, passed, warn
from waxseal.checks.dmarc._policy import MAX_LINES, AppliedDmarc, place
from waxseal.checks.dmarc._samples import SILENT, SOUND, walk


@check(
    title="The DMARC record has tags that are no more",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 9989 §C.5.2", "RFC 9989 §4.8"),
    remedy=Remedy(
        general="Take pct, rf, ri and the limits behind report addresses out; to test the policy, set t=y.",
        dns='_dmarc.example.org. TXT "v=DMARC1; p=quarantine; t=y; rua=mailto:dmarc@example.org"',
    ),
    rows=("A15", "P2"),
)
def judge(policy: AppliedDmarc) -> Judgement:
    """Judge whether the record has syntax of RFC 7489 that RFC 9989 does not have."""
    reading, record = policy.reading_and_record()
    found = [f"the tag {name}" for name in dict.fromkeys(record.removed)]
    found += [f"a size limit: {uri.text}{uri.size}" for uri in (*record.rua, *record.ruf) if uri.size]
    if found:
        evidence = (place(reading, text) for text in found[:MAX_LINES])
        return warn("The DMARC record has tags that the current standard has removed", *evidence)
    return passed("the DMARC record has no tag that was removed", place(reading, "the record found"))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("none", Verdict.PASS, (SOUND,))
    yield Example("pct", Verdict.WARN, (walk("v=DMARC1; p=reject; pct=50"),))
    yield Example("a size limit", Verdict.WARN, (walk("v=DMARC1; p=none; rua=mailto:d@example.org!10m"),))
    yield Example("no record", Verdict.NOT_APPLICABLE, (walk(),))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
