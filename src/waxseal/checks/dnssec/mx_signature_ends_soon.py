"""A signature over the domain's MX records ends within hours.

When it ends without being renewed, the MX records become bogus: everyone behind a validating resolver gets
an error and keeps the mail. Signers renew signatures days before their end, or sign afresh for a day or more
with every answer; hours that are left mean that renewing has stopped.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check
from waxseal.checks.dane import _samples
from waxseal.checks.dns._lookup import unless_answered
from waxseal.checks.dnssec._signatures import ends_soon
from waxseal.checks.samples import NOW, days
from waxseal.facts import Dnssec, MxRecords, RunContext


@check(
    title="The signature over the MX records ends soon",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 7671 §11",),
    remedy=Remedy(
        general="See that the zone is signed again in time, and that every name server gets the new zone.",
        dns="dig +dnssec MX example.org @each-name-server",
    ),
    rows=("A8",),
)
def judge(mx: MxRecords, context: RunContext) -> Judgement:
    """Judge the time that the signatures have left."""
    return unless_answered(mx) or ends_soon(mx.answer, context.started_at)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("five hours left", Verdict.WARN, (_samples.mx(signed_until=NOW + days(0.2)),))
    yield Example("a week left", Verdict.PASS, (_samples.mx(signed_until=NOW + days(7)),))
    yield Example("no signature was seen", Verdict.INCONCLUSIVE, (_samples.mx(),))
    yield Example("unsigned", Verdict.NOT_APPLICABLE, (_samples.mx(Dnssec.INSECURE),))
    yield Example("not validated", Verdict.INCONCLUSIVE, (_samples.mx(Dnssec.UNTRUSTED),))
