"""The scripted flawed server shows each flaw to who looks for it, and none of them without being asked."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from . import raw
from .flawed_record import ALERT, APPLICATION, HANDSHAKE, Protection, prf
from .flawed_tls import FLAWS
from .options import TlsServer
from .raw import Flight, ask, client_hello

StartTls = Callable[..., TlsServer]

CPU = Path("/proc/cpuinfo")
_RSA = 0x002F
_DHE = 0x0033
_CHANGE = raw.record(20, b"\x01")


def _exchange(server: TlsServer, ciphertext: bytes) -> Flight:
    """What follows a ClientKeyExchange, a ChangeCipherSpec and a Finished made of noise."""
    with raw.connect(server) as stream:
        stream.sendall(client_hello([_RSA]))
        raw.receive(stream)
        body = len(ciphertext).to_bytes(2, "big") + ciphertext
        message = b"\x10" + len(body).to_bytes(3, "big") + body
        stream.sendall(raw.record(HANDSHAKE, message) + _CHANGE + raw.record(HANDSHAKE, os.urandom(64)))
        return raw.receive(stream, quiet_s=1.0)


def _encrypted(server: TlsServer, plain: bytes, *, sound: bool) -> bytes:
    """Under the server's RSA key, PKCS #1 v1.5 padded, or with the padding's first octets wrong."""
    public = _public_key(server)
    if sound:
        return public.encrypt(plain, padding.PKCS1v15())
    size = public.key_size // 8
    block = b"\x41\x17" + bytes([0x55]) * (size - 3 - len(plain)) + b"\0" + plain
    numbers = public.public_numbers()
    return pow(int.from_bytes(block, "big"), numbers.e, numbers.n).to_bytes(size, "big")


def _public_key(server: TlsServer) -> rsa.RSAPublicKey:
    chain = ask(server, client_hello([_RSA])).message(raw.CERTIFICATE)
    assert chain is not None
    size = int.from_bytes(chain[3:6], "big")
    public = x509.load_der_x509_certificate(chain[6 : 6 + size]).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    return public


class _Client:
    """A handshake done by hand, so that its records can be spoilt."""

    def __init__(self, server: TlsServer, *, ticket: bool = False) -> None:
        self.stream = raw.connect(server)
        random, premaster = os.urandom(32), b"\x03\x03" + os.urandom(46)
        extensions = raw.TICKET if ticket else b""
        hello = client_hello([_RSA], random=random, extensions=extensions)
        self.stream.sendall(hello)
        flight = raw.receive(self.stream)
        assert flight.hello is not None
        ciphertext = _encrypted(server, premaster, sound=True)
        body = len(ciphertext).to_bytes(2, "big") + ciphertext
        message = b"\x10" + len(body).to_bytes(3, "big") + body
        master = prf(premaster, b"master secret", random + flight.hello.random, 48)
        block = prf(master, b"key expansion", flight.hello.random + random, 72)
        self.writing = Protection(block[:20], block[40:56], hashlib.sha1, frozenset(), compress=False)
        sent = b"".join(bytes([kind]) + len(body).to_bytes(3, "big") + body for kind, body in flight.messages)
        digest = hashlib.sha256(hello[5:] + sent + message).digest()
        finished = b"\x14\x00\x00\x0c" + prf(master, b"client finished", digest, 12)
        self.stream.sendall(raw.record(HANDSHAKE, message) + _CHANGE)
        self.send(HANDSHAKE, self.writing.protect(HANDSHAKE, finished))
        self.second = raw.receive(self.stream, enough=lambda flight: flight.octets.count(_CHANGE) == 1)
        self.reading = Protection(block[20:40], block[56:], hashlib.sha1, frozenset(), compress=False)

    def send(self, kind: int, octets: bytes) -> None:
        self.stream.sendall(raw.record(kind, octets))

    def alert(self) -> int:
        """The number of the alert that ends the connection."""
        octets = self.second.octets + raw.receive(self.stream, enough=lambda _: False).octets
        octets = octets[octets.index(_CHANGE) + len(_CHANGE) :]
        found = []
        while octets:
            size = int.from_bytes(octets[3:5], "big")
            found.append((octets[0], self.reading.open(octets[0], octets[5 : 5 + size])))
            octets = octets[5 + size :]
        self.stream.close()
        kind, content = found[-1]
        assert kind == ALERT
        assert content[0] == 2
        return content[1]


def _alert(server: TlsServer, spoil: Callable[[_Client], bytes]) -> int:
    client = _Client(server)
    client.send(APPLICATION, spoil(client))
    return client.alert()


def _spoilt(*, plain: bytes, at: int) -> Callable[[_Client], bytes]:
    """A record with one bit of one octet of its content changed, by the block before (CBC)."""

    def spoil(client: _Client) -> bytes:
        octets = bytearray(client.writing.protect(APPLICATION, plain))
        octets[at - 16] ^= 1
        return bytes(octets)

    return spoil


def test_every_flaw_has_a_test() -> None:
    text = Path(__file__).read_text()
    assert [flaw for flaw in FLAWS if f'"{flaw}"' not in text] == []


@pytest.mark.parametrize(
    ("flaw", "for_bad_padding"),
    [(None, (2, 20)), ("robot-alert", (2, 51)), ("robot-close", "eof"), ("robot-silence", "silence")],
)
def test_robot(start_tls: StartTls, flaw: str | None, for_bad_padding: object) -> None:
    server = start_tls("flawed", extra=(flaw,) if flaw else ())
    sound = _exchange(server, _encrypted(server, b"\x03\x03" + bytes(46), sound=True))
    assert sound.alerts == ((2, 20),)
    bad = _exchange(server, _encrypted(server, b"\x03\x03" + bytes(46), sound=False))
    assert (bad.alerts[0] if bad.alerts else bad.ended) == for_bad_padding


# Content is 4 octets of text, 20 of MAC and 8 of padding; at 16 begins the first block behind the vector.
_BAD_MAC = _spoilt(plain=b"NOOP", at=16 + 6)
_BAD_PADDING = _spoilt(plain=b"NOOP", at=16 + 25)
_EMPTY_BAD_MAC = _spoilt(plain=b"", at=16 + 2)


@pytest.mark.parametrize(
    ("flaw", "alerts"),
    [
        (None, (20, 20, 20)),
        ("padding-alert", (20, 21, 20)),
        ("zero-length", (20, 20, 80)),
    ],
)
def test_padding_oracles(start_tls: StartTls, flaw: str | None, alerts: tuple[int, ...]) -> None:
    server = start_tls("flawed", extra=(flaw,) if flaw else ())
    assert tuple(_alert(server, spoil) for spoil in (_BAD_MAC, _BAD_PADDING, _EMPTY_BAD_MAC)) == alerts


def _overflow(client: _Client) -> bytes:
    """Two blocks of nothing but padding, by a chosen plaintext with the right key."""
    return client.writing.encrypt(bytes([31]) * 32)


@pytest.mark.parametrize(("extra", "alert"), [((), 20), (("padding-overflow",), 22)])
def test_padding_that_leaves_no_room(start_tls: StartTls, extra: tuple[str, ...], alert: int) -> None:
    assert _alert(start_tls("flawed", extra=extra), _overflow) == alert


@pytest.mark.real
@pytest.mark.skipif(
    not re.search(r"^flags\b.*\baes\b", CPU.read_text() if CPU.exists() else "", re.MULTILINE),
    reason="CVE-2016-2107 is in the code for AES-NI, which this processor does not have",
)
@pytest.mark.parametrize(
    ("kind", "alert"),
    [("openssl-1.0.1e", 22), ("openssl-1.0.1u", 20), ("openssl-1.0.2g", 22), ("openssl-1.0.2o", 20)],
)
def test_cve_2016_2107_in_real_releases(start_tls: StartTls, kind: str, alert: int) -> None:
    """The two vulnerable ones do not survive it as Node servers, so they are not shared."""
    assert _alert(start_tls(kind, fresh=True), _overflow) == alert


def _noise_for_padding(client: _Client) -> bytes:
    """A sound record, but for the content of its padding; its last octet is the length, as it must."""
    plain = b"NOOP\r\n"
    content = plain + client.writing.mac(APPLICATION, plain)
    return client.writing.encrypt(content + b"noise" + bytes([5]))


def test_padding_that_nobody_looks_at(start_tls: StartTls) -> None:
    assert _alert(start_tls("flawed"), _noise_for_padding) == 20
    client = _Client(start_tls("flawed", extra=("padding-unchecked",)))
    client.send(APPLICATION, _noise_for_padding(client))
    answer = raw.receive(client.stream, enough=lambda flight: b"\x17\x03\x03" in flight.octets)
    client.stream.close()
    assert answer.ended == "enough"


def test_ticketbleed(start_tls: StartTls) -> None:
    for extra, size in (((), 1), (("ticketbleed",), 32)):
        server = start_tls("flawed", extra=extra)
        client = _Client(server, ticket=True)
        client.stream.close()
        body = client.second.message(4)
        assert body is not None
        ticket = body[6:]
        extension = b"\x00\x23" + len(ticket).to_bytes(2, "big") + ticket
        with raw.connect(server) as stream:
            stream.sendall(client_hello([_RSA], extensions=extension, session_id=b"\x17"))
            hello = raw.receive(stream, enough=lambda flight: flight.hello is not None).hello
        assert hello is not None
        assert hello.session_id[:1] == b"\x17"
        assert len(hello.session_id) == size


@pytest.mark.parametrize(("extra", "silent"), [((), False), (("early-ccs",), True)])
def test_early_change_cipher_spec(start_tls: StartTls, extra: tuple[str, ...], silent: bool) -> None:
    with raw.connect(start_tls("flawed", extra=extra)) as stream:
        stream.sendall(client_hello([_RSA]))
        raw.receive(stream)
        stream.sendall(_CHANGE)
        assert (raw.receive(stream, quiet_s=0.5).ended == "silence") == silent
        if silent:
            stream.sendall(_CHANGE)
            assert raw.receive(stream).alerts == ((2, 10),)


def test_shares_of_diffie_hellman(start_tls: StartTls) -> None:
    for extra, repeated in (((), False), (("static-dh",), True)):
        server = start_tls("flawed", extra=extra)
        exchanges = [ask(server, client_hello([_DHE])).message(raw.KEY_EXCHANGE) for _ in range(2)]
        shares = [exchange[263 : 263 + 256] if exchange else b"" for exchange in exchanges]
        assert all(len(share) == 256 for share in shares)
        assert (shares[0] == shares[1]) == repeated


def test_fields_of_the_server_hello(start_tls: StartTls) -> None:
    offers = client_hello([_RSA, 0x00FF], compressions=b"\x01\x00")
    sound = ask(start_tls("flawed"), offers).hello
    assert sound is not None
    assert (sound.compression, 0xFF01 in sound.extensions, sound.random[24:31]) != (1, False, b"DOWNGRD")
    assert sound.compression == 0
    assert sound.extensions[0xFF01] == b"\0"
    compressed = ask(start_tls("flawed", extra=("compression",)), offers).hello
    assert compressed is not None
    assert compressed.compression == 1
    old = ask(start_tls("flawed", extra=("no-renegotiation-info",)), offers).hello
    assert old is not None
    assert 0xFF01 not in old.extensions
    marked = ask(start_tls("flawed", extra=("sentinel",)), offers).hello
    assert marked is not None
    assert marked.random[24:] == b"DOWNGRD\x01"


@pytest.mark.parametrize(("extra", "done"), [((), False), (("renegotiates",), True)])
def test_renegotiation(start_tls: StartTls, extra: tuple[str, ...], done: bool) -> None:
    server = start_tls("flawed", extra=extra)
    where = ["-connect", f"{server.host}:{server.port}", "-starttls", "smtp"]
    process = subprocess.Popen(
        ["openssl", "s_client", *where, "-tls1_2", "-cipher", "ALL:@SECLEVEL=0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdin is not None
    for line in (b"R\n", b"EHLO client.test\r\n"):
        time.sleep(0.7)
        with contextlib.suppress(BrokenPipeError):  # refused, and over
            process.stdin.write(line)
            process.stdin.flush()
    time.sleep(0.7)
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    assert process.stdout is not None
    said = process.stdout.read().decode()
    process.stdout.close()
    process.wait(timeout=10)
    assert "RENEGOTIATING" in said
    assert ("250 SIZE 10240000" in said) == done
