"""Credentials of a client whose private key is at hand, and how it signs before TLS 1.2.

RFC 5246 §7.4.8, RFC 8446 §4.2.3; before TLS 1.2, RFC 4346 §4.7 and §7.4.8, which had no scheme numbers. What
credentials are is in ``wire.tls_credentials``.
"""

from typing import Any, Final

from waxseal.wire.tls_credentials import ClientCredentials

ECDSA_SHA1: Final = 0x0203
RSA_MD5_SHA1: Final = 0xFFFF
"""Stands for the RSA signature of versions before TLS 1.2: PKCS #1 over 36 octets of MD5 and SHA-1, without
DigestInfo (RFC 4346 §7.4.8). No number of the registry; who can do it has it among their schemes."""

_HASHES = {2: "SHA1", 4: "SHA256", 5: "SHA384", 6: "SHA512"}
_RSA_SCHEMES: Final = (0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0201, RSA_MD5_SHA1)
_EC_SCHEMES: Final = {256: (0x0403, 0x0503, 0x0603, 0x0203), 384: (0x0503, 0x0403, 0x0603, 0x0203)}
_EC_SCHEMES_OF_ANY: Final = (0x0603, 0x0503, 0x0403, 0x0203)


def credentials_of_key(chain: tuple[bytes, ...], key: Any) -> ClientCredentials:
    """Credentials with a private key of ``cryptography``, RSA or elliptic curve, for any version.

    Args:
        chain: DER of each certificate, leaf first.
        key: The leaf's.

    Raises:
        ValueError: The key is of another kind.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(key, rsa.RSAPrivateKey):
        return ClientCredentials(chain, _RSA_SCHEMES, lambda scheme, octets: _sign_rsa(key, scheme, octets))
    if isinstance(key, ec.EllipticCurvePrivateKey):
        schemes = _EC_SCHEMES.get(key.curve.key_size, _EC_SCHEMES_OF_ANY)
        return ClientCredentials(
            chain, schemes, lambda scheme, octets: key.sign(octets, ec.ECDSA(_hash(scheme >> 8)))
        )
    raise ValueError("a client's key is an RSA key or one on an elliptic curve")


def _sign_rsa(key: Any, scheme: int, octets: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import padding

    if scheme == RSA_MD5_SHA1:
        return _sign_hashes(key, octets)
    if scheme >> 8 == 8:  # rsa_pss_rsae: the salt is as long as the hash (RFC 8446 §4.2.3)
        algorithm = _hash(scheme & 0xFF)
        filling: Any = padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
    else:
        algorithm, filling = _hash(scheme >> 8), padding.PKCS1v15()
    return bytes(key.sign(octets, filling, algorithm))


def _sign_hashes(key: Any, hashes: bytes) -> bytes:
    """PKCS #1 block type 1 over the hashes as they are (RFC 4346 §4.7)."""
    numbers = key.private_numbers()
    modulus = numbers.public_numbers.n
    size = (modulus.bit_length() + 7) // 8
    block = b"\x00\x01" + b"\xff" * (size - 3 - len(hashes)) + b"\x00" + hashes
    return bytes(pow(int.from_bytes(block, "big"), numbers.d, modulus).to_bytes(size, "big"))


def _hash(number: int) -> Any:
    from cryptography.hazmat.primitives import hashes

    return getattr(hashes, _HASHES[number])()
