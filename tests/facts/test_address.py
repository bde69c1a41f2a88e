"""One text form of an address, whatever the version of Python."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxseal.facts.address import canonical


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("::ffff:8.8.8.8", "::ffff:808:808"),
        ("::FFFF:0808:0808", "::ffff:808:808"),
        ("::ffff:0:1", "::ffff:0:1"),
        ("::8.8.8.8", "::808:808"),
        ("fe80::1%eth0", "fe80::1%eth0"),
    ],
)
def test_form(given_text: str, expected: str) -> None:
    assert canonical(given_text) == expected


@pytest.mark.parametrize("wrong", ["", "192.0.2", "mx.example.org", "[::1]", "192.0.2.256"])
def test_no_address(wrong: str) -> None:
    with pytest.raises(ValueError):
        canonical(wrong)


@given(st.ip_addresses())
def test_it_is_the_same_address_and_stays_as_it_is(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    text = canonical(address)
    assert ipaddress.ip_address(text) == address
    assert canonical(text) == text
    assert canonical(address.packed) == text
