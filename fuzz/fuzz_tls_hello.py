"""Fuzz target: parsers of a server's handshake messages, SSL 2.0 answers included. No exception, bounds kept.

Run with ``python fuzz/fuzz_tls_hello.py [corpus directory]``; needs atheris.
"""

import sys

from waxseal.wire.ssl2 import parse_ssl2_answer
from waxseal.wire.tls_extensions import MAX_EXTENSIONS
from waxseal.wire.tls_fields import MAX_DEVIATION_OCTETS
from waxseal.wire.tls_key_exchange import KeyExchange
from waxseal.wire.tls_server_certificates import MAX_ENTRIES, CertificateMessage
from waxseal.wire.tls_server_flight import parse_message
from waxseal.wire.tls_server_hello import ServerHello

KINDS = (0, 2, 4, 8, 11, 12, 13, 14, 15, 20, 22, 24, 25, 77)
VERSIONS = (0x0300, 0x0301, 0x0303, 0x0304)
EXCHANGES = tuple(KeyExchange)


def fuzz_one(data: bytes) -> None:
    """Two octets choose message type, version and key exchange; the rest is the body, and a raw message."""
    if len(data) < 2:
        return
    kind, body = KINDS[data[0] % len(KINDS)], data[2:]
    version, exchange = VERSIONS[data[1] % 4], EXCHANGES[data[1] // 4 % len(EXCHANGES)]
    whole = bytes([kind]) + len(body).to_bytes(3, "big") + body
    for octets in (whole, body):
        parsed = parse_message(octets, version, exchange)
        assert parsed.octets == octets
        assert len({deviation.rule for deviation in parsed.deviations}) <= 16
        assert all(len(deviation.octets) <= MAX_DEVIATION_OCTETS for deviation in parsed.deviations)
        if isinstance(parsed, ServerHello):
            assert len(parsed.extensions.raw) <= MAX_EXTENSIONS
            assert parsed.version >= 0
            assert parsed.downgrade_sentinel in (None, 0x0302, 0x0303)
        if isinstance(parsed, CertificateMessage):
            assert len(parsed.certificates) <= MAX_ENTRIES
    answer = parse_ssl2_answer(body)
    if answer is not None:
        assert parse_ssl2_answer(body + b"more") is not None


def main() -> None:
    """Run atheris until it finds something."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
