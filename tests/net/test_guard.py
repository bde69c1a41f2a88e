"""What the address guard refuses, in which words, and what allowing changes."""

import ipaddress
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxseal.errors import UsageError
from waxseal.net.guard import AddressGuard


@pytest.mark.parametrize(
    ("address", "refusal"),
    [
        ("10.0.0.1", "10.0.0.1 is in 10.0.0.0/8 (private use, RFC 1918)"),
        ("127.0.0.1", "127.0.0.1 is in 127.0.0.0/8 (loopback, RFC 1122 §3.2.1.3)"),
        ("169.254.169.254", "169.254.169.254 is in 169.254.0.0/16 (link local, RFC 3927)"),
        ("::1", "::1 is in ::1/128 (loopback, RFC 4291 §2.5.3)"),
        ("fe80::1%eth0", "fe80::1%eth0 is in fe80::/10 (link local, RFC 4291 §2.5.6)"),
        ("::ffff:8.8.8.8", "::ffff:8.8.8.8 is in ::ffff:0:0/96 (IPv4-mapped, RFC 4291 §2.5.5.2)"),
        (
            "64:ff9b::10.0.0.1",
            "64:ff9b::10.0.0.1 holds 10.0.0.1, which is in 10.0.0.0/8 (private use, RFC 1918)",
        ),
        ("2002:a00:1::", "2002:a00:1:: is in 2002::/16 (6to4, RFC 3056)"),
        ("mx.example.org", "'mx.example.org' is not an IP address"),
        ("127.1", "'127.1' is not an IP address"),
        ("2130706433", "'2130706433' is not an IP address"),
        ("", "'' is not an IP address"),
        ("8.8.8.8", None),
        ("64:ff9b::8.8.8.8", None),
        ("192.0.0.9", None),
        ("2001:20::1", None),
        ("2a00::1", None),
    ],
)
def test_refusals(address: str, refusal: str | None) -> None:
    assert AddressGuard().refusal(address) == refusal


def test_allowed_networks() -> None:
    guard = AddressGuard(["127.0.0.0/8", "10.1.2.3", ipaddress.ip_network("::1/128")])
    assert guard.allowed_networks == ("127.0.0.0/8", "10.1.2.3/32", "::1/128")
    for address in ("127.0.0.53", "10.1.2.3", "::1", "8.8.8.8", "64:ff9b::127.0.0.1"):
        assert guard.refusal(address) is None
    assert AddressGuard(["fe80::/10"]).refusal("fe80::1%eth0") is None
    for address in ("10.1.2.4", "192.168.0.1", "::ffff:127.0.0.1", "fe80::1"):
        assert guard.refusal(address) is not None


def test_both_layers_of_an_address_must_be_allowed() -> None:
    outer = AddressGuard(["::ffff:0:0/96", "2002::/16"])
    assert outer.refusal("::ffff:8.8.8.8") is None
    assert outer.refusal("::ffff:10.0.0.1") == (
        "::ffff:10.0.0.1 holds 10.0.0.1, which is in 10.0.0.0/8 (private use, RFC 1918)"
    )
    assert outer.refusal("2002:7f00:1::") is not None
    assert AddressGuard(["::ffff:0:0/96", "10.0.0.0/8"]).refusal("::ffff:10.0.0.1") is None


def test_a_network_inside_the_special_one_allows_no_more_than_itself() -> None:
    guard = AddressGuard(["10.9.8.7/16"])
    assert guard.allowed_networks == ("10.9.0.0/16",)
    assert guard.refusal("10.9.255.255") is None
    assert guard.refusal("10.10.0.0") is not None


def test_allow_all() -> None:
    guard = AddressGuard(allow_all=True)
    assert guard.allowed_networks == ("0.0.0.0/0", "::/0")
    for address in ("127.0.0.1", "::ffff:10.0.0.1", "fe80::1%lo", "255.255.255.255"):
        assert guard.refusal(address) is None
    assert guard.refusal("localhost") is not None


@pytest.mark.parametrize("text", ["", "private", "10.0.0.0/33", "10.0.0/8", "::/129"])
def test_what_cannot_be_allowed(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        AddressGuard([text])
    assert raised.value.hint


@given(st.text(max_size=60))
def test_any_text_has_an_answer(text: str) -> None:
    AddressGuard().refusal(text)
    assert AddressGuard().refusal(f"x{text}") is not None


def test_a_socket_is_let_through_where_it_was_named_and_is_one(tmp_path: Path) -> None:
    path = tmp_path / "s"
    address = f"unix:{path}"
    guard = AddressGuard().naming([address])
    assert AddressGuard(allow_all=True).refusal(address) == f"{path} was not named as a target"
    assert guard.refusal(address) == f"{path} cannot be looked at: No such file or directory"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        assert guard.refusal(address) is None
        assert guard.refusal(f"{address}x") is not None
        link = tmp_path / "link"
        link.symlink_to(path)
        assert AddressGuard().naming([f"unix:{link}"]).refusal(f"unix:{link}") == f"{link} is no socket"
    path.unlink()
    path.write_bytes(b"")
    assert guard.refusal(address) == f"{path} is no socket"
    assert guard.refusal("10.0.0.1") is not None
    assert AddressGuard().naming(["unix:/\0"]).refusal("unix:/\0") is not None
