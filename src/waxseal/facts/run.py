"""The context of a run: when, from where, by which rules of engagement it looked."""

from enum import StrEnum

from waxseal.facts.record import AwareTime, Fact, fact
from waxseal.facts.subject import Scope


@fact("run.context/1", Scope.RUN)
class RunContext(Fact, frozen=True, kw_only=True):
    """What a run's facts depend on beside the peers (DESIGN §3.7).

    Attributes:
        started_at: Aware UTC.
        version: waxseal's version.
        vantage: The name that the user gave this place; "" where none was given.
        ehlo_name: The name sent with EHLO.
        resolver: Addresses of the resolvers asked, ``address:port`` each.
        root_store: Id of the root store, ``name:sha256-prefix``.
        time_limit_s: Limit per address.
        connection_limit: Limit of connections per address.
        control: The control destination ``host:port``; "" where none was given.
        allowed_networks: Special-purpose networks that the caller allowed.
        left_out: What the caller did not want asked: ``policy``, ``authentication``, ``injection``.
        requested: What the caller wanted tried beside the usual: ``envelope``, ``active-auth``, ``relay``,
            ``own-recipient``, ``account``.
        expected: What the caller says must be so, as the servers' own rule: ``tls`` (no mail in clear).
        via: The way that connections took: a proxy's URL without credentials, a command's name, or "".
    """

    started_at: AwareTime
    version: str
    ehlo_name: str
    vantage: str = ""
    resolver: tuple[str, ...] = ()
    root_store: str = ""
    time_limit_s: float = 30.0
    connection_limit: int = 6
    control: str = ""
    allowed_networks: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    requested: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()
    via: str = ""


class TargetKind(StrEnum):
    """What the user named."""

    DOMAIN = "domain"
    HOST = "host"
    ADDRESS = "address"


class TlsMode(StrEnum):
    """How TLS begins on an endpoint: after STARTTLS, or with the first octet (RFC 8314 §3)."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"


class MailProtocol(StrEnum):
    """What is spoken on an endpoint."""

    SMTP = "smtp"
    IMAP = "imap"
    POP3 = "pop3"
    LMTP = "lmtp"
    SIEVE = "sieve"

    @property
    def label(self) -> str:
        """For people: ``SMTP``, ``ManageSieve``."""
        return "ManageSieve" if self is MailProtocol.SIEVE else self.value.upper()


@fact("target/1", Scope.DOMAIN)
class Target(Fact, frozen=True, kw_only=True):
    """What the user asked to be checked.

    Attributes:
        given: The text as the user wrote it.
        kind: Domain (MX look-up), host, or address.
        name: The domain or host as A-label, or the address in canonical form; ``unix:/path`` for a socket.
        port: TCP port to test; 0 for a UNIX socket.
        mode: How TLS begins there.
        protocol: What is spoken there.
        submission: The user says that mail programs hand in mail there (``submission://``).
        expected_name: The host name that the certificate should bear, given apart (``--name``).
        file: The targets file that named it, as its path was given; "" where none did.
        line: Number of the line there, from 1; 0 without a file.
    """

    given: str
    kind: TargetKind
    name: str
    port: int = 25
    mode: TlsMode = TlsMode.STARTTLS
    protocol: MailProtocol = MailProtocol.SMTP
    submission: bool = False
    expected_name: str | None = None
    file: str = ""
    line: int = 0


@fact("endpoint/1", Scope.PORT)
class Endpoint(Fact, frozen=True, kw_only=True):
    """One address and port that the plan says to test, and how.

    Attributes:
        mode: How TLS begins there.
        reference_names: The names a certificate may be expected to bear, most specific first:
            MX host, given name, policy domain (A-labels; RFC 9525 *reference identifiers*).
        protocol: What is spoken there.
        submission: As in `Target`.
    """

    mode: TlsMode
    reference_names: tuple[str, ...] = ()
    protocol: MailProtocol = MailProtocol.SMTP
    submission: bool = False


@fact("control/1", Scope.RUN)
class ControlReach(Fact, frozen=True, kw_only=True):
    """Whether the known control destination could be reached, asked only when others could not.

    Attributes:
        destination: ``host:port`` as configured.
        connected: True when the TCP connection stood. When False, the attempt says why.
    """

    destination: str
    connected: bool
