"""What the lab's tables say about a server's certificates and its TLS, as data; made real by ``lab.ca``.

An order names an authority and what should be odd about the leaf; it holds no key and no date, so the tables
can be written down before the lab's certificates exist.
"""

from dataclasses import dataclass
from enum import StrEnum


class Authority(StrEnum):
    """The lab's certificate authorities."""

    ROOT = "root"
    """The one root that the lab's clients trust."""
    ISSUING = "issuing"
    """Below `ROOT`; issues the sound leaves."""
    LOWER = "lower"
    """Below `ISSUING`, so its leaves need two more certificates."""
    RSA_ISSUING = "rsa-issuing"
    """Below `ROOT`, with an RSA-2048 key."""
    CONSTRAINED = "constrained"
    """Below `ROOT`; may issue for names within ``permitted.test`` only (RFC 5280 §4.2.1.10)."""
    NO_AUTHORITY = "no-authority"
    """Below `ROOT`; signs although its basicConstraints say that it is no CA (RFC 5280 §4.2.1.9)."""
    STRANGER_ROOT = "stranger-root"
    """A root that nobody trusts."""
    STRANGER_ISSUING = "stranger-issuing"
    """Below `STRANGER_ROOT`."""


class Key(StrEnum):
    """Key of a leaf. RSA keys are shared between leaves, because they are slow to make."""

    EC_P256 = "ec-p256"
    RSA_2048 = "rsa-2048"
    RSA_1024 = "rsa-1024"


ABOVE: dict[Authority, Authority | None] = {
    Authority.ROOT: None,
    Authority.ISSUING: Authority.ROOT,
    Authority.LOWER: Authority.ISSUING,
    Authority.RSA_ISSUING: Authority.ROOT,
    Authority.CONSTRAINED: Authority.ROOT,
    Authority.NO_AUTHORITY: Authority.ROOT,
    Authority.STRANGER_ROOT: None,
    Authority.STRANGER_ISSUING: Authority.STRANGER_ROOT,
}
"""Who certifies each authority; None certifies itself."""

CA_ISSUERS_URL = "http://ca.lab.test/issuing.cer"
"""The caIssuers address that leaves name on order (RFC 5280 §4.2.2.1). Nothing answers there."""


@dataclass(frozen=True)
class LeafOrder:
    """One server certificate to be made.

    Attributes:
        names: The dNSName entries of its subjectAltName, as written; the first is its common name too.
        issuer: Who signs it; None for a self-signed one.
        sent: Authorities whose certificates are sent behind it, in that order; None for all of them up to the
            root, which is left out (RFC 5246 §7.4.2).
        key: Its key.
        from_days, to_days: Its period of validity, in days relative to the lab's start.
        common_name_only: Leave subjectAltName out.
        ca_issuers: Name `CA_ISSUERS_URL`.
        client_only: Its extended key usage is clientAuth, without serverAuth.
        critical_unknown: It has a critical extension that nobody knows (OID 2.999.1, for examples).
        sha1: Sign with SHA-1; the issuer has to be `Authority.RSA_ISSUING`.
        spoilt: Its signature has one bit changed.
    """

    names: tuple[str, ...]
    issuer: Authority | None = Authority.ISSUING
    sent: tuple[Authority, ...] | None = None
    key: Key = Key.EC_P256
    from_days: float = -10
    to_days: float = 80
    common_name_only: bool = False
    ca_issuers: bool = False
    client_only: bool = False
    critical_unknown: bool = False
    sha1: bool = False
    spoilt: bool = False

    def path(self) -> tuple[Authority, ...]:
        """The authorities whose certificates are sent behind the leaf, in order."""
        if self.sent is not None:
            return self.sent
        found: list[Authority] = []
        step = self.issuer
        while step is not None and ABOVE[step] is not None:
            found.append(step)
            step = ABOVE[step]
        return tuple(found)


@dataclass(frozen=True)
class TlsOrder:
    """How a server of the lab shakes hands.

    Attributes:
        leaves: Its certificates, at most one of each key type.
        without_name: Other certificates for clients that send no server name; None for the same ones.
        alert_without_name: Alert number for clients that send no server name; None to serve them.
        lowest, highest: ``TLSv1``, ``TLSv1.1``, ``TLSv1.2`` or ``TLSv1.3``.
        suites: Cipher string of OpenSSL for TLS 1.2 and below; "" for the sound ones.
        answer: Octets that are sent for a ServerHello; then the stream is closed. None to shake hands.
        alpn: The ALPN names that it selects (RFC 7301 §3.2); others are ignored.
        refuses_alpn: It refuses clients that offer none of `alpn`, with the alert no_application_protocol.
    """

    leaves: tuple[LeafOrder, ...]
    without_name: tuple[LeafOrder, ...] | None = None
    alert_without_name: int | None = None
    lowest: str = "TLSv1.2"
    highest: str = "TLSv1.3"
    suites: str = ""
    answer: bytes | None = None
    alpn: tuple[str, ...] = ()
    refuses_alpn: bool = False


@dataclass(frozen=True)
class TlsaOrder:
    """One TLSA record to be published (RFC 6698 §2).

    Attributes:
        host: The TLSA base domain, A-labels.
        usage, selector, matching_type: As in the record; what no standard knows goes in as it is.
        of: The certificate that it stands for: a leaf, an authority, or the association data themselves.
        wrong: The association data have one bit changed.
        port: The port in the owner name.
        ttl_s: Time to live of the RRset.
    """

    host: str
    usage: int
    selector: int
    matching_type: int
    of: "LeafOrder | Authority | bytes"
    wrong: bool = False
    port: int = 25
    ttl_s: int = 300


def alert_record(number: int) -> bytes:
    """A fatal TLS alert as the server's first record (RFC 8446 §5.1 and §6)."""
    return bytes((0x15, 0x03, 0x03, 0x00, 0x02, 0x02, number))
