"""Certificates as they are shown, recorded with the roots that could end their chain.

A server may hold several: one per key type, others per server name. Which handshakes show them is decided in
``probes.tls``.
"""

from waxseal.facts import Certificate, CertificateChain, TrustAnchors
from waxseal.net.network import Network
from waxseal.net.openssl_verify import openssl_verdict
from waxseal.probes.recorder import Run
from waxseal.trust.anchors import candidates
from waxseal.trust.certificate import parse

MAX_CERTIFICATES = 32


def emit_chain(
    run: Run,
    sent: tuple[bytes, ...],
    version: str,
    server_name: str,
    network: Network,
    *,
    openssl: bool = True,
) -> Certificate | None:
    """Record the chain that a handshake showed, and the roots that could end it; give its leaf.

    Of a chain of more than `MAX_CERTIFICATES` the first are kept, and the number that was sent.

    Args:
        run: Where it was seen.
        sent: DER of each certificate, in the server's order.
        version: TLS version of the handshake.
        server_name: The SNI that was sent; "" for none.
        network: Its root store, and its clock.
        openssl: Whether OpenSSL is asked for its verdict as well, which takes some milliseconds.
    """
    shown = tuple(parse(der) for der in sent[:MAX_CERTIFICATES])
    if not shown:
        return None
    place = {"server_name": server_name, "certificate_type": shown[0].key_type or "unknown"}
    chain = CertificateChain(
        certificates=shown,
        shown_at=network.clock.now(),
        version=version,
        sent_count=len(sent) if len(sent) > len(shown) else 0,
    )
    run.emit(chain, **place)
    roots = network.roots
    anchors = TrustAnchors(store=roots.id, store_size=roots.size, candidates=candidates(shown, roots))
    run.emit(anchors, **place)
    if openssl:
        run.emit(openssl_verdict(sent[:MAX_CERTIFICATES], anchors.candidates), **place)
    return shown[0]
