"""The look-up of a DKIM key ends with an error.

Receivers cannot verify signatures made with that key: some put the mail off, others take it for unsigned,
and DMARC may fail with it. An error is held against the zone only where the same resolver answered other
questions in the same run; silence may be the network's fault and is left open. A key that is denied is
reported by dkim/key-missing.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, passed
from waxseal.checks.dkim._keys import DkimKeys
from waxseal.checks.dkim._samples import SILENT, SOUND, key
from waxseal.checks.dns._asked import Asked
from waxseal.checks.dns._lookup import ANSWERED, shown
from waxseal.checks.failed_lookup import judge_failed
from waxseal.facts import DkimKey, DnsStatus, MxRecords


@check(
    title="The look-up of a DKIM key fails",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 6376 §6.1.2",),
    remedy=Remedy(
        general="Ask each name server of the zone for the key directly, and mend the one that answers with "
        "an error.",
        dns="dig +norecurse TXT s1._domainkey.example.org @ns1.example.org",
    ),
    rows=("A15", "P2"),
)
def judge(keys: DkimKeys, asked: Asked, mx: MxRecords | None) -> Judgement:
    """Judge how the look-up of each key ended."""

    def one(found: DkimKey) -> Judgement:
        if found.answer.status in ANSWERED:
            return passed("DNS answers the look-up of the key", shown(found.answer))
        return judge_failed(found.answer, asked, mx, "signatures cannot be verified")

    return keys.worst(one)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    mx = samples.mx_records((10, "mx.example.org"))
    yield Example("answered", Verdict.PASS, (SOUND,))
    yield Example("denied", Verdict.PASS, (key(),))
    yield Example("servfail, MX answered", Verdict.FAIL, (mx, key(status=DnsStatus.SERVFAIL)))
    yield Example("servfail alone", Verdict.INCONCLUSIVE, (key(status=DnsStatus.SERVFAIL),))
    yield Example("silence", Verdict.INCONCLUSIVE, (mx, SILENT))
