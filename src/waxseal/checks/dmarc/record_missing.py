"""No DMARC record applies to the domain, or only that of the registry above it.

Receivers have no word from the domain on what to do with mail that pretends to be from it, so forgeries are
delivered more easily; the domain gets no reports of who uses its name. Some large receivers take bulk mail
only from domains with a record. The record may stand at the domain itself or at its organizational domain.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    not_applicable,
    passed,
    warn,
)
from waxseal.checks.dmarc._policy import DmarcPolicy, place
from waxseal.checks.dmarc._samples import SILENT, SOUND, subdomain, walk
from waxseal.checks.dns._lookup import shown
from waxseal.facts import DnsStatus, MxRecords


@check(
    title="There is no DMARC record",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 9989 §5.1.4", "RFC 9989 §4.10.1"),
    remedy=Remedy(
        general="Publish a record with p=none and an address for reports; go over to quarantine or reject "
        "when the reports show that the domain's own mail passes.",
        dns='_dmarc.example.org. TXT "v=DMARC1; p=none; rua=mailto:dmarc@example.org"',
    ),
    rows=("A15", "P2"),
)
def judge(policy: DmarcPolicy, mx: MxRecords | None) -> Judgement:
    """Judge whether the tree walk finds a record."""
    if mx is not None and mx.answer.status is DnsStatus.NXDOMAIN:
        return not_applicable("the domain does not exist; see dns/domain-missing")
    reading = policy.read()
    if unseen := policy.unless_seen(reading):
        return unseen
    if reading.of_registry:
        return warn(
            "Only the DMARC record of the registry applies to the domain", place(reading, "the record found")
        )
    if reading.record is not None:
        return passed("a DMARC record applies to the domain", place(reading, "the record found"))
    absent = policy.without_record(reading)
    if absent is not None and any(step.candidates > 1 or step.alike for step in reading.steps):
        return absent
    return warn("No DMARC record applies to the domain", *(shown(answer) for answer in policy.walk.answers))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("a record", Verdict.PASS, (SOUND,))
    yield Example("at the organization", Verdict.PASS, (subdomain("v=DMARC1; p=none"),))
    yield Example("none", Verdict.WARN, (walk(),))
    yield Example("of the registry", Verdict.WARN, (walk(above=("v=DMARC1; p=reject; psd=y",)),))
    yield Example("two", Verdict.NOT_APPLICABLE, (walk("v=DMARC1; p=none", "v=DMARC1; p=reject"),))
    yield Example("meant as DMARC", Verdict.NOT_APPLICABLE, (walk("v=DMARC1 p=none"),))
    gone = samples.mx_records(status=DnsStatus.NXDOMAIN)
    yield Example("no such domain", Verdict.NOT_APPLICABLE, (gone, walk()))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
