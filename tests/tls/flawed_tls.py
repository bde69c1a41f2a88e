"""A small TLS 1.2 server with the flaws that no release to be had still shows, each asked for by name.

RSA and DHE key exchange with AES-128-CBC and HMAC-SHA-1 or SHA-256 (RFC 5246); sessions by ticket (RFC 5077).
It is scripted: it shows how a vulnerable server looks from outside, and proves nothing about any software.
Run as a program it is the server; `start` is what the tests call. Records and their protection are in
`flawed_record`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .dh import dh_file, read_prime
from .flawed_record import (
    ALERT,
    APPLICATION,
    CHANGE_CIPHER_SPEC,
    HANDSHAKE,
    PeerError,
    Protection,
    Records,
    prf,
)
from .process import Order, Running, ServerProcess
from .python_ssl import ROOT
from .threaded import SecuredStream, read_orders, serve

if TYPE_CHECKING:
    import socket

KINDS: Final = ("flawed",)

FLAWS: Final = {
    "robot-alert": "bad RSA padding is answered by decrypt_error at once, a sound one only at Finished",
    "robot-close": "bad RSA padding closes the connection at once",
    "robot-silence": "bad RSA padding is answered by nothing at all",
    "padding-alert": "bad CBC padding gives decryption_failed, a bad MAC bad_record_mac (Vaudenay)",
    "padding-unchecked": "the content of CBC padding is not looked at (POODLE against TLS)",
    "zero-length": "a bad MAC over an empty record gives another alert than any other (CVE-2019-1559)",
    "padding-overflow": "padding that leaves no room for a MAC gives record_overflow (CVE-2016-2107)",
    "ticketbleed": "with a ticket, a short session identifier comes back as 32 octets (CVE-2016-9244)",
    "early-ccs": "ChangeCipherSpec is taken before any key is agreed (CVE-2014-0224)",
    "static-dh": "the same Diffie-Hellman share in every connection (Raccoon, CVE-2020-1968)",
    "compression": "DEFLATE is chosen where it is offered (CRIME, CVE-2012-4929)",
    "no-renegotiation-info": "renegotiation_info is not answered (RFC 5746)",
    "renegotiates": "a handshake that the client starts anew is done",
    "sentinel": "the random of TLS 1.2 ends in the downgrade sentinel although nothing higher is spoken",
}
"""What can stand in `extra`; without any of them the server is sound as far as it goes."""

_SUITES: Final = {
    0x002F: ("rsa", hashlib.sha1),
    0x003C: ("rsa", hashlib.sha256),
    0x0033: ("dhe", hashlib.sha1),
}
_VERSION: Final = 0x0303
_EMPTY_RENEGOTIATION_INFO_SCSV: Final = 0x00FF
_RENEGOTIATION_INFO: Final = 0xFF01
_SESSION_TICKET: Final = 35
_SENTINEL: Final = b"DOWNGRD\x01"
_LEAKED: Final = bytes(range(0xA0, 0xC0))
"""Stands for the memory that Ticketbleed shows; nothing of the process leaves it."""

_MOST_TICKETS: Final = 1024


def start(order: Order) -> Running:
    """Starts one; `extra` holds names out of `FLAWS`, `suites` "rsa", "dhe" or both with a comma between.

    Raises:
        StartError: It did not come up.
        ValueError: It cannot do what is asked.
    """
    options = order.options
    options.only("leaves", "extra", "suites", "dh", "tickets")
    unknown = set(options.extra) - set(FLAWS)
    if unknown or len(options.leaves) != 1:
        raise ValueError(f"this kind of server has one certificate, and no {sorted(unknown)}")
    orders = {
        "dialogue": order.dialogue.as_data(),
        "greets": order.greets,
        "identity": order.identities.pair(options.leaves[0]),
        "flaws": options.extra,
        "kinds": (options.suites or "rsa,dhe").split(","),
        "dh": str(dh_file(options.dh or "dh-2048", order.identities.folder)),
        "tickets": options.tickets,
    }
    path = order.folder / "orders.json"
    path.write_text(json.dumps(orders))
    command = [sys.executable, "-m", f"{__package__}.flawed_tls", str(path)]
    process = ServerProcess(command, order.folder / "log", {"PYTHONPATH": str(ROOT)})
    return Running(process, f"scripted TLS 1.2 ({', '.join(options.extra) or 'sound'})")


@dataclass(frozen=True)
class _Hello:
    """A ClientHello, as far as it matters."""

    version: int
    random: bytes
    session_id: bytes
    suites: tuple[int, ...]
    compressions: bytes
    extensions: dict[int, bytes]


class _Server:
    """What all connections share."""

    def __init__(self, orders: dict[str, Any]) -> None:
        self.flaws = frozenset(orders["flaws"])
        self.tickets: dict[bytes, tuple[bytes, int]] = {}
        self.gives_tickets: bool = orders["tickets"]
        self.kinds: list[str] = orders["kinds"]
        self.chain = [
            certificate.public_bytes(serialization.Encoding.DER)
            for certificate in x509.load_pem_x509_certificates(Path(orders["identity"]["chain"]).read_bytes())
        ]
        key = serialization.load_pem_private_key(Path(orders["identity"]["key"]).read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self.key = key
        self.prime = read_prime(Path(orders["dh"]))
        self.secret = self.new_secret()

    def new_secret(self) -> int:
        """A private Diffie-Hellman value."""
        return int.from_bytes(os.urandom(32), "big") | 1 << 255

    def keep(self, master: bytes, suite: int) -> bytes:
        """A ticket; the oldest one is forgotten."""
        ticket = os.urandom(64)
        self.tickets[ticket] = (master, suite)
        if len(self.tickets) > _MOST_TICKETS:
            self.tickets.pop(next(iter(self.tickets)))
        return ticket

    def decrypt(self, ciphertext: bytes) -> int:
        """Plain RSA, no padding looked at."""
        numbers = self.key.private_numbers()
        return pow(int.from_bytes(ciphertext, "big"), numbers.d, numbers.public_numbers.n)


class _Connection:
    """One connection, the handshake and what comes after it."""

    def __init__(self, server: _Server, connection: socket.socket) -> None:
        self._server = server
        self._flaws = server.flaws
        self._records = Records(connection, server.flaws)
        self._transcript = b""
        self._messages = b""
        self._bound = b""  # what renegotiation_info says: both Finished values of the handshake before
        self._finished = b""

    def shake_hands(self) -> None:
        """The first handshake, or a further one."""
        self._transcript = b""
        self._follow(_hello(self._message(1)))

    def _follow(self, hello: _Hello) -> None:
        if hello.version < _VERSION:
            raise self._records.alert(70)
        self._bound, self._finished = self._finished, b""
        resumed = self._server.tickets.get(hello.extensions.get(_SESSION_TICKET, b""))
        suite = resumed[1] if resumed else self._choose(hello)
        random = self._random()
        self._send(2, self._server_hello(hello, random, suite, resumed=resumed is not None))
        compress = self._compresses(hello)
        if resumed:
            self._resume(hello, random, resumed[0], suite, compress=compress)
            return
        exchange = _SUITES[suite][0]
        chain = b"".join(_sized(3, der) for der in self._server.chain)
        self._send(11, _sized(3, chain))
        secret = self._server.secret if "static-dh" in self._flaws else self._server.new_secret()
        if exchange == "dhe":
            self._send(12, self._key_exchange(hello, random, secret))
        self._send(14, b"")
        body = self._message(16)
        premaster = self._rsa(body) if exchange == "rsa" else self._dhe(body, secret)
        master = prf(premaster, b"master secret", hello.random + random, 48)
        protections = self._protections(master, hello.random + random, suite, compress=compress)
        self._finish_client(master, protections[0])
        if _SESSION_TICKET in hello.extensions and self._server.gives_tickets:
            ticket = self._server.keep(master, suite)
            self._send(4, (300).to_bytes(4, "big") + _sized(2, ticket))
        self._finish_server(master, protections[1])

    def _choose(self, hello: _Hello) -> int:
        for suite in hello.suites:
            if suite in _SUITES and _SUITES[suite][0] in self._server.kinds:
                return suite
        raise self._records.alert(40)

    def _random(self) -> bytes:
        random = os.urandom(32)
        return random[:24] + _SENTINEL if "sentinel" in self._flaws else random

    def _compresses(self, hello: _Hello) -> bool:
        return "compression" in self._flaws and 1 in hello.compressions

    def _server_hello(self, hello: _Hello, random: bytes, suite: int, *, resumed: bool) -> bytes:
        session_id = hello.session_id if resumed else b""
        if resumed and session_id and "ticketbleed" in self._flaws:
            session_id = (session_id + _LEAKED)[:32]
        extensions = b""
        asks = _RENEGOTIATION_INFO in hello.extensions or _EMPTY_RENEGOTIATION_INFO_SCSV in hello.suites
        if asks and "no-renegotiation-info" not in self._flaws:
            extensions += _extension(_RENEGOTIATION_INFO, _sized(1, self._bound))
        if _SESSION_TICKET in hello.extensions and self._server.gives_tickets and not resumed:
            extensions += _extension(_SESSION_TICKET, b"")
        body = _VERSION.to_bytes(2, "big") + random + _sized(1, session_id) + suite.to_bytes(2, "big")
        body += bytes([self._compresses(hello)])
        return body + (_sized(2, extensions) if extensions else b"")

    def _key_exchange(self, hello: _Hello, random: bytes, secret: int) -> bytes:
        prime, size = self._server.prime, (self._server.prime.bit_length() + 7) // 8
        share = pow(2, secret, prime).to_bytes(size, "big")
        parameters = _sized(2, prime.to_bytes(size, "big")) + _sized(2, b"\x02") + _sized(2, share)
        signature = self._server.key.sign(
            hello.random + random + parameters, padding.PKCS1v15(), hashes.SHA256()
        )
        return parameters + b"\x04\x01" + _sized(2, signature)

    def _rsa(self, body: bytes) -> bytes:
        """The premaster secret; a random one where the padding is bad, as RFC 5246 §7.4.7.1 asks."""
        size = self._server.key.key_size // 8
        opened = self._server.decrypt(body[2:]).to_bytes(size, "big")
        padded, _, premaster = opened[2:].partition(b"\0")
        sound = opened[:2] == b"\x00\x02" and len(padded) >= 8 and len(premaster) == 48
        if sound and premaster[:2] == _VERSION.to_bytes(2, "big"):
            return premaster
        if "robot-alert" in self._flaws:
            raise self._records.alert(51)
        if "robot-close" in self._flaws:
            raise PeerError("bad RSA padding")
        if "robot-silence" in self._flaws:
            self._records.swallow()
            raise PeerError("bad RSA padding")
        return os.urandom(48)

    def _dhe(self, body: bytes, secret: int) -> bytes:
        shared = pow(int.from_bytes(body[2:], "big"), secret, self._server.prime)
        return shared.to_bytes(
            (shared.bit_length() + 7) // 8, "big"
        )  # RFC 5246 §8.1.2: without leading zeros

    def _protections(
        self, master: bytes, randoms: bytes, suite: int, *, compress: bool
    ) -> tuple[Protection, Protection]:
        digest = _SUITES[suite][1]
        size = digest().digest_size
        block = prf(master, b"key expansion", randoms[32:] + randoms[:32], 2 * size + 32)
        keys = [block[:size], block[size : 2 * size], block[2 * size : -16], block[-16:]]
        client = Protection(keys[0], keys[2], digest, self._flaws, compress=compress)
        return client, Protection(keys[1], keys[3], digest, self._flaws, compress=compress)

    def _resume(self, hello: _Hello, random: bytes, master: bytes, suite: int, *, compress: bool) -> None:
        protections = self._protections(master, hello.random + random, suite, compress=compress)
        self._finish_server(master, protections[1])
        self._finish_client(master, protections[0])

    def _finish_client(self, master: bytes, protection: Protection) -> None:
        self._records.expect_change_cipher_spec()
        self._records.reading = protection
        expected = self._verify_data(master, b"client finished")
        if not hmac.compare_digest(self._message(20), expected):
            raise self._records.alert(51)
        self._finished += expected

    def _finish_server(self, master: bytes, protection: Protection) -> None:
        self._records.write(CHANGE_CIPHER_SPEC, b"\x01")
        self._records.writing = protection
        finished = self._verify_data(master, b"server finished")
        self._send(20, finished)
        self._finished += finished

    def _verify_data(self, master: bytes, label: bytes) -> bytes:
        return prf(master, label, hashlib.sha256(self._transcript).digest(), 12)

    def _send(self, kind: int, body: bytes) -> None:
        message = bytes([kind]) + _sized(3, body)
        self._transcript += message
        self._records.write(HANDSHAKE, message)

    def _message(self, kind: int) -> bytes:
        """The body of the next handshake message, which has to be of that kind."""
        while len(self._messages) < 4 or len(self._messages) < 4 + int.from_bytes(self._messages[1:4], "big"):
            content, octets = self._records.read(early=kind == 16)
            if content != HANDSHAKE:
                raise self._records.alert(10)
            self._messages += octets
        end = 4 + int.from_bytes(self._messages[1:4], "big")
        message, self._messages = self._messages[:end], self._messages[end:]
        if message[0] != kind:
            raise self._records.alert(10)
        self._transcript += message
        return message[4:]

    def read(self, limit_octets: int) -> bytes:
        while True:
            content, octets = self._records.read()
            if content == APPLICATION and octets:
                return octets
            if content == ALERT:
                return b""
            if content == HANDSHAKE:
                self._messages += octets
                if "renegotiates" not in self._flaws:
                    raise self._records.alert(40)
                self.shake_hands()

    def write(self, octets: bytes) -> None:
        self._records.write(APPLICATION, octets)

    def close(self) -> None:
        self._records.write(ALERT, b"\x01\x00")


def _hello(body: bytes) -> _Hello:
    """Raises PeerError where the octets do not suffice."""
    parts = _Parts(body)
    version, random, session_id = int.from_bytes(parts.take(2), "big"), parts.take(32), parts.sized(1)
    suites, compressions = parts.sized(2), parts.sized(1)
    extensions: dict[int, bytes] = {}
    rest = _Parts(parts.sized(2) if parts.left else b"")
    while rest.left:
        kind = int.from_bytes(rest.take(2), "big")
        extensions[kind] = rest.sized(2)
    numbers = tuple(int.from_bytes(suites[at : at + 2], "big") for at in range(0, len(suites), 2))
    return _Hello(version, random, session_id, numbers, compressions, extensions)


class _Parts:
    """Reads fields off octets."""

    def __init__(self, octets: bytes) -> None:
        self.left = octets

    def take(self, size: int) -> bytes:
        if size > len(self.left):
            raise PeerError("the ClientHello is too short")
        taken, self.left = self.left[:size], self.left[size:]
        return taken

    def sized(self, width: int) -> bytes:
        return self.take(int.from_bytes(self.take(width), "big"))


def _sized(width: int, octets: bytes) -> bytes:
    return len(octets).to_bytes(width, "big") + octets


def _extension(kind: int, body: bytes) -> bytes:
    return kind.to_bytes(2, "big") + _sized(2, body)


def _main() -> None:
    orders = read_orders()
    server = _Server(orders)

    def shake_hands(connection: socket.socket) -> SecuredStream:
        made = _Connection(server, connection)
        made.shake_hands()
        return made

    serve(orders, shake_hands)


if __name__ == "__main__":
    _main()
