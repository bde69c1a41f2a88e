"""TLS handshakes between two contexts in memory, with no network."""

import ssl

from waxseal.lab.ca import CertificateAuthority, pem


def verifying_context(ca: CertificateAuthority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=pem(ca.root_der).decode())
    return context


def curious_context(highest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.maximum_version = highest
    return context


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str | None) -> ssl.SSLObject:
    """The client's side after a completed handshake; raises what the client's library raises."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=name)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    failure: ssl.SSLError | None = None
    for _ in range(8):
        try:
            ours.do_handshake()
        except ssl.SSLWantReadError:
            if failure is not None:
                raise failure from None
        else:
            return ours
        try:
            theirs.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            failure = error
    raise AssertionError("the handshake does not end")
