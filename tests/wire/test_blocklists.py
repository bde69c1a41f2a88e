"""The table of blocklists and the reading of their answers (RFC 5782)."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxseal.facts import BlocklistAnswer, DnsAnswer, DnsStatus
from waxseal.wire.blocklists import Standing, blocklists, question, read_answer


def test_every_code_is_one_that_a_list_may_give() -> None:
    for known in blocklists().values():
        assert known.terms.startswith("https://")
        assert set(known.families) <= {4, 6}
        for code in (*known.codes, *known.refusals):
            assert ipaddress.IPv4Address(code) in ipaddress.IPv4Network("127.0.0.0/8")
        assert not set(known.codes) & set(known.refusals)


def test_only_lists_that_allow_it_are_asked_by_default() -> None:
    assert {known.id for known in blocklists().values() if known.automated} == {"psbl", "dronebl"}


@pytest.mark.parametrize(
    ("list_id", "address", "name"),
    [
        ("psbl", "192.0.2.99", "99.2.0.192.psbl.surriel.com"),  # RFC 5782 §2.1
        ("psbl", "2001:db8::1", None),
        (
            "dronebl",  # RFC 5782 §2.4
            "2001:db8:1:2:3:4:567:89ab",
            "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.dnsbl.dronebl.org",
        ),
    ],
)
def test_question(list_id: str, address: str, name: str | None) -> None:
    assert question(blocklists()[list_id], address) == name


def listing(*rdata: str, status: DnsStatus = DnsStatus.ANSWERED) -> BlocklistAnswer:
    text = DnsAnswer("x", "TXT", DnsStatus.ANSWERED, ('"listed, see \\027[31m"',))
    return BlocklistAnswer(
        list_id="spamhaus-zen", zone="zen", answer=DnsAnswer("x", "A", status, rdata), text=text
    )


@pytest.mark.parametrize(
    ("fact", "standing"),
    [
        (listing("127.0.0.2"), Standing.LISTED),
        (listing("127.0.0.99"), Standing.LISTED),
        (listing("127.0.0.2", "127.255.255.255"), Standing.LISTED),
        (listing("127.255.255.254"), Standing.REFUSED),
        (listing("127.255.255.7"), Standing.REFUSED),
        (listing("198.51.100.7"), Standing.REFUSED),
        (listing(status=DnsStatus.NXDOMAIN), Standing.CLEAR),
        (listing(status=DnsStatus.NO_DATA), Standing.CLEAR),
        (listing(status=DnsStatus.SERVFAIL), Standing.UNKNOWN),
        (listing(status=DnsStatus.TIMED_OUT), Standing.UNKNOWN),
    ],
)
def test_standing(fact: BlocklistAnswer, standing: Standing) -> None:
    assert read_answer(fact)[0] is standing


def test_reasons_are_in_words_and_harmless() -> None:
    _, reasons = read_answer(listing("127.0.0.10"))
    assert reasons[0].startswith("127.0.0.10: PBL")
    assert reasons[1] == "listed, see \N{REPLACEMENT CHARACTER}[31m"


@given(st.ip_addresses(v=4))
def test_nothing_outside_of_loopback_is_a_listing(address: ipaddress.IPv4Address) -> None:
    listed = read_answer(listing(str(address)))[0] is Standing.LISTED
    assert listed == (address.is_loopback and not str(address).startswith("127.255.255."))
