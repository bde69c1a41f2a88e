"""What DNS answered: RRsets as seen, with their status. What they mean is decided in ``checks/dns``."""

from enum import StrEnum

from msgspec import Struct

from waxseal.facts.record import Fact, fact
from waxseal.facts.subject import Scope


class DnsStatus(StrEnum):
    """How a look-up ended; error kinds are never merged."""

    ANSWERED = "answered"
    """NOERROR with the RRset asked for."""
    NO_DATA = "no-data"
    """NOERROR without it: the name exists, the type does not (RFC 2308 §2.2)."""
    NXDOMAIN = "nxdomain"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    OTHER_RCODE = "other-rcode"
    TIMED_OUT = "timed-out"
    UNREACHABLE = "unreachable"
    """No resolver could be reached at all (no route, refused)."""
    MALFORMED = "malformed"
    """An answer came that is no DNS message, or not one to our question."""
    CNAME_LOOP = "cname-loop"
    """The alias chain comes back on itself or is longer than 16."""
    NAME_INVALID = "name-invalid"
    """The name cannot be asked for: a label over 63 octets, a name over 255, an empty label."""


class DnsAnswer(Struct, frozen=True, omit_defaults=True):
    """One answered or failed question.

    Attributes:
        name: The name asked, A-labels, lower case, no trailing dot ("." for the root).
        rdtype: Type mnemonic, such as ``MX``.
        status: How it ended.
        rdata: Each record of the RRset in presentation form, in the order received.
        ttl_s: The smallest TTL along the answer (aliases included); None without an answer.
        aliases: The CNAME targets followed from `name`, in order; the last one owns the RRset.
        authenticated: The AD bit as seen (RFC 6840 §5.8). An address that claims it proves nothing.
        server: ``address:port`` that answered, or the last one asked.
        over_tcp: Whether the answer came over TCP after truncation.
        elapsed_s: From the first query to the end.
        extended_errors: Extended DNS errors (RFC 8914), ``code text`` each.
    """

    name: str
    rdtype: str
    status: DnsStatus
    rdata: tuple[str, ...] = ()
    ttl_s: int | None = None
    aliases: tuple[str, ...] = ()
    authenticated: bool = False
    server: str = ""
    over_tcp: bool = False
    elapsed_s: float = 0.0
    extended_errors: tuple[str, ...] = ()


class MailExchange(Struct, frozen=True):
    """One MX record: preference and exchange (A-label, lower case, no trailing dot; "" for the root)."""

    preference: int
    exchange: str


@fact("dns.mx/1", Scope.DOMAIN)
class MxRecords(Fact, frozen=True, kw_only=True):
    """The MX RRset of a domain, sorted by preference, then as received.

    Attributes:
        answer: The look-up itself.
        exchanges: The parsed records; empty unless answered.
    """

    answer: DnsAnswer
    exchanges: tuple[MailExchange, ...] = ()


@fact("dns.addresses/1", Scope.HOST)
class HostAddresses(Fact, frozen=True, kw_only=True):
    """The A and AAAA RRsets of a host.

    Attributes:
        a: The A look-up; None where it was not asked.
        aaaa: The AAAA look-up; None where it was not asked.
        addresses: Every address found in canonical form, A before AAAA, in the order received.
    """

    a: DnsAnswer | None
    aaaa: DnsAnswer | None
    addresses: tuple[str, ...] = ()


@fact("dns.mx-target/1", Scope.HOST)
class MxTarget(Fact, frozen=True, kw_only=True):
    """How an MX record names this host.

    Attributes:
        exchange: The name as the record has it.
        preference: Of the record; None for the implicit MX (RFC 5321 §5.1).
        literal_address: The address that the exchange spells out, where it is one; else None.
    """

    exchange: str
    preference: int | None = None
    literal_address: str | None = None


class ReverseName(Struct, frozen=True):
    """One PTR name and the addresses that it resolves to.

    Attributes:
        name: PTR target, A-label, no trailing dot.
        addresses: What its A or AAAA RRset (of the family in question) holds.
        status: How that forward look-up ended.
    """

    name: str
    addresses: tuple[str, ...]
    status: DnsStatus


@fact("dns.reverse/1", Scope.ADDRESS)
class ReverseNames(Fact, frozen=True, kw_only=True):
    """The PTR RRset of an address, and each name's forward look-up (at most 5 are followed).

    Attributes:
        answer: The PTR look-up.
        names: The names followed.
    """

    answer: DnsAnswer
    names: tuple[ReverseName, ...] = ()
