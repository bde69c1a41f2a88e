"""How a test server shakes hands, and where one that runs can be reached."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

from waxseal.lab.orders import LeafOrder

from .names import HOST_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from .dialogue import Protocol
    from .front import Front

Version = Literal["SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]
VERSIONS: tuple[Version, ...] = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")

LeafName = Literal["rsa-2048", "rsa-1024", "rsa-512", "ec-p256", "ec-p384", "ed25519"]
Leaf = LeafName | LeafOrder

DhGroup = Literal["dh-512", "dh-768", "dh-1024", "dh-2048", "dh-not-safe", "dh-composite"]


@dataclass(frozen=True)
class TlsOptions:
    """What to ask of a server; a kind that cannot do it says so instead of starting.

    Attributes:
        leaves: Its certificates, at most one per kind of key.
        names: Other certificates for certain server names (SNI), as pairs.
        suites: In the notation of the library; None for all that it has, "" for what it takes by itself.
        lowest, highest: Protocol versions; None for as far as the library goes.
        groups: In the notation of the library; None for what it takes by itself.
        signatures: Signature algorithms, in the notation of the library.
        dh: Finite-field Diffie-Hellman parameters; None for no such suites, or what it takes by itself.
        server_order: Whether the server's order of suites decides.
        tickets: Whether session tickets are given.
        session_ids: Whether sessions are kept in memory for resumption by identifier.
        ticket_keys: 48 octets in hexadecimal, for tickets that a second server can read.
        session_lifetime_s: Of sessions and tickets.
        alpn: Application protocols.
        client_certificate: Whether a certificate is asked of the client.
        renegotiations: How many the client may start in ten minutes; None for what it takes by itself.
        staple: Whether an OCSP response is stapled; it says "good" of the first leaf.
        early_data_octets: How much early data is taken (TLS 1.3).
        flags: OpenSSL's options by name, such as "SSL_OP_NO_TICKET".
        extra: Further options of a command-line server, as they stand.
    """

    leaves: tuple[Leaf, ...] = ("rsa-2048",)
    names: tuple[tuple[str, Leaf], ...] = ()
    suites: str | None = None
    lowest: Version | None = None
    highest: Version | None = None
    groups: str | None = None
    signatures: str | None = None
    dh: DhGroup | None = None
    server_order: bool = False
    tickets: bool = True
    session_ids: bool = True
    ticket_keys: str | None = None
    session_lifetime_s: int | None = None
    alpn: tuple[str, ...] = ()
    client_certificate: Literal["none", "ask", "require"] = "none"
    renegotiations: int | None = None
    staple: bool = False
    early_data_octets: int = 0
    flags: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    def only(self, *known: str) -> None:
        """Refuse whatever was asked for beyond some fields.

        Raises:
            ValueError: Another field differs from its default.
        """
        plain = TlsOptions()
        for field in fields(self):
            if field.name not in known and getattr(self, field.name) != getattr(plain, field.name):
                raise ValueError(f"this kind of server cannot do {field.name!r}")


@dataclass(frozen=True)
class TlsServer:
    """A running test server, as a client reaches it.

    Attributes:
        kind: As given to `start_tls`.
        version_text: What the software says of itself.
        host: A loopback IPv4 address.
        port: Where clients connect: at the front.
        tls_port: The TLS server itself, without any front; None where it cannot be reached.
        protocol: What is spoken around TLS, and within it where `speaks` is true.
        implicit: TLS from the first octet, no STARTTLS.
        speaks: Whether the mail protocol goes on within TLS; the command-line servers cannot.
        root_pem: The one certificate to trust.
        pid: Of the process that serves; None for a scripted peer in this process.
        front: Counts connections and octets.
        name: In its certificate and greeting.
    """

    kind: str
    version_text: str
    host: str
    port: int
    tls_port: int | None
    protocol: Protocol
    implicit: bool
    speaks: bool
    root_pem: Path
    pid: int | None
    front: Front
    name: str = HOST_NAME
