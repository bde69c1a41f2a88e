"""SMTP commands as octets with their CRLF (RFC 5321 §4.1.1, RFC 3207 §4).

Every argument is checked for what would end or garble the line, so that no name or address can smuggle in a
second command. What the server answers is read in ``smtp_reply``.
"""

import ipaddress
from collections.abc import Iterable


def ehlo(name: str) -> bytes:
    """``EHLO`` with a domain (A-labels) or an address literal (RFC 5321 §4.1.1.1).

    Raises:
        ValueError: The name is empty or holds anything but printable US-ASCII without SP.
    """
    return b"EHLO " + _word(name, "the EHLO name") + b"\r\n"


def lhlo(name: str) -> bytes:
    """``LHLO``, which LMTP has in the place of EHLO, of the same form (RFC 2033 §4.1).

    Raises:
        ValueError: As `ehlo`.
    """
    return b"LHLO " + _word(name, "the LHLO name") + b"\r\n"


def helo(name: str) -> bytes:
    """``HELO``, for a server that rejects EHLO (RFC 5321 §4.1.1.1).

    Raises:
        ValueError: As `ehlo`.
    """
    return b"HELO " + _word(name, "the HELO name") + b"\r\n"


def starttls() -> bytes:
    """``STARTTLS``, which has no parameters (RFC 3207 §4)."""
    return b"STARTTLS\r\n"


def quit_() -> bytes:
    """``QUIT`` (RFC 5321 §4.1.1.10)."""
    return b"QUIT\r\n"


def noop() -> bytes:
    """``NOOP`` (RFC 5321 §4.1.1.9)."""
    return b"NOOP\r\n"


def rset() -> bytes:
    """``RSET`` (RFC 5321 §4.1.1.5)."""
    return b"RSET\r\n"


def data() -> bytes:
    """``DATA`` (RFC 5321 §4.1.1.4); the message goes after the 354 reply."""
    return b"DATA\r\n"


def mail_from(address: str, parameters: Iterable[str] = ()) -> bytes:
    """``MAIL FROM`` (RFC 5321 §4.1.1.2).

    Args:
        address: Mailbox without angle brackets; "" for the null reverse-path. Beyond US-ASCII it goes out
            as UTF-8, which needs SMTPUTF8 (RFC 6531 §3.3).
        parameters: Each as ``KEYWORD`` or ``KEYWORD=value``.

    Raises:
        ValueError: An argument holds a control octet, or a parameter is no single word.
    """
    return b"MAIL FROM:<" + _mailbox(address) + b">" + _parameters(parameters) + b"\r\n"


def rcpt_to(address: str, parameters: Iterable[str] = ()) -> bytes:
    """``RCPT TO`` (RFC 5321 §4.1.1.3).

    Args:
        address: Mailbox without angle brackets, or ``Postmaster``; see `mail_from`.
        parameters: Each as ``KEYWORD`` or ``KEYWORD=value``.

    Raises:
        ValueError: As `mail_from`, or the address is empty.
    """
    if not address:
        raise ValueError("a forward-path needs an address")
    return b"RCPT TO:<" + _mailbox(address) + b">" + _parameters(parameters) + b"\r\n"


def address_literal(address: str) -> str:
    """An IP address as the name of a host without one: ``[192.0.2.1]``, ``[IPv6:2001:db8::1]``.

    An IPv4-mapped IPv6 address, as dual-stack sockets show it, becomes the IPv4 literal that it stands for;
    a zone id means nothing to the peer and is left out (RFC 5321 §4.1.3).

    Raises:
        ValueError: It is no IP address.
    """
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return f"[IPv6:{parsed.compressed}]"
        parsed = parsed.ipv4_mapped
    return f"[{parsed}]"


def _word(text: str, what: str) -> bytes:
    if not text:
        raise ValueError(f"{what} is empty")
    if not all("!" <= character <= "~" for character in text):
        raise ValueError(f"{what} holds something else than printable US-ASCII without spaces: {text!r}")
    return text.encode("ascii")


def _mailbox(address: str) -> bytes:
    # Control characters are not allowed in mailboxes (RFC 5321 §4.1.2); quoted spaces are.
    if any(character < " " or character == "\x7f" for character in address):
        raise ValueError(f"the address holds a control character: {address!r}")
    return address.encode("utf-8")


def _parameters(parameters: Iterable[str]) -> bytes:
    return b"".join(b" " + _word(parameter, "a parameter") for parameter in parameters)
