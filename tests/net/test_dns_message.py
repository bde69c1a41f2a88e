"""Replies and records: every breach of form is told, and no octets raise."""

import dns.message
import dns.name
import dns.rdata
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.net.dns_peer import SOA, response
from waxseal.facts import DnsStatus
from waxseal.net.dns_message import Question, Reply, is_reply, read_reply
from waxseal.net.dns_records import MalformedError, rdata_text, read_name, type_number

QUESTION = Question(b"\7example\3org\0", 15)
_GOOD = response(
    dns.message.make_query("example.org", "MX", use_edns=0),
    "example.org. 60 CNAME a.example.net.",
    "a.example.net. 60 MX 1 mx.example.net. / 2 mx2.example.net.",
    authority=SOA,
).to_wire()


_TYPES = st.sampled_from(
    ["A", "AAAA", "MX", "TXT", "TLSA", "CNAME", "SOA", "SVCB", "CAA", "LOC", "APL", "TYPE65280"]
)


def check(reply: Reply) -> None:
    assert (reply.status is DnsStatus.ANSWERED) == bool(reply.rdata)
    assert len(reply.aliases) <= 16
    assert not reply.continues or reply.aliases
    assert reply.signed_until is None or 0 <= reply.signed_until < 1 << 32


@pytest.mark.parametrize(
    ("rdtype", "data", "status", "text"),
    [
        ("TLSA", "030101" + "ab" * 31, DnsStatus.ANSWERED, "3 1 1 " + "ab" * 31),
        ("TLSA", "030100" + "cd" * 900, DnsStatus.ANSWERED, "3 1 0 " + "cd" * 900),
        ("TLSA", "030101", DnsStatus.ANSWERED, "3 1 1"),
        ("TLSA", "0301", DnsStatus.ANSWERED, r"\# 2 0301"),
        ("TXT", "ff61", DnsStatus.ANSWERED, r"\# 2 ff61"),
        ("TXT", "", DnsStatus.ANSWERED, r"\# 0"),
        ("A", "7f0000", DnsStatus.MALFORMED, ""),
        ("AAAA", "7f000001", DnsStatus.MALFORMED, ""),
        ("MX", "0001", DnsStatus.MALFORMED, ""),
        ("MX", "0001016100ff", DnsStatus.MALFORMED, ""),
        ("PTR", "0161", DnsStatus.MALFORMED, ""),
        ("PTR", "c0ff", DnsStatus.MALFORMED, ""),
        ("PTR", "40", DnsStatus.MALFORMED, ""),
    ],
)
def test_data_that_breaks_the_form_of_its_type(rdtype: str, data: str, status: DnsStatus, text: str) -> None:
    question = Question(QUESTION.name, type_number(rdtype))
    octets = bytes.fromhex(data)
    head = b"\0\0\x81\x80\0\1\0\1\0\0\0\0" + question.query(0, edns=False)[12:] + b"\xc0\x0c"
    fixed = question.rdtype.to_bytes(2) + b"\0\1\0\0\0\x3c" + len(octets).to_bytes(2)
    reply = read_reply(head + fixed + octets, question)
    assert (reply.status, reply.rdata) == (status, (text,) if text else ())


@pytest.mark.parametrize(("length", "until"), [(17, None), (18, 0x0A0B0C0D), (82, 0x0A0B0C0D)])
def test_a_signature_cut_short_has_no_end(length: int, until: int | None) -> None:
    head = b"\0\0\x81\x80\0\1\0\2\0\0\0\0" + QUESTION.octets
    answer = b"\xc0\x0c\0\x0f\0\1\0\0\0\x3c\0\4\0\1\xc0\x0c"
    signature = b"\xc0\x0c\0\x2e\0\1\0\0\0\x3c" + length.to_bytes(2)
    data = (b"\0\x0f\x0d\2\0\0\0\x3c\x0a\x0b\x0c\x0d" + bytes(70))[:length]
    reply = read_reply(head + answer + signature + data, QUESTION)
    assert (reply.status, reply.signed_until) == (DnsStatus.ANSWERED, until)


def test_pointers_to_pointers_end() -> None:
    chain = b"".join((0xC000 | at).to_bytes(2) for at in range(12, 4000, 2))
    head = b"\0\0\x81\x80\0\0\0\1\0\0\0\0"
    octets = head + b"\0\0" + chain + b"\0\x0f\0\1\0\0\0\0\0\0"
    with pytest.raises(MalformedError):
        read_name(octets, len(head) + 3000, b"\7example\0")
    assert read_name(b"\0\1a" + b"".join(bytes((1, 98, 0xC0, at)) for at in (0, 3, 7)), 11, b"") == (
        b"\1b\1b\1b\0",
        15,
    )
    for loop in (b"\xc0\0", b"\1a\xc0\0", b"\xc0\2\0", b"\xc0\2\xc0\0"):
        with pytest.raises(MalformedError):
            read_name(loop, 0, b"\7example\0")


@given(st.binary(max_size=400), _TYPES)
def test_any_octets_can_be_read(octets: bytes, rdtype: str) -> None:
    question = Question(QUESTION.name, type_number(rdtype))
    is_reply(octets, 0, question)
    check(read_reply(octets, question))
    # The same octets as sections behind a fitting header and question.
    head = b"\0\0\x81\x80\0\1\0\2\0\1\0\1" + question.query(0, edns=False)[12:]
    assert is_reply(head + octets, 0, question)
    check(read_reply(head + octets, question))
    # And as the data of the record asked for.
    record = b"\xc0\x0c" + question.rdtype.to_bytes(2) + b"\0\1\0\0\0\1" + len(octets).to_bytes(2)
    head = head.replace(b"\0\1\0\2\0\1\0\1", b"\0\1\0\1\0\0\0\0")
    check(read_reply(head + record + octets, question))


@given(
    st.lists(st.tuples(st.integers(0, len(_GOOD) - 1), st.integers(0, 255)), max_size=6), st.integers(0, 200)
)
def test_damaged_replies_can_be_read(changes: list[tuple[int, int]], cut: int) -> None:
    octets = bytearray(_GOOD)
    for at, value in changes:
        octets[at] = value
    check(read_reply(bytes(octets[: len(octets) - cut]), QUESTION))


@given(st.sampled_from(["MX", "PTR", "NS"]), st.lists(st.binary(min_size=1, max_size=20), max_size=4))
def test_record_data_agrees_with_dnspython(rdtype: str, labels: list[bytes]) -> None:
    octets = (b"\x01\x02" if rdtype == "MX" else b"") + (dns.name.Name([*labels, b""]).to_wire() or b"")
    expected = dns.rdata.from_wire("IN", rdtype, octets, 0, len(octets)).to_text()
    assert rdata_text(octets, b"\0", type_number(rdtype), 0, len(octets)) == expected
