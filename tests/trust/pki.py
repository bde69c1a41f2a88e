"""Generates certificates, sound and faulty, for the tests of ``trust``, and asks OpenSSL about them."""

import base64
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from waxseal.facts import Certificate
from waxseal.trust import der
from waxseal.trust.certificate import parse

NOW = datetime(2025, 6, 1, 12, 0, 0, tzinfo=UTC)
DAY = timedelta(days=1)

Key = Any
SERVER = ExtendedKeyUsageOID.SERVER_AUTH
CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH

ECDSA_SHA1 = bytes.fromhex("300906072a8648ce3d0401")
ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
RSA_SHA1 = bytes.fromhex("300d06092a864886f70d0101050500")
RSA_MD5 = bytes.fromhex("300d06092a864886f70d0101040500")


@dataclass(frozen=True)
class Entity:
    """A certificate and the private key that belongs to it."""

    der: bytes
    key: Key

    @property
    def fact(self) -> Certificate:
        return parse(self.der)

    @property
    def x509(self) -> x509.Certificate:
        return x509.load_der_x509_certificate(self.der)

    def with_octets(self, octets: bytes) -> "Entity":
        return Entity(octets, self.key)


@cache
def key(name: str = "", kind: str = "ec") -> Key:
    """One private key per name and kind, made once."""
    makers: dict[str, Callable[[], Key]] = {
        "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
        "ec384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "ec192": lambda: ec.generate_private_key(ec.SECP192R1()),
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
        "rsa1024": lambda: rsa.generate_private_key(65537, 1024),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "ed448": ed448.Ed448PrivateKey.generate,
        "dsa": lambda: dsa.generate_private_key(1024),
    }
    return makers[kind]()


def name(text: str) -> x509.Name:
    """A name of one CN, or of RFC 4514 text where there is an equals sign in it."""
    if "=" in text:
        return x509.Name.from_rfc4514_string(text)
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else [])


def usage(*bits: str) -> x509.KeyUsage:
    """A keyUsage extension with these bits of cryptography's naming set."""
    every = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{bit: bit in bits for bit in every})


CA_USAGE = usage("key_cert_sign", "crl_sign")
LEAF_USAGE = usage("digital_signature")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a certificate shall hold; None leaves an extension out."""

    ca: bool | None = None
    path_length: int | None = None
    key_usage: x509.KeyUsage | None = None
    purposes: Sequence[x509.ObjectIdentifier] | None = None
    alt_names: Sequence[x509.GeneralName] | None = None
    not_before: datetime = NOW - 30 * DAY
    not_after: datetime = NOW + 60 * DAY
    caissuers: str = ""
    permitted: Sequence[x509.GeneralName] | None = None
    excluded: Sequence[x509.GeneralName] | None = None
    key_ids: bool = True
    extra: Sequence[tuple[str, bool, bytes]] = ()
    serial: int = 0x1234567890


def issue(
    subject: str,
    wish: Wish,
    issuer: Entity | None = None,
    *,
    own: Key = None,
    signed_by: Key = None,
    issuer_name: str | None = None,
    digest: hashes.HashAlgorithm | None = None,
    rsa_padding: Any = None,
) -> Entity:
    """Issue a certificate; self-signed where there is no issuer.

    `signed_by` and `issuer_name` make it lie about who signed it.
    """
    own = own or key(subject)
    signer = signed_by or (issuer.key if issuer else own)
    above = name(issuer_name) if issuer_name is not None else issuer.x509.subject if issuer else name(subject)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(above)
        .public_key(own.public_key())
        .serial_number(wish.serial)
        .not_valid_before(wish.not_before)
        .not_valid_after(wish.not_after)
    )
    issuer_key = issuer.key if issuer else own
    for extension, critical in _extensions(wish, own, issuer_key):
        builder = builder.add_extension(extension, critical)
    if isinstance(signer, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey):
        digest = None
    else:
        digest = digest or hashes.SHA256()
    certificate = builder.sign(signer, digest, rsa_padding=rsa_padding)  # type: ignore[arg-type]
    return Entity(certificate.public_bytes(serialization.Encoding.DER), own)


def _extensions(wish: Wish, own: Key, issuer_key: Key) -> list[tuple[Any, bool]]:
    found: list[tuple[Any, bool]] = []
    if wish.ca is not None:
        found.append((x509.BasicConstraints(wish.ca, wish.path_length), True))
    if wish.key_usage is not None:
        found.append((wish.key_usage, True))
    if wish.purposes is not None:
        found.append((x509.ExtendedKeyUsage(wish.purposes), False))
    if wish.alt_names is not None:
        found.append((x509.SubjectAlternativeName(wish.alt_names), False))
    if wish.key_ids:
        found.append((x509.SubjectKeyIdentifier.from_public_key(own.public_key()), False))
        found.append((x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False))
    if wish.caissuers:
        place = x509.UniformResourceIdentifier(wish.caissuers)
        access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)
        found.append((x509.AuthorityInformationAccess([access]), False))
    if wish.permitted is not None or wish.excluded is not None:
        found.append((x509.NameConstraints(wish.permitted, wish.excluded), True))
    for oid, critical, value in wish.extra:
        found.append((x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value), critical))
    return found


CA = Wish(ca=True, key_usage=CA_USAGE)


def leaf_wish(*hosts: str, **changes: Any) -> Wish:
    """What an ordinary server certificate holds."""
    wish: dict[str, Any] = {
        "ca": False,
        "key_usage": LEAF_USAGE,
        "purposes": (SERVER,),
        "alt_names": [general(host) for host in hosts or ("mx.example.org",)],
    }
    return Wish(**(wish | changes))


def general(text: str) -> x509.GeneralName:
    """A dNSName, or an iPAddress where the text is one."""
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def encode(tag: int, content: bytes) -> bytes:
    """One DER element."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(octets))) + octets + content


