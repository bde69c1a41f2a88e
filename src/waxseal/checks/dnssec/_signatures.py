"""How long the signatures of a secure answer still hold."""

from datetime import datetime, timedelta

from waxseal.checks.api import Judgement, not_applicable, passed, unreached, warn
from waxseal.checks.dns._lookup import shown
from waxseal.checks.dnssec._bogus import NOBODY
from waxseal.facts import DnsAnswer, Dnssec

MARGIN = timedelta(hours=12)
"""Less than what signers that sign each answer afresh leave, so that none of them is named."""


def ends_soon(answer: DnsAnswer, now: datetime) -> Judgement:
    """WARN where a signature of the answer ends within the margin; the RRset is bogus from then on."""
    if answer.dnssec is Dnssec.INSECURE:
        return not_applicable("the zone is not signed")
    if answer.dnssec is not Dnssec.SECURE:
        return unreached(NOBODY, advice="see dnssec/validator-missing")
    if answer.signed_until is None:
        return unreached("no signature came with the answer, so its end was not seen", advice="test again")
    until = f"signed until {answer.signed_until:%Y-%m-%d %H:%M} UTC"
    left = answer.signed_until - now
    if left < MARGIN:
        hours = max(left.total_seconds(), 0) / 3600
        return warn(
            f"A signature over the {answer.rdtype} records ends in {hours:.0f} hours", until, shown(answer)
        )
    return passed(
        f"The signatures over the {answer.rdtype} records hold for {left.days} days and more", until
    )
