"""The client of SSL 3.0 to TLS 1.2 and OpenSSL's server, in memory, with what passes between them."""

import base64
import os
import ssl
import tempfile

from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.orders import Key, LeafOrder, TlsOrder
from waxseal.lab.tls import server_context
from waxseal.wire import tls_client_extensions as ext
from waxseal.wire.tls12 import Tls12Client
from waxseal.wire.tls12_exchange import exchange_groups
from waxseal.wire.tls13_ffdhe import prime
from waxseal.wire.tls_client import TlsClient
from waxseal.wire.tls_client_hello import ClientHello
from waxseal.wire.tls_events import ApplicationData, Deviated, Event
from waxseal.wire.tls_extensions import Extension
from waxseal.wire.tls_fields import vector

HOST = "mx.example.test"
CA = CertificateAuthority()
RSA_LEAF = LeafOrder(names=(HOST,), key=Key.RSA_2048)
EC_LEAF = LeafOrder(names=(HOST,))
SCHEMES = (0x0804, 0x0401, 0x0403, 0x0503, 0x0603, 0x0203, 0x0201)
EVERYTHING = (ext.extended_main_secret(), ext.encrypt_then_mac(), ext.session_ticket())


def context(*leaves: LeafOrder, highest: str = "TLSv1.2") -> ssl.SSLContext:
    """OpenSSL as it will have it: all suites, with both keys and ffdhe2048."""
    order = TlsOrder(leaves=leaves or (RSA_LEAF, EC_LEAF), lowest="TLSv1", highest=highest)
    made = server_context(order, CA)
    made.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    integers = b"\x02\x82\x01\x01\x00" + prime(256).to_bytes(256, "big") + b"\x02\x01\x02"
    der = base64.encodebytes(b"\x30\x82" + vector(integers, 2)).decode()
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(f"-----BEGIN DH PARAMETERS-----\n{der}-----END DH PARAMETERS-----\n")
        file.flush()
        made.load_dh_params(file.name)
    return made


def hello(
    *suites: int,
    version: int = 0x0303,
    groups: tuple[int, ...] | None = None,
    further: tuple[Extension, ...] = (),
) -> ClientHello:
    extensions = (
        ext.server_name(HOST),
        ext.supported_groups(exchange_groups() if groups is None else groups),
        ext.point_formats(),
        *((ext.signature_algorithms(SCHEMES),) if version == 0x0303 else ()),
        ext.renegotiation_info(),
        *further,
    )
    return ClientHello(os.urandom(32), suites, extensions, legacy_version=version)


class Pair:
    """A client and OpenSSL's server."""

    def __init__(self, server: ssl.SSLContext, client: Tls12Client | TlsClient) -> None:
        self.client = client
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.server = server.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.events: list[Event] = []
        self.incoming.write(client.start())

    def shake(self) -> "Pair":
        """Until neither has anything to say."""
        for _ in range(4):
            try:
                self.server.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                self.hear()
                return self
            self.hear()
        return self

    def hear(self) -> list[Event]:
        events = self.client.receive(self.outgoing.read())
        self.events += events
        answer = self.client.to_send()
        if answer:
            self.incoming.write(answer)
        return events

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    def rules(self) -> list[str]:
        return [event.deviation.rule for event in self.events if isinstance(event, Deviated)]

    def talks(self) -> None:
        """Both hear each other, more than a record holds too."""
        assert self.client.completed, self.events
        for size in (1, 15, 16, 17, 40000):
            said = os.urandom(size)
            self.incoming.write(self.client.send(said))
            heard = b""
            while len(heard) < size:
                heard += self.server.read(65536)
            assert heard == said
            self.server.write(said)
            events = self.hear()
            assert all(isinstance(event, ApplicationData) for event in events)
            assert b"".join(event.octets for event in events if isinstance(event, ApplicationData)) == said


def names_of(server: ssl.SSLContext) -> frozenset[int]:
    """Numbers of the suites that a context was told to take."""
    return frozenset(int(cipher["id"]) & 0xFFFF for cipher in server.get_ciphers())
