"""Asking for the TLSA records of a mail server ended with an error instead of an answer or a denial.

A sender that uses DANE takes such an error for an attack: it may not deliver to this server, as the records
that were kept from it may have told it what to demand. So the failure is never read as "no TLSA records".
It is a failure where the host's addresses are signed, because senders ask for TLSA records exactly there;
elsewhere most do not ask, and it is a warning. Some load balancers that answer DNS themselves know A and
AAAA only, and fail on every other type. Where the resolver answered nothing else about the host, it may be
at fault itself, and that is left open.
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
    unreached,
    warn,
)
from waxseal.checks.dane import _samples
from waxseal.checks.dane._tlsa import Published
from waxseal.checks.dns._lookup import ANSWERED, TRY_AGAIN, shown
from waxseal.facts import DnsAnswer, Dnssec, DnsStatus, HostAddresses, TlsaLookup


@check(
    title="The TLSA look-up fails",
    level=Level.MUST,
    scope=Scope.HOST,
    cites=("RFC 7672 §2.1.2", "RFC 7672 §2.2"),
    remedy=Remedy(
        general="Let the name servers of the host's zone answer TLSA questions, if only with the denial that "
        "there are none; replace a load balancer that answers them with an error.",
        dns="dig +norecurse TLSA _25._tcp.mx.example.org @ns1.example.org",
    ),
    rows=("A9",),
)
def judge(published: Published) -> Judgement:
    """Judge how the TLSA look-ups ended."""
    return published.each(lambda lookup: _judge(published, lookup))


def _judge(published: Published, lookup: TlsaLookup) -> Judgement:
    answer = lookup.answer
    if answer.dnssec is Dnssec.BOGUS:
        return unreached("the TLSA answer is bogus, see dane/answer-bogus", advice="mend that first")
    if answer.status in ANSWERED:
        return passed("DNS answers the TLSA look-up", shown(answer))
    other = _answered(published.addresses, answer.server)
    if other is None:
        return inconclusive(
            f"the TLSA look-up ended {answer.status.value}; nothing else about the host was answered by the "
            "same resolver, which may be the reason",
            shown(answer),
            advice=TRY_AGAIN,
        )
    evidence = (shown(answer), f"the same resolver answered {shown(other)}"[:200])
    signed = published.is_signed()
    if signed:
        return fail(
            f"The TLSA look-up ended {answer.status.value}: senders with DANE do not deliver here", *evidence
        )
    why = "nobody validated whether the host's zone is signed" if signed is None else "its zone is not signed"
    return warn(f"The TLSA look-up ended {answer.status.value}; {why}", *evidence)


def _answered(addresses: HostAddresses | None, server: str) -> DnsAnswer | None:
    """A look-up of the host's addresses that the same resolver answered or denied."""
    asked = (addresses.a, addresses.aaaa) if addresses is not None else ()
    return next((a for a in asked if a is not None and a.status in ANSWERED and a.server == server), None)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    where = {"server": "192.0.2.53:53"}
    lost = Dnssec.INDETERMINATE
    for status in (DnsStatus.SERVFAIL, DnsStatus.REFUSED, DnsStatus.OTHER_RCODE, DnsStatus.TIMED_OUT):
        failed = _samples.tlsa(status=status, dnssec=lost, **where)
        yield Example(status.value, Verdict.FAIL, (_samples.addresses(), failed))
    failed = _samples.tlsa(status=DnsStatus.SERVFAIL, dnssec=lost, **where)
    unsigned = _samples.addresses(Dnssec.INSECURE)
    yield Example("the zone is not signed", Verdict.WARN, (unsigned, failed))
    nobody = _samples.tlsa(status=DnsStatus.SERVFAIL, dnssec=Dnssec.UNTRUSTED, **where)
    yield Example("nobody validated", Verdict.WARN, (_samples.addresses(Dnssec.UNTRUSTED), nobody))
    yield Example("nothing else was asked", Verdict.INCONCLUSIVE, (failed,))
    yield Example("answered", Verdict.PASS, (_samples.addresses(), _samples.tlsa(_samples.OTHER)))
    yield Example("denied", Verdict.NOT_APPLICABLE, (_samples.addresses(), _samples.no_tlsa()))
    bogus = _samples.tlsa(status=DnsStatus.SERVFAIL, dnssec=Dnssec.BOGUS, **where)
    yield Example("bogus", Verdict.INCONCLUSIVE, (_samples.addresses(), bogus))
