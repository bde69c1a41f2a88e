"""TLSA records are published, but in a zone that is not signed with DNSSEC.

Senders use TLSA records only where DNSSEC proves them: in an unsigned zone anyone on the path could put his
own there. So these records protect no message, and senders fall back to opportunistic TLS. Often the zone
was moved to a provider that does not sign, or the DS record never reached the parent zone. Where an alias
leads to the records, every zone on the way has to be signed.
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
    passed,
    unreached,
    warn,
)
from waxseal.checks.dane import _samples
from waxseal.checks.dane._tlsa import Published, is_unsigned, unless_taken
from waxseal.checks.dns._lookup import shown
from waxseal.checks.dnssec._bogus import NOBODY
from waxseal.facts import Dnssec, DnsStatus, TlsaLookup


@check(
    title="TLSA records stand in an unsigned zone",
    level=Level.MUST,
    scope=Scope.HOST,
    cites=("RFC 6698 §4.1", "RFC 7672 §2.2"),
    remedy=Remedy(
        general="Sign the zone that holds the TLSA records and give its DS record to the parent zone; or "
        "take the records away.",
        dns="delv TLSA _25._tcp.mx.example.org has to say: fully validated",
    ),
    rows=("A8", "G1"),
)
def judge(published: Published) -> Judgement:
    """Judge whether the zone of the records is proved to be unsigned."""
    return published.each(_judge)


def _judge(lookup: TlsaLookup) -> Judgement:
    if is_unsigned(lookup.answer):
        return warn(
            "TLSA records are published, but their zone is not signed: no sender uses them",
            shown(lookup.answer),
        )
    if (elsewhere := unless_taken(lookup)) is not None:
        return elsewhere
    if lookup.answer.dnssec is not Dnssec.SECURE:
        return unreached(NOBODY, advice="see dane/unproved")
    return passed("The TLSA records are signed, and the signatures hold", shown(lookup.answer))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("unsigned", Verdict.WARN, (_samples.tlsa(_samples.OTHER, dnssec=Dnssec.INSECURE),))
    yield Example("signed", Verdict.PASS, (_samples.tlsa(_samples.OTHER),))
    nobody = _samples.tlsa(_samples.OTHER, dnssec=Dnssec.UNTRUSTED)
    yield Example("nobody validated", Verdict.INCONCLUSIVE, (nobody,))
    failed = _samples.tlsa(status=DnsStatus.SERVFAIL, dnssec=Dnssec.INDETERMINATE)
    yield Example("failed", Verdict.INCONCLUSIVE, (failed,))
    yield Example("none", Verdict.NOT_APPLICABLE, (_samples.no_tlsa(Dnssec.INSECURE),))
