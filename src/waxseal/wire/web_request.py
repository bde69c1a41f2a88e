"""A web request as a mail server gets it from a misled browser, and how its errors are counted.

The request is a form's (RFC 9112 §3, RFC 9110 §9.3.3), and no first or second word of its lines is a mail
command, whichever protocol is spoken. Counting goes by whole lines, in the form of each protocol: an SMTP
reply of 4yz or 5yz (RFC 5321 §4.2), BAD or NO in IMAP (RFC 9051 §7.1), NO in ManageSieve (RFC 5804 §1.2),
-ERR in POP3 (RFC 1939 §3).
"""

import re
from typing import Final

from waxseal.facts import MailProtocol
from waxseal.wire.smtp_reply import decode_text

MAX_OCTETS: Final = 64 * 1024
MAX_LINE_OCTETS: Final = 200

_SMTP = re.compile(rb"(?!421)[45][0-9]{2}(?: |\r?\Z)")
_ERRORS: Final = {
    MailProtocol.SMTP: _SMTP,
    MailProtocol.LMTP: _SMTP,
    MailProtocol.IMAP: re.compile(rb"[^ \r\n]+ (?:BAD|NO)(?:[ \r]|\Z)", re.IGNORECASE),
    MailProtocol.POP3: re.compile(rb"-ERR(?:[ \r]|\Z)", re.IGNORECASE),
    MailProtocol.SIEVE: re.compile(rb"NO(?:[ \r]|\Z)", re.IGNORECASE),
}


def web_request(host: str, nonce: str) -> bytes:
    """The request, a line end behind its body included.

    Args:
        host: For the Host field.
        nonce: A random word, which is the request's path.

    Raises:
        ValueError: One of them is no single word of printable US-ASCII.
    """
    for word in (host, nonce):
        if not word or not all("!" <= character <= "~" for character in word):
            raise ValueError(f"not a single word: {word!r}")
    body = "first=waxseal&second=test\r\nthird=of&fourth=cross\r\nfifth=protocol&sixth=tolerance\r\n"
    lines = (
        f"POST /{nonce} HTTP/1.1",
        f"Host: {host}",
        "User-Agent: waxseal",
        "Accept: text/html",
        "Accept-Language: en",
        "Accept-Encoding: identity",
        "Cache-Control: no-cache",
        "Pragma: no-cache",
        "Connection: keep-alive",
        "Content-Type: text/plain",
        f"Content-Length: {len(body)}",
        "",
        body,
    )
    return "\r\n".join(lines).encode("ascii")


class Answered:
    """What came back, with its errors counted; octets may come cut anywhere.

    Attributes:
        octets: The first `MAX_OCTETS`.
        errors: How many whole lines say that a line was an error.
    """

    def __init__(self, protocol: MailProtocol) -> None:
        self.octets = b""
        self.errors = 0
        self._error = _ERRORS[protocol]
        self._counted = 0

    def take(self, data: bytes) -> None:
        """Take in octets."""
        self.octets = (self.octets + data)[:MAX_OCTETS]
        end = self.octets.rfind(b"\n") + 1
        for line in self.octets[self._counted : end].split(b"\n")[:-1]:
            if self._error.match(line):
                self.errors += 1
        self._counted = max(self._counted, end)

    @property
    def lines(self) -> tuple[str, ...]:
        """Line by line, safe to show, each bounded."""
        return tuple(
            decode_text(line.rstrip(b"\r")[:MAX_LINE_OCTETS])
            for line in self.octets.split(b"\n")
            if line.rstrip(b"\r")
        )
