"""What a domain publishes about its mail transport: MTA-STS (RFC 8461) and TLS-RPT (RFC 8460), as it came.

The octets are read in ``wire.mta_sts`` and ``wire.tls_rpt``; what they mean is decided in ``checks/mta_sts``
and ``checks/tls_rpt``. TLSA records are in ``facts.dane``.
"""

from msgspec import Struct

from waxseal.facts.attempt import Ended
from waxseal.facts.dns import DnsAnswer
from waxseal.facts.record import AwareTime, Fact, fact
from waxseal.facts.subject import Scope
from waxseal.facts.tls import Certificate, KeyProof


@fact("sts.record/1", Scope.DOMAIN)
class StsRecord(Fact, frozen=True, kw_only=True):
    """The TXT look-up at ``_mta-sts`` below the domain (RFC 8461 §3.1).

    Attributes:
        answer: The look-up; aliases are followed.
    """

    answer: DnsAnswer


@fact("sts.policy/1", Scope.DOMAIN)
class StsFetch(Fact, frozen=True, kw_only=True):
    """What came of asking the policy host for the policy (RFC 8461 §3.2 and §3.3).

    Certificates are not verified while fetching; the chain is kept with the roots that could end it.

    Attributes:
        url: What was asked for.
        ended: How it ended; COMPLETED where a whole response came, whatever its status.
        fetched_at: When it ended, aware UTC: the time at which the chain is judged.
        a, aaaa: The look-ups of the policy host; None where they were not asked.
        address: The address that was connected to last; "" for none.
        version: TLS version negotiated; "" without a handshake.
        certificates: The chain as sent, leaf first; empty without a handshake.
        key_proof: How the host proved that it holds the leaf's key; None without a handshake.
        anchors: DER of the roots that could end the chain.
        store, store_size: The root store, as in `TrustAnchors`.
        status: HTTP status code; None without one.
        fields: Response fields, names in lower case, in order; at most 32, each value at most 1,024 octets.
        body: The content as it came, content coding included, at most 65,537 octets.
        body_octets: How many octets of content were received before reading ended.
        elapsed_s: From the first look-up to the end.
    """

    url: str
    ended: Ended
    fetched_at: AwareTime
    a: DnsAnswer | None = None
    aaaa: DnsAnswer | None = None
    address: str = ""
    version: str = ""
    certificates: tuple[Certificate, ...] = ()
    key_proof: KeyProof | None = None
    anchors: tuple[bytes, ...] = ()
    store: str = ""
    store_size: int = 0
    status: int | None = None
    fields: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    body_octets: int = 0
    elapsed_s: float = 0.0

    def field(self, name: str) -> str:
        """The first value of a response field, by its name in lower case; "" where it is not there."""
        return next((value for known, value in self.fields if known == name), "")


@fact("sts.earlier/1", Scope.DOMAIN)
class StsEarlier(Fact, frozen=True, kw_only=True):
    """What an earlier run saw, for comparison.

    Attributes:
        seen_at: When, aware UTC.
        texts: The TXT records, each as one text.
        body: The policy; None where it was not seen.
    """

    seen_at: AwareTime
    texts: tuple[bytes, ...] = ()
    body: bytes | None = None


@fact("tlsrpt.record/1", Scope.DOMAIN)
class TlsRptRecord(Fact, frozen=True, kw_only=True):
    """The TXT look-up at ``_smtp._tls`` below the domain (RFC 8460 §3).

    Attributes:
        answer: The look-up; aliases are followed.
    """

    answer: DnsAnswer


class OnwardReports(Struct, frozen=True, omit_defaults=True, gc=False):
    """Where the domain of a report mailbox has the reports about itself sent.

    Attributes:
        domain: The domain.
        answer: The TXT look-up at its ``_smtp._tls``.
    """

    domain: str
    answer: DnsAnswer


@fact("tlsrpt.destination/1", Scope.DOMAIN)
class ReportDestination(Fact, frozen=True, kw_only=True):
    """One rua of the record, tried as far as that does no harm.

    Attributes:
        uri: As the record has it.
        place: The mailbox's domain (mailto) or the host (https), A-labels; "" where the URI names none.
        mx: The MX look-up of the mailbox's domain; None for https.
        a, aaaa: The address look-ups of `place`; None where they were not needed.
        ended: How the harmless request to an https endpoint ended; None where there was none.
        status: Its HTTP status code; None without one.
        onward: The TLS-RPT records on the way that a report about the mail with the report would take: of the
            mailbox's domain, then of where that one leads, at most 3.
    """

    uri: str
    place: str = ""
    mx: DnsAnswer | None = None
    a: DnsAnswer | None = None
    aaaa: DnsAnswer | None = None
    ended: Ended | None = None
    status: int | None = None
    onward: tuple[OnwardReports, ...] = ()
