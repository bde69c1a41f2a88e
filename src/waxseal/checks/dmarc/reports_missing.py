"""The DMARC record names no address for aggregate reports (``rua``).

Receivers must not send any then, and the domain learns neither that its own mail fails somewhere nor that
others misuse its name. A policy of none without reports is good for nothing; a strict one without reports is
flown blind. Addresses that nothing can be sent to are reported by dmarc/record-malformed and
dmarc/destination-unresolvable.
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
    not_applicable,
    passed,
    warn,
)
from waxseal.checks.dmarc._policy import AppliedDmarc, place
from waxseal.checks.dmarc._samples import SILENT, SOUND, walk


@check(
    title="DMARC asks for no reports",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 9989 §5.1.3", "RFC 9989 §4.7"),
    remedy=Remedy(
        general="Add rua with a mailbox that somebody, or a program, reads.",
        dns='_dmarc.example.org. TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.org"',
    ),
    rows=("A15", "P2"),
)
def judge(policy: AppliedDmarc) -> Judgement:
    """Judge whether the record asks for aggregate reports."""
    reading, record = policy.reading_and_record()
    if not record.rua:
        return warn("The DMARC record asks for no reports", place(reading, "there is no tag rua"))
    usable = [uri.text for uri in record.rua if uri.host]
    if not usable:
        return not_applicable("no address for reports can be read; see dmarc/record-malformed")
    return passed("the DMARC record asks for reports", place(reading, f"rua={', '.join(usable)}"))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("reports", Verdict.PASS, (SOUND,))
    yield Example("none", Verdict.WARN, (walk("v=DMARC1; p=reject"),))
    yield Example(
        "failure reports only", Verdict.WARN, (walk("v=DMARC1; p=reject; ruf=mailto:d@example.org"),)
    )
    yield Example("unreadable", Verdict.NOT_APPLICABLE, (walk("v=DMARC1; p=reject; rua=d@example.org"),))
    yield Example("no record", Verdict.NOT_APPLICABLE, (walk(),))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
