"""Whether a server's signature in a TLS handshake is of its leaf's key: the proof that it holds that key.

TLS 1.3 signs the transcript in CertificateVerify (RFC 8446 §4.4.3), TLS 1.0 to 1.2 the parameters of the key
exchange in ServerKeyExchange (RFC 5246 §7.4.3, RFC 4346 §7.4.3, RFC 8422 §5.4). The octets that were signed
come with the events of ``wire``, which are taken here by their shape. Signatures inside certificates are
verified in ``signature``. Nothing here raises because of what a server sent.
"""

import hashlib
from functools import cache
from typing import Any, Final, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from waxseal.trust.reading import decode

_RSA, _DSA, _ECDSA = 1, 2, 3
"""Signature algorithms, the low octet of a TLS 1.2 pair (RFC 5246 §7.4.1.4.1)."""
_SHA1 = 2
_HASHES: Final[dict[int, type[hashes.HashAlgorithm]]] = {
    1: hashes.MD5,
    2: hashes.SHA1,
    3: hashes.SHA224,
    4: hashes.SHA256,
    5: hashes.SHA384,
    6: hashes.SHA512,
}
"""Hashes, the high octet of a TLS 1.2 pair."""
_PSS: Final[dict[int, type[hashes.HashAlgorithm]]] = {
    0x0804: hashes.SHA256,
    0x0805: hashes.SHA384,
    0x0806: hashes.SHA512,
    0x0809: hashes.SHA256,
    0x080A: hashes.SHA384,
    0x080B: hashes.SHA512,
}
"""rsa_pss_rsae and rsa_pss_pss: the salt is as long as the hash (RFC 8446 §4.2.3)."""
_CURVES: Final[dict[int, tuple[str, type[hashes.HashAlgorithm]]]] = {
    0x0403: ("secp256r1", hashes.SHA256),
    0x0503: ("secp384r1", hashes.SHA384),
    0x0603: ("secp521r1", hashes.SHA512),
    0x081A: ("brainpoolP256r1", hashes.SHA256),
    0x081B: ("brainpoolP384r1", hashes.SHA384),
    0x081C: ("brainpoolP512r1", hashes.SHA512),
}
"""The curve that TLS 1.3 binds an ECDSA scheme to (RFC 8446 §4.2.3, RFC 8734 §2); TLS 1.2 binds none."""
_ED25519, _ED448 = 0x0807, 0x0808
_ML_DSA: Final = {0x0904: "MLDSA44PublicKey", 0x0905: "MLDSA65PublicKey", 0x0906: "MLDSA87PublicKey"}


class Signed(Protocol):
    """A message with a signature."""

    @property
    def scheme(self) -> int | None:
        """Number of the scheme; None before TLS 1.2, which names none."""

    @property
    def signature(self) -> bytes:
        """The signature; b"" where nothing was signed."""


class SignatureSeen(Protocol):
    """An event such as ``CertificateVerifySeen`` and ``ServerKeyExchangeSeen`` of ``wire.tls_events``."""

    @property
    def message(self) -> Signed:
        """The message that carries the signature."""

    @property
    def signed(self) -> bytes:
        """The octets that the signature is over, before any hash."""


def verify_certificate_verify(event: SignatureSeen, leaf_der: bytes) -> bool | None:
    """Whether the CertificateVerify of a TLS 1.3 server is of its leaf's key.

    Args:
        event: The ``CertificateVerifySeen``.
        leaf_der: The first certificate that the server showed.

    Returns:
        True or False; None where that could not be seen: the scheme is unknown or not to be had on this
        machine, or the certificate's key cannot be read.
    """
    message = event.message
    return verify_handshake_signature(message.scheme, message.signature, event.signed, leaf_der, tls13=True)


def verify_server_key_exchange(event: SignatureSeen, leaf_der: bytes) -> bool | None:
    """Whether the ServerKeyExchange of a server up to TLS 1.2 is signed by its leaf's key.

    Args:
        event: The ``ServerKeyExchangeSeen``.
        leaf_der: The first certificate that the server showed.

    Returns:
        As `verify_certificate_verify`; None also where nothing was signed, in an anonymous exchange.
    """
    message = event.message
    return verify_handshake_signature(message.scheme, message.signature, event.signed, leaf_der, tls13=False)


