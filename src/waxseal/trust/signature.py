"""Whether one key made one signature (RFC 5280 §4.1.1.3, RFC 4055, RFC 5758, RFC 8410).

The only module here that needs the cryptographic library. Whether the algorithm is strong enough is asked of
``strength``: MD5 and SHA-1 are checked as well, because a broken signature and a weak one are two findings.
"""

from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from waxseal.trust.decoded import Decoded
from waxseal.trust.der import DerError
from waxseal.trust.keys import SignatureAlgorithm, read_signature_algorithm

_HASHES: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    "md5": hashes.MD5,
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
    "sha3-224": hashes.SHA3_224,
    "sha3-256": hashes.SHA3_256,
    "sha3-384": hashes.SHA3_384,
    "sha3-512": hashes.SHA3_512,
}


def signature_fault(certificate: Decoded, issuer_key: bytes) -> str:
    """Why the certificate's signature does not verify with a key; "" where it does.

    Args:
        certificate: The signed certificate.
        issuer_key: The SubjectPublicKeyInfo of the supposed issuer.
    """
    if certificate.inner_algorithm != certificate.algorithm:
        # (RFC 5280 §4.1.1.2) both identifiers MUST be the same.
        return "the two signature algorithm identifiers differ"
    return octets_fault(certificate.signed, certificate.algorithm, certificate.signature, issuer_key)


@lru_cache(maxsize=1024)
def octets_fault(signed: bytes, identifier: bytes, signature: bytes, issuer_key: bytes) -> str:
    """Why the signature over octets does not verify with a key; "" where it does.

    Args:
        signed: What the signature covers.
        identifier: The AlgorithmIdentifier, DER.
        signature: The octets of the BIT STRING.
        issuer_key: The SubjectPublicKeyInfo, DER.
    """
    try:
        algorithm = read_signature_algorithm(identifier)
    except (DerError, ValueError):
        return "the signature algorithm cannot be read"
    try:
        key = load_der_public_key(issuer_key)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return "the issuer's key cannot be used"
    try:
        _verify(key, algorithm, signature, signed)
    except InvalidSignature:
        return "the signature does not verify with the issuer's key"
    except (ValueError, TypeError, UnsupportedAlgorithm, KeyError, OverflowError):
        return f"the signature cannot be checked ({algorithm.name})"
    return ""


def _verify(key: object, algorithm: SignatureAlgorithm, signature: bytes, signed: bytes) -> None:
    """Check with the one scheme that key and algorithm name.

    Raises:
        InvalidSignature: The signature is not of this key.
        KeyError: The hash is not known.
        TypeError: Key and algorithm do not belong together.
        ValueError: The library refuses the key or the parameters.
        UnsupportedAlgorithm: The library cannot do it.
    """
    name = algorithm.name
    if isinstance(key, rsa.RSAPublicKey) and name == "rsassaPss":
        mask = padding.MGF1(_HASHES[algorithm.mask_digest]())
        scheme = padding.PSS(mask, algorithm.salt_octets)
        key.verify(signature, signed, scheme, _HASHES[algorithm.digest]())
    elif isinstance(key, rsa.RSAPublicKey) and "rsa" in name.lower():
        key.verify(signature, signed, padding.PKCS1v15(), _HASHES[algorithm.digest]())
    elif isinstance(key, ec.EllipticCurvePublicKey) and "ecdsa" in name:
        key.verify(signature, signed, ec.ECDSA(_HASHES[algorithm.digest]()))
    elif isinstance(key, dsa.DSAPublicKey) and name.startswith("dsa-"):
        key.verify(signature, signed, _HASHES[algorithm.digest]())
    elif (isinstance(key, ed25519.Ed25519PublicKey) and name == "ed25519") or (
        isinstance(key, ed448.Ed448PublicKey) and name == "ed448"
    ):
        key.verify(signature, signed)
    else:
        raise TypeError("key and algorithm do not belong together")
