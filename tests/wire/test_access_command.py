"""Commands of IMAP, POP3 and ManageSieve: their form, and what cannot be smuggled in."""

import pytest

from waxseal.facts import MailProtocol
from waxseal.wire.access_command import authenticate, capability, logout, noop, quoted, starttls
from waxseal.wire.smtp_command import lhlo

IMAP, POP3, SIEVE = MailProtocol.IMAP, MailProtocol.POP3, MailProtocol.SIEVE


@pytest.mark.parametrize(
    ("protocol", "commands"),
    [
        (IMAP, [b"CAPABILITY", b"STARTTLS", b"LOGOUT", b"NOOP"]),
        (POP3, [b"CAPA", b"STLS", b"QUIT", b"NOOP"]),
        (SIEVE, [b"CAPABILITY", b"STARTTLS", b"LOGOUT", b'NOOP "n1"']),
    ],
)
def test_commands(protocol: MailProtocol, commands: list[bytes]) -> None:
    assert [capability(protocol), starttls(protocol), logout(protocol), noop(protocol, "n1")] == commands
    assert noop(protocol) == b"NOOP"


@pytest.mark.parametrize(
    ("protocol", "initial", "command"),
    [
        (IMAP, None, b"AUTHENTICATE PLAIN"),
        (IMAP, "", b"AUTHENTICATE PLAIN ="),
        (POP3, "YQ==", b"AUTH PLAIN YQ=="),
        (SIEVE, "", b'AUTHENTICATE "PLAIN" ""'),
        (SIEVE, None, b'AUTHENTICATE "PLAIN"'),
    ],
)
def test_authenticate(protocol: MailProtocol, initial: str | None, command: bytes) -> None:
    assert authenticate(protocol, "PLAIN", initial) == command


def test_quoted() -> None:
    assert quoted('a"b\\ü') == b'"a\\"b\\\\\xc3\xbc"'


@pytest.mark.parametrize("octet", ["\r", "\n", "\0"])
def test_nothing_ends_the_line(octet: str) -> None:
    for make in (quoted, lambda text: noop(SIEVE, text), lambda text: authenticate(IMAP, text), lhlo):
        with pytest.raises(ValueError, match=r"quoted string|word|LHLO"):
            make(f"a{octet}b")


def test_lhlo() -> None:
    assert lhlo("client.example") == b"LHLO client.example\r\n"
    with pytest.raises(ValueError, match="empty"):
        lhlo("")
