"""A small private PKI for the tests: a root, an intermediate, and leaves with the faults a test asks for.

Everything is written as PEM into one folder. The one thing a client has to trust is `Pki.root_pem`. The
intermediate can also be fetched over HTTP, as a caIssuers address (RFC 5280 §4.2.2.1) promises: `IssuerSite`.
"""

from __future__ import annotations

import socketserver
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

KeyType = Literal["rsa2048", "ec-p256"]
Issuer = Literal["intermediate", "root", "self"]
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Identity:
    """A server's certificate and key.

    Attributes:
        name: The file names' stem.
        certificate: The leaf.
        leaf_pem: The leaf alone.
        chain_pem: The leaf, then the intermediate where one issued it; never the root.
        key_pem: The private key, PKCS #8, without a passphrase.
    """

    name: str
    certificate: x509.Certificate
    leaf_pem: Path
    chain_pem: Path
    key_pem: Path


@dataclass(frozen=True)
class _Authority:
    certificate: x509.Certificate
    key: PrivateKey


class Pki:
    """One root, one intermediate below it, and as many leaves as asked for.

    Args:
        folder: Where the PEM files go; must exist.
        now: The moment the validity periods are laid around; aware.
    """

    def __init__(self, folder: Path, now: datetime | None = None) -> None:
        self.folder = folder
        self.now = (now or datetime.now(UTC)).replace(microsecond=0)
        self._root = self._authority("Waxseal Tests Root CA", None, path_length=1)
        self._intermediate = self._authority("Waxseal Tests Issuing CA", self._root, path_length=0)
        self.root_pem = self._write("root.pem", _pem(self._root.certificate))
        self.intermediate_pem = self._write("intermediate.pem", _pem(self._intermediate.certificate))

    @property
    def root(self) -> x509.Certificate:
        return self._root.certificate

    @property
    def intermediate(self) -> x509.Certificate:
        return self._intermediate.certificate

    def leaf(
        self,
        name: str,
        dns_names: Sequence[str],
        *,
        key_type: KeyType = "rsa2048",
        issuer: Issuer = "intermediate",
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        ca_issuers_url: str | None = None,
    ) -> Identity:
        """Makes a server certificate and writes it out.

        Args:
            name: The file names' stem, unique within this PKI.
            dns_names: The subjectAltName's dNSNames; the first is the subject's common name as well.
            key_type: The leaf's own key.
            issuer: Who signs: "self" gives a self-signed certificate.
            not_before: Aware; yesterday when not given.
            not_after: Aware; 89 days ahead when not given.
            ca_issuers_url: The caIssuers address of the authorityInfoAccess extension; none, no extension.
        """
        key = _new_key(key_type)
        subject = _name(dns_names[0])
        signer = {"intermediate": self._intermediate, "root": self._root, "self": None}[issuer]
        builder = (
            self._builder(
                subject, key, signer, not_before or self.now - _DAY, not_after or self.now + 89 * _DAY
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName(dns_name) for dns_name in dns_names]),
                critical=False,
            )
        )
        if ca_issuers_url is not None:
            place = x509.UniformResourceIdentifier(ca_issuers_url)
            access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        certificate = builder.sign(signer.key if signer else key, hashes.SHA256())
        chain = _pem(certificate) + (_pem(self.intermediate) if issuer == "intermediate" else b"")
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return Identity(
            name=name,
            certificate=certificate,
            leaf_pem=self._write(f"{name}.leaf.pem", _pem(certificate)),
            chain_pem=self._write(f"{name}.chain.pem", chain),
            key_pem=self._write(f"{name}.key.pem", private, mode=0o600),
        )

    def _authority(self, common_name: str, signer: _Authority | None, path_length: int) -> _Authority:
        key = _new_key("rsa2048")
        builder = (
            self._builder(_name(common_name), key, signer, self.now - 365 * _DAY, self.now + 3650 * _DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
            .add_extension(_key_usage(ca=True), critical=True)
        )
        return _Authority(builder.sign(signer.key if signer else key, hashes.SHA256()), key)

    def _builder(
        self, subject: x509.Name, key: PrivateKey, signer: _Authority | None, start: datetime, end: datetime
    ) -> x509.CertificateBuilder:
        issuer_key = signer.key if signer else key
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(signer.certificate.subject if signer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
            )
        )

    def _write(self, file_name: str, content: bytes, mode: int = 0o644) -> Path:
        path = self.folder / file_name
        path.touch(mode=mode, exist_ok=False)
        path.write_bytes(content)
        return path


class IssuerSite:
    """Serves one certificate as DER over plain HTTP on 127.0.0.1, and counts who asks.

    Attributes:
        url: The certificate's address, for a caIssuers entry.
        requests: The paths asked for so far, in order.
    """

    def __init__(self) -> None:
        self.requests: list[str] = []
        self._der = b""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.requests.append(self.path)
                found = self.path == "/intermediate.cer" and site._der
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "application/pkix-cert")
                self.send_header("Content-Length", str(len(site._der) if found else 0))
                self.end_headers()
                if found:
                    self.wfile.write(site._der)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/intermediate.cer"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def offer(self, certificate: x509.Certificate) -> None:
        """Sets the certificate that `url` answers with; before that it answers 404."""
        self._der = certificate.public_bytes(serialization.Encoding.DER)

    def __enter__(self) -> IssuerSite:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass(frozen=True)
class Certificates:
    """The server identities the set-ups are made of, all for the same host name.

    Attributes:
        sound: RSA, in date, from the intermediate.
        ecdsa: The same on P-256, for a server that holds both.
        expired: As `sound`, but over for ten days.
        self_signed: As `sound`, but its own issuer.
        leaf_only: As `sound`, with a caIssuers address; its servers send `leaf_pem`.
    """

    sound: Identity
    ecdsa: Identity
    expired: Identity
    self_signed: Identity
    leaf_only: Identity

    @classmethod
    def issue(cls, pki: Pki, host_name: str, ca_issuers_url: str) -> Certificates:
        names = [host_name]
        return cls(
            sound=pki.leaf("sound", names),
            ecdsa=pki.leaf("ecdsa", names, key_type="ec-p256"),
            expired=pki.leaf(
                "expired", names, not_before=pki.now - 100 * _DAY, not_after=pki.now - 10 * _DAY
            ),
            self_signed=pki.leaf("self-signed", names, issuer="self"),
            leaf_only=pki.leaf("leaf-only", names, ca_issuers_url=ca_issuers_url),
        )


def _new_key(key_type: KeyType) -> PrivateKey:
    if key_type == "rsa2048":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not ca,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )
