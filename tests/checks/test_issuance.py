"""Issue values of CAA records, read by the grammar (RFC 8659 §4.2), whatever their length."""

import pytest

from waxseal.checks.dns._issuance import Property


@pytest.mark.parametrize(
    ("value", "issuer"),
    [
        ("ca.example.net", "ca.example.net"),
        (" CA.example.net\t", "ca.example.net"),
        ("ca1.example.net; account=230123", "ca1.example.net"),
        ("ca1.example.net;a=1; b-c = x=y ;", "ca1.example.net"),
        (";", ""),
        ("", ""),
        (" ; policy=ev", ""),
        ("%%%%%", None),
        ("ca-.example.net", None),
        ("ca.example.net.", None),
        ("ca.example.net; account", None),
        ("ca.example.net; a=1;; b=2", None),
        ("ca.example.net; -a=1", None),
        ("ca.example.net; a=x y", None),
    ],
)
def test_issuer(value: str, issuer: str | None) -> None:
    assert Property(0, "issue", value).issuer == issuer


@pytest.mark.timeout(10)
@pytest.mark.parametrize("filling", [" ", "a", "-", ";", "=", "a=b;", "a.", "\t "])
def test_a_hostile_value_is_read_in_no_time(filling: str) -> None:
    value = f"ca.example.net; a={filling * (60_000 // len(filling))}\x01"
    assert Property(0, "issue", value).issuer is None
