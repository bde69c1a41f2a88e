"""The CAA look-up for the mail host fails.

Before it issues a certificate, a CA has to look for CAA records, and where DNS gives an error instead of an
answer it must not take that for "no records". So the next renewal of the host's certificate fails, and some
weeks later the certificate expires. Name servers that do not know the type, or sign empty answers wrongly,
are the usual reason.
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
    inconclusive,
    passed,
    warn,
)
from waxseal.checks.dns._issuance import sample
from waxseal.checks.dns._lookup import ANSWERED, BROKEN, TRY_AGAIN, shown
from waxseal.facts import Dnssec, DnsStatus, IssuancePolicy


@check(
    title="The CAA look-up for the mail host fails",
    level=Level.ADVICE,
    scope=Scope.HOST,
    cites=("RFC 8659 §6.2", "RFC 8659 §6.4"),
    remedy=Remedy(
        general="Have the zone's name servers answer questions for CAA like any other: with records, or with "
        "an empty answer that is signed where the zone is.",
        dns='example.org. IN CAA 0 issue "ca.example.net"',
    ),
    rows=("A11",),
)
def judge(policy: IssuancePolicy) -> Judgement:
    """Judge how the climb ended."""
    last = policy.answers[-1]
    if last.status in ANSWERED and last.dnssec is not Dnssec.BOGUS:
        return passed("questions for CAA records are answered")
    if last.status in BROKEN:
        return warn(
            f"The CAA look-up ends {last.status.value}, so a CA may refuse to renew the certificate",
            shown(last),
        )
    return inconclusive("no answer came to the CAA look-up", shown(last), advice=TRY_AGAIN)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("an error", Verdict.WARN, (sample(status=DnsStatus.SERVFAIL),))
    yield Example("no answer", Verdict.INCONCLUSIVE, (sample(status=DnsStatus.TIMED_OUT),))
    yield Example("no records", Verdict.PASS, (sample(),))
    yield Example("records", Verdict.PASS, (sample('0 issue "ca.example.net"'),))
