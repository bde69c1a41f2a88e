"""The mail servers have secure TLSA records, but the domain's MX records are not signed.

Whoever can forge DNS answers names other mail servers for the domain, and the TLSA records of the real ones
are never looked at. Some senders use DANE all the same, as it still keeps out those who only sit between
them and the server; others do not. A sender that insists on DANE does not deliver at all. Common where the
mail is hosted by a provider with signed zones and the domain itself is not signed.
"""

from collections.abc import Iterator

from waxseal.checks.api import (
    Each,
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.checks.dane import _samples
from waxseal.checks.dane._hosts import covered
from waxseal.checks.dns._lookup import shown, unless_answered
from waxseal.checks.dnssec._bogus import NOBODY
from waxseal.facts import Dnssec, DnsStatus, MxRecords, TlsaRecords


@check(
    title="The MX records are not signed, while the TLSA records are",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 7672 §1.3.2",),
    remedy=Remedy(
        general="Sign the domain's own zone as well and give its DS record to the parent zone.",
        dns="delv MX example.org has to say: fully validated",
    ),
    rows=("A8", "G1"),
)
def judge(mx: MxRecords, tlsa: Each[TlsaRecords]) -> Judgement:
    """Judge the status of the MX answer where a host has secure TLSA records."""
    hosts = covered(tlsa)
    if not hosts:
        return not_applicable("no mail host has secure TLSA records")
    if mx.answer.dnssec is Dnssec.BOGUS:
        return unreached("the MX answer is bogus, see dnssec/mx-bogus", advice="mend that first")
    if (aside := unless_answered(mx)) is not None:
        return aside
    if mx.answer.dnssec is Dnssec.SECURE:
        return passed("MX and TLSA records are both signed", shown(mx.answer))
    if mx.answer.dnssec is not Dnssec.INSECURE:
        return unreached(NOBODY, shown(mx.answer), advice="see dnssec/validator-missing")
    return warn(
        "The mail servers have TLSA records, but the MX records that name the servers are not signed: "
        "who forges them leads mail elsewhere",
        shown(mx.answer),
        f"with secure TLSA records: {', '.join(hosts)}"[:200],
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    records = _samples.tlsa(_samples.OTHER)
    yield Example("MX unsigned", Verdict.WARN, (_samples.mx(Dnssec.INSECURE), records))
    yield Example("both signed", Verdict.PASS, (_samples.mx(), records))
    yield Example(
        "nothing signed", Verdict.NOT_APPLICABLE, (_samples.mx(Dnssec.INSECURE), _samples.no_tlsa())
    )
    untrusted = _samples.mx(Dnssec.UNTRUSTED)
    yield Example("MX not validated", Verdict.INCONCLUSIVE, (untrusted, records))
    bogus = _samples.mx(Dnssec.BOGUS, DnsStatus.SERVFAIL)
    yield Example("MX bogus", Verdict.INCONCLUSIVE, (bogus, records))
