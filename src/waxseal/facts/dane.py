"""TLSA records as DNS gave them (RFC 6698), and where they were looked for (RFC 7672 §2.2).

What they match is found in ``trust.dane``; what that means is decided in ``checks/dane``.
"""

from msgspec import Struct

from waxseal.facts.dns import DnsAnswer, Dnssec, DnsStatus
from waxseal.facts.record import Fact, fact
from waxseal.facts.subject import Scope


class TlsaRecord(Struct, frozen=True, gc=False):
    """One TLSA record (RFC 6698 §2.1); values that no standard knows are kept.

    Attributes:
        usage: Certificate usage: 0 PKIX-TA, 1 PKIX-EE, 2 DANE-TA, 3 DANE-EE (RFC 7218 §2.1).
        selector: 0 the whole certificate, 1 its SubjectPublicKeyInfo.
        matching_type: 0 the octets themselves, 1 SHA-256, 2 SHA-512.
        data: The certificate association data.
    """

    usage: int
    selector: int
    matching_type: int
    data: bytes

    def __str__(self) -> str:
        """As in a zone file, data in hex: ``3 1 1 0a1b...``."""
        return f"{self.usage} {self.selector} {self.matching_type} {self.data.hex()}".rstrip()


class TlsaLookup(Struct, frozen=True, gc=False):
    """The TLSA look-up at one candidate for the TLSA base domain.

    Attributes:
        base: The candidate, A-labels, lower case, no trailing dot.
        answer: The look-up of ``_port._tcp.base``.
        records: The records of the answer, in the order received.
    """

    base: str
    answer: DnsAnswer
    records: tuple[TlsaRecord, ...] = ()


@fact("dane.tlsa/1", Scope.HOST)
class TlsaRecords(Fact, frozen=True, kw_only=True):
    """The TLSA look-ups for one port of a host.

    Attributes:
        port: The port in the owner name.
        lookups: In the order of RFC 7672 §2.2.2 and §2.2.3: first at the host's fully expanded name, where
            it is an alias and each step is secure, then at its own name. The last one ended it.
        alias: The separate CNAME look-up that tells whether the host's own zone is signed, where the address
            answer came by way of an alias and is not secure as a whole (RFC 7672 §2.1.3); else None.
    """

    port: int
    lookups: tuple[TlsaLookup, ...]
    alias: DnsAnswer | None = None

    @property
    def chosen(self) -> TlsaLookup | None:
        """The look-up whose records count: the first with an answer, else the first that failed; else None.

        A look-up that failed is no denial, so what comes after it does not count (RFC 7672 §2.1.2). An
        insecure answer counts only where the candidate behind it has none either (RFC 7672 §2.2.3).
        """
        insecure: TlsaLookup | None = None
        for lookup in self.lookups:
            denied = lookup.answer.status in (DnsStatus.NO_DATA, DnsStatus.NXDOMAIN)
            if denied and lookup.answer.dnssec is not Dnssec.BOGUS:
                continue
            if lookup.answer.dnssec is not Dnssec.INSECURE:
                return lookup
            insecure = insecure or lookup
        return insecure
