"""Names and record data: agreement with dnspython, and nothing raises."""

import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxseal.facts import DnsAnswer, DnsStatus, ServiceRecord, TlsaRecord
from waxseal.wire.dns_rdata import (
    address_records,
    encode_name,
    extended_errors,
    mx_records,
    name_text,
    reverse_name,
    service_records,
    target_records,
    tlsa_records,
    txt_records,
)


@given(st.lists(st.binary(min_size=1, max_size=63), max_size=4))
def test_names_agree_with_dnspython(labels: list[bytes]) -> None:
    if sum(map(len, labels)) + len(labels) > 254:
        labels = labels[:3]
    name = dns.name.Name([*labels, b""])
    wire = name.to_wire() or b""
    assert name_text(wire) + ("." if labels else "") == name.to_text()
    assert encode_name(name.to_text()) == wire.lower()
    assert encode_name(name_text(wire)) == wire.lower()


@given(st.binary(max_size=80))
def test_any_options_can_be_read(octets: bytes) -> None:
    for text in extended_errors(octets):
        assert text.isprintable()


@given(st.lists(st.text(max_size=30), max_size=5), st.sampled_from(["MX", "A", "AAAA", "PTR", "TXT"]))
def test_any_records_can_be_parsed(rdata: list[str], rdtype: str) -> None:
    answer = DnsAnswer("example.org", rdtype, DnsStatus.ANSWERED, rdata=tuple(rdata))
    for parse in (mx_records, address_records, target_records):
        parse(answer)


def test_records_that_are_none_are_passed_over() -> None:
    mx = DnsAnswer(
        "x", "MX", DnsStatus.ANSWERED, rdata=("0 .", "70000 a.", "5 B.Example.", "x", "1 a..b", "5 a.")
    )
    assert [(r.preference, r.exchange) for r in mx_records(mx)] == [(0, ""), (5, "b.example"), (5, "a")]
    a = DnsAnswer("x", "A", DnsStatus.ANSWERED, rdata=("192.0.2.1", "::1", r"\# 1 00"))
    assert address_records(a) == ("192.0.2.1",)
    aaaa = DnsAnswer("x", "AAAA", DnsStatus.ANSWERED, rdata=("2001:DB8::1", "192.0.2.1"))
    assert address_records(aaaa) == ("2001:db8::1",)
    assert (mx_records(a), target_records(a), address_records(mx)) == ((), (), ())


def test_reverse_names() -> None:
    assert reverse_name("192.0.2.1") == "1.2.0.192.in-addr.arpa"
    assert reverse_name("2001:db8::1%eth0").endswith("8.b.d.0.1.0.0.2.ip6.arpa")
    assert len(encode_name(reverse_name("::1")) or b"") == 74
    with pytest.raises(ValueError):
        reverse_name("example.org")


def test_service_records() -> None:
    rdata = ("10 5 465 Mail.Example.org.", "0 0 0 .", "1 2 3", "70000 0 1 x.test.")
    answer = DnsAnswer("_submissions._tcp.example.org", "SRV", DnsStatus.ANSWERED, rdata)
    assert service_records(answer) == (
        ServiceRecord(10, 5, 465, "mail.example.org"),
        ServiceRecord(0, 0, 0, ""),
    )
    assert service_records(DnsAnswer("example.org", "MX", DnsStatus.ANSWERED, rdata)) == ()


def test_texts_are_put_together_and_escapes_undone() -> None:
    rdata = ('"v=STSv1; " "id=1\\"x\\200"', '""', "no quotes", "\\# 1 00")
    answer = DnsAnswer("example.org", "TXT", DnsStatus.ANSWERED, rdata)
    assert txt_records(answer) == (b'v=STSv1; id=1"x\xc8', b"")


def test_tlsa_records_of_any_parameters_are_kept() -> None:
    rdata = ("3 1 1 00ff", "255 9 8", "3 1 1 0", "256 1 1 00", "3 1 112ab")
    answer = DnsAnswer("_25._tcp.example.org", "TLSA", DnsStatus.ANSWERED, rdata)
    assert tlsa_records(answer) == (TlsaRecord(3, 1, 1, b"\0\xff"), TlsaRecord(255, 9, 8, b""))
