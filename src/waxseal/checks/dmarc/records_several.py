"""A name has more than one DMARC record, so all of them are discarded.

Receivers must not choose, and behave as if there were none: forged mail is let through and no reports come.
It happens when a provider's record is added beside an older one. A name above the domain counts as well,
where the walk to the record that applies comes by it.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, passed
from waxseal.checks.dmarc._policy import DmarcPolicy
from waxseal.checks.dmarc._samples import SILENT, SOUND, subdomain, walk
from waxseal.checks.dns._lookup import bounded


@check(
    title="There are several DMARC records at one name",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 9989 §4.10",),
    remedy=Remedy(
        general="Leave one record, and take the others away.",
        dns='_dmarc.example.org. TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.org"',
    ),
    rows=("A15", "P2"),
)
def judge(policy: DmarcPolicy) -> Judgement:
    """Judge how many records each name of the walk has."""
    reading = policy.read()
    for step in reading.steps:
        if step.candidates > 1:
            return fail(
                "There is more than one DMARC record at one name: receivers discard them all",
                bounded(f"_dmarc.{step.domain}: {step.candidates} records"),
            )
        if step.domain == reading.found_at:
            break
    return policy.unless_seen(reading) or passed("no name of the tree walk has more than one DMARC record")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    two = ("v=DMARC1; p=none", "v=DMARC1; p=reject")
    yield Example("one", Verdict.PASS, (SOUND,))
    yield Example("none", Verdict.PASS, (walk("v=spf1 -all", "hello"),))
    yield Example("two", Verdict.FAIL, (walk(*two),))
    yield Example("above", Verdict.FAIL, (subdomain(*two),))
    yield Example("above its own record", Verdict.PASS, (subdomain(*two, own=two[:1]),))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
