"""What a client of any version offers, as plain choices, and the ClientHello made of them.

One hello offers TLS 1.3 and what is below (RFC 8446 appendix D.1). For TLS 1.3 alone there is
``wire.tls13_offer``, for hellos of any other shape ``wire.tls_client_hello``.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls12_exchange import exchange_groups
from waxseal.wire.tls12_suites import parse_suite, spoken_suites
from waxseal.wire.tls13_groups import Entropy, KeyShare, key_share
from waxseal.wire.tls13_keys import SUITES
from waxseal.wire.tls13_offer import ALL_CERTIFICATE_SCHEMES
from waxseal.wire.tls_client_hello import RANDOM_OCTETS, TLS_1_2, TLS_1_3, ClientHello
from waxseal.wire.tls_extensions import Extension

SSL_3_0: Final = 0x0300
ALL_VERSIONS: Final = (0x0304, 0x0303, 0x0302, 0x0301, 0x0300)
_SESSION_ID_OCTETS: Final = 32


@dataclass(frozen=True, slots=True)
class ClientOffer:
    """What is offered.

    Attributes:
        server_name: SNI, A-label; "" sends none (an address never is a server name, RFC 6066 §3).
        versions: Versions offered, highest first. Without TLS 1.3 the hello has no supported_versions, so it
            offers all below the highest as well (RFC 5246 appendix E.1); with SSL 3.0 alone, no extensions.
        suites: Suite numbers in order of preference; None for all that can be spoken, strongest first, those
            of the versions offered. Signalling suites may be among them.
        groups: Groups in order of preference; None for all curves that can be spoken. () sends none.
        share_groups: Those of them that a key share is sent for; with none, a TLS 1.3 server names one.
        schemes: Signature schemes; () sends none.
        protocols: ALPN names; none sends no extension.
        status_request: Ask for an OCSP response (RFC 6066 §8).
        timestamps: Ask for SCTs (RFC 6962 §3.3.1).
        tickets: Take tickets (RFC 5077 §3.2; RFC 8446 §4.2.9).
        extended_main_secret: RFC 7627.
        encrypt_then_mac: RFC 7366.
        renegotiation: ``scsv`` (RFC 5746 §3.3), ``extension`` (§3.2), or "" for neither.
        point_formats: Send ec_point_formats, uncompressed (RFC 8422 §5.1.2).
        heartbeat: Mode 1 or 2 (RFC 6520 §2); None sends none.
        certificate_compressions: Algorithms (RFC 8879 §3); none sends no extension.
        further: Extensions added as they are.
    """

    server_name: str = ""
    versions: tuple[int, ...] = (TLS_1_3, TLS_1_2)
    suites: tuple[int, ...] | None = None
    groups: tuple[int, ...] | None = None
    share_groups: tuple[int, ...] = (reg.X25519,)
    schemes: tuple[int, ...] = ALL_CERTIFICATE_SCHEMES
    protocols: tuple[bytes, ...] = ()
    status_request: bool = False
    timestamps: bool = False
    tickets: bool = True
    extended_main_secret: bool = True
    encrypt_then_mac: bool = True
    renegotiation: str = "scsv"
    point_formats: bool = True
    heartbeat: int | None = None
    certificate_compressions: tuple[int, ...] = ()
    further: tuple[Extension, ...] = ()

    def hello(self, entropy: Entropy) -> tuple[ClientHello, tuple[KeyShare, ...]]:
        """The ClientHello, and the private halves of its key shares.

        Args:
            entropy: Gives random octets: for the random, the session id (with TLS 1.3 only) and each private
                key, in that order.
        """
        tls13 = TLS_1_3 in self.versions
        random = entropy(RANDOM_OCTETS)
        # So that middleboxes see resumption (RFC 8446 appendix D.4).
        session_id = entropy(_SESSION_ID_OCTETS) if tls13 else b""
        shares = tuple(key_share(group, entropy) for group in self.share_groups) if tls13 else ()
        suites = default_suites(self.versions) if self.suites is None else self.suites
        scsv = reg.EMPTY_RENEGOTIATION_INFO_SCSV
        if self.renegotiation == "scsv" and min(self.versions) < TLS_1_3 and scsv not in suites:
            suites = (*suites, scsv)
        extensions: tuple[Extension, ...] | None = (*self._extensions(shares), *self.further)
        if self.versions == (SSL_3_0,) and not self.further:
            extensions = None
        highest = min(max(self.versions), TLS_1_2)
        return ClientHello(random, suites, extensions, legacy_version=highest, session_id=session_id), shares

    def _extensions(self, shares: tuple[KeyShare, ...]) -> list[Extension]:
        """The extensions, roughly in OpenSSL's order; servers take any (RFC 8446 §4.2)."""
        groups = exchange_groups() if self.groups is None else self.groups
        curves = [ext.point_formats()] if self.point_formats else []
        wanted = [
            *([ext.server_name(self.server_name)] if self.server_name else []),
            *((curves if min(self.versions) < TLS_1_3 else []) if groups else []),
            *([ext.supported_groups(groups)] if groups else []),
            *([ext.protocols(self.protocols)] if self.protocols else []),
            *([ext.status_request()] if self.status_request else []),
            *([ext.signed_certificate_timestamps()] if self.timestamps else []),
            *([ext.signature_algorithms(self.schemes)] if self.schemes and self._from_tls12 else []),
            *([ext.heartbeat(self.heartbeat)] if self.heartbeat is not None else []),
            *([ext.compress_certificate(c)] if (c := self.certificate_compressions) else []),
        ]
        if min(self.versions) < TLS_1_3:
            wanted += [ext.session_ticket()] if self.tickets else []
            wanted += [ext.encrypt_then_mac()] if self.encrypt_then_mac else []
            wanted += [ext.extended_main_secret()] if self.extended_main_secret else []
            wanted += [ext.renegotiation_info()] if self.renegotiation == "extension" else []
        if TLS_1_3 in self.versions:
            wanted.append(ext.supported_versions(tuple(sorted(self.versions, reverse=True))))
            wanted += [ext.psk_modes()] if self.tickets else []
            wanted.append(ext.key_shares(tuple((share.group, share.public) for share in shares)))
        return wanted

    @property
    def _from_tls12(self) -> bool:
        """Whether signature_algorithms may be sent, which is for TLS 1.2 and up (RFC 5246 §7.4.1.4.1)."""
        return max(self.versions) >= TLS_1_2


@cache
def default_suites(versions: tuple[int, ...]) -> tuple[int, ...]:
    """All suites that can be spoken in these versions, TLS 1.3 first, then strongest first."""
    found = tuple(SUITES) if TLS_1_3 in versions else ()
    below = [version for version in versions if version < TLS_1_3]
    for number in spoken_suites() if below else ():
        suite = parse_suite(number)
        if suite is not None and (max(below) >= TLS_1_2 or not suite.only_tls12):
            found += (number,)
    return found
