"""Names of algorithms, curves and purposes by object identifier. Data only.

Sources: RFC 3279, RFC 4055, RFC 5480, RFC 5639, RFC 5758, RFC 8410, RFC 9881 and NIST's CSOR registry. What
is strong enough is decided in ``strength``.
"""

from typing import Final

SIGNATURES: Final[dict[str, tuple[str, str]]] = {
    "1.2.840.113549.1.1.2": ("md2WithRSAEncryption", "md2"),
    "1.2.840.113549.1.1.3": ("md4WithRSAEncryption", "md4"),
    "1.2.840.113549.1.1.4": ("md5WithRSAEncryption", "md5"),
    "1.2.840.113549.1.1.5": ("sha1WithRSAEncryption", "sha1"),
    "1.3.14.3.2.29": ("sha1WithRSAEncryption", "sha1"),
    "1.2.840.113549.1.1.14": ("sha224WithRSAEncryption", "sha224"),
    "1.2.840.113549.1.1.11": ("sha256WithRSAEncryption", "sha256"),
    "1.2.840.113549.1.1.12": ("sha384WithRSAEncryption", "sha384"),
    "1.2.840.113549.1.1.13": ("sha512WithRSAEncryption", "sha512"),
    "2.16.840.1.101.3.4.3.13": ("id-rsassa-pkcs1-v1-5-with-sha3-224", "sha3-224"),
    "2.16.840.1.101.3.4.3.14": ("id-rsassa-pkcs1-v1-5-with-sha3-256", "sha3-256"),
    "2.16.840.1.101.3.4.3.15": ("id-rsassa-pkcs1-v1-5-with-sha3-384", "sha3-384"),
    "2.16.840.1.101.3.4.3.16": ("id-rsassa-pkcs1-v1-5-with-sha3-512", "sha3-512"),
    "1.2.840.10045.4.1": ("ecdsa-with-SHA1", "sha1"),
    "1.2.840.10045.4.3.1": ("ecdsa-with-SHA224", "sha224"),
    "1.2.840.10045.4.3.2": ("ecdsa-with-SHA256", "sha256"),
    "1.2.840.10045.4.3.3": ("ecdsa-with-SHA384", "sha384"),
    "1.2.840.10045.4.3.4": ("ecdsa-with-SHA512", "sha512"),
    "2.16.840.1.101.3.4.3.9": ("id-ecdsa-with-sha3-224", "sha3-224"),
    "2.16.840.1.101.3.4.3.10": ("id-ecdsa-with-sha3-256", "sha3-256"),
    "2.16.840.1.101.3.4.3.11": ("id-ecdsa-with-sha3-384", "sha3-384"),
    "2.16.840.1.101.3.4.3.12": ("id-ecdsa-with-sha3-512", "sha3-512"),
    "1.2.840.10040.4.3": ("dsa-with-sha1", "sha1"),
    "2.16.840.1.101.3.4.3.1": ("dsa-with-sha224", "sha224"),
    "2.16.840.1.101.3.4.3.2": ("dsa-with-sha256", "sha256"),
    "1.3.101.112": ("ed25519", ""),
    "1.3.101.113": ("ed448", ""),
    "2.16.840.1.101.3.4.3.17": ("id-ml-dsa-44", ""),
    "2.16.840.1.101.3.4.3.18": ("id-ml-dsa-65", ""),
    "2.16.840.1.101.3.4.3.19": ("id-ml-dsa-87", ""),
}
"""OID to the ASN.1 name and the hash; "" where the algorithm has none of its own."""

RSASSA_PSS: Final = "1.2.840.113549.1.1.10"

HASHES: Final[dict[str, str]] = {
    "1.2.840.113549.2.5": "md5",
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.4": "sha224",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    "2.16.840.1.101.3.4.2.7": "sha3-224",
    "2.16.840.1.101.3.4.2.8": "sha3-256",
    "2.16.840.1.101.3.4.2.9": "sha3-384",
    "2.16.840.1.101.3.4.2.10": "sha3-512",
}

RSA: Final = "1.2.840.113549.1.1.1"
DSA: Final = "1.2.840.10040.4.1"
EC: Final = "1.2.840.10045.2.1"

KEYS: Final[dict[str, str]] = {
    RSA: "rsa",
    RSASSA_PSS: "rsa",
    DSA: "dsa",
    EC: "ec",
    "1.3.101.112": "ed25519",
    "1.3.101.113": "ed448",
}

CURVES: Final[dict[str, tuple[str, int]]] = {
    "1.2.840.10045.3.1.1": ("secp192r1", 192),
    "1.3.132.0.33": ("secp224r1", 224),
    "1.2.840.10045.3.1.7": ("secp256r1", 256),
    "1.3.132.0.34": ("secp384r1", 384),
    "1.3.132.0.35": ("secp521r1", 521),
    "1.3.132.0.8": ("secp160r1", 160),
    "1.3.132.0.30": ("secp160r2", 160),
    "1.3.132.0.9": ("secp160k1", 160),
    "1.3.132.0.31": ("secp192k1", 192),
    "1.3.132.0.32": ("secp224k1", 224),
    "1.3.132.0.10": ("secp256k1", 256),
    "1.3.132.0.1": ("sect163k1", 163),
    "1.3.132.0.15": ("sect163r2", 163),
    "1.3.132.0.26": ("sect233k1", 233),
    "1.3.132.0.27": ("sect233r1", 233),
    "1.3.132.0.16": ("sect283k1", 283),
    "1.3.132.0.17": ("sect283r1", 283),
    "1.3.132.0.36": ("sect409k1", 409),
    "1.3.132.0.37": ("sect409r1", 409),
    "1.3.132.0.38": ("sect571k1", 571),
    "1.3.132.0.39": ("sect571r1", 571),
    "1.3.36.3.3.2.8.1.1.1": ("brainpoolP160r1", 160),
    "1.3.36.3.3.2.8.1.1.3": ("brainpoolP192r1", 192),
    "1.3.36.3.3.2.8.1.1.5": ("brainpoolP224r1", 224),
    "1.3.36.3.3.2.8.1.1.7": ("brainpoolP256r1", 256),
    "1.3.36.3.3.2.8.1.1.9": ("brainpoolP320r1", 320),
    "1.3.36.3.3.2.8.1.1.11": ("brainpoolP384r1", 384),
    "1.3.36.3.3.2.8.1.1.13": ("brainpoolP512r1", 512),
    "1.2.156.10197.1.301": ("sm2p256v1", 256),
}

SERVER_AUTH: Final = "1.3.6.1.5.5.7.3.1"
CLIENT_AUTH: Final = "1.3.6.1.5.5.7.3.2"
ANY_PURPOSE: Final = "2.5.29.37.0"
SERVER_GATED: Final = frozenset({"2.16.840.1.113730.4.1", "1.3.6.1.4.1.311.10.3.3"})
"""Netscape's and Microsoft's server-gated cryptography, which OpenSSL takes for serverAuth."""
