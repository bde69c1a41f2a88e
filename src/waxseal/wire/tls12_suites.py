"""Properties of the cipher suites of SSL 3.0 to TLS 1.2, read from their IANA names.

A name says key exchange, authentication, cipher and hash (RFC 5246 appendix C); what a cipher's name stands
for is one table here (RFC 5246 appendix C, RFC 5288, RFC 6655, RFC 7905, RFC 5932, RFC 4162, RFC 5469). The
names are in ``wire.tls_suites``, the suites of TLS 1.3 in ``wire.tls13_keys``.
"""

from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, Final

from waxseal.wire.tls_key_exchange import KeyExchange
from waxseal.wire.tls_suites import SUITE_NAMES, suite_name

TLS_1_2: Final = 0x0303


class Mode(Enum):
    """How a cipher protects a record."""

    STREAM = "stream"
    CBC = "cbc"
    GCM = "gcm"
    CCM = "ccm"
    CHACHA20 = "chacha20"


AEADS: Final = frozenset({Mode.GCM, Mode.CCM, Mode.CHACHA20})


@dataclass(frozen=True, slots=True)
class Cipher12:
    """A bulk cipher.

    Attributes:
        algorithm: Its class in ``cryptography``; "" for none at all (NULL).
        mode: How it is used.
        key_octets: Octets of key taken from the key block.
        iv_octets: Octets of IV, or of a nonce's fixed part, taken from the key block.
        block_octets: Size of a block; 1 for a stream cipher or an AEAD.
        tag_octets: Size of an AEAD's tag.
        strength_bits: Bits of the key that count; 112 for three-key 3DES (NIST SP 800-57 part 1 table 2).
    """

    algorithm: str
    mode: Mode
    key_octets: int
    iv_octets: int = 0
    block_octets: int = 1
    tag_octets: int = 0
    strength_bits: int = 0


def _cbc(algorithm: str, key_octets: int, block_octets: int = 16, strength_bits: int = 0) -> Cipher12:
    strength = strength_bits or 8 * key_octets
    return Cipher12(algorithm, Mode.CBC, key_octets, block_octets, block_octets, 0, strength)


def _aead(mode: Mode, key_octets: int, tag_octets: int = 16) -> Cipher12:
    fixed = 12 if mode is Mode.CHACHA20 else 4
    algorithm = "ChaCha20" if mode is Mode.CHACHA20 else "AES"
    return Cipher12(algorithm, mode, key_octets, fixed, 1, tag_octets, 8 * key_octets)


CIPHERS: Final = {
    "NULL": Cipher12("", Mode.STREAM, 0),
    "RC4_128": Cipher12("ARC4", Mode.STREAM, 16, strength_bits=128),
    "DES_CBC": _cbc("TripleDES", 8, 8, 56),
    "3DES_EDE_CBC": _cbc("TripleDES", 24, 8, 112),
    "IDEA_CBC": _cbc("IDEA", 16, 8),
    "SEED_CBC": _cbc("SEED", 16),
    "CAMELLIA_128_CBC": _cbc("Camellia", 16),
    "CAMELLIA_256_CBC": _cbc("Camellia", 32),
    "AES_128_CBC": _cbc("AES", 16),
    "AES_256_CBC": _cbc("AES", 32),
    "AES_128_GCM": _aead(Mode.GCM, 16),
    "AES_256_GCM": _aead(Mode.GCM, 32),
    "AES_128_CCM": _aead(Mode.CCM, 16),
    "AES_256_CCM": _aead(Mode.CCM, 32),
    "AES_128_CCM_8": _aead(Mode.CCM, 16, 8),
    "AES_256_CCM_8": _aead(Mode.CCM, 32, 8),
    "CHACHA20_POLY1305": _aead(Mode.CHACHA20, 32),
}
"""Ciphers that this version knows how to use, by their part of a suite's name."""

_HASHES = {"MD5": "md5", "SHA": "sha1", "SHA256": "sha256", "SHA384": "sha384"}
_EXCHANGES = {
    "RSA": (KeyExchange.RSA, "RSA"),
    "DHE_RSA": (KeyExchange.DHE, "RSA"),
    "DHE_DSS": (KeyExchange.DHE, "DSS"),
    "DH_anon": (KeyExchange.DHE, ""),
    "ECDHE_RSA": (KeyExchange.ECDHE, "RSA"),
    "ECDHE_ECDSA": (KeyExchange.ECDHE, "ECDSA"),
    "ECDH_anon": (KeyExchange.ECDHE, ""),
}


