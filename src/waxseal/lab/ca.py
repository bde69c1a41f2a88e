"""The lab's private certificate authorities, made in memory when the lab starts, and the leaves they issue.

What a leaf should look like is a `LeafOrder`; how a server shakes hands with it is in ``lab.tls``. Profile of
the certificates: RFC 5280 §4; the faults are those that the orders ask for.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtendedKeyUsageOID,
    NameOID,
    ObjectIdentifier,
)

from waxseal.lab.orders import ABOVE, CA_ISSUERS_URL, Authority, Key, LeafOrder

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_ORGANISATION = "Waxseal Lab"
_COMMON_NAMES = {
    Authority.ROOT: "Waxseal Lab Root",
    Authority.ISSUING: "Waxseal Lab Issuing",
    Authority.LOWER: "Waxseal Lab Lower",
    Authority.RSA_ISSUING: "Waxseal Lab RSA Issuing",
    Authority.CONSTRAINED: "Waxseal Lab Constrained",
    Authority.NO_AUTHORITY: "Waxseal Lab No Authority",
    Authority.STRANGER_ROOT: "Stranger Root",
    Authority.STRANGER_ISSUING: "Stranger Issuing",
}
_PATH_LENGTHS = {Authority.ROOT: 2, Authority.ISSUING: 1, Authority.STRANGER_ROOT: 1}
_CONSTRAINT = "permitted.test"
_UNKNOWN_EXTENSION = ObjectIdentifier("2.999.1")

# The object identifiers of RSA with SHA-256 and with SHA-1 differ in their last octet (RFC 8017 §A.2.4).
_RSA_SHA256 = bytes.fromhex("06092a864886f70d01010b")
_RSA_SHA1 = bytes.fromhex("06092a864886f70d010105")
_SHA1_DIGEST_INFO = bytes.fromhex("3021300906052b0e03021a05000414")


@dataclass(frozen=True)
class Identity:
    """A server's certificate with its key.

    Attributes:
        der: The leaf.
        sent: DER of the certificates that are sent, the leaf first.
        key: The leaf's private key.
    """

    der: bytes
    sent: tuple[bytes, ...]
    key: PrivateKey

    def pem(self) -> bytes:
        """Key and certificates in one, as servers read them. Secret."""
        private = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return private + b"".join(pem(der) for der in self.sent)


class CertificateAuthority:
    """All authorities of the lab, and every leaf ordered so far: the same order gives the same leaf.

    Args:
        now: The moment around which periods of validity are laid; aware.
    """

    def __init__(self, now: datetime | None = None) -> None:
        self.now = (now or datetime.now(UTC)).replace(microsecond=0)
        self._rsa: dict[int, rsa.RSAPrivateKey] = {}
        self._keys: dict[Authority, PrivateKey] = {}
        self._authorities: dict[Authority, x509.Certificate] = {}
        self._leaves: dict[LeafOrder, Identity] = {}

    @property
    def root_der(self) -> bytes:
        """The root to trust."""
        return self.authority_der(Authority.ROOT)

    def authority_der(self, authority: Authority) -> bytes:
        """The certificate of an authority."""
        return self._authority(authority).public_bytes(serialization.Encoding.DER)

    def leaf(self, order: LeafOrder) -> Identity:
        """Make what was ordered, or give it again."""
        identity = self._leaves.get(order)
        if identity is None:
            key = self._leaf_key(order.key)
            der = self._sign_leaf(order, key)
            sent = (der, *(self.authority_der(authority) for authority in order.path()))
            identity = self._leaves[order] = Identity(der, sent, key)
        return identity

    def _leaf_key(self, kind: Key) -> PrivateKey:
        if kind is Key.EC_P256:
            return ec.generate_private_key(ec.SECP256R1())
        return self._rsa_key(2048 if kind is Key.RSA_2048 else 1024)

    def _rsa_key(self, bits: int) -> rsa.RSAPrivateKey:
        if bits not in self._rsa:
            self._rsa[bits] = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        return self._rsa[bits]

    def _authority_key(self, authority: Authority) -> PrivateKey:
        if authority not in self._keys:
            is_rsa = authority is Authority.RSA_ISSUING
            self._keys[authority] = self._rsa_key(2048) if is_rsa else self._leaf_key(Key.EC_P256)
        return self._keys[authority]

    def _authority(self, authority: Authority) -> x509.Certificate:
        if authority not in self._authorities:
            self._authorities[authority] = self._sign_authority(authority)
        return self._authorities[authority]

    def _sign_authority(self, authority: Authority) -> x509.Certificate:
        key = self._authority_key(authority)
        above = ABOVE[authority]
        signer = authority if above is None else above
        is_ca = authority is not Authority.NO_AUTHORITY
        builder = (
            self._builder(_COMMON_NAMES[authority], key, signer, -365.0, 3650.0)
            .add_extension(
                x509.BasicConstraints(is_ca, _PATH_LENGTHS.get(authority, 0) if is_ca else None), True
            )
            .add_extension(_key_usage(ca=is_ca), True)
        )
        if authority is Authority.CONSTRAINED:
            constraints = x509.NameConstraints([x509.DNSName(_CONSTRAINT)], None)
            builder = builder.add_extension(constraints, True)
        return builder.sign(self._authority_key(signer), hashes.SHA256())

    def _sign_leaf(self, order: LeafOrder, key: PrivateKey) -> bytes:
        usage = ExtendedKeyUsageOID.CLIENT_AUTH if order.client_only else ExtendedKeyUsageOID.SERVER_AUTH
        builder = (
            self._builder(order.names[0], key, order.issuer, order.from_days, order.to_days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
            .add_extension(_key_usage(ca=False, enciphers=order.key is not Key.EC_P256), True)
            .add_extension(x509.ExtendedKeyUsage([usage]), False)
        )
        if not order.common_name_only:
            names = x509.SubjectAlternativeName([x509.DNSName(name) for name in order.names])
            builder = builder.add_extension(names, False)
        if order.ca_issuers:
            place = x509.UniformResourceIdentifier(CA_ISSUERS_URL)
            access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), False)
        if order.critical_unknown:
            builder = builder.add_extension(x509.UnrecognizedExtension(_UNKNOWN_EXTENSION, b"\x05\x00"), True)
        signing_key = key if order.issuer is None else self._authority_key(order.issuer)
        certificate = builder.sign(signing_key, hashes.SHA256())
        if order.sha1:
            return _signed_with_sha1(certificate, signing_key)
        der = certificate.public_bytes(serialization.Encoding.DER)
        return der[:-1] + bytes((der[-1] ^ 1,)) if order.spoilt else der

    def _builder(
        self, common_name: str, key: PrivateKey, signer: Authority | None, from_days: float, to_days: float
    ) -> x509.CertificateBuilder:
        issuer = common_name if signer is None else _COMMON_NAMES[signer]
        issuer_key = key if signer is None else self._authority_key(signer)
        key_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        issuer_key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(_name(common_name))
            .issuer_name(_name(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now + timedelta(days=from_days))
            .not_valid_after(self.now + timedelta(days=to_days))
            .add_extension(key_id, False)
            .add_extension(issuer_key_id, False)
        )


def pem(der: bytes) -> bytes:
    """A certificate in PEM."""
    return x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM)


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _key_usage(*, ca: bool, enciphers: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=enciphers,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _signed_with_sha1(certificate: x509.Certificate, key: PrivateKey) -> bytes:
    """The same certificate under an RSA signature with SHA-1, which cryptography makes no more.

    EMSA-PKCS1-v1_5 by hand (RFC 8017 §8.2.1 and §9.2). Identifiers and signatures are of equal length, so no
    length in the DER changes.
    """
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("SHA-1 is made with RSA keys only")
    tbs = certificate.tbs_certificate_bytes.replace(_RSA_SHA256, _RSA_SHA1)
    digest = hashes.Hash(hashes.SHA1())  # noqa: S303  # the fault that was ordered
    digest.update(tbs)
    info = _SHA1_DIGEST_INFO + digest.finalize()
    size = key.key_size // 8
    encoded = b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info
    numbers = key.private_numbers()
    value = pow(int.from_bytes(encoded, "big"), numbers.d, numbers.public_numbers.n)
    der = certificate.public_bytes(serialization.Encoding.DER).replace(_RSA_SHA256, _RSA_SHA1)
    return der[: -len(certificate.signature)] + value.to_bytes(size, "big")
