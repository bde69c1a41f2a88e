"""How an endpoint is spoken to: what every probe beside the main conversation has to know of it."""

from msgspec import Struct

from waxseal.facts import MailProtocol, TlsMode


class Way(Struct, frozen=True):
    """The way to speak to one endpoint.

    Attributes:
        protocol: What is spoken.
        mode: How TLS begins.
        server_name: SNI; "" for none.
        domain: The policy domain that mail is for; None where only a host or an address was named.
    """

    protocol: MailProtocol
    mode: TlsMode
    server_name: str = ""
    domain: str | None = None
