"""Fuzz target: DMARC records and walks, DKIM keys, and the keys that a message names. No exception.

Run with ``python fuzz/fuzz_dmarc.py [corpus directory]``; needs atheris.
"""

import sys

from waxseal.checks.dkim._keys import rsa_bits
from waxseal.facts import DnsAnswer, DnsStatus
from waxseal.wire import dmarc
from waxseal.wire.dkim import MAX_SIGNATURES, read_key, selectors_of
from waxseal.wire.tag_list import MAX_TAGS, read_tag_list


def fuzz_one(data: bytes) -> None:
    """The lines are the records of the names of a walk; all together are a message."""
    lines = data.split(b"\n")[:9]
    for line in lines:
        assert len(read_tag_list(line).tags) <= MAX_TAGS
        for text in (line, b"v=DKIM1;" + line):
            if (key := read_key(text)) is not None:
                rsa_bits(key)
    assert len(selectors_of(data)) <= MAX_SIGNATURES
    answers = []
    for number, question in enumerate(dmarc.read("a.example.org", ()).questions):
        texts = lines[number::3]
        rdata = tuple('"' + "".join(f"\\{octet:03d}" for octet in text) + '"' for text in texts)
        status = DnsStatus.ANSWERED if rdata else DnsStatus.NXDOMAIN
        answers.append(DnsAnswer(question.name, question.rdtype, status, rdata=rdata))
    for _ in range(3):
        reading = dmarc.read("a.example.org", answers)
        answers += [DnsAnswer(name, rdtype, DnsStatus.NO_DATA) for name, rdtype in reading.questions]
    assert not reading.questions
    assert len(reading.destinations) <= dmarc.MAX_DESTINATIONS


def main() -> None:
    """Run atheris until it finds something."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
