"""Signatures of real OpenSSL handshakes, right and with one bit changed; and what is said of the others."""

import os
import ssl
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from hypothesis import given
from hypothesis import strategies as st

from tests.trust import pki
from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.orders import Key, LeafOrder, TlsOrder
from waxseal.lab.tls import server_context, speaks_old_versions
from waxseal.trust.handshake_signature import (
    verify_certificate_verify,
    verify_handshake_signature,
    verify_server_key_exchange,
)
from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13 import Tls13Client
from waxseal.wire.tls13_offer import Tls13Offer
from waxseal.wire.tls_client_hello import ClientHello
from waxseal.wire.tls_events import CertificatesShown, CertificateVerifySeen
from waxseal.wire.tls_key_exchange import KeyExchange, ServerKeyExchange
from waxseal.wire.tls_server_certificates import CertificateMessage
from waxseal.wire.tls_server_flight import parse_message
from waxseal.wire.tls_server_hello import ServerHello

HOST = "mx.example.test"
CA = CertificateAuthority()
LEAVES = {key: LeafOrder(names=(HOST,), key=key) for key in (Key.RSA_2048, Key.EC_P256)}
OTHER_LEAVES = {key: CertificateAuthority().leaf(LEAVES[key]).sent[0] for key in LEAVES}


@dataclass(frozen=True)
class Seen:
    """What both kinds of event have."""

    message: ServerKeyExchange
    signed: bytes


def flipped(octets: bytes, bit: int) -> bytes:
    return (int.from_bytes(octets, "big") ^ 1 << bit).to_bytes(len(octets), "big")


def answered(server: ssl.SSLContext, hello: bytes) -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = server.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(hello)
    with pytest.raises(ssl.SSLWantReadError):
        connection.do_handshake()
    return outgoing.read()


@pytest.mark.parametrize(
    ("key", "scheme"),
    [(Key.RSA_2048, 0x0804), (Key.RSA_2048, 0x0805), (Key.RSA_2048, 0x0806), (Key.EC_P256, 0x0403)],
)
def test_certificate_verify(key: Key, scheme: int) -> None:
    server = server_context(TlsOrder(leaves=(LEAVES[key],)), CA)
    hello, shares = Tls13Offer(HOST, schemes=(scheme,)).hello(os.urandom)
    client = Tls13Client(hello, shares, os.urandom)
    events = client.receive(answered(server, client.start()))
    (shown,) = [event for event in events if isinstance(event, CertificatesShown)]
    (proof,) = [event for event in events if isinstance(event, CertificateVerifySeen)]
    leaf = shown.message.certificates[0]
    assert proof.message.scheme == scheme
    assert verify_certificate_verify(proof, leaf) is True
    assert verify_certificate_verify(CertificateVerifySeen(proof.message, proof.signed + b"!"), leaf) is False
    for bit in (0, 9, 8 * len(proof.message.signature) - 20):
        wrong = flipped(proof.message.signature, bit)
        assert verify_handshake_signature(scheme, wrong, proof.signed, leaf, tls13=True) is False
    assert verify_certificate_verify(proof, OTHER_LEAVES[key]) is False
    other_type = next(leaf for kind, leaf in OTHER_LEAVES.items() if kind is not key)
    assert verify_certificate_verify(proof, other_type) is False
    assert verify_certificate_verify(proof, b"no certificate") is None
    assert verify_certificate_verify(proof, b"") is None


def _messages(octets: bytes) -> list[bytes]:
    stream = b""
    while octets:
        end = 5 + int.from_bytes(octets[3:5], "big")
        stream += octets[5:end]
        octets = octets[end:]
    found = []
    while stream:
        end = 4 + int.from_bytes(stream[1:4], "big")
        found.append(stream[:end])
        stream = stream[end:]
    return found


