"""The proof of the key: of real handshakes, and of those in which another certificate is shown."""

import contextlib
import os
import ssl
from dataclasses import replace

import pytest

from waxseal.facts import KeyProof
from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.orders import Key, LeafOrder, TlsOrder
from waxseal.lab.tls import server_context
from waxseal.probes.key_proof import key_proof
from waxseal.wire.tls_client import TlsClient
from waxseal.wire.tls_client_offer import ClientOffer
from waxseal.wire.tls_events import CertificatesShown, Event
from waxseal.wire.tls_server_certificates import CertificateEntry

NAME = "mx.example.test"
CA = CertificateAuthority()
RSA, EC = (LeafOrder(names=(NAME,), key=key) for key in (Key.RSA_2048, Key.EC_P256))


def handshake(leaf: LeafOrder, suite: int, *, highest: str = "TLSv1.2") -> list[Event]:
    """The events of a whole handshake with OpenSSL, in memory."""
    order = TlsOrder(leaves=(leaf,), suites="ALL:@SECLEVEL=0", highest=highest)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context(order, CA).wrap_bio(incoming, outgoing, server_side=True)
    versions = (0x0304,) if highest == "TLSv1.3" else (0x0303,)
    hello, shares = ClientOffer(server_name=NAME, versions=versions, suites=(suite,)).hello(os.urandom)
    client = TlsClient(hello, shares, os.urandom)
    events: list[Event] = []
    octets = client.start()
    for _ in range(6):
        incoming.write(octets)
        with contextlib.suppress(ssl.SSLWantReadError):
            server.do_handshake()
        events += client.receive(outgoing.read())
        octets = client.to_send()
        if client.completed and not octets:
            break
    assert client.completed
    return events


def with_leaf(events: list[Event], der: bytes) -> list[Event]:
    """The same events, as if this certificate had been shown."""
    return [
        CertificatesShown(replace(event.message, entries=(CertificateEntry(der),)))
        if isinstance(event, CertificatesShown)
        else event
        for event in events
    ]


@pytest.mark.parametrize(
    ("leaf", "suite", "highest"),
    [(RSA, 0xC02F, "TLSv1.2"), (EC, 0xC02B, "TLSv1.2"), (RSA, 0x1301, "TLSv1.3"), (EC, 0x1301, "TLSv1.3")],
)
def test_a_signature_proves_the_key_it_is_of_and_no_other(leaf: LeafOrder, suite: int, highest: str) -> None:
    events = handshake(leaf, suite, highest=highest)
    assert key_proof(events) is KeyProof.SIGNATURE
    copied = CertificateAuthority().leaf(leaf).sent[0]
    assert key_proof(with_leaf(events, copied)) is KeyProof.MISMATCH
    assert key_proof(with_leaf(events, b"no certificate")) is KeyProof.UNCHECKED


def test_rsa_key_exchange_proves_by_decryption() -> None:
    assert key_proof(handshake(RSA, 0x009C)) is KeyProof.DECRYPTION


def test_without_a_certificate_there_is_nothing_to_prove() -> None:
    shown = [e for e in handshake(RSA, 0xC02F) if not isinstance(e, CertificatesShown)]
    assert key_proof(shown) is KeyProof.NONE
    assert key_proof([]) is KeyProof.NONE