def verify_handshake_signature(
    scheme: int | None, signature: bytes, signed: bytes, leaf_der: bytes, *, tls13: bool
) -> bool | None:
    """Whether a signature with a scheme over octets is of a certificate's key.

    Args:
        scheme: Number of the signature scheme; None for TLS 1.0 and 1.1, which the key's type decides.
        signature: The signature.
        signed: What it is over.
        leaf_der: The certificate.
        tls13: Whether the stricter rules of TLS 1.3 hold: an ECDSA scheme fits one curve only, and neither
            PKCS #1 v1.5 nor SHA-1 nor DSA can be right (RFC 8446 §4.4.3).

    Returns:
        True or False; None where it could not be seen. False too where the key is not of the scheme's type.
    """
    if not signature or (scheme is None and tls13):
        return None
    try:
        key = _key(leaf_der)
        if key is None:
            return None
        if scheme is None:
            return _verify_unnamed(key, signature, signed)
        if tls13 and _only_before_tls13(scheme):
            return False
        return _verify(key, scheme, signature, signed, bind_curve=tls13)
    except InvalidSignature:
        return False
    except (ValueError, TypeError, UnsupportedAlgorithm, OverflowError):
        return None


def _only_before_tls13(scheme: int) -> bool:
    return scheme >> 8 in _HASHES and scheme & 0xFF in {_RSA, _DSA, _ECDSA} and scheme not in _CURVES


def _key(leaf_der: bytes) -> Any:
    """The leaf's public key; None where it cannot be read or used."""
    spki = decode(leaf_der).key
    return load_der_public_key(spki) if spki else None


def _verify(key: Any, scheme: int, signature: bytes, signed: bytes, *, bind_curve: bool) -> bool | None:
    """By a scheme's number.

    Raises:
        InvalidSignature: The signature is not of this key.
        ValueError, TypeError, UnsupportedAlgorithm: The library cannot do it.
    """
    digest = _HASHES.get(scheme >> 8)
    algorithm = scheme & 0xFF
    if scheme in _PSS:
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        whole = _PSS[scheme]()
        key.verify(signature, signed, padding.PSS(padding.MGF1(whole), whole.digest_size), whole)
    elif scheme in _CURVES or (digest is not None and algorithm == _ECDSA):
        name, kind = _CURVES[scheme] if scheme in _CURVES else ("", _HASHES[scheme >> 8])
        if not isinstance(key, ec.EllipticCurvePublicKey) or (bind_curve and key.curve.name != name):
            return False
        key.verify(signature, signed, ec.ECDSA(kind()))
    elif scheme in {_ED25519, _ED448} or scheme in _ML_DSA:
        fits = isinstance(key, _pure(scheme))
        if not fits:
            return False
        key.verify(signature, signed)
    elif digest is not None and algorithm == _RSA:
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        key.verify(signature, signed, padding.PKCS1v15(), digest())
    elif digest is not None and algorithm == _DSA:
        if not isinstance(key, dsa.DSAPublicKey):
            return False
        key.verify(signature, signed, digest())
    else:
        return None
    return True


def _verify_unnamed(key: Any, signature: bytes, signed: bytes) -> bool | None:
    """The one way that TLS 1.0 and 1.1 have for each type of key (RFC 4346 §7.4.3, RFC 8422 §5.4).

    Raises:
        InvalidSignature: The signature is not of this key.
    """
    if isinstance(key, rsa.RSAPublicKey):
        # MD5 and SHA-1 one after the other, without the DigestInfo that PKCS #1 puts before a hash.
        both = _md5(signed) + hashlib.sha1(signed, usedforsecurity=False).digest()
        return key.recover_data_from_signature(signature, padding.PKCS1v15(), None) == both
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, signed, ec.ECDSA(_HASHES[_SHA1]()))
        return True
    if isinstance(key, dsa.DSAPublicKey):
        key.verify(signature, signed, _HASHES[_SHA1]())
        return True
    return None


def _md5(octets: bytes) -> bytes:
    return hashlib.md5(octets, usedforsecurity=False).digest()


@cache
def _pure(scheme: int) -> type:
    """The type of key of a scheme that hashes by itself.

    Raises:
        UnsupportedAlgorithm: This library has no ML-DSA.
    """
    if scheme in _ML_DSA:
        try:
            from cryptography.hazmat.primitives.asymmetric import mldsa
        except ImportError:
            raise UnsupportedAlgorithm("no ML-DSA") from None
        kind: type = getattr(mldsa, _ML_DSA[scheme])
        return kind
    return ed25519.Ed25519PublicKey if scheme == _ED25519 else ed448.Ed448PublicKey
