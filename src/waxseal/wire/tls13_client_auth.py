"""A client's answer to a CertificateRequest of TLS 1.3: Certificate, CertificateVerify (RFC 8446 §4.4).

When it goes out is decided in ``wire.tls13``; certificate and key come from the caller
(``wire.tls_credentials``).
"""

from typing import Any, Final

from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_credentials import ClientCredentials
from waxseal.wire.tls_fields import message, number, vector
from waxseal.wire.tls_server_certificates import CertificateRequest

SIGNED_BEFORE_BY_CLIENT: Final = b" " * 64 + b"TLS 1.3, client CertificateVerify\x00"
"""What stands before the transcript's hash in the octets that a client signs (RFC 8446 §4.4.3)."""

_NEVER_HERE = frozenset(reg.PKCS1_SCHEMES + reg.SHA1_SCHEMES)
"""Schemes that no CertificateVerify of TLS 1.3 may have, whoever asks for them (RFC 8446 §4.4.3)."""


def answer(request: CertificateRequest, credentials: ClientCredentials | None, transcript: Any) -> bytes:
    """The messages, which the transcript takes in.

    Without credentials, or where none of their schemes was asked for, the list of certificates is empty and
    no CertificateVerify follows (RFC 8446 §4.4.2).

    Args:
        request: The server's message.
        credentials: What we can show.
        transcript: A running hash of ``hashlib`` over the context of RFC 8446 §4.4.
    """
    scheme: int | None = None
    chain: tuple[bytes, ...] = ()
    if credentials is not None and credentials.chain:
        scheme = credentials.scheme(tuple(asked for asked in request.schemes if asked not in _NEVER_HERE))
        chain = credentials.chain if scheme is not None else ()
    entries = b"".join(vector(der, 3) + b"\x00\x00" for der in chain)
    shown = message(reg.CERTIFICATE, vector(request.context, 1) + vector(entries, 3))
    transcript.update(shown)
    if credentials is None or scheme is None:
        return shown
    signature = credentials.sign(scheme, SIGNED_BEFORE_BY_CLIENT + transcript.digest())
    proof = message(reg.CERTIFICATE_VERIFY, number(scheme, 2) + vector(signature, 2))
    transcript.update(proof)
    return shown + proof
