"""The answer to the TLSA look-up does not stand up to DNSSEC: its signatures, or those of the denial, fail.

The zone should be signed and the proof does not hold, so a sender cannot tell whether the records were
forged or taken away. Senders that use DANE treat the server as unreachable: mail waits and is returned in
the end. Expired signatures, a DS record that belongs to a key no longer in use, and name servers that lose
the proofs of what is not there are the usual reasons. A denial that cannot be proved is as bad as an answer.
"""

from collections.abc import Iterator
from typing import Any

from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    fail,
    passed,
    unreached,
)
from waxseal.checks.dane import _samples
from waxseal.checks.dane._tlsa import Published
from waxseal.checks.dns._lookup import ANSWERED, shown
from waxseal.checks.dnssec._bogus import NOBODY, reasons
from waxseal.facts import Dnssec, DnsStatus, TlsaLookup


@check(
    title="The TLSA answer is bogus",
    level=Level.MUST,
    scope=Scope.HOST,
    cites=("RFC 7672 §2.1.1", "RFC 7672 §2.1.2", "RFC 4035 §4.3"),
    remedy=Remedy(
        general="Sign the zone again, see that its DS record belongs to a key in use, and that every name "
        "server serves the same signatures and denials.",
        dns="delv TLSA _25._tcp.mx.example.org; see also the chain drawn by dnsviz.net",
    ),
    rows=("A8", "A9"),
)
def judge(published: Published) -> Judgement:
    """Judge what the validator says of the TLSA answers."""
    return published.each(_judge)


def _judge(lookup: TlsaLookup) -> Judgement:
    answer = lookup.answer
    if answer.dnssec is Dnssec.BOGUS:
        what = "answer" if answer.status is DnsStatus.ANSWERED else "answer or denial"
        return fail(
            f"The TLSA {what} is bogus: senders with DANE do not deliver to this server",
            shown(answer),
            *reasons(answer),
        )
    if answer.dnssec is Dnssec.UNTRUSTED:
        return unreached(NOBODY, advice="see dnssec/validator-missing")
    if answer.status not in ANSWERED:
        return unreached("the TLSA look-up failed, see dane/lookup-failed", advice="mend that first")
    return passed(f"DNSSEC finds nothing wrong with the TLSA answer ({answer.dnssec.value})", shown(answer))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    why: dict[str, Any] = {"why_bogus": "signature expired", "extended_errors": ("7 Signature Expired",)}
    yield Example(
        "bogus", Verdict.FAIL, (_samples.tlsa(status=DnsStatus.SERVFAIL, dnssec=Dnssec.BOGUS, **why),)
    )
    denial = _samples.tlsa(status=DnsStatus.NXDOMAIN, dnssec=Dnssec.BOGUS)
    yield Example("bogus denial", Verdict.FAIL, (denial,))
    yield Example("secure", Verdict.PASS, (_samples.tlsa(_samples.OTHER),))
    yield Example("secure denial", Verdict.NOT_APPLICABLE, (_samples.no_tlsa(),))
    nobody = _samples.tlsa(_samples.OTHER, dnssec=Dnssec.UNTRUSTED)
    yield Example("nobody validated", Verdict.INCONCLUSIVE, (nobody,))
    failed = _samples.tlsa(status=DnsStatus.SERVFAIL, dnssec=Dnssec.INDETERMINATE)
    yield Example("failed", Verdict.INCONCLUSIVE, (failed,))
