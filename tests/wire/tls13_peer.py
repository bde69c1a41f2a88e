"""A TLS 1.3 server in memory that does as told, right or wrong; its keys are those of ``wire.tls13_keys``.

That those are right is proved elsewhere, by RFC 8448 and by OpenSSL. Key exchange is by ``cryptography``.
"""

import hashlib
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, mlkem, x448, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.wire.hellos import client_hello, shares_in
from waxseal.wire import tls13_ffdhe
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13_keys import SUITES, KeySchedule, finished
from waxseal.wire.tls13_protection import RecordProtection
from waxseal.wire.tls_client_hello import ClientHello
from waxseal.wire.tls_extensions import Extension
from waxseal.wire.tls_fields import message, number, records, vector
from waxseal.wire.tls_server_hello import RETRY_RANDOM

CURVES: dict[int, Any] = {
    reg.SECP256R1: ec.SECP256R1,
    reg.SECP384R1: ec.SECP384R1,
    reg.SECP521R1: ec.SECP521R1,
    31: ec.BrainpoolP256R1,
    32: ec.BrainpoolP384R1,
    33: ec.BrainpoolP512R1,
}
CERTIFICATE = message(reg.CERTIFICATE, b"\x00" + vector(vector(b"DER of a leaf", 3) + b"\x00\x00", 3))
EXTENSIONS = message(reg.ENCRYPTED_EXTENSIONS, b"\x00\x00")
PROOF = message(reg.CERTIFICATE_VERIFY, b"\x08\x04" + vector(b"signature", 2))
FLIGHT = (EXTENSIONS, CERTIFICATE, PROOF)


def block(*extensions: Extension) -> bytes:
    return vector(b"".join(number(e.number, 2) + vector(e.octets, 2) for e in extensions), 2)


def server_hello(
    suite: int,
    *extensions: Extension,
    session_id: bytes = b"",
    random: bytes = b"R" * 32,
    version: int = 0x0304,
    compression: int = 0,
) -> bytes:
    """A ServerHello message; `version` 0 leaves supported_versions out."""
    versions = (Extension(reg.SUPPORTED_VERSIONS, number(version, 2)),) if version else ()
    body = b"\x03\x03" + random + vector(session_id, 1) + number(suite, 2) + bytes([compression])
    return message(reg.SERVER_HELLO, body + block(*versions, *extensions))


def exchange(group: int, theirs: bytes) -> tuple[bytes, bytes]:
    """Our share and the secret, for the client's share."""
    if group == reg.X25519:
        key = x25519.X25519PrivateKey.generate()
        return key.public_key().public_bytes_raw(), key.exchange(
            x25519.X25519PublicKey.from_public_bytes(theirs)
        )
    if group == reg.X448:
        key_448 = x448.X448PrivateKey.generate()
        secret = key_448.exchange(x448.X448PublicKey.from_public_bytes(theirs))
        return key_448.public_key().public_bytes_raw(), secret
    if group in CURVES:
        private = ec.generate_private_key(CURVES[group]())
        point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        public = ec.EllipticCurvePublicKey.from_encoded_point(CURVES[group](), theirs)
        return point, private.exchange(ec.ECDH(), public)
    if group in tls13_ffdhe.FFDHE_GROUPS:  # that the primes are right, OpenSSL and GnuTLS tell
        prime, size = tls13_ffdhe.prime(group), len(theirs)
        exponent = 2**224 + group
        agreed = pow(int.from_bytes(theirs, "big"), exponent, prime)
        return pow(2, exponent, prime).to_bytes(size, "big"), agreed.to_bytes(size, "big")
    # draft-ietf-tls-ecdhe-mlkem §4.1 and §4.2: X25519MLKEM768 has ML-KEM first, the others the curve.
    if group == reg.X25519_MLKEM768:
        share, secret = exchange(reg.X25519, theirs[1184:])
        kem_secret, ciphertext = mlkem.MLKEM768PublicKey.from_public_bytes(theirs[:1184]).encapsulate()
        return ciphertext + share, kem_secret + secret
    if group == reg.SECP256R1_MLKEM768:
        share, secret = exchange(reg.SECP256R1, theirs[:65])
        kem_secret, ciphertext = mlkem.MLKEM768PublicKey.from_public_bytes(theirs[65:]).encapsulate()
        return share + ciphertext, secret + kem_secret
    share, secret = exchange(reg.SECP384R1, theirs[:97])
    kem_secret, ciphertext = mlkem.MLKEM1024PublicKey.from_public_bytes(theirs[97:]).encapsulate()
    return share + ciphertext, secret + kem_secret


