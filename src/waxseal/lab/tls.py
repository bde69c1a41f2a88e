"""Server-side TLS contexts of the lab, out of a `TlsOrder` and the lab's certificate authority.

The standard library reads certificates from files only, so each key stands in a private file for a moment.
"""

import ssl
import tempfile
import warnings
from functools import cache
from pathlib import Path

from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.orders import Key, LeafOrder, TlsOrder

_VERSIONS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
_SOUND_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"
_ANY_SUITES = "ALL:@SECLEVEL=0"


def server_context(order: TlsOrder, ca: CertificateAuthority) -> ssl.SSLContext:
    """A context that shakes hands as ordered."""
    context = _context(order, order.leaves, ca)
    if order.without_name is None and order.alert_without_name is None:
        return context
    other = None if order.without_name is None else _context(order, order.without_name, ca)

    def choose(tls: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        if name is not None:
            return None
        if other is not None:
            tls.context = other
        return order.alert_without_name

    context.sni_callback = choose
    return context


def _context(order: TlsOrder, leaves: tuple[LeafOrder, ...], ca: CertificateAuthority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    below_level = order.lowest in ("TLSv1", "TLSv1.1") or any(
        leaf.sha1 or leaf.key is Key.RSA_1024 for leaf in leaves
    )
    context.set_ciphers(order.suites or (_ANY_SUITES if below_level else _SOUND_SUITES))
    limit_versions(context, order.lowest, order.highest)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.options |= getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    if order.alpn:
        context.set_alpn_protocols(list(order.alpn))
    for leaf in leaves:
        with tempfile.NamedTemporaryFile(prefix="waxseal-lab-", suffix=".pem") as file:
            file.write(ca.leaf(leaf).pem())
            file.flush()
            context.load_cert_chain(Path(file.name))
    return context


def limit_versions(context: ssl.SSLContext, lowest: str, highest: str) -> None:
    """Set the versions that a context speaks, the retired ones included."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = _VERSIONS[lowest]
        context.maximum_version = _VERSIONS[highest]


@cache
def speaks_old_versions() -> bool:
    """Whether this machine's OpenSSL still completes a TLS 1.1 handshake; some builds and policies refuse."""
    ca = CertificateAuthority()
    order = TlsOrder(leaves=(LeafOrder(names=("old.test",)),), lowest="TLSv1", highest="TLSv1.1")
    client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_context.check_hostname = False
    client_context.verify_mode = ssl.CERT_NONE
    try:
        server_side = server_context(order, ca)
        client_context.set_ciphers(_ANY_SUITES)
        limit_versions(client_context, "TLSv1", "TLSv1.1")
    except (ssl.SSLError, ValueError):
        return False
    return _shake_hands(client_context, server_side)


def _shake_hands(client_context: ssl.SSLContext, server_side: ssl.SSLContext) -> bool:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server)
    server = server_side.wrap_bio(to_server, to_client, server_side=True)
    waiting = [client, server]
    for _ in range(8):
        for side in tuple(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return False
            waiting.remove(side)
        if not waiting:
            return True
    return False
