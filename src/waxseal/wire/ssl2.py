"""SSL 2.0, as far as it takes to see whether a server still speaks it: CLIENT-HELLO out, SERVER-HELLO in.

From "The SSL Protocol", Hickman, Netscape, 9 February 1995 (draft-hickman-netscape-ssl-00); RFC 6176 forbids
its use. The handshake goes no further here. The same CLIENT-HELLO with a higher version is the old form in
which SSL 3.0 and TLS clients could begin (RFC 5246 appendix E.2).
"""

from dataclasses import dataclass
from typing import Final

from waxseal.facts import Deviation
from waxseal.wire.tls_fields import FieldReader, number, numbers

SOURCE: Final = "draft-hickman-netscape-ssl-00"
SSL_2: Final = 0x0002
CLIENT_HELLO: Final = 1
SERVER_HELLO: Final = 4
ERROR: Final = 0

CIPHER_KINDS: Final = {
    0x010080: "SSL_CK_RC4_128_WITH_MD5",
    0x020080: "SSL_CK_RC4_128_EXPORT40_WITH_MD5",
    0x030080: "SSL_CK_RC2_128_CBC_WITH_MD5",
    0x040080: "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5",
    0x050080: "SSL_CK_IDEA_128_CBC_WITH_MD5",
    0x060040: "SSL_CK_DES_64_CBC_WITH_MD5",
    0x0700C0: "SSL_CK_DES_192_EDE3_CBC_WITH_MD5",
}
"""Cipher kinds of the draft's section "Cipher Kinds", and their names there."""

ERRORS: Final = {
    1: "NO-CIPHER-ERROR",
    2: "NO-CERTIFICATE-ERROR",
    4: "BAD-CERTIFICATE-ERROR",
    6: "UNSUPPORTED-CERTIFICATE-TYPE-ERROR",
}
"""Codes of an ERROR message."""

MAX_CIPHER_KINDS: Final = 1024


@dataclass(frozen=True, slots=True)
class Ssl2ClientHello:
    """A CLIENT-HELLO.

    Attributes:
        challenge: 16 to 32 random octets.
        kinds: Cipher kinds, 3 octets each; a TLS suite stands as 0x00 before its number.
        version: 0x0002; higher in the old form of a TLS hello.
        session_id: Empty or 16 octets.
    """

    challenge: bytes
    kinds: tuple[int, ...] = tuple(CIPHER_KINDS)
    version: int = SSL_2
    session_id: bytes = b""

    def record(self) -> bytes:
        """The message in a record with a header of 2 octets."""
        specs = numbers(self.kinds, 3)
        body = bytes([CLIENT_HELLO]) + number(self.version, 2)
        body += number(len(specs), 2) + number(len(self.session_id), 2) + number(len(self.challenge), 2)
        body += specs + self.session_id + self.challenge
        return number(0x8000 | len(body), 2) + body


@dataclass(frozen=True, slots=True)
class Ssl2ServerHello:
    """A SERVER-HELLO: the server speaks SSL 2.0.

    Attributes:
        octets: The message, without the record's header.
        version: 0x0002.
        session_hit: Whether it knew our session.
        certificate_type: 1 is X.509.
        certificate: DER.
        kinds: The cipher kinds that both sides have; none means that they have none in common.
        connection_id: 16 to 32 octets.
        deviations: What does not fit.
    """

    octets: bytes
    version: int
    session_hit: bool
    certificate_type: int
    certificate: bytes
    kinds: tuple[int, ...]
    connection_id: bytes
    deviations: tuple[Deviation, ...] = ()


@dataclass(frozen=True, slots=True)
class Ssl2Error:
    """An ERROR message: the server speaks SSL 2.0, and refuses."""

    octets: bytes
    code: int


@dataclass(frozen=True, slots=True)
class NotSsl2:
    """Octets that are no SSL 2.0 answer, TLS records among them."""

    octets: bytes
    deviations: tuple[Deviation, ...] = ()


def parse_ssl2_answer(octets: bytes) -> Ssl2ServerHello | Ssl2Error | NotSsl2 | None:
    """Read what a server sent for a CLIENT-HELLO, from the first octet on.

    Args:
        octets: All that came so far; what stands behind the first record does not matter.

    Returns:
        None where more octets are needed.
    """
    if len(octets) < 2:
        return None
    # The high bit says that the header has 2 octets and no padding follows; else it has 3, with the padding's
    # length in the third, and the second bit marks a security escape.
    short = bool(octets[0] & 0x80)
    length = int.from_bytes(octets[:2], "big") & (0x7FFF if short else 0x3FFF)
    start = 2 if short else 3
    if octets[0] in range(0x14, 0x19) and octets[1] == 3:
        return NotSsl2(octets[:64])
    if len(octets) <= start:
        return None
    kind = octets[start]
    if kind not in (SERVER_HELLO, ERROR) or length < 3:
        return NotSsl2(octets[:64])
    if len(octets) < start + length:
        return None
    padding = 0 if short else octets[2]
    body = octets[start : start + max(0, length - padding)]
    if kind == ERROR:
        return Ssl2Error(body, int.from_bytes(body[1:3], "big"))
    return _server_hello(body)


def _server_hello(body: bytes) -> Ssl2ServerHello | NotSsl2:
    reader = FieldReader(body, SOURCE)
    reader.number(1)
    session_hit = reader.number(1)
    certificate_type = reader.number(1)
    version = reader.number(2)
    sizes = [reader.number(2) for _ in range(3)]
    certificate, specs, connection_id = (reader.take(size) for size in sizes)
    if reader.short:
        return NotSsl2(body[:64], tuple(reader.deviations))
    reader.finish()
    kinds = FieldReader(specs, SOURCE, deviations=reader.deviations).numbers(3)[:MAX_CIPHER_KINDS]
    if version != SSL_2:
        reader.flag("ssl2-version", at=3)
    return Ssl2ServerHello(
        body,
        version,
        bool(session_hit),
        certificate_type,
        certificate,
        kinds,
        connection_id,
        tuple(reader.deviations),
    )
