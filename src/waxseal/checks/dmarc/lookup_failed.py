"""A look-up of the DMARC record ends with an error, at the domain or at a name above it.

Receivers cannot tell then which policy applies: some put the mail off, others let everything pass that
pretends to be from the domain, and no reports are sent. A name above the domain counts only where the domain
has no record of its own. An error is held against the zone only where the same resolver answered other
questions in the same run; silence may be the network's fault and is left open.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, passed
from waxseal.checks.dmarc._policy import DmarcPolicy
from waxseal.checks.dmarc._samples import SILENT, SOUND, subdomain, txt, walk
from waxseal.checks.dns._asked import Asked
from waxseal.checks.dns._lookup import shown
from waxseal.checks.failed_lookup import judge_failed
from waxseal.facts import DmarcWalk, DnsStatus, MxRecords


@check(
    title="The look-up of the DMARC record fails",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 9989 §4.10.1", "RFC 9989 §5.3.6"),
    remedy=Remedy(
        general="Ask each name server of the zone for the record directly, and mend the one that answers "
        "with an error, or does not answer for names that begin with an underscore.",
        dns="dig +norecurse TXT _dmarc.example.org @ns1.example.org",
    ),
    rows=("A15", "P2"),
)
def judge(policy: DmarcPolicy, asked: Asked, mx: MxRecords | None) -> Judgement:
    """Judge how the look-ups of the tree walk ended."""
    reading = policy.read()
    if not reading.unseen:
        return policy.unless_seen(reading) or passed(
            "DNS answers the look-ups of the DMARC record", shown(policy.walk.answers[0])
        )
    blamed = next((answer for answer in reading.unseen if asked.blamed(answer)), reading.unseen[0])
    return judge_failed(blamed, asked, mx, "receivers do not know which policy applies")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    mx = samples.mx_records((10, "mx.example.org"))
    yield Example("answered", Verdict.PASS, (SOUND,))
    yield Example("no record", Verdict.PASS, (walk(),))
    yield Example("servfail, MX answered", Verdict.FAIL, (mx, walk(status=DnsStatus.SERVFAIL)))
    yield Example("servfail alone", Verdict.INCONCLUSIVE, (walk(status=DnsStatus.SERVFAIL),))
    above = (txt("_dmarc.org", status=DnsStatus.SERVFAIL),)
    yield Example("above", Verdict.FAIL, (mx, DmarcWalk(answers=(txt("_dmarc.example.org"), *above))))
    own = txt("_dmarc.example.org", "v=DMARC1; p=reject")
    yield Example("above a record", Verdict.PASS, (mx, DmarcWalk(answers=(own, *above))))
    yield Example("silence", Verdict.INCONCLUSIVE, (mx, SILENT))
    yield Example("not to its end", Verdict.INCONCLUSIVE, (DmarcWalk(answers=subdomain().answers[:1]),))
