"""TLSA records are published and signed, but a sender can use none of them for SMTP.

Such records still promise TLS: a sender with DANE never delivers in clear here. But it cannot tell the right
server from a false one, as nothing is left to compare the certificate with. Usages 0 and 1, parameters that
no standard knows and digests of the wrong length are the reasons; each record has its own in the evidence.
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
)
from waxseal.checks.dane import _samples
from waxseal.checks.dane._tlsa import Published, broken, short, usable_of
from waxseal.checks.dns._lookup import shown
from waxseal.facts import Dnssec, TlsaLookup, TlsaRecord
from waxseal.trust.dane import unusable


@check(
    title="No TLSA record can be used",
    level=Level.MUST,
    scope=Scope.HOST,
    cites=("RFC 7672 §2.2", "RFC 6698 §4.1", "RFC 7672 §3.1.3"),
    remedy=Remedy(
        general="Publish a record '3 1 1' with the SHA-256 digest of the server's key for each live key.",
        dns="_25._tcp.mx.example.org. IN TLSA 3 1 1 (64 hex digits)",
    ),
    rows=("G2",),
)
def judge(published: Published) -> Judgement:
    """Judge whether one record is usable."""
    return published.of_records(_judge)


def _judge(lookup: TlsaLookup) -> Judgement:
    usable = len(usable_of(lookup))
    if usable:
        return passed(f"{usable} of {len(lookup.records)} TLSA records can be used", shown(lookup.answer))
    if not lookup.records:
        return broken(lookup, "No TLSA record of the answer can be read", shown(lookup.answer))
    told = (f"{short(record)}: {unusable(record)}"[:200] for record in lookup.records[:6])
    summary = "No TLSA record can be used: senders encrypt, but cannot tell the server from a false one"
    return broken(lookup, summary, *told)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    pkix = TlsaRecord(1, 1, 1, bytes(32))
    yield Example("usage 1 alone", Verdict.FAIL, (_samples.tlsa(pkix),))
    yield Example("a digest cut short", Verdict.FAIL, (_samples.tlsa(TlsaRecord(3, 1, 1, bytes(20))),))
    yield Example("not validated", Verdict.WARN, (_samples.tlsa(pkix, dnssec=Dnssec.UNTRUSTED),))
    yield Example("unsigned", Verdict.NOT_APPLICABLE, (_samples.tlsa(pkix, dnssec=Dnssec.INSECURE),))
    yield Example("one usable", Verdict.PASS, (_samples.tlsa(pkix, _samples.OTHER),))
