"""A server of SSL 3.0 to TLS 1.2 in memory that does as told, right or wrong.

Secrets and record protection are those of ``wire.tls12_keys`` and ``wire.tls12_protection``; that those are
right is proved elsewhere: by known answers, by arithmetic done again in the tests, and by OpenSSL.
"""

import hashlib

from cryptography.hazmat.primitives.asymmetric import x25519

from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls12 import Tls12Client
from waxseal.wire.tls12_keys import Secrets12
from waxseal.wire.tls12_protection import Tls12Protection
from waxseal.wire.tls12_suites import parse_suite
from waxseal.wire.tls13_ffdhe import prime
from waxseal.wire.tls_client_hello import ClientHello
from waxseal.wire.tls_events import Resumption12
from waxseal.wire.tls_extensions import Extension
from waxseal.wire.tls_fields import message, number, records, vector
from waxseal.wire.tls_key_exchange import KeyExchange

CCS = reg.CHANGE_CIPHER_SPEC
DONE = message(reg.SERVER_HELLO_DONE, b"")
CERTIFICATE = message(reg.CERTIFICATE, vector(vector(b"DER of a leaf", 3), 3))
STATUS = message(reg.CERTIFICATE_STATUS, b"\x01" + vector(b"OCSP", 3))
REQUEST = message(reg.CERTIFICATE_REQUEST, vector(b"\x01", 1) + vector(b"\x04\x01", 2) + vector(b"", 2))
TICKET = message(reg.NEW_SESSION_TICKET, number(7200, 4) + vector(b"a ticket", 2))
HELLO_REQUEST = message(reg.HELLO_REQUEST, b"")
SUITE = 0xC02F
PRIVATE = 0x1234567890ABCDEF1234567890ABCDEF


def octets_of(size: int) -> bytes:
    """The entropy of these tests: always the same."""
    return hashlib.shake_128(b"waxseal").digest(size)


def offer(
    *suites: int, version: int = 0x0303, further: tuple[Extension, ...] = (), session_id: bytes = b""
) -> ClientHello:
    made = suites or (SUITE,)
    if version == 0x0300:
        return ClientHello(b"c" * 32, (*made, 0x00FF), None, version, session_id)
    extensions = (ext.supported_groups((reg.X25519,)), ext.renegotiation_info(), *further)
    return ClientHello(b"c" * 32, made, extensions, version, session_id)


def client(hello: ClientHello | None = None, resume: Resumption12 | None = None) -> Tls12Client:
    return Tls12Client(hello or offer(), octets_of, resume=resume)


