"""What the OpenSSL behind the standard library says of a chain: its error number, as a sender would log it.

The library verifies a chain only within a handshake. But in TLS 1.2 the server's certificates come in clear
and are verified before the server has proved anything (RFC 5246 §7.4.2), so a ServerHello and a Certificate
message written here into a memory buffer are enough, and no key is needed. Nothing is sent anywhere. OpenSSL
judges by this machine's clock and tells no depth; ``trust.openssl_codes`` tells the depth by correspondence.
"""

import ssl

from waxseal.facts import OpensslVerdict
from waxseal.trust.certificate import parse

MAX_RECORD_OCTETS = 2**14
_SUITES = {"rsa": b"\xc0\x2f", "ec": b"\xc0\x2b", "dsa": b"\x00\xa2"}
_ANY_RSA = b"\xc0\x2f"
_HANDSHAKE = 22


def openssl_verdict(chain: tuple[bytes, ...], anchors: tuple[bytes, ...]) -> OpensslVerdict:
    """Let OpenSSL verify a server's chain, now, without a name and whatever the strength; never raises.

    Args:
        chain: DER as sent, leaf first, at least one.
        anchors: DER of the roots to trust; they need not be self-signed.
    """
    try:
        tls, incoming = _client(anchors)
        _hello(tls)
        incoming.write(_flight(chain))
        tls.do_handshake()
    except ssl.SSLCertVerificationError as error:
        return _said(error.verify_code, error.verify_message)
    except ssl.SSLWantReadError:
        return _said(0, "ok")  # the chain is done with, and the server's key is waited for
    except (ssl.SSLError, ValueError, OverflowError) as error:
        return _said(None, getattr(error, "reason", None) or str(error))
    return _said(None, "the handshake ended without a key")


def _said(code: int | None, message: str) -> OpensslVerdict:
    return OpensslVerdict(code=code, message=message[:200], library=ssl.OPENSSL_VERSION)


def _client(anchors: tuple[bytes, ...]) -> tuple[ssl.SSLObject, ssl.MemoryBIO]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags = ssl.VERIFY_X509_TRUSTED_FIRST | ssl.VERIFY_X509_PARTIAL_CHAIN
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ALL:@SECLEVEL=0")
    for anchor in anchors:
        context.load_verify_locations(cadata=anchor)
    incoming = ssl.MemoryBIO()
    return context.wrap_bio(incoming, ssl.MemoryBIO()), incoming


def _hello(tls: ssl.SSLObject) -> None:
    """Let the ClientHello be written; it goes nowhere."""
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        return


def _flight(chain: tuple[bytes, ...]) -> bytes:
    """ServerHello (RFC 5246 §7.4.1.3) and Certificate (RFC 5246 §7.4.2) of a server that shows the chain."""
    suite = _SUITES.get(parse(chain[0]).key_type, _ANY_RSA)
    renegotiation = bytes.fromhex("ff01000100")  # (RFC 5746 §3.6) empty at the first handshake
    hello = b"\x03\x03" + bytes(32) + b"\x00" + suite + b"\x00"
    hello += len(renegotiation).to_bytes(2) + renegotiation
    listed = b"".join(len(der).to_bytes(3) + der for der in chain)
    messages = _message(2, hello) + _message(11, len(listed).to_bytes(3) + listed)
    records = bytearray()
    for at in range(0, len(messages), MAX_RECORD_OCTETS):
        part = messages[at : at + MAX_RECORD_OCTETS]
        records += bytes((_HANDSHAKE, 3, 3)) + len(part).to_bytes(2) + part
    return bytes(records)


def _message(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + len(body).to_bytes(3) + body