def rebuilt(
    entity: Entity,
    signer: Key,
    edit: Callable[[list[bytes]], list[bytes]],
    *,
    algorithm: bytes = ECDSA_SHA256,
    outer: bytes | None = None,
    digest: hashes.HashAlgorithm | None = None,
) -> Entity:
    """The certificate with its tbsCertificate fields edited, and signed again whatever they say."""
    tbs, _, _ = der.elements(der.sole(entity.der, der.SEQUENCE))
    fields = [part.encoded for part in der.elements(tbs.content)]
    at = 2 if fields[0][0] == 0xA0 else 1
    fields[at] = algorithm
    signed = encode(der.SEQUENCE, b"".join(edit(fields)))
    digest = digest or hashes.SHA256()
    if isinstance(signer, rsa.RSAPrivateKey):
        signature = signer.sign(signed, padding.PKCS1v15(), digest)
    else:
        signature = signer.sign(signed, ec.ECDSA(digest))
    value = encode(der.BIT_STRING, b"\x00" + signature)
    return entity.with_octets(encode(der.SEQUENCE, signed + (outer or algorithm) + value))


def with_extensions(entity: Entity, signer: Key, *extensions: bytes) -> Entity:
    """The certificate with only these Extension elements, signed again."""

    def edit(fields: list[bytes]) -> list[bytes]:
        kept = [field for field in fields if field[0] != 0xA3]
        return [*kept, encode(0xA3, encode(der.SEQUENCE, b"".join(extensions)))]

    return rebuilt(entity, signer, edit)


def extension(oid: str, value: bytes, critical: bool = False) -> bytes:
    """One Extension element."""
    body = encode_oid(oid) + (b"\x01\x01\xff" if critical else b"") + encode(der.OCTET_STRING, value)
    return encode(der.SEQUENCE, body)


def encode_oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER element."""
    first, second, *arcs = (int(arc) for arc in dotted.split("."))
    content = b""
    for arc in (40 * first + second, *arcs):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(arc & 0x7F | 0x80)
        content += bytes(reversed(septets))
    return encode(der.OBJECT_IDENTIFIER, content)


def openssl_trusts(
    chain: Sequence[bytes], anchors: Sequence[bytes], at: datetime, folder: Path
) -> tuple[bool, str]:
    """What ``openssl verify`` decides with its defaults, and what it says.

    Anchors that are not self-signed are trusted as they are (``-partial_chain``), as waxseal does.
    """
    paths = {}
    for role, certificates in (("leaf", chain[:1]), ("sent", chain[1:]), ("roots", anchors)):
        paths[role] = folder / f"{role}.pem"
        paths[role].write_text("".join(pem(octets) for octets in certificates))
    command = ["openssl", "verify", "-purpose", "sslserver", "-partial_chain", "-no-CApath", "-no-CAstore"]
    command += ["-attime", str(int(at.timestamp()))]
    command += ["-CAfile", str(paths["roots"])] if anchors else ["-no-CAfile"]
    command += ["-untrusted", str(paths["sent"])] if chain[1:] else []
    done = subprocess.run([*command, str(paths["leaf"])], capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def pem(octets: bytes) -> str:
    """PEM of any octets, certificate or not."""
    return f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(octets).decode()}-----END CERTIFICATE-----\n"
