"""A signature over the TLSA records ends within hours.

When it ends without being renewed, the records become bogus, and senders with DANE stop delivering. Signers
renew signatures days before their end, or sign afresh for a day or more with every answer; hours that are
left mean that renewing has stopped, or that a name server no longer gets the zone.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check
from waxseal.checks.dane import _samples
from waxseal.checks.dane._tlsa import Published
from waxseal.checks.dnssec._signatures import ends_soon
from waxseal.checks.samples import NOW, days
from waxseal.facts import Dnssec, RunContext


@check(
    title="The signature over the TLSA records ends soon",
    level=Level.ADVICE,
    scope=Scope.HOST,
    cites=("RFC 7671 §11",),
    remedy=Remedy(
        general="See that the zone is signed again in time, and that every name server gets the new zone.",
        dns="dig +dnssec TLSA _25._tcp.mx.example.org @each-name-server",
    ),
    rows=("A8",),
)
def judge(published: Published, context: RunContext) -> Judgement:
    """Judge the time that the signatures have left."""
    return published.of_records(lambda lookup: ends_soon(lookup.answer, context.started_at))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    soon = _samples.tlsa(_samples.OTHER, signed_until=NOW + days(0.2))
    yield Example("five hours left", Verdict.WARN, (soon,))
    week = _samples.tlsa(_samples.OTHER, signed_until=NOW + days(7))
    yield Example("a week left", Verdict.PASS, (week,))
    yield Example("no signature was seen", Verdict.INCONCLUSIVE, (_samples.tlsa(_samples.OTHER),))
    unsigned = _samples.tlsa(_samples.OTHER, dnssec=Dnssec.INSECURE)
    yield Example("unsigned", Verdict.NOT_APPLICABLE, (unsigned,))
