"""Asking DNS for the domain's MX records ended with an error.

Senders that get the same error keep the mail in their queue and return it after some days: nothing is lost
at once, but nothing arrives. The usual reasons are name servers that no longer serve the zone (lame
delegation), a broken DNSSEC signature, or aliases that go round in circles. SERVFAIL is held against the
zone only where the same resolver answered another question in the same run. A refusal or an answer that
makes no sense is mostly the resolver's own doing, and silence may be the path's: those are left open.
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
    at,
    check,
    fail,
    inconclusive,
    not_applicable,
    passed,
)
from waxseal.checks.dns._asked import Asked
from waxseal.checks.dns._lookup import BROKEN, SILENT, TRY_AGAIN, shown
from waxseal.facts import Dnssec, DnsStatus, MxRecords


@check(
    title="The MX look-up fails",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 5321 §5.1", "RFC 2308 §7.1"),
    remedy=Remedy(
        general="Ask each name server of the zone for the MX records directly, and mend the one that "
        "answers with an error; check the delegation and, where the zone is signed, its DS "
        "records and signatures.",
        dns="dig +norecurse MX example.org @ns1.example.org, then: delv MX example.org",
    ),
    rows=("A1",),
)
def judge(mx: MxRecords, asked: Asked) -> Judgement:
    """Judge the status of the MX look-up."""
    status, evidence = mx.answer.status, shown(mx.answer)
    if mx.answer.dnssec is Dnssec.BOGUS:
        return not_applicable("the answer is there but bogus; see dnssec/mx-bogus")
    if status in BROKEN:
        if not asked.blamed(mx.answer):
            return asked.undecided(mx.answer, evidence)
        return fail(
            f"The MX look-up is answered with an error ({status.value}): mail waits undelivered",
            evidence,
            *asked.proof(mx.answer),
        )
    if status is DnsStatus.NAME_INVALID:
        return fail(
            "The name cannot be asked of DNS: a label or the whole of it is too long or empty", evidence
        )
    if status in SILENT:
        return inconclusive(
            f"the MX look-up got no answer ({status.value}): the resolver or the network may be the reason",
            evidence,
            advice=TRY_AGAIN,
        )
    return passed("DNS answers the MX look-up", evidence)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("answered", Verdict.PASS, (samples.mx_records((10, "mx.example.org")),))
    yield Example("answered: no MX", Verdict.PASS, (samples.mx_records(status=DnsStatus.NO_DATA),))
    elsewhere = at(samples.host_addresses("192.0.2.99"), domain=None, host="mx.example.net")
    for status in sorted(BROKEN):
        facts = (samples.mx_records(status=status), elsewhere)
        blamed = status in (DnsStatus.SERVFAIL, DnsStatus.CNAME_LOOP)
        yield Example(status.value, Verdict.FAIL if blamed else Verdict.INCONCLUSIVE, facts)
    yield Example(
        "servfail and nothing else", Verdict.INCONCLUSIVE, (samples.mx_records(status=DnsStatus.SERVFAIL),)
    )
    bogus = samples.answer("example.org", "MX", status=DnsStatus.SERVFAIL, dnssec=Dnssec.BOGUS)
    yield Example("bogus", Verdict.NOT_APPLICABLE, (MxRecords(answer=bogus),))
    yield Example("no name", Verdict.FAIL, (samples.mx_records(status=DnsStatus.NAME_INVALID),))
    for status in sorted(SILENT):
        yield Example(status.value, Verdict.INCONCLUSIVE, (samples.mx_records(status=status),))
