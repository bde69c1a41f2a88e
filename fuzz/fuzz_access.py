"""Fuzz target: IMAP, POP3 and ManageSieve responses and the dialogue core. No exception, any cut the same.

Run with ``python fuzz/fuzz_access.py [corpus directory]``; needs atheris.
"""

import sys

from waxseal.facts import MailProtocol
from waxseal.wire.access_capabilities import capabilities, lists_capabilities
from waxseal.wire.access_client import AccessConnection, Event
from waxseal.wire.access_response import MAX_RESPONSE_LINES, MAX_RESPONSE_OCTETS
from waxseal.wire.imap_response import envelopes, exists, messages

PROTOCOLS = (MailProtocol.IMAP, MailProtocol.POP3, MailProtocol.SIEVE)
COMMANDS = (b"CAPABILITY", b"STARTTLS", b"STLS", b"LOGOUT", b"AUTHENTICATE PLAIN")


def fuzz_one(data: bytes) -> None:
    """Two octets say the protocol, where to cut and what was sent; the others come from the server."""
    if len(data) < 2:
        return
    protocol, octets = PROTOCOLS[data[0] % len(PROTOCOLS)], data[2:]
    whole, cut = (_connection(protocol, data[1]) for _ in range(2))
    events = whole.receive(octets)
    step = 1 + data[0] // len(PROTOCOLS) % 9
    cut_events: list[Event] = []
    for start in range(0, len(octets), step):
        cut_events += cut.receive(octets[start : start + step])
    assert tuple(cut_events) == events
    assert (cut.leftover, cut.buffered, cut.outstanding, cut.tls_due, cut.overflow) == (
        whole.leftover,
        whole.buffered,
        whole.outstanding,
        whole.tls_due,
        whole.overflow,
    )
    end = whole.end()
    assert cut.end() == end
    for event in events + end:
        response = event.response
        assert len(response.raw) <= MAX_RESPONSE_OCTETS
        assert len(response.lines) <= MAX_RESPONSE_LINES + 1
        assert "\n" not in "".join((*response.lines, response.code, response.text))
        for each in PROTOCOLS:
            assert not capabilities(each, response) or lists_capabilities(each, response)
        envelopes(response)
        messages(response)
        exists(response)
    if whole.tls_due:
        whole.start_tls()


def _connection(protocol: MailProtocol, seed: int) -> AccessConnection:
    connection = AccessConnection(protocol, greeting=bool(seed & 128))
    for bit, command in enumerate(COMMANDS):
        if seed & 1 << bit:
            connection.send(command, multiline=bool(seed & 64))
    return connection


def main() -> None:
    """Run atheris until it finds something."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
