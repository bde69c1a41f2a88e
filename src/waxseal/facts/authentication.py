"""What a domain publishes about mail that claims to be from it: SPF, DKIM and DMARC look-ups, as they came.

The records are read in ``wire.spf``, ``wire.dkim`` and ``wire.dmarc``.
"""

from waxseal.facts.dns import DnsAnswer
from waxseal.facts.record import Fact, fact
from waxseal.facts.subject import Scope


@fact("spf.answers/1", Scope.DOMAIN)
class SpfAnswers(Fact, frozen=True, kw_only=True):
    """Every look-up that following the domain's SPF record took, as a receiver would (RFC 7208 §4).

    Attributes:
        answers: In the order of asking; the first is the TXT look-up of the domain.
        cut: Following stopped at our own limit before the end.
    """

    answers: tuple[DnsAnswer, ...]
    cut: bool = False


@fact("dkim.key/1", Scope.DOMAIN)
class DkimKey(Fact, frozen=True, kw_only=True):
    """The TXT look-up of one DKIM key (RFC 6376 §3.6.2.1).

    Attributes:
        selector: Its selector.
        signing_domain: The domain that signs (the d= of a signature).
        answer: The look-up at ``selector._domainkey.signing_domain``.
    """

    selector: str
    signing_domain: str
    answer: DnsAnswer


@fact("dmarc.walk/1", Scope.DOMAIN)
class DmarcWalk(Fact, frozen=True, kw_only=True):
    """The TXT look-ups of the DNS tree walk (RFC 9989 §4.10), and those of its reporting addresses.

    Attributes:
        answers: At ``_dmarc`` below each name of the walk, the domain itself first.
        authorizations: For each outside reporting domain, the TXT look-up by which it agrees to take reports.
        exchanges: The MX look-up of each reporting domain, and the A and AAAA look-ups of those without MX
            records.
    """

    answers: tuple[DnsAnswer, ...]
    authorizations: tuple[DnsAnswer, ...] = ()
    exchanges: tuple[DnsAnswer, ...] = ()
