"""The main conversation's handshake: what it offers, and what it shows beyond version and suite.

It offers what a well-meaning sender does, every version from TLS 1.3 to SSL 3.0 and the suites that encrypt
and prove the server, strongest first, and asks for what comes without a further connection: OCSP response,
SCTs, tickets. The key share is one that OpenSSL does not like best, so that it lists its groups (see
``probes.tls.tls13``).
"""

import os
from dataclasses import dataclass
from functools import cache
from typing import Final

from waxseal.net.stream import ByteStream
from waxseal.net.tls_stream import TlsClientStream
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_client import TlsClient
from waxseal.wire.tls_client_offer import ALL_VERSIONS, ClientOffer, default_suites
from waxseal.wire.tls_events import (
    CertificateRequestSeen,
    CertificatesShown,
    CertificateStatusSeen,
    CertificateVerifySeen,
    EncryptedExtensionsSeen,
    Event,
    Resumption,
    ServerHelloSeen,
    ServerKeyExchangeSeen,
    TicketSeen,
)
from waxseal.wire.tls_server_certificates import CertificateRequest
from waxseal.wire.tls_server_hello import ServerHello, version_name
from waxseal.wire.tls_suite_properties import suite_class, suite_properties

NOT_OFFERED: Final = frozenset(("null", "anonymous", "export"))
"""Classes of suites that a sender never means to use."""
SHARE_GROUP: Final = reg.SECP256R1


@cache
def scout_suites() -> tuple[int, ...]:
    """The suites offered, TLS 1.3 first."""
    return tuple(suite for suite in default_suites(ALL_VERSIONS) if _class_of(suite) not in NOT_OFFERED)


def _class_of(suite: int) -> str:
    properties = suite_properties(suite)
    return "" if properties is None else suite_class(properties)


class ScoutStream(TlsClientStream):
    """The main conversation's TLS.

    Attributes:
        server_name: SNI; "" for none.
        offered: The suites offered, in order.
    """

    def __init__(self, inner: ByteStream, server_name: str) -> None:
        self.server_name = server_name
        self.offered = scout_suites()
        offer = ClientOffer(
            server_name=server_name,
            versions=ALL_VERSIONS,
            suites=self.offered,
            groups=None,
            share_groups=(SHARE_GROUP,),
            status_request=True,
            timestamps=True,
        )
        hello, shares = offer.hello(os.urandom)
        super().__init__(inner, TlsClient(hello, shares, os.urandom))

    @property
    def offered_versions(self) -> tuple[str, ...]:
        """Names of the versions offered, lowest first."""
        return tuple(version_name(version) for version in reversed(ALL_VERSIONS))

    def scouted(self) -> "Scouted":
        """What the handshake showed, and what has come since."""
        return _read(self.events, self.offered)


@dataclass(slots=True)
class Scouted:
    """What the main handshake showed. Numbers are None where nothing of the kind came.

    Attributes:
        offered: The suites offered.
        hello: The ServerHello.
        group, scheme: Of the key exchange and its signature.
        groups: The groups that the server lists.
        extensions: Numbers of the extensions in EncryptedExtensions.
        request: The CertificateRequest.
        tickets: Tickets of TLS 1.3, with what it takes to use them.
        status: The OCSP response; b"" where none came.
        timestamps: The list of SCTs from the extension; b"" where none came.
    """

    offered: tuple[int, ...] = ()
    hello: ServerHello | None = None
    group: int | None = None
    scheme: int | None = None
    groups: tuple[int, ...] | None = None
    extensions: tuple[int, ...] = ()
    request: CertificateRequest | None = None
    tickets: tuple[Resumption, ...] = ()
    status: bytes = b""
    timestamps: bytes = b""


def _read(events: list[Event], offered: tuple[int, ...]) -> Scouted:
    found = Scouted(offered)
    for event in events:
        match event:
            case ServerHelloSeen():
                found.hello = event.hello
                found.group = event.hello.extensions.group
                found.timestamps = event.hello.extensions.octets(reg.SIGNED_CERTIFICATE_TIMESTAMP) or b""
            case EncryptedExtensionsSeen():
                found.groups = event.message.extensions.groups
                found.extensions = event.message.extensions.numbers
            case ServerKeyExchangeSeen():
                found.group, found.scheme = event.message.group, event.message.scheme
            case CertificateVerifySeen():
                found.scheme = event.message.scheme
            case CertificateRequestSeen():
                found.request = event.message
            case CertificateStatusSeen():
                found.status = event.message.response
            case CertificatesShown() if event.message.entries:
                _read_entry(found, event)
            case TicketSeen():
                found.tickets = (*found.tickets, event.resumption)
    return found


def _read_entry(found: Scouted, event: CertificatesShown) -> None:
    """What TLS 1.3 sends beside the leaf (RFC 8446 §4.4.2.1)."""
    extensions = event.message.entries[0].extensions
    if extensions.status is not None:
        found.status = extensions.status[1]
    found.timestamps = extensions.octets(reg.SIGNED_CERTIFICATE_TIMESTAMP) or found.timestamps
