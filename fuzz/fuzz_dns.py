"""Fuzz target: octets as DNS replies, and the readings of what they hold. Any exception is a bug."""

import sys

from waxseal.facts import DnsAnswer, DnsStatus
from waxseal.net.dns_message import Question, is_reply, read_reply
from waxseal.net.dns_records import type_number
from waxseal.net.resolv_conf import parse_resolv_conf
from waxseal.wire.dns_rdata import (
    address_records,
    encode_name,
    extended_errors,
    mx_records,
    name_text,
    target_records,
    tlsa_records,
    txt_records,
)

NAME = b"\7example\3org\0"
TYPES = (
    "A",
    "AAAA",
    "MX",
    "TXT",
    "TLSA",
    "CNAME",
    "PTR",
    "SOA",
    "NS",
    "CAA",
    "SVCB",
    "HTTPS",
    "LOC",
    "TYPE65280",
)
HEAD = b"\0\0\x81\x80\0\1\0\3\0\1\0\1" + NAME


def fuzz_one(data: bytes) -> None:
    """The first octet chooses the type; the rest is a reply of its own, and the records of one that fits."""
    if not data:
        return
    rdtype = TYPES[data[0] % len(TYPES)]
    question = Question(NAME, type_number(rdtype))
    octets = data[1:]
    is_reply(octets, 0, question)
    fitting = HEAD + question.rdtype.to_bytes(2) + b"\0\1" + octets
    assert is_reply(fitting, 0, question)
    for message in (octets, fitting):
        reply = read_reply(message, question)
        assert (reply.status is DnsStatus.ANSWERED) == bool(reply.rdata)
        for alias in reply.aliases:
            assert encode_name(name_text(alias)) == alias
        answer = DnsAnswer("example.org", rdtype, reply.status, rdata=reply.rdata)
        mx_records(answer)
        target_records(answer)
        assert rdtype != "TXT" or len(txt_records(answer)) <= len(reply.rdata)
        assert rdtype != "TLSA" or all(record.data is not None for record in tlsa_records(answer))
        assert rdtype not in ("A", "AAAA") or len(address_records(answer)) == len(reply.rdata)
    extended_errors(octets)
    text = octets.decode("latin-1")
    encode_name(text)
    parse_resolv_conf(text)


def main() -> None:
    """Run until something is found."""
    import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
