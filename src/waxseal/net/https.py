"""TLS to a web server: the handshake that comes before an HTTP request (RFC 9110 §4.2.2).

Our own client, as for mail, so that every octet and each certificate is seen; nothing is verified but the
server's Finished. What the certificates prove is found in ``trust``, by whoever judges the fetch.
"""

import os
from functools import cache
from typing import Final

from waxseal.net.host_addresses import is_address
from waxseal.net.stream import ByteStream
from waxseal.net.tls_stream import TlsClientStream
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_client import TlsClient
from waxseal.wire.tls_client_offer import ClientOffer, default_suites
from waxseal.wire.tls_suite_properties import suite_class, suite_properties

VERSIONS: Final = (0x0304, 0x0303, 0x0302, 0x0301)
"""Down to TLS 1.0, so that a host that speaks nothing better is seen to."""
_NEVER: Final = frozenset(("null", "anonymous", "export"))
_GROUPS: Final = (reg.X25519, reg.SECP256R1)
"""A key share for each, so that hardly any server has to ask for another one."""


def tls_to(stream: ByteStream, host: str) -> TlsClientStream:
    """TLS over a stream; the handshake is still to be made.

    Args:
        stream: Connected.
        host: A-label, sent as server name, or an address, which never is one (RFC 6066 §3).
    """
    offer = ClientOffer(
        server_name="" if is_address(host) else host,
        versions=VERSIONS,
        suites=_suites(),
        share_groups=_GROUPS,
        protocols=(b"http/1.1",),
        tickets=False,
    )
    hello, shares = offer.hello(os.urandom)
    return TlsClientStream(stream, TlsClient(hello, shares, os.urandom))


@cache
def _suites() -> tuple[int, ...]:
    """Suites that encrypt and prove the server, strongest first."""
    found = {suite: suite_properties(suite) for suite in default_suites(VERSIONS)}
    return tuple(suite for suite, known in found.items() if known is None or suite_class(known) not in _NEVER)