class Peer12:
    """The server's side of one connection, up to where the test wants it."""

    def __init__(self, suite: int = SUITE, version: int = 0x0303) -> None:
        found = parse_suite(suite)
        assert found is not None
        self.suite, self.version = found, version
        self.number = suite
        self.transcript = b""
        self.client_random = b""
        self.random = b"S" * 32
        self.extended = False
        self.encrypt_then_mac = False
        self.secrets = Secrets12(version, found.hash_name)
        self.reading: Tls12Protection | None = None
        self.writing: Tls12Protection | None = None
        self.pending: tuple[Tls12Protection, ...] = ()
        self.verify = (b"", b"")

    def hello(
        self,
        heard: bytes,
        *extensions: Extension,
        session_id: bytes = b"",
        version: int | None = None,
        suite: int | None = None,
        compression: int = 0,
    ) -> bytes:
        """ServerHello for a ClientHello message (without record headers)."""
        self.client_random = heard[6:38]
        self.transcript = heard
        said = extensions or (Extension(reg.RENEGOTIATION_INFO, b"\x00"),)
        self.extended = any(extension.number == reg.EXTENDED_MASTER_SECRET for extension in said)
        self.encrypt_then_mac = any(extension.number == reg.ENCRYPT_THEN_MAC for extension in said)
        body = number(self.version if version is None else version, 2) + self.random + vector(session_id, 1)
        body += number(self.number if suite is None else suite, 2) + bytes([compression])
        listed = b"".join(number(e.number, 2) + vector(e.octets, 2) for e in said)
        if self.version > 0x0300:
            body += vector(listed, 2)
        return message(reg.SERVER_HELLO, body)

    def exchange(self, group: int = reg.X25519) -> bytes:
        """ServerKeyExchange of the suite, signed by nobody."""
        if self.suite.exchange is KeyExchange.DHE:
            field = prime(256)
            public = pow(2, PRIVATE, field)
            numbers = (field, 2, public)
            body = b"".join(vector(n.to_bytes((n.bit_length() + 7) // 8, "big"), 2) for n in numbers)
        else:
            body = b"\x03" + number(group, 2) + vector(self._key().public_key().public_bytes_raw(), 1)
        if self.suite.authentication:
            body += (b"\x04\x01" if self.version == 0x0303 else b"") + vector(b"signature", 2)
        return message(reg.SERVER_KEY_EXCHANGE, body)

    def _key(self) -> x25519.X25519PrivateKey:
        return x25519.X25519PrivateKey.from_private_bytes(b"k" * 32)

    def say(self, *messages: bytes) -> bytes:
        """Handshake messages in one record, which count as said."""
        self.transcript += b"".join(messages)
        return self.seal(reg.HANDSHAKE, b"".join(messages))

    def seal(self, kind: int, octets: bytes) -> bytes:
        if self.writing is None:
            return records(kind, octets, self.version)
        return self.writing.seal(kind, octets)

    def first(self, ours: Tls12Client, *extensions: Extension, session_id: bytes = b"") -> bytes:
        """The whole first flight, for a client that is to be started."""
        heard = ours.start()[5:]
        return self.say(self.hello(heard, *extensions, session_id=session_id), *self.flight())

    def flight(self) -> tuple[bytes, ...]:
        """What follows ServerHello in a whole handshake."""
        shown = (CERTIFICATE,) if self.suite.authentication else ()
        return (*shown, self.exchange(), DONE)

    def read(self, octets: bytes) -> list[tuple[int, bytes]]:
        """What the client sent, as content types and fragments; its keys are taken up on the way."""
        found = []
        while octets:
            end = 5 + int.from_bytes(octets[3:5], "big")
            kind, payload = octets[0], octets[5:end]
            assert int.from_bytes(octets[1:3], "big") == self.version
            fragment = payload if self.reading is None else self.reading.open(kind, payload)
            assert fragment is not None
            octets = octets[end:]
            found.append((kind, fragment))
            if kind == CCS:
                assert self.pending
                self.reading = self.pending[0]
            elif kind == reg.HANDSHAKE:
                self._heard(fragment)
        return found

    def _heard(self, fragment: bytes) -> None:
        while fragment:
            end = 4 + int.from_bytes(fragment[1:4], "big")
            heard, fragment = fragment[:end], fragment[end:]
            if heard[0] == reg.FINISHED:
                right = self.secrets.finished(self.transcript, client=True)
                assert heard == message(reg.FINISHED, right)
                self.verify = right, self.verify[1]
            self.transcript += heard
            if heard[0] == reg.CLIENT_KEY_EXCHANGE:
                self._meet(heard[4:])

    def _meet(self, body: bytes) -> None:
        if self.suite.exchange is KeyExchange.DHE:
            field = prime(256)
            shared = pow(int.from_bytes(body[2:], "big"), PRIVATE, field)
            premain = shared.to_bytes((shared.bit_length() + 7) // 8, "big")
        else:
            premain = self._key().exchange(x25519.X25519PublicKey.from_public_bytes(body[1:]))
        if self.extended:
            self.secrets.derive_extended(premain, self.transcript)
        else:
            self.secrets.derive(premain, self.client_random + self.random)
        self.prepare()

    def prepare(self) -> None:
        """Keys of the main secret."""
        block = self.secrets.key_block(self.suite, self.random + self.client_random)
        self.pending = tuple(
            Tls12Protection(self.suite, self.version, keys, octets_of, encrypt_then_mac=self.encrypt_then_mac)
            for keys in block
        )

    def change(self) -> bytes:
        """ChangeCipherSpec, and the new keys from there on."""
        said = self.seal(CCS, b"\x01")
        self.writing = self.pending[1]
        return said

    def finish(self) -> bytes:
        """ChangeCipherSpec and Finished."""
        changed = self.change()
        right = self.secrets.finished(self.transcript, client=False)
        self.verify = self.verify[0], right
        return changed + self.say(message(reg.FINISHED, right))


def complete(
    ours: Tls12Client, theirs: Peer12, *extensions: Extension, session_id: bytes = b""
) -> list[object]:
    """Shake hands; the events."""
    events: list[object] = list(ours.receive(theirs.first(ours, *extensions, session_id=session_id)))
    theirs.read(ours.to_send())
    return events + list(ours.receive(theirs.finish()))
