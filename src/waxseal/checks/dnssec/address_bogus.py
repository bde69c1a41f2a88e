"""The answer to a mail server's address look-up does not stand up to DNSSEC.

Everyone behind a validating resolver gets an error in place of the addresses. Where both families are bogus
the host is lost to them. Where one is, senders with DANE put mail off all the same, as any bogus answer makes
them (RFC 7672 §2.1.2); others use the other family. The zone of the mail host counts, which is often that of
a provider and not the domain's own.
"""

from collections.abc import Iterator
from typing import Any

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
from waxseal.checks.dane import _samples
from waxseal.checks.dns._lookup import ANSWERED, shown
from waxseal.checks.dnssec._bogus import NOBODY, reasons
from waxseal.facts import Dnssec, DnsStatus, HostAddresses


@check(
    title="A mail server's addresses are bogus",
    level=Level.MUST,
    scope=Scope.HOST,
    cites=("RFC 7672 §2.1.2", "RFC 4035 §4.3", "RFC 4035 §5.5"),
    remedy=Remedy(
        general="Sign the host's zone again and see that its DS record in the parent zone belongs to a key "
        "in use; if the zone is not to be signed, have the DS record removed.",
        dns="delv A mx.example.org; dig +cd A mx.example.org shows the records without validation",
    ),
    rows=("A8",),
)
def judge(addresses: HostAddresses) -> Judgement:
    """Judge what the validator says of the A and AAAA answers."""
    answers = [answer for answer in (addresses.a, addresses.aaaa) if answer is not None]
    bogus = [answer for answer in answers if answer.dnssec is Dnssec.BOGUS]
    if bogus:
        evidence = [line for answer in bogus for line in (shown(answer), *reasons(answer))]
        if addresses.addresses:
            family = bogus[0].rdtype
            return fail(
                f"The {family} answer is bogus: senders with DANE do not deliver here, others by the other "
                "family only",
                *evidence,
            )
        return fail("The host's addresses are bogus: senders that validate cannot reach it", *evidence)
    sound = [answer for answer in answers if answer.status in ANSWERED]
    if not sound:
        return unreached("no address look-up was answered", advice="see what is said of the host's name")
    if any(answer.dnssec is Dnssec.UNTRUSTED for answer in sound):
        return unreached(NOBODY, advice="see dnssec/validator-missing")
    told = ", ".join(f"{answer.rdtype} {answer.dnssec.value}" for answer in sound)
    return passed(f"DNSSEC finds nothing wrong with the host's addresses ({told})")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    broken: dict[str, Any] = {"status": DnsStatus.SERVFAIL, "dnssec": Dnssec.BOGUS}
    a = samples.answer(_samples.HOST, "A", **broken)
    aaaa = samples.answer(_samples.HOST, "AAAA", **broken)
    yield Example("both bogus", Verdict.FAIL, (HostAddresses(a=a, aaaa=aaaa),))
    sound = _samples.addresses()
    half = HostAddresses(a=sound.a, aaaa=aaaa, addresses=sound.addresses)
    yield Example("AAAA bogus", Verdict.FAIL, (half,))
    yield Example("secure", Verdict.PASS, (sound,))
    yield Example("not validated", Verdict.INCONCLUSIVE, (_samples.addresses(Dnssec.UNTRUSTED),))
    failed = samples.answer(_samples.HOST, "A", status=DnsStatus.SERVFAIL, dnssec=Dnssec.INDETERMINATE)
    yield Example("failed", Verdict.INCONCLUSIVE, (HostAddresses(a=failed, aaaa=None),))
