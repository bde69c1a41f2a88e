"""Some of the domain's mail servers have TLSA records, others have none.

A sender protects each delivery by the server that it happens to use. Mail to the servers without TLSA
records goes out opportunistically, and who wants to read it only has to keep the others from being reached.
Told where DNS itself denies the records of a host; a look-up that failed and records in an unsigned zone
have findings of their own.
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
    warn,
)
from waxseal.checks.dane import _samples
from waxseal.checks.dane._hosts import bare, covered
from waxseal.facts import Dnssec, TlsaRecords


@check(
    title="Only some mail servers have TLSA records",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 7672 §2.2.1",),
    remedy=Remedy(
        general="Publish TLSA records for every host that the MX records name, or take the hosts without "
        "them out of the MX records.",
        dns="'waxseal records example.org' prints them for every live key",
    ),
    rows=("G1",),
)
def judge(tlsa: Each[TlsaRecords]) -> Judgement:
    """Judge whether all hosts are covered, once one is."""
    hosts, without = covered(tlsa), bare(tlsa)
    if not hosts:
        return not_applicable("no mail host has secure TLSA records")
    if not without:
        return passed("No mail host that was asked about is without TLSA records", ", ".join(hosts)[:200])
    return warn(
        f"{len(without)} of the domain's mail servers have no TLSA records, {len(hosts)} have them",
        f"without: {', '.join(without)}"[:200],
        f"with: {', '.join(hosts)}"[:200],
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    records = _samples.tlsa(_samples.OTHER)
    none = _samples.elsewhere(_samples.no_tlsa(Dnssec.INSECURE), "mx2.example.org")
    also = _samples.elsewhere(_samples.tlsa(_samples.OTHER, base="mx2.example.org"), "mx2.example.org")
    yield Example("one of two", Verdict.WARN, (records, none))
    yield Example("both", Verdict.PASS, (records, also))
    yield Example("neither", Verdict.NOT_APPLICABLE, (_samples.no_tlsa(), none))
