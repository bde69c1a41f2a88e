"""The MTA-STS record breaks the grammar of such records.

Senders have to treat a malformed record as if there were none, so no new sender takes the policy. Usual
faults: no id, or one with other characters than letters and digits; V or STSV1 in the wrong case; a missing
semicolon; quotation marks or white space in the wrong place. White space before the first semicolon is a
warning: the grammar allows it, and senders may discard such a record all the same.
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
    not_applicable,
    passed,
    warn,
)
from waxseal.checks.dns._lookup import shown
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy, lines, rejected


@check(
    title="The MTA-STS record is malformed",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §3.1",),
    remedy=Remedy(
        general="Write the record as v=STSv1; and id= with 1 to 32 letters and digits, and nothing else.",
        dns='_mta-sts.example.org. IN TXT "v=STSv1; id=20261101"',
    ),
    rows=("G7",),
)
def judge(published: PublishedPolicy) -> Judgement:
    """Judge the one record that is left."""
    reading = published.reading
    if reading.candidates > 1:
        return not_applicable("there are several records; see mta-sts/records-several")
    if found := rejected(reading.problems):
        return fail(
            "The MTA-STS record is malformed, so senders take it that there is none",
            shown(published.record.answer),
            *lines(found, "record"),
        )
    if reading.record is None:
        return not_applicable("there is no MTA-STS record")
    odd = tuple(p for p in reading.problems if p.id in _DISCARDED)
    if odd:
        return warn(
            "Some senders discard the MTA-STS record, or one beside it, for its form", *lines(odd, "record")
        )
    return passed("The MTA-STS record is well-formed", shown(published.record.answer))


_DISCARDED = frozenset({"version-space", "version-form"})


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("good", Verdict.PASS, (_samples.record(),))
    yield Example("an unknown field", Verdict.PASS, (_samples.record("v=STSv1; id=1; x=y"),))
    yield Example("no id", Verdict.FAIL, (_samples.record("v=STSv1;"),))
    yield Example("wrong case", Verdict.FAIL, (_samples.record("v=stsv1; id=1"),))
    yield Example("white space", Verdict.WARN, (_samples.record("v=STSv1 ; id=1"),))
    yield Example("several", Verdict.NOT_APPLICABLE, (_samples.record("v=STSv1; id=1", "v=STSv1;"),))
    yield Example("a foreign record", Verdict.NOT_APPLICABLE, (_samples.record("v=spf1 -all"),))
