"""Whether keys and signatures are strong enough, by the thresholds of RFC 9325 §4.5.

Strength is no part of the proof in ``chain``: a weak chain can be proved, and how much weakness matters is
a profile's to say.
"""

from typing import Final

from waxseal.facts import Certificate

RSA_BITS: Final = 2048
CURVE_BITS: Final = 224
CURVE_BITS_ADVISED: Final = 256

_WEAK_HASHES: Final = frozenset({"md2", "md4", "md5", "sha1"})


def key_weakness(
    certificate: Certificate, rsa_bits: int = RSA_BITS, curve_bits: int = CURVE_BITS
) -> str | None:
    """Why the certificate's key is too small; None where it is not, or where its size is not known.

    Args:
        certificate: The certificate that holds the key.
        rsa_bits: Smallest modulus for RSA (RFC 9325 §4.5), used for DSA as well.
        curve_bits: Smallest curve (RFC 9325 §4.5); 256 bits are advised.
    """
    bits = certificate.key_bits
    if bits is None:
        return None
    if certificate.key_type in {"rsa", "dsa"} and bits < rsa_bits:
        return f"{certificate.key_type.upper()} key of {bits} bits, less than {rsa_bits}"
    if certificate.key_type == "ec" and bits < curve_bits:
        curve = f" ({certificate.curve})" if certificate.curve else ""
        advised = f"; {CURVE_BITS_ADVISED} are advised" if curve_bits < CURVE_BITS_ADVISED else ""
        return f"elliptic curve key of {bits} bits{curve}, less than {curve_bits}{advised}"
    return None


def signature_weakness(certificate: Certificate) -> str | None:
    """Why the certificate's signature is too weak; None where it is not.

    SHA-1 and MD5 MUST NOT be used (RFC 9325 §4.5). A self-issued certificate's own signature proves nothing
    that anybody relies on, so it is never weak.
    """
    if certificate.subject and certificate.subject == certificate.issuer:
        return None
    if certificate.signature_hash in _WEAK_HASHES:
        digest = certificate.signature_hash
        name = "SHA-1" if digest == "sha1" else digest.upper()
        return f"signed with {name} ({certificate.signature_algorithm})"
    return None
