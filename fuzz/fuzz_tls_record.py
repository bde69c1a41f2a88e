"""Fuzz target: the record scanner and the readers of ServerHello. No exception, any cut gives the same state.

Run with ``python fuzz/fuzz_tls_record.py [corpus directory]``; needs atheris.
"""

import sys

from waxseal.wire.tls_record import (
    MAX_ALERTS,
    MAX_FIRST_OCTETS,
    MAX_KEPT_OCTETS,
    RecordScanner,
    key_exchange_group,
    server_hello_group,
    server_hello_suite,
    server_hello_version,
)


def fuzz_one(data: bytes) -> None:
    """The first octet says where to cut; the others come from the server."""
    if not data:
        return
    step, octets = 1 + data[0], data[1:]
    whole, cut = RecordScanner(), RecordScanner()
    whole.feed(octets)
    for start in range(0, len(octets), step):
        cut.feed(octets[start : start + step])
    assert _state(cut) == _state(whole)
    assert len(whole.alerts) <= MAX_ALERTS
    assert len(whole.first_octets) <= MAX_FIRST_OCTETS
    assert sum(len(message) for _, message in whole.messages) <= MAX_KEPT_OCTETS
    for message in (octets, whole.server_hello, *(message for _, message in whole.messages)):
        server_hello_version(message)
        server_hello_group(message)
        server_hello_suite(message)
        key_exchange_group(message)


def _state(scanner: RecordScanner) -> tuple[object, ...]:
    return (
        scanner.alerts,
        scanner.deviations,
        scanner.not_tls,
        scanner.lost,
        scanner.encrypted,
        scanner.hello_retry,
        scanner.octets,
        scanner.first_octets,
        scanner.server_hello,
        scanner.messages,
        scanner.looks_like,
    )


def main() -> None:
    """Run atheris until it finds something."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
