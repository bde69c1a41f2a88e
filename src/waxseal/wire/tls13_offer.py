"""What a TLS 1.3-only client offers, as plain choices, and the ClientHello made of them.

For hellos of any other shape, see ``wire.tls_client_hello``. Order of the extensions: roughly OpenSSL's;
servers take any (RFC 8446 §4.2).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13_groups import Entropy, KeyShare, key_share
from waxseal.wire.tls_client_hello import RANDOM_OCTETS, TLS_1_3, ClientHello
from waxseal.wire.tls_extensions import Extension

SCHEMES_OF_KEY_TYPE: Final = {
    "": reg.ECDSA_SCHEMES + reg.EDDSA_SCHEMES + reg.RSA_SCHEMES,
    "rsa": reg.RSA_SCHEMES,
    "ec": reg.ECDSA_SCHEMES,
    "eddsa": reg.EDDSA_SCHEMES,
}
"""Signature schemes that a server can only answer with a certificate of this key type; "" for any type."""

ALL_CERTIFICATE_SCHEMES: Final = (
    reg.ECDSA_SCHEMES + reg.EDDSA_SCHEMES + reg.RSA_SCHEMES + reg.PKCS1_SCHEMES + reg.SHA1_SCHEMES
)
"""Whatever a certificate may be signed with."""

_SESSION_ID_OCTETS = 32


@dataclass(frozen=True, slots=True)
class Tls13Offer:
    """What is offered, TLS 1.3 alone.

    Attributes:
        server_name: SNI, A-label; "" sends none (an address never is a server name, RFC 6066 §3).
        suites: Suite numbers; only those of ``wire.tls13_keys.SUITES`` can be spoken.
        groups: Groups offered, in order of preference.
        share_groups: Those of them that a key share is sent for; with none, the server has to name one.
        schemes: Signature schemes for the handshake, so for the type of the certificate shown.
        certificate_schemes: Signature schemes inside the certificates.
        protocols: ALPN names; none sends no extension.
        further: Extensions added as they are.
        tickets: Whether tickets are taken (psk_key_exchange_modes, RFC 8446 §4.2.9).
        post_handshake_auth: Whether a client certificate may be asked for later (RFC 8446 §4.2.6).
    """

    server_name: str = ""
    suites: tuple[int, ...] = (0x1301, 0x1302, 0x1303)
    groups: tuple[int, ...] = (reg.X25519, reg.SECP256R1, reg.SECP384R1, reg.SECP521R1, reg.X448)
    share_groups: tuple[int, ...] = (reg.X25519, reg.SECP256R1)
    schemes: tuple[int, ...] = SCHEMES_OF_KEY_TYPE[""]
    certificate_schemes: tuple[int, ...] = ALL_CERTIFICATE_SCHEMES
    protocols: tuple[bytes, ...] = ()
    further: tuple[Extension, ...] = ()
    tickets: bool = True
    post_handshake_auth: bool = False
    _around: tuple[tuple[Extension, ...], tuple[Extension, ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "_around", self._fixed())

    def hello(
        self, entropy: Entropy, shares: Sequence[KeyShare] | None = None
    ) -> tuple[ClientHello, tuple[KeyShare, ...]]:
        """The ClientHello, and the private halves of its key shares.

        Args:
            entropy: Gives random octets: for the random, the session id and each private key, in that order.
            shares: Key shares to offer in place of new ones for `share_groups`. Those of one run may be
                used for many connections by a client that has nothing to hide: it saves the making of keys,
                and costs forward secrecy (RFC 8446 appendix C.4 speaks against reuse for privacy as well).
        """
        random = entropy(RANDOM_OCTETS)
        session_id = entropy(_SESSION_ID_OCTETS)  # so that middleboxes see resumption (RFC 8446 appendix D.4)
        if shares is None:
            shares = [key_share(group, entropy) for group in self.share_groups]
        offered = ext.key_shares(tuple((share.group, share.public) for share in shares))
        before, after = self._around
        hello = ClientHello(random, self.suites, (*before, offered, *after), session_id=session_id)
        return hello, tuple(shares)

    def _fixed(self) -> tuple[tuple[Extension, ...], tuple[Extension, ...]]:
        """The extensions before and behind key_share, which are the same in every hello."""
        extensions = [ext.server_name(self.server_name)] if self.server_name else []
        extensions += [ext.supported_groups(self.groups)]
        if self.protocols:
            extensions.append(ext.protocols(self.protocols))
        extensions += [ext.signature_algorithms(self.schemes), ext.supported_versions((TLS_1_3,))]
        if self.tickets:
            extensions.append(ext.psk_modes())
        after = [ext.signature_algorithms_cert(self.certificate_schemes)] if self.certificate_schemes else []
        if self.post_handshake_auth:
            after.append(ext.post_handshake_auth())
        return tuple(extensions), (*after, *self.further)
