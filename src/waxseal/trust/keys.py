"""What a SubjectPublicKeyInfo and an AlgorithmIdentifier say of themselves (RFC 5280 §4.1.1.2, §4.1.2.7).

Only reading: whether a key is strong enough is asked of ``strength``, and signatures are checked in
``signature``.
"""

from dataclasses import dataclass
from functools import lru_cache

from waxseal.trust import der
from waxseal.trust.algorithms import CURVES, DSA, EC, HASHES, KEYS, RSA, RSASSA_PSS, SIGNATURES


@dataclass(frozen=True, slots=True)
class Key:
    """A public key's kind and size; fields as in ``facts.Certificate``."""

    kind: str
    bits: int | None = None
    curve: str = ""


@dataclass(frozen=True, slots=True)
class SignatureAlgorithm:
    """A signature algorithm.

    Attributes:
        oid: Dotted form.
        name: ASN.1 name, or `oid` where it is not known.
        digest: Name of the hash; "" where the algorithm has none of its own or it is not known.
        mask_digest: Hash of RSASSA-PSS's mask generation; "" for the others.
        salt_octets: RSASSA-PSS's salt length; 0 for the others.
    """

    oid: str
    name: str
    digest: str
    mask_digest: str = ""
    salt_octets: int = 0


@lru_cache(maxsize=512)
def read_key(spki: bytes) -> Key:
    """Kind and size of the key in a SubjectPublicKeyInfo.

    Raises:
        DerError: It is malformed.
    """
    parts = der.elements(der.sole(spki, der.SEQUENCE))
    if len(parts) != 2:
        raise der.DerError("not an algorithm and a key")
    oid, parameters = _algorithm(parts[0].encoded)
    if oid in {RSA, RSASSA_PSS}:
        numbers = der.elements(der.sole(_key_octets(parts[1]), der.SEQUENCE))
        if len(numbers) != 2:
            raise der.DerError("not a modulus and an exponent")
        return Key("rsa", der.integer(der.expect(numbers[0], der.INTEGER)).bit_length())
    if oid == DSA:
        return Key("dsa", _dsa_bits(parameters))
    if oid == EC:
        return _curve(parameters)
    return Key(KEYS.get(oid, oid))


@lru_cache(maxsize=512)
def read_signature_algorithm(identifier: bytes) -> SignatureAlgorithm:
    """The algorithm named by an AlgorithmIdentifier.

    Raises:
        DerError: It is malformed.
    """
    oid, parameters = _algorithm(identifier)
    if oid == RSASSA_PSS:
        return _pss(parameters)
    name, digest = SIGNATURES.get(oid, (oid, ""))
    return SignatureAlgorithm(oid, name, digest)


def _algorithm(identifier: bytes) -> tuple[str, der.Element | None]:
    parts = der.elements(der.sole(identifier, der.SEQUENCE))
    if not 1 <= len(parts) <= 2:
        raise der.DerError("not an algorithm identifier")
    oid = der.object_identifier(der.expect(parts[0], der.OBJECT_IDENTIFIER))
    return oid, parts[1] if len(parts) == 2 else None


def _curve(parameters: der.Element | None) -> Key:
    """A named curve; for spelled-out parameters (SEC 1 §C.2) the size of the field, without a name."""
    if parameters is None or parameters.tag == der.NULL:
        return Key("ec")
    if parameters.tag == der.OBJECT_IDENTIFIER:
        dotted = der.object_identifier(parameters.content)
        curve, bits = CURVES.get(dotted, (dotted, None))
        return Key("ec", bits, curve)
    parts = der.elements(der.expect(parameters, der.SEQUENCE))
    field = der.elements(der.expect(parts[1], der.SEQUENCE)) if len(parts) > 1 else []
    if len(field) != 2 or field[1].tag != der.INTEGER:
        return Key("ec")
    return Key("ec", der.integer(field[1].content).bit_length())


def _key_octets(element: der.Element) -> bytes:
    return der.whole_octets(der.expect(element, der.BIT_STRING))


def _dsa_bits(parameters: der.Element | None) -> int | None:
    if parameters is None or parameters.tag != der.SEQUENCE:
        return None
    numbers = der.elements(parameters.content)
    return der.integer(der.expect(numbers[0], der.INTEGER)).bit_length() if numbers else None


def _pss(parameters: der.Element | None) -> SignatureAlgorithm:
    """RSASSA-PSS-params with the defaults of RFC 4055 §3.1: SHA-1, MGF1 with SHA-1, a salt of 20 octets."""
    digest, mask, salt = "sha1", "sha1", 20
    if parameters is not None and parameters.tag == der.SEQUENCE:
        for part in der.elements(parameters.content):
            if part.tag == 0xA0:
                digest = _hash(part.content)
            elif part.tag == 0xA1:
                mask = _mask(part.content)
            elif part.tag == 0xA2:
                salt = der.integer(der.sole(part.content, der.INTEGER))
    return SignatureAlgorithm(RSASSA_PSS, "rsassaPss", digest, mask, max(0, min(salt, 1024)))


def _hash(identifier: bytes) -> str:
    oid, _ = _algorithm(identifier)
    return HASHES.get(oid, oid)


def _mask(identifier: bytes) -> str:
    _, parameters = _algorithm(identifier)
    return _hash(parameters.encoded) if parameters is not None else "sha1"
