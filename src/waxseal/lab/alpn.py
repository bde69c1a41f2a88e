"""Which protocols a ClientHello asks for by ALPN (RFC 7301 §3.1).

The standard library's server never refuses a client over ALPN, so a server that should reads it by itself.
"""

from waxseal.wire import tls_registry
from waxseal.wire.tls_fields import FieldReader

_RECORD_HEADER_OCTETS = 5
_HANDSHAKE_HEADER_OCTETS = 4
_VERSION_AND_RANDOM_OCTETS = 34


def alpn_names(record: bytes) -> tuple[bytes, ...]:
    """The names in order; none where the record holds no ClientHello, or one without ALPN.

    Args:
        record: The first TLS record, which has to hold the whole ClientHello (RFC 8446 §4.1.2).
    """
    hello = FieldReader(record, "RFC 8446 §4.1.2", at=_RECORD_HEADER_OCTETS)
    hello.take(_HANDSHAKE_HEADER_OCTETS + _VERSION_AND_RANDOM_OCTETS)
    hello.vector(1)
    hello.vector(2)
    hello.vector(1)
    extensions = hello.inner(2)
    while extensions.left and not extensions.short:
        kind = extensions.number(2)
        extension = extensions.inner(2)
        if kind == tls_registry.ALPN:
            names = extension.inner(2)
            found = []
            while names.left:
                found.append(names.vector(1))
            return tuple(found)
    return ()
