"""Subdomains have a milder DMARC policy than the domain itself (``sp`` or ``np``).

Forgers take the easier name: mail from ``billing.example.org`` gets through although ``example.org`` is
protected, and the subdomain need not even exist. ``np`` is for subdomains that do not exist, which nobody has
a reason to send from. It is not said while the domain's own policy is none, nor of a subdomain's own record,
where these tags are ignored.
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
    title="Subdomains have a milder DMARC policy",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 9989 §4.7", "RFC 9989 §4.10.1"),
    remedy=Remedy(
        general="Take sp and np out of the record, so that p holds for subdomains too, or set np=reject at "
        "least; give a subdomain that needs a milder policy a record of its own.",
        dns='_dmarc.example.org. TXT "v=DMARC1; p=reject; np=reject; rua=mailto:dmarc@example.org"',
    ),
    rows=("A15", "P2"),
)
def judge(policy: AppliedDmarc) -> Judgement:
    """Judge the policies for subdomains against that of the domain."""
    reading, record = policy.reading_and_record()
    if record.broken:
        return not_applicable("a policy in the record is missing or misspelled; see dmarc/record-malformed")
    if reading.found_at != reading.organization:
        return not_applicable("the record stands at a subdomain, where sp and np are ignored")
    if reading.domain != reading.found_at:
        return not_applicable("the domain is a subdomain itself; what applies to it is in dmarc/policy-none")
    if record.for_domain is Policy.NONE:
        return not_applicable("the policy of the domain itself is none; see dmarc/policy-none")
    evidence = place(
        reading,
        f"p={record.for_domain}, sp={record.for_subdomains}, np={record.for_missing} (given or implied)",
    )
    milder = [
        words
        for words, of in (
            ("that exist", record.for_subdomains),
            ("that do not exist", record.for_missing),
        )
        if of < record.for_domain
    ]
    if milder:
        return warn(
            f"Subdomains {' and those '.join(milder)} have a milder DMARC policy than the domain", evidence
        )
    return passed("the DMARC policy holds for subdomains as well", evidence)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("p alone", Verdict.PASS, (SOUND,))
    yield Example("stricter", Verdict.PASS, (walk("v=DMARC1; p=quarantine; np=reject"),))
    yield Example("sp", Verdict.WARN, (walk("v=DMARC1; p=reject; sp=none"),))
    yield Example("np", Verdict.WARN, (walk("v=DMARC1; p=reject; np=quarantine"),))
    yield Example("p=none", Verdict.NOT_APPLICABLE, (walk("v=DMARC1; p=none"),))
    below = subdomain("v=DMARC1; p=reject", own=("v=DMARC1; p=reject; sp=none",))
    yield Example("at a subdomain", Verdict.NOT_APPLICABLE, (below,))
    yield Example("no record", Verdict.NOT_APPLICABLE, (walk(),))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