@dataclass(frozen=True, slots=True)
class Suite12:
    """A suite of SSL 3.0 to TLS 1.2.

    Attributes:
        number: In the registry.
        exchange: How keys are exchanged.
        authentication: ``RSA``, ``DSS`` or ``ECDSA``; "" for an anonymous suite.
        cipher: The bulk cipher.
        mac: Hash of the records' MAC, as ``hashlib`` names it; "" with an AEAD.
        hash_name: Hash of TLS 1.2's PRF (RFC 5246 §5): SHA-256 unless the name says SHA-384.
    """

    number: int
    exchange: KeyExchange
    authentication: str
    cipher: Cipher12
    mac: str
    hash_name: str

    @property
    def only_tls12(self) -> bool:
        """Whether no version before TLS 1.2 may use it (RFC 5246 appendix A.5, RFC 5288 §4)."""
        return self.cipher.mode in AEADS or self.mac in ("sha256", "sha384")


@cache
def parse_suite(number: int) -> Suite12 | None:
    """The properties of a suite; None where this version could not speak it whatever the machine has.

    So it is None for export, PSK, SRP and static Diffie-Hellman suites, those of TLS 1.3, signalling values,
    ciphers that are not in `CIPHERS`, and numbers without a name.
    """
    exchange, found, rest = suite_name(number).removeprefix("TLS_").partition("_WITH_")
    if not found or exchange not in _EXCHANGES:
        return None
    cipher_name, _, last = rest.rpartition("_")
    if last not in _HASHES:  # the CCM suites of RFC 6655 name no hash; theirs is SHA-256
        cipher_name, last = rest, "SHA256"
    cipher = CIPHERS.get(cipher_name)
    if cipher is None:
        return None
    mac = "" if cipher.mode in AEADS else _HASHES[last]
    hash_name = "sha384" if last == "SHA384" else "sha256"
    return Suite12(number, *_EXCHANGES[exchange], cipher, mac, hash_name)


def strength(suite: Suite12) -> tuple[bool, ...]:
    """A key to sort by, its greatest is the strongest: what a suite lacks first costs it most."""
    bits = suite.cipher.strength_bits
    return (
        bool(suite.authentication),
        bits >= 112,
        suite.cipher.algorithm != "ARC4",
        suite.exchange is not KeyExchange.RSA,
        suite.cipher.mode in AEADS,
        suite.cipher.tag_octets == 16,
        bits >= 128,
        bits >= 256,
        suite.cipher.algorithm == "AES",
        suite.exchange is KeyExchange.ECDHE,
        suite.authentication == "ECDSA",
        suite.mac != "md5",
    )


@cache
def spoken_suites() -> tuple[int, ...]:
    """Numbers of the suites that a handshake can be finished with on this machine, strongest first."""
    known = [suite for number in SUITE_NAMES if (suite := parse_suite(number)) is not None]
    able = [suite for suite in known if cipher_works(suite.cipher)]
    able.sort(key=lambda suite: (strength(suite), -suite.number), reverse=True)
    return tuple(suite.number for suite in able)


@cache
def cipher_works(cipher: Cipher12) -> bool:
    """Whether the installed library has this cipher."""
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        if cipher.mode in AEADS:
            aead_of(cipher, bytes(cipher.key_octets)).encrypt(bytes(12), b"", b"")
        elif cipher.algorithm:
            context = block_or_stream(cipher, bytes(range(cipher.key_octets)), bytes(cipher.iv_octets))
            context.encryptor().update(bytes(cipher.block_octets))
    except (ImportError, AttributeError, UnsupportedAlgorithm, ValueError):
        return False
    return True


def aead_of(cipher: Cipher12, key: bytes) -> Any:
    """The AEAD under a key."""
    from cryptography.hazmat.primitives.ciphers import aead

    if cipher.mode is Mode.CHACHA20:
        return aead.ChaCha20Poly1305(key)
    if cipher.mode is Mode.CCM:
        return aead.AESCCM(key, tag_length=cipher.tag_octets)
    return aead.AESGCM(key)


def block_or_stream(cipher: Cipher12, key: bytes, iv: bytes) -> Any:
    """The block cipher in CBC mode, or the stream cipher, under a key; DES is 3DES with one key thrice."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if cipher.algorithm == "AES":
        return Cipher(algorithms.AES(key), modes.CBC(iv))
    from cryptography.hazmat.decrepit.ciphers import algorithms as old

    whole = key * 3 if cipher.algorithm == "TripleDES" and len(key) == 8 else key
    mode = modes.CBC(iv) if cipher.mode is Mode.CBC else None
    return Cipher(getattr(old, cipher.algorithm)(whole), mode)
