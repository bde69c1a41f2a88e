"""Commands of IMAP, POP3 and ManageSieve, without IMAP's tag and without CRLF.

From RFC 9051 §6, RFC 1939, RFC 2449 §5, RFC 2595 §4 and RFC 5804 §2. `AccessConnection.send` adds the rest.
Every argument is checked for what would end the line, so that no name can smuggle in a second command.
"""

from waxseal.facts import MailProtocol


def capability(protocol: MailProtocol) -> bytes:
    """``CAPABILITY``, or ``CAPA``, whose good answer has several lines (RFC 2449 §5)."""
    return b"CAPA" if protocol is MailProtocol.POP3 else b"CAPABILITY"


def starttls(protocol: MailProtocol) -> bytes:
    """``STARTTLS``, or ``STLS`` (RFC 2595 §4)."""
    return b"STLS" if protocol is MailProtocol.POP3 else b"STARTTLS"


def logout(protocol: MailProtocol) -> bytes:
    """``LOGOUT``, or ``QUIT`` (RFC 1939 §4)."""
    return b"QUIT" if protocol is MailProtocol.POP3 else b"LOGOUT"


def noop(protocol: MailProtocol, nonce: str = "") -> bytes:
    """``NOOP``, in ManageSieve with a word that the answer repeats (RFC 5804 §2.13).

    The others have no parameter, so there the word is left out; POP3 allows the command behind a login only
    (RFC 1939 §5).

    Raises:
        ValueError: As `quoted`.
    """
    if protocol is MailProtocol.SIEVE and nonce:
        return b"NOOP " + quoted(nonce)
    return b"NOOP"


def authenticate(protocol: MailProtocol, mechanism: str, initial: str | None = None) -> bytes:
    """``AUTHENTICATE``, or ``AUTH`` (RFC 9051 §6.2.2, RFC 5034 §4, RFC 5804 §2.1).

    Args:
        protocol: What is spoken.
        mechanism: Name of the SASL mechanism.
        initial: The initial response in Base64; "" for an empty one; None for none.

    Raises:
        ValueError: The mechanism or the response is no single word of printable US-ASCII.
    """
    word = _word(mechanism)
    if protocol is MailProtocol.SIEVE:
        said = b"" if initial is None else b" " + quoted(initial)
        return b'AUTHENTICATE "' + word + b'"' + said
    said = b"" if initial is None else b" " + _word(initial or "=")
    return (b"AUTH " if protocol is MailProtocol.POP3 else b"AUTHENTICATE ") + word + said


def quoted(text: str) -> bytes:
    """A quoted string in UTF-8 (RFC 9051 §4.3, RFC 5804 §4).

    Raises:
        ValueError: It holds CR, LF or NUL.
    """
    if any(character in text for character in "\r\n\0"):
        raise ValueError("a quoted string holds no CR, LF or NUL")
    return b'"' + text.replace("\\", "\\\\").replace('"', '\\"').encode("utf-8") + b'"'


def _word(text: str) -> bytes:
    if not text or not all("!" <= character <= "~" and character not in '"\\' for character in text):
        raise ValueError("a word is printable US-ASCII without spaces and quotes")
    return text.encode("ascii")
