"""Commands as octets, and the arguments that are turned down."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxseal.wire import smtp_command


@pytest.mark.parametrize(
    ("octets", "line"),
    [
        (smtp_command.ehlo("mail.example.com"), b"EHLO mail.example.com\r\n"),
        (smtp_command.ehlo("[192.0.2.1]"), b"EHLO [192.0.2.1]\r\n"),
        (smtp_command.ehlo("[IPv6:2001:db8::1]"), b"EHLO [IPv6:2001:db8::1]\r\n"),
        (smtp_command.helo("bar.com"), b"HELO bar.com\r\n"),
        (smtp_command.starttls(), b"STARTTLS\r\n"),
        (smtp_command.quit_(), b"QUIT\r\n"),
        (smtp_command.noop(), b"NOOP\r\n"),
        (smtp_command.rset(), b"RSET\r\n"),
        (smtp_command.data(), b"DATA\r\n"),
        (smtp_command.mail_from(""), b"MAIL FROM:<>\r\n"),
        (smtp_command.mail_from("Smith@bar.com"), b"MAIL FROM:<Smith@bar.com>\r\n"),
        (
            smtp_command.mail_from("Smith@bar.com", ["SIZE=1000", "REQUIRETLS"]),
            b"MAIL FROM:<Smith@bar.com> SIZE=1000 REQUIRETLS\r\n",
        ),
        (smtp_command.mail_from("grün@example.org"), "MAIL FROM:<grün@example.org>\r\n".encode()),
        (smtp_command.rcpt_to("Postmaster"), b"RCPT TO:<Postmaster>\r\n"),
        (
            smtp_command.rcpt_to('"two words"@foo.com', ["NOTIFY=NEVER"]),
            b'RCPT TO:<"two words"@foo.com> NOTIFY=NEVER\r\n',
        ),
    ],
)
def test_lines(octets: bytes, line: bytes) -> None:
    assert octets == line


_BUILDERS: list[Callable[[str], bytes]] = [
    smtp_command.ehlo,
    smtp_command.helo,
    smtp_command.mail_from,
    smtp_command.rcpt_to,
    lambda text: smtp_command.mail_from("", [text]),
    lambda text: smtp_command.rcpt_to("a@b", ["NOTIFY=NEVER", text]),
]


@pytest.mark.parametrize("builder", _BUILDERS)
@pytest.mark.parametrize("text", ["a\r\nQUIT", "a\rb", "a\nb", "a\0b", "a\x1bb", "a\x7f"])
def test_no_argument_can_carry_a_second_command(builder: Callable[[str], bytes], text: str) -> None:
    with pytest.raises(ValueError):
        builder(text)


@pytest.mark.parametrize("name", ["", "two words", "a\tb", "bücher.example"])
def test_names_are_one_word_of_ascii(name: str) -> None:
    with pytest.raises(ValueError, match="the EHLO name"):
        smtp_command.ehlo(name)


def test_a_forward_path_is_never_null() -> None:
    with pytest.raises(ValueError, match="forward-path"):
        smtp_command.rcpt_to("")


@given(st.text(), st.integers(min_value=0, max_value=len(_BUILDERS) - 1))
def test_whatever_is_built_is_one_line(text: str, index: int) -> None:
    try:
        octets = _BUILDERS[index](text)
    except ValueError:
        return
    assert octets.endswith(b"\r\n")
    assert not set(octets[:-2]) & {0, 10, 13}


@pytest.mark.parametrize(
    ("address", "literal"),
    [
        ("192.0.2.1", "[192.0.2.1]"),
        ("2001:db8::1", "[IPv6:2001:db8::1]"),
        ("2001:0DB8:0:0:0:0:0:1", "[IPv6:2001:db8::1]"),
        ("fe80::1%eth0", "[IPv6:fe80::1]"),
        ("::ffff:192.0.2.1", "[192.0.2.1]"),
        ("::1", "[IPv6:::1]"),
    ],
)
def test_address_literals(address: str, literal: str) -> None:
    assert smtp_command.address_literal(address) == literal


@pytest.mark.parametrize("address", ["", "mx.example.org", "[192.0.2.1]", "192.0.2", "192.0.2.1\r\n"])
def test_no_address_no_literal(address: str) -> None:
    with pytest.raises(ValueError):
        smtp_command.address_literal(address)
