"""Numbers of TLS that this version writes or reads, and names for all that IANA has numbered.

The tables of names are `waxseal.wire.tls_registry_tables`, made by ``tools/iana_tables.py`` from IANA's
registries. Names of those hash and signature pairs of TLS 1.2 (RFC 5246 §7.4.1.4.1) that were never given one
are made here, of the registries "TLS HashAlgorithm" and "TLS SignatureAlgorithm".
Cipher suites are in `waxseal.wire.tls_suites`.
"""

from typing import Final

from waxseal.wire import tls_registry_tables as tables

# Content types of records (RFC 8446 §5.1).
CHANGE_CIPHER_SPEC: Final = 20
ALERT: Final = 21
HANDSHAKE: Final = 22
APPLICATION_DATA: Final = 23
HEARTBEAT_RECORD: Final = 24

# Types of handshake messages (registry "TLS HandshakeType").
HELLO_REQUEST: Final = 0
CLIENT_HELLO: Final = 1
SERVER_HELLO: Final = 2
NEW_SESSION_TICKET: Final = 4
END_OF_EARLY_DATA: Final = 5
ENCRYPTED_EXTENSIONS: Final = 8
CERTIFICATE: Final = 11
SERVER_KEY_EXCHANGE: Final = 12
CERTIFICATE_REQUEST: Final = 13
SERVER_HELLO_DONE: Final = 14
CERTIFICATE_VERIFY: Final = 15
CLIENT_KEY_EXCHANGE: Final = 16
FINISHED: Final = 20
CERTIFICATE_STATUS: Final = 22
KEY_UPDATE: Final = 24
COMPRESSED_CERTIFICATE: Final = 25
MESSAGE_HASH: Final = 254

# Extension types that this version writes or reads.
SERVER_NAME: Final = 0
MAX_FRAGMENT_LENGTH: Final = 1
STATUS_REQUEST: Final = 5
SUPPORTED_GROUPS: Final = 10
EC_POINT_FORMATS: Final = 11
SIGNATURE_ALGORITHMS: Final = 13
HEARTBEAT: Final = 15
ALPN: Final = 16
SIGNED_CERTIFICATE_TIMESTAMP: Final = 18
SERVER_CERTIFICATE_TYPE: Final = 20
PADDING: Final = 21
ENCRYPT_THEN_MAC: Final = 22
EXTENDED_MASTER_SECRET: Final = 23
COMPRESS_CERTIFICATE: Final = 27
RECORD_SIZE_LIMIT: Final = 28
SESSION_TICKET: Final = 35
PRE_SHARED_KEY: Final = 41
EARLY_DATA: Final = 42
SUPPORTED_VERSIONS: Final = 43
COOKIE: Final = 44
PSK_KEY_EXCHANGE_MODES: Final = 45
CERTIFICATE_AUTHORITIES: Final = 47
POST_HANDSHAKE_AUTH: Final = 49
SIGNATURE_ALGORITHMS_CERT: Final = 50
KEY_SHARE: Final = 51
RENEGOTIATION_INFO: Final = 0xFF01

EMPTY_RENEGOTIATION_INFO_SCSV: Final = 0x00FF
"""Signalling suite in place of an empty renegotiation_info (RFC 5746 §3.3)."""
FALLBACK_SCSV: Final = 0x5600
"""Signalling suite of a client that retries with a lower version (RFC 7507 §4)."""

GREASE: Final = tuple(0x0A0A + 0x1010 * step for step in range(16))
"""Reserved values for suites, groups, versions, extensions and signature schemes (RFC 8701 §2)."""

SECP256R1: Final = 23
SECP384R1: Final = 24
SECP521R1: Final = 25
X25519: Final = 29
X448: Final = 30
SECP256R1_MLKEM768: Final = 4587
X25519_MLKEM768: Final = 4588
SECP384R1_MLKEM1024: Final = 4589

GROUP_NAMES: Final = tables.GROUP_NAMES

RSA_SCHEMES: Final = (0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B)
"""rsa_pss_rsae and rsa_pss_pss with SHA-256, 384, 512: all that an RSA key may sign with in TLS 1.3."""
ECDSA_SCHEMES: Final = (0x0403, 0x0503, 0x0603)
"""ecdsa_secp256r1_sha256, ecdsa_secp384r1_sha384, ecdsa_secp521r1_sha512."""
EDDSA_SCHEMES: Final = (0x0807, 0x0808)
"""ed25519, ed448."""
PKCS1_SCHEMES: Final = (0x0401, 0x0501, 0x0601)
"""rsa_pkcs1 with SHA-256, 384, 512: in TLS 1.3 for signatures inside certificates only (RFC 8446 §4.2.3)."""
SHA1_SCHEMES: Final = (0x0203, 0x0201)
"""ecdsa_sha1, rsa_pkcs1_sha1."""

SCHEME_NAMES: Final = tables.SCHEME_NAMES
_HASHES: Final = {number: tables.HASH_NAMES[number] for number in range(1, 7)}
_SIGNATURES: Final = {1: "rsa_pkcs1", 2: tables.SIGNATURE_NAMES[2], 3: tables.SIGNATURE_NAMES[3]}
"""What pairs are made of (RFC 5246 §7.4.1.4.1); RSA by its padding, as TLS 1.3 names it."""

EXTENSION_NAMES: Final = {**tables.EXTENSION_NAMES, **tables.UNREGISTERED_EXTENSIONS}
"""As registered, then those of drafts that were deployed without a registration."""

ZLIB: Final = 1
COMPRESSION_NAMES: Final = tables.COMPRESSION_NAMES
"""Certificate compression algorithms (RFC 8879 §7.3)."""
ALERT_NAMES: Final = tables.ALERT_NAMES
CLIENT_CERTIFICATE_TYPES: Final = tables.CLIENT_CERTIFICATE_TYPES
HANDSHAKE_TYPES: Final = tables.HANDSHAKE_TYPES
POINT_FORMATS: Final = tables.POINT_FORMATS
ALPN_IDS: Final = tables.ALPN_IDS


def group_name(number: int) -> str:
    """IANA name of a group; ``0x4A4A`` in the same form for a number not in the table."""
    return GROUP_NAMES.get(number, f"0x{number:04X}")


def scheme_name(number: int) -> str:
    """IANA name of a signature scheme; a TLS 1.2 pair without one as ``dsa_sha256``; else ``0x4A4A``."""
    pair = _SIGNATURES.get(number & 0xFF), _HASHES.get(number >> 8)
    made = f"{pair[0]}_{pair[1]}" if all(pair) else f"0x{number:04X}"
    return SCHEME_NAMES.get(number, made)


def extension_name(number: int) -> str:
    """IANA name of an extension; ``0x4A4A`` in the same form for a number not in the table."""
    return EXTENSION_NAMES.get(number, f"0x{number:04X}")
