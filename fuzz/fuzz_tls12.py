"""Fuzz target: the client of SSL 3.0 to TLS 1.2, in clear, under keys and in a renegotiation.

The input is what a server says; where it says so, it is sealed with the server's keys, so that what stands
under encryption is reached too. No exception, any cut the same. Run with ``python fuzz/fuzz_tls12.py [corpus
directory]``; needs atheris.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.wire.tls12_peer import Peer12, client, offer

from waxseal.wire import tls_registry as reg
from waxseal.wire.tls12 import Tls12Client
from waxseal.wire.tls12_connection import MAX_FRAGMENT_OCTETS
from waxseal.wire.tls_events import ApplicationData, Event
from waxseal.wire.tls_record import MAX_RECORD_OCTETS

CASES = ((0xC02F, 0x0303), (0xC013, 0x0302), (0x0016, 0x0300), (0x0018, 0x0301))
KINDS = (reg.HANDSHAKE, reg.HANDSHAKE, reg.APPLICATION_DATA, reg.ALERT, reg.CHANGE_CIPHER_SPEC, 24, 77)
IN_CLEAR, AFTER_HELLO, COMPLETED, RENEGOTIATING = range(4)


def fuzz_one(data: bytes) -> None:
    """The first octet says where to cut, the second what stands before; then records, or raw octets."""
    if len(data) < 2:
        return
    step, mode, case, rest = 1 + data[0], data[1] % 4, CASES[data[1] // 4 % 4], data[2:]
    whole = _heard(mode, case, rest, len(rest) * 400 + 1)
    assert _heard(mode, case, rest, step) == whole
    # A record of a stream cipher may hold more than it should; that is told, and bounded.
    assert all(
        len(event.octets) <= max(MAX_FRAGMENT_OCTETS, MAX_RECORD_OCTETS)
        for event in whole[0]
        if isinstance(event, ApplicationData)
    )


def _prepared(mode: int, case: tuple[int, int]) -> tuple[Tls12Client, Peer12]:
    """Client and server, brought to where the input begins."""
    number, version = case
    ours, theirs = client(offer(number, version=version)), Peer12(number, version)
    if mode < COMPLETED:
        heard = ours.start()[5:]
        if mode == AFTER_HELLO:
            ours.receive(theirs.say(theirs.hello(heard)))
        return ours, theirs
    ours.receive(theirs.first(ours))
    theirs.read(ours.to_send())
    ours.receive(theirs.finish())
    if mode == RENEGOTIATING:
        theirs.read(ours.renegotiate())
    return ours, theirs


def _sealed(theirs: Peer12, octets: bytes) -> bytes:
    """Records of octets: content type, length, fragment; protected where there are keys."""
    sealed = b""
    while len(octets) >= 2:
        kind, length = KINDS[octets[0] % len(KINDS)], octets[1]
        sealed += theirs.seal(kind, octets[2 : 2 + length])
        octets = octets[2 + length :]
    return sealed


def _heard(mode: int, case: tuple[int, int], rest: bytes, step: int) -> tuple[list[Event], bytes, bool, bool]:
    ours, theirs = _prepared(mode, case)
    octets = rest if mode == IN_CLEAR else _sealed(theirs, rest)
    events: list[Event] = []
    for at in range(0, len(octets), step):
        events += ours.receive(octets[at : at + step])
    sent = ours.to_send()
    return events + ours.receive_eof(), sent + ours.close(), ours.completed, ours.ended


def main() -> None:
    """Run atheris until it finds something."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
