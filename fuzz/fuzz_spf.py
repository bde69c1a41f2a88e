"""Fuzz target: SPF policies (``wire.spf``). No exception, and every policy comes to its end.

The input is cut at line ends into the TXT records of a few names. Run with ``python fuzz/fuzz_spf.py [corpus
directory]``; needs atheris.
"""

import sys

from waxseal.facts import DnsAnswer, DnsStatus
from waxseal.wire import spf
from waxseal.wire.spf_record import look_alikes, read_record

NAMES = ("example.org", "a.example", "b.example")
ROUNDS = spf.FOLLOW_LIMIT + 2


def fuzz_one(data: bytes) -> None:
    """The lines are records of the names in turn; what else is asked for does not exist."""
    zone: dict[str, list[str]] = {}
    for number, line in enumerate(data.split(b"\n")[:9]):
        read_record(line)
        text = '"' + "".join(f"\\{octet:03d}" for octet in line) + '"'
        zone.setdefault(NAMES[number % len(NAMES)], []).append(text)
    look_alikes(data.split(b"\n"))
    answers: list[DnsAnswer] = []
    for _ in range(ROUNDS):
        reading = spf.read(NAMES[0], answers)
        assert reading.lookups <= spf.FOLLOW_LIMIT
        if not reading.questions:
            break
        for name, rdtype in reading.questions:
            found = tuple(zone.get(name, ())) if rdtype == "TXT" else ()
            answers.append(
                DnsAnswer(name, rdtype, DnsStatus.ANSWERED if found else DnsStatus.NXDOMAIN, rdata=found)
            )
    assert not reading.questions
    assert reading == spf.read(NAMES[0], answers)


def main() -> None:
    """Run atheris until it finds something."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
