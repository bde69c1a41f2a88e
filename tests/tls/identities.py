"""The test servers' certificates as files: from the lab's authorities, or openssl for odd keys."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from waxseal.lab.ca import CertificateAuthority, pem
from waxseal.lab.orders import Authority, Key, LeafOrder

from .names import HOST_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from .options import Leaf

ORDERS: Final = {
    "rsa-2048": LeafOrder((HOST_NAME,), issuer=Authority.RSA_ISSUING, key=Key.RSA_2048),
    "rsa-1024": LeafOrder((HOST_NAME,), issuer=Authority.RSA_ISSUING, key=Key.RSA_1024),
    "ec-p256": LeafOrder((HOST_NAME,), key=Key.EC_P256),
}
"""Leaves that the lab makes."""

_NEW_KEY: Final = {
    "rsa-512": ("rsa:512",),
    "ec-p384": ("ec", "-pkeyopt", "ec_paramgen_curve:P-384"),
    "ed25519": ("ed25519",),
}


@dataclass(frozen=True)
class IdentityFiles:
    """PEM files of one certificate.

    Attributes:
        leaf: The certificate alone.
        chain: The certificate and those above it, without the root.
        key: The private key.
    """

    leaf: Path
    chain: Path
    key: Path


class Identities:
    """Writes certificates and keys into one folder, each once.

    Args:
        folder: Must exist; private, because it holds keys.

    Attributes:
        folder: As given.
        root_pem: The one certificate to trust.
        authority: Who issues.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made: dict[Leaf, IdentityFiles] = {}
        self.authority = CertificateAuthority()
        self.root_pem = folder / "root.pem"
        self.root_pem.write_bytes(pem(self.authority.root_der))

    def files(self, leaf: Leaf) -> IdentityFiles:
        """The certificate asked for, made when first asked for."""
        if leaf not in self._made:
            self._made[leaf] = self._make(leaf)
        return self._made[leaf]

    def certificate(self, leaf: Leaf) -> x509.Certificate:
        """The same, as an object."""
        return x509.load_pem_x509_certificate(self.files(leaf).leaf.read_bytes())

    def _make(self, leaf: Leaf) -> IdentityFiles:
        stem = f"{len(self._made)}-{leaf if isinstance(leaf, str) else 'ordered'}"
        files = IdentityFiles(*(self.folder / f"{stem}.{part}.pem" for part in ("leaf", "chain", "key")))
        if isinstance(leaf, str) and leaf in _NEW_KEY:
            self._self_signed(files, _NEW_KEY[leaf])
            return files
        identity = self.authority.leaf(ORDERS[leaf] if isinstance(leaf, str) else leaf)
        files.leaf.write_bytes(pem(identity.der))
        files.chain.write_bytes(b"".join(pem(der) for der in identity.sent))
        private = identity.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        files.key.write_bytes(private)
        return files

    def pair(self, leaf: Leaf) -> dict[str, str]:
        """Paths of key and chain, for a server's orders."""
        files = self.files(leaf)
        return {"key": str(files.key), "chain": str(files.chain)}

    def public_key(self, leaf: Leaf) -> Path:
        """The leaf's public key (SubjectPublicKeyInfo, PEM), for servers of raw public keys (RFC 7250)."""
        path = self.files(leaf).leaf.with_suffix(".public")
        if not path.exists():
            public = self.certificate(leaf).public_key()
            path.write_bytes(
                public.public_bytes(
                    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
                )
            )
        return path

    def staple(self, leaf: Leaf) -> Path:
        """An OCSP response (RFC 6960, DER) that says "good", signed by the leaf's issuer.

        Raises:
            ValueError: The lab did not issue that leaf.
        """
        order = ORDERS.get(leaf) if isinstance(leaf, str) else leaf
        if order is None or order.issuer is None:
            raise ValueError(f"nobody can vouch for {leaf!r}")
        path = self.files(leaf).leaf.with_suffix(".ocsp")
        if not path.exists():
            issuer = x509.load_der_x509_certificate(self.authority.authority_der(order.issuer))
            response = (
                ocsp.OCSPResponseBuilder()
                .add_response(
                    cert=self.certificate(leaf),
                    issuer=issuer,
                    algorithm=hashes.SHA1(),
                    cert_status=ocsp.OCSPCertStatus.GOOD,
                    this_update=self.authority.now,
                    next_update=self.authority.now + timedelta(days=7),
                    revocation_time=None,
                    revocation_reason=None,
                )
                .responder_id(ocsp.OCSPResponderEncoding.NAME, issuer)
                .sign(self.authority._authority_key(order.issuer), hashes.SHA256())
            )
            path.write_bytes(response.public_bytes(serialization.Encoding.DER))
        return path

    @staticmethod
    def _self_signed(files: IdentityFiles, new_key: tuple[str, ...]) -> None:
        """A key that the lab does not have, in a certificate of its own."""
        digest = ["-sha1"] if new_key == ("rsa:512",) else []  # SHA-256 would just fit, some clients disagree
        subject = ["-subj", f"/CN={HOST_NAME}", "-addext", f"subjectAltName=DNS:{HOST_NAME}"]
        where = ["-keyout", str(files.key), "-out", str(files.leaf)]
        command = ["openssl", "req", "-x509", "-noenc", "-days", "80", "-newkey", *new_key, *digest]
        subprocess.run([*command, *subject, *where], check=True, capture_output=True, timeout=30)
        files.chain.write_bytes(files.leaf.read_bytes())