def key_exchanged(server: ssl.SSLContext, suite: int, version: int) -> tuple[Seen, bytes]:
    """The ServerKeyExchange of a version up to TLS 1.2, what it signs, and the leaf."""
    extensions = [ext.server_name(HOST), ext.supported_groups((reg.SECP256R1,)), ext.point_formats()]
    if version == 0x0303:
        extensions.append(ext.signature_algorithms((0x0804, 0x0401, 0x0201, 0x0403)))
    hello = ClientHello(os.urandom(32), (suite,), tuple(extensions), legacy_version=version)
    exchange = KeyExchange.DHE if suite in {0x0033, 0x009E} else KeyExchange.ECDHE
    random = leaf = b""
    for octets in _messages(answered(server, hello.records())):
        seen = parse_message(octets, version, exchange)
        if isinstance(seen, ServerHello):
            assert seen.version == version
            random = seen.random
        elif isinstance(seen, CertificateMessage):
            leaf = seen.certificates[0]
        elif isinstance(seen, ServerKeyExchange):
            behind = len(seen.signature) + (2 if seen.scheme is None else 4)
            return Seen(seen, hello.random + random + octets[4:-behind]), leaf
    raise AssertionError("no ServerKeyExchange")


@pytest.mark.parametrize("version", [0x0301, 0x0302, 0x0303])
@pytest.mark.parametrize(("suite", "key"), [(0xC013, Key.RSA_2048), (0xC009, Key.EC_P256)])
def test_server_key_exchange(version: int, suite: int, key: Key) -> None:
    if version < 0x0303 and not speaks_old_versions():
        pytest.skip("this Python's library speaks no TLS 1.0 and 1.1")
    server = server_context(TlsOrder(leaves=(LEAVES[key],), lowest="TLSv1", highest="TLSv1.2"), CA)
    seen, leaf = key_exchanged(server, suite, version)
    message = seen.message
    assert (message.scheme is None) == (version < 0x0303)
    assert verify_server_key_exchange(seen, leaf) is True
    assert verify_server_key_exchange(Seen(message, flipped(seen.signed, 3)), leaf) is False
    for bit in (0, 9, 8 * len(message.signature) - 20):
        wrong = flipped(message.signature, bit)
        assert verify_handshake_signature(message.scheme, wrong, seen.signed, leaf, tls13=False) is False
    assert verify_server_key_exchange(seen, OTHER_LEAVES[key]) is False
    anonymous = ServerKeyExchange(b"", KeyExchange.ECDHE)
    assert verify_server_key_exchange(Seen(anonymous, seen.signed), leaf) is None


ROOT = pki.issue("root", pki.Wish(ca=True), own=pki.key("root"))
BRAINPOOL = ec.generate_private_key(ec.BrainpoolP256R1())
SIGNED = b"octets that were signed"


def certificate_of(key: Any) -> bytes:
    return pki.issue("leaf", pki.leaf_wish(), ROOT, own=key).der


def test_keys_that_hash_by_themselves() -> None:
    first, second = pki.key("a", "ed25519"), pki.key("b", "ed448")
    for key, scheme, other in ((first, 0x0807, 0x0808), (second, 0x0808, 0x0807)):
        leaf, signature = certificate_of(key), key.sign(SIGNED)
        for tls13 in (True, False):
            assert verify_handshake_signature(scheme, signature, SIGNED, leaf, tls13=tls13) is True
            assert verify_handshake_signature(scheme, signature, b"?", leaf, tls13=tls13) is False
            assert verify_handshake_signature(other, signature, SIGNED, leaf, tls13=tls13) is False
        assert verify_handshake_signature(None, signature, SIGNED, leaf, tls13=False) is None


def test_ml_dsa() -> None:
    mldsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa")
    key = mldsa.MLDSA65PrivateKey.generate()
    leaf, signature = certificate_of(key), key.sign(SIGNED)
    assert verify_handshake_signature(0x0905, signature, SIGNED, leaf, tls13=True) is True
    assert verify_handshake_signature(0x0905, flipped(signature, 7), SIGNED, leaf, tls13=True) is False
    assert verify_handshake_signature(0x0904, signature, SIGNED, leaf, tls13=True) is False


