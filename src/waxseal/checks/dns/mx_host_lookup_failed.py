"""Asking DNS for the addresses of a mail host ended with an error.

Where no address is left, senders cannot reach the host and keep its mail waiting. Where only one family
fails, the other still works, but name servers that answer AAAA questions with an error make some senders
wait or give up before they ask for A, and a broken DNSSEC signature makes those who validate lose the
family for good. SERVFAIL is held against the zone only where the same resolver answered another question
in the same run; refusals, senseless answers and silence may be the resolver's, and are left open.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Subject,
    Verdict,
    at,
    check,
    fail,
    inconclusive,
    not_applicable,
    passed,
    warn,
)
from waxseal.checks.dns._asked import Asked
from waxseal.checks.dns._hosts import told_elsewhere
from waxseal.checks.dns._lookup import BROKEN, SILENT, TRY_AGAIN, shown
from waxseal.checks.dns._samples import mx_target, no_addresses
from waxseal.facts import Dnssec, DnsStatus, HostAddresses, MxTarget
from waxseal.wire.idna import hostname_problem


@check(
    title="A mail server's address look-up fails",
    level=Level.MUST,
    scope=Scope.HOST,
    cites=("RFC 5321 §5.1", "RFC 4074 §4.3", "RFC 2308 §7.1"),
    remedy=Remedy(
        general="Ask each name server of the host's zone for A and AAAA directly, and mend the one that "
        "answers with an error; check the delegation and, where the zone is signed, its DS "
        "records and signatures.",
        dns="dig +norecurse AAAA mx.example.org @ns1.example.org, then: delv A mx.example.org",
    ),
    rows=("A6",),
)
def judge(subject: Subject, addresses: HostAddresses, target: MxTarget | None, asked: Asked) -> Judgement:
    """Judge how the A and AAAA look-ups ended."""
    if elsewhere := told_elsewhere(target):
        return elsewhere
    answers = [answer for answer in (addresses.a, addresses.aaaa) if answer is not None]
    if not answers:
        return inconclusive("the addresses of the host were not asked for", advice=TRY_AGAIN)
    if any(answer.dnssec is Dnssec.BOGUS for answer in answers):
        return not_applicable("the answer is there but bogus; see dnssec/address-bogus")
    broken = [answer for answer in answers if asked.blamed(answer)]
    doubtful = [answer for answer in answers if answer.status in BROKEN and answer not in broken]
    silent = [answer for answer in answers if answer.status in SILENT]
    evidence = tuple(shown(answer) for answer in answers)
    if any(answer.status is DnsStatus.NAME_INVALID for answer in answers):
        if target is not None and hostname_problem(subject.host or ""):
            return not_applicable("DNS cannot be asked for such a name; see dns/mx-host-name-invalid")
        return fail("DNS cannot be asked for such a name", *evidence)
    if broken:
        evidence += asked.proof(broken[0])
        rdtype = broken[0].rdtype
        if addresses.addresses:
            return warn(
                f"The {rdtype} look-up is answered with an error; only the other family works", *evidence
            )
        if silent:
            return fail(f"The {rdtype} look-up is answered with an error, the other not", *evidence)
        if doubtful:
            return fail(f"The {rdtype} look-up is answered with an error, the other unclear", *evidence)
        return fail("The look-up of the host's addresses is answered with an error", *evidence)
    if doubtful:
        return asked.undecided(doubtful[0], *evidence)
    if silent:
        return inconclusive(
            f"the look-up of {' and '.join(answer.rdtype for answer in silent)} got no answer: "
            "the resolver or the network may be the reason",
            *evidence,
            advice=TRY_AGAIN,
        )
    return passed("DNS answers the look-ups of the host's addresses", *evidence)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    v4 = ("192.0.2.25",)
    yield Example("answered", Verdict.PASS, (mx_target(), samples.host_addresses("192.0.2.25")))
    named = (samples.mx_records((10, "mx.example.org")), mx_target())
    yield Example("both fail", Verdict.FAIL, (*named, no_addresses(DnsStatus.SERVFAIL)))
    alone = at(no_addresses(DnsStatus.SERVFAIL), domain=None)
    yield Example("both fail, nothing else asked", Verdict.INCONCLUSIVE, (alone,))
    yield Example("loop", Verdict.FAIL, (mx_target(), no_addresses(DnsStatus.CNAME_LOOP)))
    bogus = samples.answer("mx.example.org", "A", status=DnsStatus.SERVFAIL, dnssec=Dnssec.BOGUS)
    yield Example("bogus", Verdict.NOT_APPLICABLE, (mx_target(), HostAddresses(a=bogus, aaaa=None)))
    yield Example("A fails", Verdict.FAIL, (mx_target(), no_addresses(DnsStatus.SERVFAIL, DnsStatus.NO_DATA)))
    for status in (DnsStatus.REFUSED, DnsStatus.MALFORMED, DnsStatus.OTHER_RCODE):
        yield Example(
            f"A {status.value}", Verdict.INCONCLUSIVE, (*named, no_addresses(status, DnsStatus.NO_DATA))
        )
    yield Example(
        "AAAA fails", Verdict.WARN, (mx_target(), no_addresses(DnsStatus.NO_DATA, DnsStatus.SERVFAIL, v4=v4))
    )
    yield Example(
        "AAAA silent",
        Verdict.INCONCLUSIVE,
        (mx_target(), no_addresses(DnsStatus.NO_DATA, DnsStatus.TIMED_OUT, v4=v4)),
    )
    yield Example("both silent", Verdict.INCONCLUSIVE, (no_addresses(DnsStatus.TIMED_OUT),))
