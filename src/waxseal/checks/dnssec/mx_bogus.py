"""The domain's MX answer does not stand up to DNSSEC: its signatures, or those of the denial, fail.

Everyone behind a validating resolver, and that is a large part of the senders, gets an error in place of the
mail servers' names and keeps the mail; after days it is returned. Others deliver as ever, which makes the
fault look like the senders'. Expired signatures, and a DS record in the parent zone that belongs to a key no
longer in use, are the usual reasons.
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
    passed,
    unreached,
)
from waxseal.checks.dane import _samples
from waxseal.checks.dns._lookup import shown, unless_answered
from waxseal.checks.dnssec._bogus import NOBODY, reasons
from waxseal.facts import Dnssec, DnsStatus, MxRecords


@check(
    title="The MX answer is bogus",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 7672 §2.1.2", "RFC 4035 §4.3", "RFC 4035 §5.5"),
    remedy=Remedy(
        general="Sign the zone again and see that its DS record in the parent zone belongs to a key in use; "
        "if the zone is not to be signed, have the DS record removed.",
        dns="delv MX example.org; dig +cd MX example.org shows the records without validation",
    ),
    rows=("A8",),
)
def judge(mx: MxRecords) -> Judgement:
    """Judge what the validator says of the MX answer."""
    answer = mx.answer
    if answer.dnssec is Dnssec.BOGUS:
        return fail(
            "The MX answer is bogus: senders that validate cannot find the mail servers",
            shown(answer),
            *reasons(answer),
        )
    if (aside := unless_answered(mx)) is not None:
        return aside
    if answer.dnssec is Dnssec.UNTRUSTED:
        return unreached(NOBODY, advice="see dnssec/validator-missing")
    return passed(f"DNSSEC finds nothing wrong with the MX answer ({answer.dnssec.value})", shown(answer))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    bogus = _samples.mx(Dnssec.BOGUS, DnsStatus.SERVFAIL, why_bogus="signature expired")
    yield Example("bogus", Verdict.FAIL, (bogus,))
    yield Example("secure", Verdict.PASS, (_samples.mx(),))
    yield Example("insecure", Verdict.PASS, (_samples.mx(Dnssec.INSECURE),))
    yield Example("not validated", Verdict.INCONCLUSIVE, (_samples.mx(Dnssec.UNTRUSTED),))
    failed = _samples.mx(Dnssec.INDETERMINATE, DnsStatus.SERVFAIL)
    yield Example("failed", Verdict.INCONCLUSIVE, (failed,))