class Peer:
    """One connection. Call `retry` if wanted, `hello`, `flight`, then `read` and `seal`."""

    def __init__(self, suite: int = 0x1301) -> None:
        self.suite = SUITES[suite]
        self.client_hello: ClientHello | None = None
        self.transcript = b""
        self.schedule = KeySchedule.begin(self.suite.hash_name)
        self.writing: RecordProtection | None = None
        self.reading: RecordProtection | None = None
        self.early: RecordProtection | None = None

    def hear(self, octets: bytes) -> ClientHello:
        """Take in a ClientHello in one record, with a ChangeCipherSpec before it or not."""
        octets = octets.removeprefix(b"\x14\x03\x03\x00\x01\x01")
        assert octets[0] == reg.HANDSHAKE
        self.client_hello = client_hello(octets[5:])
        self.transcript += octets[5:]
        return self.client_hello

    def digest(self) -> bytes:
        return hashlib.new(self.suite.hash_name, self.transcript).digest()

    def retry(self, octets: bytes, group: int | None = None, cookie: bytes = b"") -> bytes:
        hello = self.hear(octets)
        extensions = [Extension(reg.KEY_SHARE, number(group, 2))] if group is not None else []
        extensions += [Extension(reg.COOKIE, vector(cookie, 2))] if cookie else []
        said = server_hello(self.suite.number, *extensions, session_id=hello.session_id, random=RETRY_RANDOM)
        self.transcript = message(reg.MESSAGE_HASH, self.digest()) + said
        return records(reg.HANDSHAKE, said)

    def hello(self, octets: bytes, group: int = reg.X25519, psk: bytes = b"") -> bytes:
        """Agree on a group, and with `psk` on the first ticket of the hello."""
        hello = self.hear(octets)
        share, secret = exchange(group, shares_in(hello)[group])
        extensions = [Extension(reg.KEY_SHARE, number(group, 2) + vector(share, 2))]
        if psk:
            self.schedule = KeySchedule.begin(self.suite.hash_name, psk)
            self.early = RecordProtection(self.suite, self.schedule.client_early(self.digest()))
            extensions.append(Extension(reg.PRE_SHARED_KEY, b"\x00\x00"))
        said = server_hello(self.suite.number, *extensions, session_id=hello.session_id)
        self.transcript += said
        self.schedule.meet(secret, self.digest())
        self.writing = RecordProtection(self.suite, self.schedule.server_handshake)
        self.reading = RecordProtection(self.suite, self.schedule.client_handshake)
        return records(reg.HANDSHAKE, said)

    def finished(self, *messages: bytes) -> bytes:
        """The Finished that follows these messages; they count as sent."""
        self.transcript += b"".join(messages)
        value = finished(self.suite.hash_name, self.schedule.server_handshake, self.digest())
        last = message(reg.FINISHED, value)
        self.transcript += last
        return last

    def change_keys(self) -> None:
        """After the server's Finished."""
        self.schedule.complete(self.digest())
        self.writing = RecordProtection(self.suite, self.schedule.server_application)

    def flight(self, *messages: bytes) -> bytes:
        """Messages and Finished in one record; the keys change behind it."""
        sent = messages or FLIGHT
        octets = self.seal(reg.HANDSHAKE, b"".join(sent) + self.finished(*sent))
        self.change_keys()
        return octets

    def seal(self, kind: int, octets: bytes, padding: int = 0) -> bytes:
        assert self.writing is not None
        return self.writing.seal(kind, octets, padding)

    def read(self, octets: bytes) -> list[tuple[int, bytes]]:
        """What the client sent under encryption; its keys change behind its Finished."""
        found = []
        octets = octets.removeprefix(b"\x14\x03\x03\x00\x01\x01")
        while octets:
            assert self.reading is not None
            end = 5 + int.from_bytes(octets[3:5], "big")
            opened = self.reading.open(octets[:5], octets[5:end])
            assert opened is not None
            found.append(opened)
            octets = octets[end:]
            kind, fragment = opened
            if kind == reg.HANDSHAKE and fragment[-36:-33] != b"" and self._finishes(fragment):
                self.reading = RecordProtection(self.suite, self.schedule.client_application)
        return found

    def read_early(self, octets: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
        """What stands under the early keys, up to EndOfEarlyData, which counts; and what is left."""
        found = []
        octets = octets.removeprefix(b"\x14\x03\x03\x00\x01\x01")
        end_of_early_data = (reg.HANDSHAKE, message(reg.END_OF_EARLY_DATA, b""))
        while octets and end_of_early_data not in found:
            assert self.early is not None
            end = 5 + int.from_bytes(octets[3:5], "big")
            opened = self.early.open(octets[:5], octets[5:end])
            assert opened is not None
            found.append(opened)
            octets = octets[end:]
        if end_of_early_data in found:
            self.transcript += end_of_early_data[1]
        return found, octets

    def _finishes(self, fragment: bytes) -> bool:
        """Whether the client's Finished is in it; then it is right."""
        size = 4 + self.suite.hash_octets
        if len(fragment) < size or fragment[-size] != reg.FINISHED:
            return False
        self.transcript += fragment[:-size]
        value = finished(self.suite.hash_name, self.schedule.client_handshake, self.digest())
        assert fragment[-size:] == message(reg.FINISHED, value)
        self.transcript += fragment[-size:]
        self.schedule.remember(self.digest())
        return True
