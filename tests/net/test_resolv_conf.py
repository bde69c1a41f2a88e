"""Resolver addresses as users write them, and resolv.conf."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxseal.errors import UsageError
from waxseal.net.dns import DnsClient
from waxseal.net.resolv_conf import ResolvConf, Server, parse_resolv_conf, parse_server, read_resolv_conf


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("9.9.9.9", "9.9.9.9:53"),
        ("127.0.0.1:5353", "127.0.0.1:5353"),
        ("::1", "[::1]:53"),
        ("[::1]", "[::1]:53"),
        ("[2001:DB8:0::1]:5300", "[2001:db8::1]:5300"),
        ("fe80::1%eth0", "[fe80::1%eth0]:53"),
        ("[fe80::1%2]:54", "[fe80::1%2]:54"),
    ],
)
def test_addresses_of_resolvers(text: str, server: str) -> None:
    assert str(parse_server(text)) == server
    assert parse_server(server) == parse_server(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost",
        "1.2.3",
        "1.2.3.4:0",
        "1.2.3.4:65536",
        "[1.2.3.4]:53",
        "[::1]x",
        "::1%",
        "fe80::1%a b",
        ":53",
    ],
)
def test_what_is_no_address_of_a_resolver(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_server(text)
    assert raised.value.hint


def test_resolv_conf(tmp_path: Any) -> None:
    text = """# a comment
; another
domain example.org
nameserver 192.0.2.53   trailing words
nameserver not-an-address
nameserver fe80::53%eth0
  nameserver 2001:db8::53
nameserver 192.0.2.99
options ndots:2 timeout:0 attempts:99 rotate timeout:x edns0
nameserver
"""
    found = parse_resolv_conf(text)
    assert [str(server) for server in found.servers] == [
        "192.0.2.53:53",
        "[fe80::53%eth0]:53",
        "[2001:db8::53]:53",
    ]
    assert (found.timeout_s, found.attempts) == (1.0, 5)
    path = tmp_path / "resolv.conf"
    path.write_text("options timeout:2 attempts:1\n")
    assert read_resolv_conf(path) == ResolvConf((Server("127.0.0.1"),), 2.0, 1)
    assert read_resolv_conf(tmp_path / "none").servers == (Server("127.0.0.1"),)
    client = DnsClient(resolv_conf=path)
    assert (client.servers, client.timeout_s, client.attempts) == (("127.0.0.1:53",), 2.0, 1)
    given = DnsClient(resolv_conf=path, timeout_s=5, attempts=4)
    assert (given.timeout_s, given.attempts) == (5, 4)


@given(st.text(max_size=300))
def test_any_resolv_conf_can_be_read(text: str) -> None:
    parse_resolv_conf(text)
    parse_resolv_conf(f"nameserver {text}\noptions {text}")
