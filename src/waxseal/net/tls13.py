"""TLS 1.3 over a stream by our own client, for what the standard library cannot offer or does not show.

The library cannot be told which signature schemes to offer, so it cannot ask a server of TLS 1.3 alone
for its other certificate; `Tls13Stream` can. The stream is in ``net.tls_stream``, the protocol in
``wire.tls13``.
"""

import os

from waxseal.net.stream import ByteStream
from waxseal.net.tls_stream import TlsClientStream
from waxseal.wire.tls13 import Tls13Client
from waxseal.wire.tls13_groups import Entropy
from waxseal.wire.tls13_offer import Tls13Offer


class Tls13Stream(TlsClientStream):
    """A `TlsClientStream` that speaks TLS 1.3 alone.

    Attributes:
        offer: What the ClientHello offered.
    """

    def __init__(self, inner: ByteStream, offer: Tls13Offer, *, entropy: Entropy = os.urandom) -> None:
        hello, shares = offer.hello(entropy)
        super().__init__(inner, Tls13Client(hello, shares, entropy))
        self.offer = offer


async def shown_certificates(
    stream: ByteStream,
    *,
    server_name: str,
    signature_algorithms: tuple[int, ...],
    entropy: Entropy = os.urandom,
) -> tuple[bytes, ...]:
    """The certificates that a server shows to a client that takes only some signatures; the stream is closed.

    To go on talking under TLS, use `Tls13Stream` with the same offer.

    Args:
        stream: Stands where the ClientHello is due.
        server_name: SNI; "" for none.
        signature_algorithms: Schemes for the handshake; ``wire.tls13_offer.SCHEMES_OF_KEY_TYPE`` has those
            that only a certificate of one key type can answer.
        entropy: Source of random octets.

    Returns:
        DER of each certificate, leaf first.

    Raises:
        NetError: As `Tls13Stream.handshake`; ALERT 40, handshake_failure, where the server has no certificate
            of that type (RFC 8446 §4.4.2.2).
    """
    offer = Tls13Offer(server_name=server_name, schemes=signature_algorithms)
    tls = Tls13Stream(stream, offer, entropy=entropy)
    try:
        await tls.handshake()
    finally:
        await tls.close()
    return tls.certificates()
