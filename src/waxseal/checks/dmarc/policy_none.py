"""The DMARC policy asks for nothing to be done with forged mail (``p=none``, or a milder one under test).

It is the right beginning: the reports show which servers send in the domain's name before anything is
rejected. But receivers deliver forgeries as before, so it protects nobody, and many domains stay there. With
``t=y`` each policy counts one level less, so a quarantine under test is a none as well.
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
from waxseal.checks.dmarc._samples import SILENT, SOUND, subdomain, walk
from waxseal.wire.dmarc import Policy


@check(
    title="The DMARC policy asks for nothing",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 9989 §5.1.7", "RFC 9989 §4.7"),
    remedy=Remedy(
        general="When the reports show for some weeks that the domain's own mail passes, go over to "
        "p=quarantine, and then to p=reject where its users do not write to mailing lists.",
        dns='_dmarc.example.org. TXT "v=DMARC1; p=quarantine; rua=mailto:dmarc@example.org"',
    ),
    rows=("A15", "P2"),
)
def judge(policy: AppliedDmarc) -> Judgement:
    """Judge the policy that applies to the domain itself."""
    reading, record = policy.reading_and_record()
    if record.broken and record.broken != ("p",):
        return not_applicable("a policy in the record is misspelled; see dmarc/record-malformed")
    if "p" in record.broken and any(problem.rule == "policy" for problem in record.problems):
        return not_applicable("the policy in the record is misspelled; see dmarc/record-malformed")
    evidence = place(reading, f"policy {reading.policy}{' in test mode' if record.testing else ''}")
    if reading.applied is not Policy.NONE:
        return passed(f"mail that fails DMARC is to get {reading.applied}", evidence)
    return warn("The DMARC policy asks for nothing to be done with forged mail", evidence)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("reject", Verdict.PASS, (SOUND,))
    yield Example("reject under test", Verdict.PASS, (walk("v=DMARC1; p=reject; t=y"),))
    yield Example("none", Verdict.WARN, (walk("v=DMARC1; p=none"),))
    yield Example("quarantine under test", Verdict.WARN, (walk("v=DMARC1; p=quarantine; t=y"),))
    yield Example("sp of the organization", Verdict.WARN, (subdomain("v=DMARC1; p=reject; sp=none"),))
    yield Example("no p, but reports", Verdict.WARN, (walk("v=DMARC1; rua=mailto:d@example.org"),))
    misspelled = walk("v=DMARC1; p=rejects; rua=mailto:d@example.org")
    yield Example("misspelled", Verdict.NOT_APPLICABLE, (misspelled,))
    yield Example("no record", Verdict.NOT_APPLICABLE, (walk(),))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
