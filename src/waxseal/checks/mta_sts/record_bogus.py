"""The zone is signed, and the signatures over the MTA-STS record, or over its absence, do not hold.

Senders behind a validating resolver get an error in place of the record, so they take no policy that they do
not have already. Others see the record. Where the MX look-up is bogus as well, that is the finding, as no
mail gets through then.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from waxseal.checks import samples
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
from waxseal.checks.dns._lookup import bounded, shown
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import TRY_AGAIN, is_bogus
from waxseal.facts import Dnssec, DnsStatus, MxRecords, StsRecord


@check(
    title="The signatures over the MTA-STS record do not hold",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 4035 §5.5", "RFC 8461 §3.1"),
    remedy=Remedy(
        general="Sign the zone anew, and see that the DS record in the parent zone is that of a key in use.",
        dns="delv TXT _mta-sts.example.org",
    ),
    rows=("A8", "G7"),
)
def judge(record: StsRecord, mx: MxRecords | None) -> Judgement:
    """Judge what the validator says of the TXT look-up."""
    answer = record.answer
    if is_bogus(answer):
        if mx is not None and is_bogus(mx.answer):
            return unreached("the MX records are bogus too; see dnssec/mx-bogus", advice=TRY_AGAIN)
        why = (bounded(answer.why_bogus),) if answer.why_bogus else ()
        return fail("Validating senders get an error in place of the MTA-STS record", shown(answer), *why)
    if answer.dnssec in (Dnssec.SECURE, Dnssec.INSECURE):
        return passed(f"The answer is {answer.dnssec.value}", shown(answer))
    if answer.dnssec is Dnssec.UNTRUSTED:
        return unreached(
            "nobody validated the answer; see dnssec/validator-missing",
            advice="name a validating resolver with --trusted-resolver",
        )
    return unreached("the validator could not tell", shown(answer), advice=TRY_AGAIN)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    bogus = _samples.record(
        status=DnsStatus.SERVFAIL, dnssec=Dnssec.BOGUS, why_bogus="signature expired", signed_until=None
    )
    yield Example("bogus", Verdict.FAIL, (bogus,))
    yield Example("secure", Verdict.PASS, (_samples.record(dnssec=Dnssec.SECURE),))
    yield Example("unsigned", Verdict.PASS, (_samples.record(dnssec=Dnssec.INSECURE),))
    yield Example("nobody validated", Verdict.INCONCLUSIVE, (_samples.record(),))
    yield Example("not known", Verdict.INCONCLUSIVE, (_samples.record(dnssec=Dnssec.INDETERMINATE),))
    mx = samples.mx_records(status=DnsStatus.SERVFAIL)
    whole = replace(mx, answer=replace(mx.answer, dnssec=Dnssec.BOGUS))
    yield Example("the whole zone", Verdict.INCONCLUSIVE, (bogus, whole))
