"""How a run behaves towards the servers: names, limits, depth. Plain data, filled by the caller."""

from msgspec import Struct


class ProbeSettings(Struct, frozen=True):
    """Rules of engagement.

    Attributes:
        ehlo_name: Name sent with EHLO, A-label; "" sends the address literal of the local address
            (RFC 5321 §4.1.3).
        time_limit_s: Limit for everything done with one address and port.
        connection_limit: Most connections to one address and port.
        control: Known control destination ``(host or address, port)``, asked only when nothing answered.
        families: Address families to test: 4, 6 or both.
        addresses_limit: Most addresses tested per host.
        hosts_limit: Most MX hosts tested per domain.
        parallel: Most endpoints tested at the same time.
    """

    ehlo_name: str = ""
    time_limit_s: float = 30.0
    connection_limit: int = 6
    control: tuple[str, int] | None = None
    families: tuple[int, ...] = (4, 6)
    addresses_limit: int = 16
    hosts_limit: int = 20
    parallel: int = 16
