"""Reports are to go to another organization, and that has not agreed to take them.

The destination has to publish a record that says so; without it receivers must ignore the address, so no
reports arrive there. It keeps strangers from being flooded. Report services publish the record when a domain
is added to the account, and take it away when the account ends. Whether an address belongs to another
organization is read from its name: it is not in the organizational domain that the tree walk finds.
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
    inconclusive,
    passed,
)
from waxseal.checks.dmarc._policy import MAX_LINES, AppliedDmarc, unresolvable
from waxseal.checks.dmarc._samples import SILENT, SOUND, reporting, walk
from waxseal.checks.dns._lookup import ANSWERED, TRY_AGAIN, bounded, shown
from waxseal.wire.dmarc import agreement_name


@check(
    title="DMARC reports go to somebody who has not agreed",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 9990 §4", "RFC 7489 §7.1"),
    remedy=Remedy(
        general="Let the destination publish a TXT record with v=DMARC1; at your domain's name below its "
        "_report._dmarc, or send the reports to a mailbox of your own domain.",
        dns='example.org._report._dmarc.example.net. TXT "v=DMARC1;"',
    ),
    rows=("A15", "P2"),
)
def judge(policy: AppliedDmarc) -> Judgement:
    """Judge whether each outside destination has agreed."""
    reading, _ = policy.reading_and_record()
    outside = [d for d in reading.destinations if d.outside and not unresolvable(d)]
    refused = [
        bounded(f"{', '.join(d.uris)}: no record at {agreement_name(reading.found_at, d.host)}")
        for d in outside
        if d.agreement is not None and d.agreement.status in ANSWERED and not d.agrees
    ]
    if refused:
        return fail(
            "DMARC reports are to go to an organization that has not agreed to take them",
            *refused[:MAX_LINES],
        )
    unseen = [d.agreement for d in outside if d.agreement is None or d.agreement.status not in ANSWERED]
    if unseen:
        lines = tuple(shown(answer) for answer in unseen if answer is not None)
        why = "whether a destination of reports has agreed to take them was not seen"
        return inconclusive(why, *lines[:MAX_LINES], advice=TRY_AGAIN)
    agreed = (bounded(f"{d.host} agrees") for d in outside[:MAX_LINES])
    return passed("no DMARC reports go to an organization that has not agreed", *agreed)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("its own", Verdict.PASS, (SOUND,))
    yield Example("agreed", Verdict.PASS, (reporting(agreement=("v=DMARC1",)),))
    yield Example("not agreed", Verdict.FAIL, (reporting(),))
    yield Example("another record there", Verdict.FAIL, (reporting(agreement=("v=spf1 -all",)),))
    yield Example("not asked", Verdict.INCONCLUSIVE, (walk("v=DMARC1; p=none; rua=mailto:d@example.net"),))
    yield Example("no record", Verdict.NOT_APPLICABLE, (walk(),))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
