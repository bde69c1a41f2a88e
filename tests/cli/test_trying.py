"""What ``--own-recipient`` takes for a mail address."""

import pytest

from waxseal.cli.trying import Trying
from waxseal.errors import UsageError
from waxseal.probes.settings import ProbeSettings


@pytest.mark.parametrize(
    "text",
    [
        "me@example.org",
        "me+test.of_it@sub.example.org",
        "me@[192.0.2.1]",
        "me@[IPv6:2001:db8::1]",
        '"me@home"@example.org',
        "m@host",
        "",
    ],
)
def test_addresses(text: str) -> None:
    assert Trying(own_recipient=f" {text} " if text else "").settings(ProbeSettings()).own_recipient == text


@pytest.mark.parametrize(
    "text",
    [
        "me",
        "@",
        "me@",
        "@example.org",
        " ",
        "me@example.org>\r\nRCPT TO:<you@example.org",
        "me@home@example.org",
        "me@example.org,you@example.org",
        "me@example..org",
        ".me@example.org",
        "me.@example.org",
        '"me@example.org',
        '"me"you"@example.org',
        "me@-",
        "me@[192.0.2.1",
        "m\u00fc@example.org",
        "me@\u00fc.example",
        "me@example.org\x1b",
        "m" * 300 + "@example.org",
        "me@" + "a" * 64 + ".example",
    ],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="--own-recipient") as raised:
        Trying(own_recipient=text).settings(ProbeSettings())
    assert raised.value.hint
    assert len(raised.value.message) < 150