def test_a_scheme_of_tls13_binds_the_curve_and_one_of_tls12_does_not() -> None:
    key = pki.key("c", "ec384")
    leaf, signature = certificate_of(key), key.sign(SIGNED, ec.ECDSA(hashes.SHA256()))
    assert verify_handshake_signature(0x0403, signature, SIGNED, leaf, tls13=True) is False
    assert verify_handshake_signature(0x0403, signature, SIGNED, leaf, tls13=False) is True
    signature = key.sign(SIGNED, ec.ECDSA(hashes.SHA384()))
    assert verify_handshake_signature(0x0503, signature, SIGNED, leaf, tls13=True) is True
    leaf, signature = certificate_of(BRAINPOOL), BRAINPOOL.sign(SIGNED, ec.ECDSA(hashes.SHA256()))
    assert verify_handshake_signature(0x081A, signature, SIGNED, leaf, tls13=True) is True
    assert verify_handshake_signature(0x0403, signature, SIGNED, leaf, tls13=True) is False


def test_schemes_that_only_tls12_has() -> None:
    rsa_key, dsa_key, ec_key = pki.key("d", "rsa"), pki.key("e", "dsa"), pki.key("f")
    filling = padding.PKCS1v15()
    for scheme, key, signature in (
        (0x0101, rsa_key, rsa_key.sign(SIGNED, filling, hashes.MD5())),
        (0x0201, rsa_key, rsa_key.sign(SIGNED, filling, hashes.SHA1())),
        (0x0601, rsa_key, rsa_key.sign(SIGNED, filling, hashes.SHA512())),
        (0x0202, dsa_key, dsa_key.sign(SIGNED, hashes.SHA1())),
        (0x0402, dsa_key, dsa_key.sign(SIGNED, hashes.SHA256())),
        (0x0203, ec_key, ec_key.sign(SIGNED, ec.ECDSA(hashes.SHA1()))),
        (0x0303, ec_key, ec_key.sign(SIGNED, ec.ECDSA(hashes.SHA224()))),
    ):
        leaf = certificate_of(key)
        assert verify_handshake_signature(scheme, signature, SIGNED, leaf, tls13=False) is True
        assert verify_handshake_signature(scheme, signature, b"?", leaf, tls13=False) is False
        assert verify_handshake_signature(scheme, signature, SIGNED, leaf, tls13=True) is False
        for other in (BRAINPOOL, rsa_key, dsa_key):
            told = verify_handshake_signature(scheme, signature, SIGNED, certificate_of(other), tls13=False)
            assert told is (other is key)
    leaf, signature = certificate_of(dsa_key), dsa_key.sign(SIGNED, hashes.SHA1())
    assert verify_handshake_signature(None, signature, SIGNED, leaf, tls13=False) is True


def test_what_cannot_be_seen() -> None:
    key = pki.key("g", "rsa")
    leaf, signature = certificate_of(key), key.sign(SIGNED, padding.PKCS1v15(), hashes.SHA256())
    for unknown in (0x0708, 0x0A0A, 0xFFFF, 0):
        assert verify_handshake_signature(unknown, signature, SIGNED, leaf, tls13=True) is None
        assert verify_handshake_signature(unknown, signature, SIGNED, leaf, tls13=False) is None
    assert verify_handshake_signature(None, signature, SIGNED, leaf, tls13=True) is None
    assert verify_handshake_signature(0x0401, b"", SIGNED, leaf, tls13=False) is None


LEAF_OCTETS = st.sampled_from(
    [certificate_of(pki.key("h", kind)) for kind in ("ec", "rsa", "ed25519", "dsa")]
)
SCHEMES = st.sampled_from([None, *reg.SCHEME_NAMES, 0x0101, 0x0202, 0x0303]) | st.integers(0, 0xFFFF)


@given(SCHEMES, st.binary(max_size=300), st.binary(max_size=40), LEAF_OCTETS, st.booleans(), st.data())
def test_nothing_raises_and_chance_never_verifies(
    scheme: int | None, signature: bytes, signed: bytes, leaf: bytes, tls13: bool, data: st.DataObject
) -> None:
    assert verify_handshake_signature(scheme, signature, signed, leaf, tls13=tls13) is not True
    changed = bytearray(leaf)
    changed[data.draw(st.integers(0, len(leaf) - 1))] ^= data.draw(st.integers(1, 255))
    assert verify_handshake_signature(scheme, signature, signed, bytes(changed), tls13=tls13) is not True
