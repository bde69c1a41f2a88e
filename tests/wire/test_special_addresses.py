"""The table of special-purpose addresses against the registries' own words, row by row and at the edges."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxseal.wire import special_addresses
from waxseal.wire.special_addresses import special_purpose, special_purposes

SPECIAL = [
    # address, network, source
    ("0.0.0.0", "0.0.0.0/32", "RFC 1122 §3.2.1.3"),
    ("0.1.2.3", "0.0.0.0/8", "RFC 791 §3.2"),
    ("10.0.0.0", "10.0.0.0/8", "RFC 1918"),
    ("10.255.255.255", "10.0.0.0/8", "RFC 1918"),
    ("100.64.0.0", "100.64.0.0/10", "RFC 6598"),
    ("100.127.255.255", "100.64.0.0/10", "RFC 6598"),
    ("127.0.0.53", "127.0.0.0/8", "RFC 1122 §3.2.1.3"),
    ("169.254.169.254", "169.254.0.0/16", "RFC 3927"),
    ("172.16.0.0", "172.16.0.0/12", "RFC 1918"),
    ("172.31.255.255", "172.16.0.0/12", "RFC 1918"),
    ("192.0.0.0", "192.0.0.0/29", "RFC 7335"),
    ("192.0.0.8", "192.0.0.8/32", "RFC 7600"),
    ("192.0.0.11", "192.0.0.0/24", "RFC 6890 §2.1"),
    ("192.0.0.170", "192.0.0.170/32", "RFC 8880"),
    ("192.0.0.171", "192.0.0.171/32", "RFC 8880"),
    ("192.0.2.1", "192.0.2.0/24", "RFC 5737"),
    ("192.88.99.1", "192.88.99.0/24", "RFC 7526"),
    ("192.88.99.2", "192.88.99.2/32", "RFC 6751"),
    ("192.168.255.255", "192.168.0.0/16", "RFC 1918"),
    ("198.18.0.0", "198.18.0.0/15", "RFC 2544"),
    ("198.19.255.255", "198.18.0.0/15", "RFC 2544"),
    ("198.51.100.7", "198.51.100.0/24", "RFC 5737"),
    ("203.0.113.7", "203.0.113.0/24", "RFC 5737"),
    ("224.0.0.1", "224.0.0.0/4", "RFC 5771"),
    ("239.255.255.255", "224.0.0.0/4", "RFC 5771"),
    ("240.0.0.0", "240.0.0.0/4", "RFC 1112 §4"),
    ("255.255.255.254", "240.0.0.0/4", "RFC 1112 §4"),
    ("255.255.255.255", "255.255.255.255/32", "RFC 919 §7"),
    ("::", "::/128", "RFC 4291 §2.5.2"),
    ("::1", "::1/128", "RFC 4291 §2.5.3"),
    ("::8.8.8.8", "::/96", "RFC 4291 §2.5.5.1"),
    ("::1:0:0:0", "::/8", "RFC 4291 §4"),
    ("::ffff:8.8.8.8", "::ffff:0:0/96", "RFC 4291 §2.5.5.2"),
    ("64:ff9b:1::", "64:ff9b:1::/48", "RFC 8215"),
    ("64:ff9b:1:ffff::808:808", "64:ff9b:1::/48", "RFC 8215"),
    ("64:ff9b::1:808:808", "::/8", "RFC 4291 §4"),
    ("100::1", "100::/64", "RFC 6666"),
    ("100:0:0:1::1", "100:0:0:1::/64", "RFC 9780"),
    ("100:0:0:2::1", "100::/8", "RFC 4291 §4"),
    ("200::1", "200::/7", "RFC 4048"),
    ("2001::1", "2001::/32", "RFC 4380"),
    ("2001:1::", "2001::/23", "RFC 2928"),
    ("2001:1::4", "2001::/23", "RFC 2928"),
    ("2001:2::1", "2001:2::/48", "RFC 5180"),
    ("2001:2:1::1", "2001::/23", "RFC 2928"),
    ("2001:10::1", "2001:10::/28", "RFC 4843"),
    ("2001:1ff:ffff::", "2001::/23", "RFC 2928"),
    ("2001:db8::1", "2001:db8::/32", "RFC 3849"),
    ("2002:808:808::1", "2002::/16", "RFC 3056"),
    ("3fff::1", "3fff::/20", "RFC 9637"),
    ("3fff:fff:ffff::1", "3fff::/20", "RFC 9637"),
    ("4000::1", "4000::/3", "RFC 4291 §4"),
    ("5f00::1", "5f00::/16", "RFC 9602"),
    ("fc00::1", "fc00::/7", "RFC 4193"),
    ("fd00:ec2::254", "fc00::/7", "RFC 4193"),
    ("fe00::1", "fe00::/9", "RFC 4291 §4"),
    ("fe80::1", "fe80::/10", "RFC 4291 §2.5.6"),
    ("fe80::1%eth0", "fe80::/10", "RFC 4291 §2.5.6"),
    ("fec0::1", "fec0::/10", "RFC 3879"),
    ("ff02::1", "ff00::/8", "RFC 4291 §2.7"),
    ("ff0e::1", "ff00::/8", "RFC 4291 §2.7"),
    # The address inside says more.
    ("::ffff:10.0.0.1", "10.0.0.0/8", "RFC 1918"),
    ("::ffff:127.0.0.1", "127.0.0.0/8", "RFC 1122 §3.2.1.3"),
    ("::7f00:1", "127.0.0.0/8", "RFC 1122 §3.2.1.3"),
    ("64:ff9b::192.168.1.1", "192.168.0.0/16", "RFC 1918"),
    ("2002:c0a8:101::1", "192.168.0.0/16", "RFC 1918"),
]

PUBLIC = [
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.0.3.0",
    "192.88.98.255",
    "192.88.100.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2001:db7:ffff::1",
    "2001:db9::1",
    "2003::1",
    "2a00::1",
    "3ffe:ffff::1",
    "3fff:1000::1",
    # The registries call these globally reachable.
    "192.0.0.9",
    "192.0.0.10",
    "192.31.196.1",
    "192.52.193.1",
    "192.175.48.1",
    "64:ff9b::8.8.8.8",
    "2001:1::1",
    "2001:1::2",
    "2001:1::3",
    "2001:3::1",
    "2001:4:112::1",
    "2001:20::1",
    "2001:2f:ffff::1",
    "2001:30::1",
    "2001:3f:ffff::1",
    "2620:4f:8000::1",
]


@pytest.mark.parametrize(("address", "network", "source"), SPECIAL)
def test_special(address: str, network: str, source: str) -> None:
    found = special_purpose(address)
    assert found is not None
    assert (found.text, found.source) == (network, source)
    assert str(found).startswith(f"{network} (")


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert special_purpose(address) is None


@pytest.mark.parametrize(
    ("address", "special"),
    [
        # Of Python 3.11.7 and later patch levels, some call each of these global and some do not.
        ("192.0.0.9", False),
        ("192.0.0.170", True),
        ("192.88.99.1", True),
        ("224.0.0.1", True),
        ("64:ff9b:1::1", True),
        ("2001:1::1", False),
        ("2001:20::1", False),
        ("2002:a00:1::1", True),
        ("3fff::1", True),
        ("5f00::1", True),
        ("fec0::1", True),
        ("ff0e::1", True),
        ("200::1", True),
        ("::ffff:10.0.0.1", True),
    ],
)
def test_where_the_standard_library_errs(address: str, special: bool) -> None:
    assert (special_purpose(address) is not None) is special


def test_both_networks_of_an_address_that_holds_another() -> None:
    assert [
        (str(s.address), str(s.network.network), s.embedded) for s in special_purposes("2002:a00:1::")
    ] == [
        ("2002:a00:1::", "2002::/16", False),
        ("10.0.0.1", "10.0.0.0/8", True),
    ]
    assert [s.embedded for s in special_purposes("64:ff9b::127.0.0.1")] == [True]


@pytest.mark.parametrize("text", ["", "x", "10.0.0", "10.0.0.01", "0x7f000001", "::g", "1.2.3.4/32", "[::1]"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError):
        special_purpose(text)


def naive(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str | None:
    """The most specific row by looking at each."""
    rows = special_addresses._ROWS_V4 if address.version == 4 else special_addresses._ROWS_V6
    holding = [row for row in rows if address in ipaddress.ip_network(row[0])]
    best = max(holding, key=lambda row: ipaddress.ip_network(row[0]).prefixlen, default=None)
    return None if best is None or best[3] else best[0]


@given(st.ip_addresses())
def test_the_table_gives_the_most_specific_row(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    own = [s.network.text for s in special_purposes(str(address)) if not s.embedded]
    assert own == [text for text in [naive(address)] if text is not None]


def test_every_row_at_its_edges() -> None:
    for text, *_ in (*special_addresses._ROWS_V4, *special_addresses._ROWS_V6):
        network = ipaddress.ip_network(text)
        for number in (int(network[0]), int(network[-1]), int(network[0]) - 1, int(network[-1]) + 1):
            if 0 <= number < 2**network.max_prefixlen:
                address = type(network[0])(number)
                own = [s.network.text for s in special_purposes(str(address)) if not s.embedded]
                assert own == [text for text in [naive(address)] if text is not None]
