"""Asking DNS for the domain's MTA-STS record ended with an error.

Senders that have no policy of the domain in their cache then deliver as if it had none, so nothing stops an
attacker who takes STARTTLS away. Senders that have one keep to it, and learn of no change. An error is held
against the zone only where the same resolver answered another question in the same run; silence may be the
network's fault and is left open.
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
    check,
    not_applicable,
    passed,
)
from waxseal.checks.dns._asked import Asked
from waxseal.checks.dns._lookup import ANSWERED, shown
from waxseal.checks.failed_lookup import judge_failed
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import is_bogus, speaker_of
from waxseal.facts import Dnssec, DnsStatus, MxRecords, StsRecord


@check(
    title="The look-up of the MTA-STS record fails",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §3.1", "RFC 8461 §10.2"),
    remedy=Remedy(
        general="Ask each name server of the zone for the record directly, and mend the one that answers "
        "with an error. Where the record is an alias, see that its target is still served.",
        dns="dig +norecurse TXT _mta-sts.example.org @ns1.example.org",
    ),
    rows=("G7",),
)
def judge(record: StsRecord, asked: Asked, mx: MxRecords | None) -> Judgement:
    """Judge how the TXT look-up ended."""
    if is_bogus(record.answer):
        return not_applicable(f"the answer's signatures do not hold; see {speaker_of(record, mx)}")
    if record.answer.status in ANSWERED:
        return passed("DNS answers the TXT look-up", shown(record.answer))
    return judge_failed(record.answer, asked, mx, "new senders learn of no policy")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    mx = samples.mx_records((10, "mx.example.org"))
    failed = _samples.record(status=DnsStatus.SERVFAIL)
    yield Example("answered", Verdict.PASS, (_samples.record(),))
    yield Example("denied", Verdict.PASS, (_samples.no_record(),))
    yield Example("servfail, MX answered", Verdict.FAIL, (mx, failed))
    yield Example("servfail alone", Verdict.INCONCLUSIVE, (failed,))
    yield Example("no answer", Verdict.INCONCLUSIVE, (mx, _samples.record(status=DnsStatus.TIMED_OUT)))
    bogus = _samples.record(status=DnsStatus.SERVFAIL, dnssec=Dnssec.BOGUS)
    yield Example("bogus", Verdict.NOT_APPLICABLE, (mx, bogus))
