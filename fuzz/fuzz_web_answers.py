"""Fuzz target: what a mail server answers to a web request. No exception, any cut counts the same.

Run with ``python fuzz/fuzz_web_answers.py [corpus directory]``; needs atheris.
"""

import sys

from waxseal.facts import MailProtocol
from waxseal.wire.web_request import MAX_OCTETS, Answered

PROTOCOLS = tuple(MailProtocol)


def fuzz_one(data: bytes) -> None:
    """One octet says the protocol and where to cut; the others come from the server."""
    if not data:
        return
    protocol, octets = PROTOCOLS[data[0] % len(PROTOCOLS)], data[1:]
    whole, cut = Answered(protocol), Answered(protocol)
    whole.take(octets)
    step = 1 + data[0] // len(PROTOCOLS) % 9
    for start in range(0, len(octets), step):
        cut.take(octets[start : start + step])
    assert (cut.octets, cut.errors, cut.lines) == (whole.octets, whole.errors, whole.lines)
    assert len(whole.octets) <= MAX_OCTETS
    assert whole.errors <= octets.count(b"\n")
    assert "\n" not in "".join(whole.lines)


def main() -> None:
    """Run atheris until it finds something."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
