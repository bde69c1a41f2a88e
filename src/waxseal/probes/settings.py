"""How a run behaves towards the servers: names, limits, depth. Plain data, filled by the caller."""

from msgspec import Struct

from waxseal.probes.tls.depth import Depth


class Account(Struct, frozen=True):
    """User name and password; the password stays out of every text that is shown."""

    user: str
    password: str

    def __repr__(self) -> str:
        """Without the password."""
        return f"Account({self.user!r})"


class ProbeSettings(Struct, frozen=True):
    """Rules of engagement.

    Attributes:
        ehlo_name: Name sent with EHLO, A-label; "" sends the address literal of the local address
            (RFC 5321 §4.1.3).
        depth: How much is asked of each server's TLS.
        time_limit_s: Limit for everything done with one address and port; None for that of the depth.
        connection_limit: Most connections to one address and port; None for that of the depth.
        parallel_per_server: Most connections to one address and port at the same time.
        control: Known control destination ``(host or address, port)``, asked only when nothing answered.
        families: Address families to test: 4, 6 or both.
        addresses_limit: Most addresses tested per host.
        hosts_limit: Most MX hosts tested per domain.
        parallel: Most endpoints tested at the same time.
        simulate: Ids of the client shapes whose hellos are offered too (``wire.client_shapes``), or ``all``.
        online_revocation: Ask the issuers of certificates whether these are revoked.
        policy: Ask what the domain publishes about its transport: TLSA, MTA-STS, TLS-RPT.
        policy_time_limit_s: Limit for fetching an MTA-STS policy, everything included (RFC 8461 §3.3).
        authentication: Ask for SPF and DMARC, and for the DKIM keys named; and for CAA.
        dkim_keys: ``(selector, signing domain)`` of each DKIM key to ask for; domain "" for the target's.
        blocklists: Ids of the DNS blocklists to ask about each MX address (``data/blocklists.toml``).
        sending_addresses: Addresses that send the domain's mail, to ask the blocklists about.
        services: Ask by which SRV records mail programs find the domain's servers, and test these too.
        envelope: Ask each server how it answers MAIL and RCPT, without sending a message.
        injection: Try whether commands in clear are executed under TLS; not at `Depth.GRADE`.
        active_auth: Try to log in with a made-up user.
        relay: Ask each SMTP server to relay to reserved domains, without sending a message.
        own_recipient: Address of the user's own, to which messages with doubtful ends of data are sent; ""
            for none.
        account: The account to look at IMAP servers with; None for none.
        expect_tls: The servers' rule is to take no mail in clear, so doing so is a fault.
        via: Name of the way that connections take, for the record; "" for the direct one.
    """

    ehlo_name: str = ""
    depth: Depth = Depth.STANDARD
    time_limit_s: float | None = None
    connection_limit: int | None = None
    parallel_per_server: int = 3
    control: tuple[str, int] | None = None
    families: tuple[int, ...] = (4, 6)
    addresses_limit: int = 16
    hosts_limit: int = 20
    parallel: int = 16
    simulate: tuple[str, ...] = ()
    online_revocation: bool = False
    policy: bool = True
    policy_time_limit_s: float = 60.0
    authentication: bool = True
    dkim_keys: tuple[tuple[str, str], ...] = ()
    blocklists: tuple[str, ...] = ()
    sending_addresses: tuple[str, ...] = ()
    services: bool = False
    envelope: bool = False
    injection: bool = True
    active_auth: bool = False
    relay: bool = False
    own_recipient: str = ""
    account: Account | None = None
    expect_tls: bool = False
    via: str = ""

    @property
    def left_out(self) -> tuple[str, ...]:
        """What is not wanted, as `RunContext.left_out` has it."""
        wanted = {
            "policy": self.policy,
            "authentication": self.authentication,
            "injection": self.injection,
        }
        return tuple(name for name, yes in wanted.items() if not yes)

    @property
    def requested(self) -> tuple[str, ...]:
        """What is wanted beside the usual, as `RunContext.requested` has it."""
        wanted = {
            "envelope": self.envelope,
            "active-auth": self.active_auth,
            "relay": self.relay,
            "own-recipient": self.own_recipient,
            "account": self.account,
        }
        return tuple(name for name, yes in wanted.items() if yes)

    @property
    def seconds(self) -> float:
        """The limit of time in force."""
        return self.depth.time_limit_s if self.time_limit_s is None else self.time_limit_s

    @property
    def connections(self) -> int:
        """The limit of connections in force."""
        return self.depth.most_connections if self.connection_limit is None else self.connection_limit
