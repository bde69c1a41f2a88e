"""Fuzz target: the TLS 1.3 client, in clear, in the handshake and behind it. No exception, any cut the same.

The input is what a server says; where it says so, it is sealed with the server's keys, so that what stands
under encryption is reached too; with early data and a ticket that is taken, and with a client certificate
that may be asked for in the handshake and after it.
Run with ``python fuzz/fuzz_tls13.py [corpus directory]``; needs atheris.
"""

import hashlib
import sys

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13 import Tls13Client
from waxseal.wire.tls13_keys import SUITES, KeySchedule, finished
from waxseal.wire.tls13_offer import Tls13Offer
from waxseal.wire.tls13_protection import MAX_PLAINTEXT_OCTETS, RecordProtection
from waxseal.wire.tls_credentials import ClientCredentials
from waxseal.wire.tls_events import ApplicationData, Event, Resumption
from waxseal.wire.tls_fields import message, number, records, vector

SUITE = SUITES[0x1301]
OFFER = Tls13Offer("mx.example.test", post_handshake_auth=True)
TICKET = Resumption(b"ticket", SUITE.number, 0, 7200, 1000, b"s" * 32)
CREDENTIALS = ClientCredentials((b"leaf", b"issuer"), (0x0401, 0x0804, 0x0403), lambda _, data: data[-32:])
REQUEST = message(reg.CERTIFICATE_REQUEST, b"\x00" + vector(b"\x00\x0d\x00\x04\x00\x02\x04\x03", 2))
PROVED = message(reg.CERTIFICATE, b"\x00" + vector(vector(b"leaf", 3) + b"\x00\x00", 3)) + message(
    reg.CERTIFICATE_VERIFY, b"\x08\x04" + vector(b"signature", 2)
)
FLIGHT = message(reg.ENCRYPTED_EXTENSIONS, b"\x00\x00") + REQUEST + PROVED
EARLY_FLIGHT = message(reg.ENCRYPTED_EXTENSIONS, b"\x00\x04\x00\x2a\x00\x00")
KINDS = (reg.HANDSHAKE, reg.HANDSHAKE, reg.APPLICATION_DATA, reg.ALERT, reg.CHANGE_CIPHER_SPEC, 0, 77)


def _octets(size: int) -> bytes:
    return bytes(range(1, 65))[:size] if size <= 64 else bytes(size)


def _started(early: bool) -> tuple[Tls13Client, bytes]:
    hello, shares = OFFER.hello(_octets)
    resume = TICKET if early else None
    client = Tls13Client(hello, shares, _octets, resume=resume, early_data=early, credentials=CREDENTIALS)
    octets = client.start()
    if early:
        client.send_early(b"EHLO x\r\n")
    return client, octets


def _server(early: bool) -> tuple[bytes, bytes, RecordProtection, RecordProtection]:
    """ServerHello and flight as records, and the keys for what is said in their places."""
    key = X25519PrivateKey.from_private_bytes(b"s" * 32)
    client, hello = _started(early)
    hello = hello[5 : 5 + int.from_bytes(hello[3:5], "big")]
    public = next(share.public for share in client._shares.values() if share.group == reg.X25519)
    share = number(reg.X25519, 2) + vector(key.public_key().public_bytes_raw(), 2)
    extensions = b"\x00\x2b\x00\x02\x03\x04\x00\x33" + vector(share, 2)
    extensions += b"\x00\x29\x00\x02\x00\x00" if early else b""
    body = (
        b"\x03\x03" + b"r" * 32 + vector(client.hello.session_id, 1) + b"\x13\x01\x00" + vector(extensions, 2)
    )
    said = message(reg.SERVER_HELLO, body)
    transcript = hello + said
    schedule = KeySchedule.begin(SUITE.hash_name, TICKET.secret if early else b"")
    schedule.meet(
        key.exchange(X25519PublicKey.from_public_bytes(public)), hashlib.sha256(transcript).digest()
    )
    messages = EARLY_FLIGHT if early else FLIGHT
    transcript += messages
    value = finished(SUITE.hash_name, schedule.server_handshake, hashlib.sha256(transcript).digest())
    last = message(reg.FINISHED, value)
    schedule.complete(hashlib.sha256(transcript + last).digest())
    flight = RecordProtection(SUITE, schedule.server_handshake).seal(reg.HANDSHAKE, messages + last)
    return (
        records(reg.HANDSHAKE, said),
        flight,
        RecordProtection(SUITE, schedule.server_handshake),
        RecordProtection(SUITE, schedule.server_application),
    )


def fuzz_one(data: bytes) -> None:
    """The first octet says where to cut, the second what stands before; then records, or raw octets."""
    if len(data) < 2:
        return
    step, mode, early, rest = 1 + data[0], data[1] & 3, bool(data[1] & 4), data[2:]
    octets = rest
    if mode:
        hello, flight, within, behind = _server(early)
        octets = hello if mode < 3 else hello + flight
        octets += rest if mode == 1 else _sealed(within if mode == 2 else behind, rest)
    whole = _heard([octets], early)
    assert whole[2] or mode != 3
    assert _heard([octets[at : at + step] for at in range(0, len(octets), step)], early) == whole
    assert all(
        len(event.octets) <= MAX_PLAINTEXT_OCTETS + 256
        for event in whole[0]
        if isinstance(event, ApplicationData)
    )


def _sealed(keys: RecordProtection, octets: bytes) -> bytes:
    """Records of octets: content type, length, fragment."""
    sealed = b""
    while len(octets) >= 2:
        kind, length = KINDS[octets[0] % len(KINDS)], octets[1]
        sealed += keys.seal(kind, octets[2 : 2 + length])
        octets = octets[2 + length :]
    return sealed


def _heard(pieces: list[bytes], early: bool) -> tuple[list[Event], bytes, bool, bool]:
    client, _ = _started(early)
    events: list[Event] = []
    for piece in pieces:
        events += client.receive(piece)
    sent = client.to_send()
    return events + client.receive_eof(), sent + client.close(), client.completed, client.ended


def main() -> None:
    """Run atheris until it finds something."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
