"""What DNS answered: RRsets as seen, with their status. What they mean is decided in ``checks/dns``."""

from enum import StrEnum

from msgspec import Struct

from waxseal.facts.record import AwareTime, Fact, fact
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


class Dnssec(StrEnum):
    """What DNSSEC says of an answer, aliases included (RFC 4033 §5); who says so is in `Validator`."""

    SECURE = "secure"
    """A chain of signatures leads from a trust anchor to the answer or the denial."""
    INSECURE = "insecure"
    """It is proved that the zone is not signed."""
    BOGUS = "bogus"
    """The zone should be signed, and its signatures do not hold."""
    INDETERMINATE = "indeterminate"
    """A validator was asked and could not tell, as where no answer came."""
    UNTRUSTED = "untrusted"
    """Nobody validated the answer whose word can be taken."""


class DnsAnswer(Struct, frozen=True, omit_defaults=True, gc=False):
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
        dnssec: What the validator of the run says of it.
        why_bogus: The validator's own words where it is bogus; "" where it gave none.
        signed_until: When the first of the answer's signatures ends (RRSIG, RFC 4034 §3.1.5), aware UTC;
            None where none was seen.
        rrset_ttl_s: TTL of the RRset itself, aliases left out: the original one where a signature tells it
            (RFC 4034 §3.1.4), else as the resolver gave it, which may be what is left in its cache.
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
    dnssec: Dnssec = Dnssec.UNTRUSTED
    why_bogus: str = ""
    signed_until: AwareTime | None = None
    rrset_ttl_s: int | None = None

    @property
    def lifetime_s(self) -> int | None:
        """How long caches may hold the RRset, as far as is known; None without an answer."""
        return self.ttl_s if self.rrset_ttl_s is None else self.rrset_ttl_s


class ValidatorKind(StrEnum):
    """Who may validate, in the order in which they are tried."""

    LOOPBACK = "loopback-resolver"
    """A resolver on this machine."""
    GIVEN = "given-resolver"
    """A resolver that the user says to trust."""
    LIBUNBOUND = "libunbound"
    """The library, with its own trust anchor, in this process."""
    TLS = "dns-over-tls"
    """RFC 7858, the resolver authenticated by name."""
    HTTPS = "dns-over-https"
    """RFC 8484, the resolver authenticated by name."""


class ValidatorProbe(Struct, frozen=True, omit_defaults=True, gc=False):
    """How one candidate was tried out. A resolver's address proves nothing; its answers do.

    Attributes:
        kind: Which kind of candidate.
        place: ``address:port``, URL, or name and version of the library.
        root: How the look-up of ``. NS`` ended; None where it was not asked.
        root_authenticated: Whether that answer carried AD; None without an answer.
        bogus: How the look-up of the name known to be bogus ended; None where it was not asked.
        bogus_unchecked: The same look-up with CD set (RFC 4035 §3.2.2); None where it was not asked.
        validates: Whether all three came as they come from a validator.
        detail: What spoke against it, in words; "" where nothing did.
    """

    kind: ValidatorKind
    place: str
    root: DnsStatus | None = None
    root_authenticated: bool | None = None
    bogus: DnsStatus | None = None
    bogus_unchecked: DnsStatus | None = None
    validates: bool = False
    detail: str = ""


@fact("dns.validator/1", Scope.RUN)
class Validator(Fact, frozen=True, kw_only=True):
    """Whose word on DNSSEC the answers of the run carry.

    Attributes:
        kind: Of the validator; None where there is none, so that every answer is untrusted.
        place: As in `ValidatorProbe`.
        bogus_name: The name known to be bogus that candidates were tried with.
        probes: Every candidate that was tried, in order.
    """

    kind: ValidatorKind | None = None
    place: str = ""
    bogus_name: str = ""
    probes: tuple[ValidatorProbe, ...] = ()


class MailExchange(Struct, frozen=True, gc=False):
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


class ReverseName(Struct, frozen=True, gc=False):
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


@fact("dns.caa/1", Scope.HOST)
class IssuancePolicy(Fact, frozen=True, kw_only=True):
    """The CAA look-ups for a host, from its name towards the root until records are found (RFC 8659 §3).

    Attributes:
        answers: In the order of the climb; the last one ended it.
    """

    answers: tuple[DnsAnswer, ...]


@fact("dnsbl.listing/1", Scope.ADDRESS)
class BlocklistAnswer(Fact, frozen=True, kw_only=True):
    """What one DNS blocklist says of an address (RFC 5782 §2.1).

    Attributes:
        list_id: Id of the list in our table.
        zone: Its DNS zone.
        answer: The A look-up of the reversed address below the zone.
        text: The TXT look-up of the same name; None where it was not asked.
        sending: The address was named by the user as one that sends mail.
    """

    list_id: str
    zone: str
    answer: DnsAnswer
    text: DnsAnswer | None = None
    sending: bool = False


class ServiceRecord(Struct, frozen=True, gc=False):
    """One SRV record (RFC 2782): target as A-label in lower case without trailing dot, "" for the root."""

    priority: int
    weight: int
    port: int
    target: str


class MailService(Struct, frozen=True, gc=False):
    """One service that mail programs look for.

    Attributes:
        label: Service and protocol, such as ``_submissions._tcp``.
        answer: The SRV look-up.
        records: Its records, as received.
    """

    label: str
    answer: DnsAnswer
    records: tuple[ServiceRecord, ...] = ()


class ServiceTarget(Struct, frozen=True, gc=False):
    """The address look-ups of a host that SRV records name."""

    name: str
    a: DnsAnswer
    aaaa: DnsAnswer


@fact("dns.services/1", Scope.DOMAIN)
class MailServices(Fact, frozen=True, kw_only=True):
    """The SRV records by which mail programs find a domain's servers (RFC 6186 §3, RFC 8314 §5.1).

    Attributes:
        services: One for each label that was asked for, in a fixed order.
        targets: Each host that they name, at most 10.
    """

    services: tuple[MailService, ...]
    targets: tuple[ServiceTarget, ...] = ()
