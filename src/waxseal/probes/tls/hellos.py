"""The hellos that questions are made of: one builder for TLS 1.3, one for what came before.

They offer what is asked, and beside it whatever lets a server show more of itself without a further
connection: extended main secret, encrypt-then-MAC, tickets, OCSP status, SCTs, heartbeat, compression.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from waxseal.probes.tls.question import HelloTalk, Tls13Talk, entropy
from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13 import Tls13Client
from waxseal.wire.tls13_groups import available_groups, key_share
from waxseal.wire.tls_client_hello import RANDOM_OCTETS, TLS_1_2, TLS_1_3, ClientHello
from waxseal.wire.tls_extensions import Extension

SSL_3: Final = 0x0300
_SESSION_ID_OCTETS: Final = 32
_DEFLATE: Final = 1

CURVES: Final = tuple(
    number for number in (reg.X25519, reg.SECP256R1, reg.X448, reg.SECP521R1, reg.SECP384R1)
) + tuple(number for number in reg.GROUP_NAMES if number <= 41 and number not in (23, 24, 25, 29, 30))
"""Named curves, the usual ones first (RFC 8422 §5.1.1 and the registry)."""
FINITE_FIELDS: Final = (256, 257, 258, 259, 260)
"""ffdhe2048 to ffdhe8192 (RFC 7919)."""
HYBRIDS: Final = (4588, 4587, 4589, 25497, 25498)
"""Groups with a post-quantum part (draft-ietf-tls-ecdhe-mlkem; the last two are old drafts)."""
PURE_KEMS: Final = (512, 513, 514)
GROUPS_13: Final = (*HYBRIDS, *CURVES[:5], 31, 32, 33, *FINITE_FIELDS, *PURE_KEMS, 41, *range(34, 41))
"""Groups that TLS 1.3 may use."""

_PAIRS: Final = tuple(h << 8 | s for s in (1, 3, 2) for h in (4, 5, 6, 2, 3, 1))
SCHEMES_12: Final = tuple(
    dict.fromkeys(reg.RSA_SCHEMES + reg.EDDSA_SCHEMES + _PAIRS + tuple(reg.SCHEME_NAMES))
)
"""Every scheme that TLS 1.2 may use: named ones, and pairs of hash and signature (RFC 5246 §7.4.1.4.1)."""
SCHEMES_13: Final = tuple(
    dict.fromkeys(
        reg.RSA_SCHEMES
        + reg.ECDSA_SCHEMES
        + reg.EDDSA_SCHEMES
        + tuple(n for n in reg.SCHEME_NAMES if n >> 8 >= 7)
    )
)
"""Schemes that TLS 1.3 may use in CertificateVerify (RFC 8446 §4.2.3)."""


@dataclass(frozen=True, slots=True)
class HelloMaker:
    """Makes hellos for one server.

    Attributes:
        server_name: SNI; "" for none.
        share_group: The group that a key share is sent for.
    """

    server_name: str = ""
    share_group: int = reg.SECP256R1

    def up_to_12(
        self,
        version: int,
        suites: tuple[int, ...],
        groups: tuple[int, ...] = (*CURVES, *FINITE_FIELDS),
        schemes: tuple[int, ...] = SCHEMES_12,
        *,
        further: tuple[Extension, ...] = (),
    ) -> ClientHello:
        """A hello whose highest version is this one, SSL 3.0 to TLS 1.2; SSL 3.0 knows no extensions."""
        random = entropy(RANDOM_OCTETS)
        if version == SSL_3:
            suites = (*suites, reg.EMPTY_RENEGOTIATION_INFO_SCSV)
            return ClientHello(random, suites, None, version, compressions=(_DEFLATE, 0))
        extensions = _up_to_12(self.server_name, groups, schemes if version >= TLS_1_2 else None)
        return ClientHello(random, suites, (*extensions, *further), version, compressions=(_DEFLATE, 0))

    def tls13(
        self,
        suites: tuple[int, ...],
        groups: tuple[int, ...] = GROUPS_13,
        schemes: tuple[int, ...] = SCHEMES_13,
        *,
        shares: tuple[int, ...] | None = None,
        further: tuple[Extension, ...] = (),
    ) -> Tls13Talk:
        """A talk in TLS 1.3, read to CertificateVerify.

        Args:
            suites: Suites offered.
            groups: Groups offered.
            schemes: Schemes for CertificateVerify.
            shares: Groups that a share is sent for; None for the usual one, where it is offered.
            further: Extensions added.
        """
        wanted = (self.share_group,) if shares is None else shares
        made = tuple(key_share(g, entropy) for g in wanted if g in groups and g in available_groups())
        hello = self._hello_13(suites, groups, schemes, made_of(made), further)
        return Tls13Talk(hello, Tls13Client(hello, made, entropy, stop_after=reg.CERTIFICATE_VERIFY))

    def retry(
        self, suites: tuple[int, ...], groups: tuple[int, ...], schemes: tuple[int, ...] = SCHEMES_13
    ) -> HelloTalk:
        """A hello of TLS 1.3 without a key share: the server has to name its group (RFC 8446 §4.2.8)."""
        return HelloTalk(self._hello_13(suites, groups, schemes, (), ()))

    def _hello_13(
        self,
        suites: tuple[int, ...],
        groups: tuple[int, ...],
        schemes: tuple[int, ...],
        shares: tuple[tuple[int, bytes], ...],
        further: tuple[Extension, ...],
    ) -> ClientHello:
        random, session_id = entropy(RANDOM_OCTETS), entropy(_SESSION_ID_OCTETS)
        before, behind = _around_shares(self.server_name, groups, schemes)
        extensions = (*before, ext.key_shares(shares), *behind, *further)
        return ClientHello(random, suites, extensions, TLS_1_2, session_id)


@lru_cache(maxsize=64)
def _up_to_12(
    server_name: str, groups: tuple[int, ...], schemes: tuple[int, ...] | None
) -> tuple[Extension, ...]:
    """The extensions of a hello up to TLS 1.2, which are the same in many; schemes are None before 1.2."""
    return (
        *((ext.server_name(server_name),) if server_name else ()),
        ext.renegotiation_info(),
        ext.extended_main_secret(),
        ext.supported_groups(groups),
        ext.point_formats((0, 1, 2)),
        ext.session_ticket(),
        *((ext.signature_algorithms(schemes),) if schemes is not None else ()),
        ext.encrypt_then_mac(),
        ext.status_request(),
        ext.signed_certificate_timestamps(),
        ext.heartbeat(),
    )


@lru_cache(maxsize=64)
def _around_shares(
    server_name: str, groups: tuple[int, ...], schemes: tuple[int, ...]
) -> tuple[tuple[Extension, ...], tuple[Extension, ...]]:
    """The extensions of a hello of TLS 1.3 before and behind the key shares, which are the same in many."""
    before = (
        *((ext.server_name(server_name),) if server_name else ()),
        ext.supported_groups(groups),
        ext.signature_algorithms(schemes),
        ext.signature_algorithms_cert(SCHEMES_12),
        ext.supported_versions((TLS_1_3,)),
        ext.psk_modes(),
    )
    behind = (
        ext.status_request(),
        ext.signed_certificate_timestamps(),
        ext.record_size_limit(2**14 + 1),
    )
    return before, behind


def made_of(shares: tuple[object, ...]) -> tuple[tuple[int, bytes], ...]:
    """Group and public value of each share."""
    return tuple((share.group, share.public) for share in shares)  # type: ignore[attr-defined]
