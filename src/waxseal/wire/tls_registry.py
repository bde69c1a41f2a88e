"""IANA tables of TLS: groups, signature schemes, extension types, certificate compression, GREASE.

Source: https://www.iana.org/assignments/tls-parameters/ and .../tls-extensiontype-values/. To regenerate,
take value and description of each assigned row of their CSV forms: ``tls-parameters-8.csv`` (supported
groups), ``tls-signaturescheme.csv``, ``tls-extensiontype-values-1.csv``,
``certificate-compression-algorithm-ids.csv``; leave out "Unassigned", "Reserved" and private use. Hash and
signature pairs of TLS 1.2 (RFC 5246 §7.4.1.4.1) that were never given a name of their own are made from
``tls-parameters-18.csv`` and ``tls-parameters-16.csv``.
Cipher suites are in ``wire.tls_suites``, alerts in ``wire.tls_record``.
"""

from typing import Final

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

GROUP_NAMES: Final[dict[int, str]] = {
    1: "sect163k1",
    2: "sect163r1",
    3: "sect163r2",
    4: "sect193r1",
    5: "sect193r2",
    6: "sect233k1",
    7: "sect233r1",
    8: "sect239k1",
    9: "sect283k1",
    10: "sect283r1",
    11: "sect409k1",
    12: "sect409r1",
    13: "sect571k1",
    14: "sect571r1",
    15: "secp160k1",
    16: "secp160r1",
    17: "secp160r2",
    18: "secp192k1",
    19: "secp192r1",
    20: "secp224k1",
    21: "secp224r1",
    22: "secp256k1",
    23: "secp256r1",
    24: "secp384r1",
    25: "secp521r1",
    26: "brainpoolP256r1",
    27: "brainpoolP384r1",
    28: "brainpoolP512r1",
    29: "x25519",
    30: "x448",
    31: "brainpoolP256r1tls13",
    32: "brainpoolP384r1tls13",
    33: "brainpoolP512r1tls13",
    34: "GC256A",
    35: "GC256B",
    36: "GC256C",
    37: "GC256D",
    38: "GC512A",
    39: "GC512B",
    40: "GC512C",
    41: "curveSM2",
    256: "ffdhe2048",
    257: "ffdhe3072",
    258: "ffdhe4096",
    259: "ffdhe6144",
    260: "ffdhe8192",
    512: "MLKEM512",
    513: "MLKEM768",
    514: "MLKEM1024",
    4587: "SecP256r1MLKEM768",
    4588: "X25519MLKEM768",
    4589: "SecP384r1MLKEM1024",
    25497: "X25519Kyber768Draft00",
    25498: "SecP256r1Kyber768Draft00",
    0xFF01: "arbitrary_explicit_prime_curves",
    0xFF02: "arbitrary_explicit_char2_curves",
}

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

SCHEME_NAMES: Final[dict[int, str]] = {
    0x0201: "rsa_pkcs1_sha1",
    0x0203: "ecdsa_sha1",
    0x0401: "rsa_pkcs1_sha256",
    0x0403: "ecdsa_secp256r1_sha256",
    0x0420: "rsa_pkcs1_sha256_legacy",
    0x0501: "rsa_pkcs1_sha384",
    0x0503: "ecdsa_secp384r1_sha384",
    0x0520: "rsa_pkcs1_sha384_legacy",
    0x0601: "rsa_pkcs1_sha512",
    0x0603: "ecdsa_secp521r1_sha512",
    0x0620: "rsa_pkcs1_sha512_legacy",
    0x0704: "eccsi_sha256",
    0x0705: "iso_ibs1",
    0x0706: "iso_ibs2",
    0x0707: "iso_chinese_ibs",
    0x0708: "sm2sig_sm3",
    0x0709: "gostr34102012_256a",
    0x070A: "gostr34102012_256b",
    0x070B: "gostr34102012_256c",
    0x070C: "gostr34102012_256d",
    0x070D: "gostr34102012_512a",
    0x070E: "gostr34102012_512b",
    0x070F: "gostr34102012_512c",
    0x0804: "rsa_pss_rsae_sha256",
    0x0805: "rsa_pss_rsae_sha384",
    0x0806: "rsa_pss_rsae_sha512",
    0x0807: "ed25519",
    0x0808: "ed448",
    0x0809: "rsa_pss_pss_sha256",
    0x080A: "rsa_pss_pss_sha384",
    0x080B: "rsa_pss_pss_sha512",
    0x081A: "ecdsa_brainpoolP256r1tls13_sha256",
    0x081B: "ecdsa_brainpoolP384r1tls13_sha384",
    0x081C: "ecdsa_brainpoolP512r1tls13_sha512",
    0x0904: "mldsa44",
    0x0905: "mldsa65",
    0x0906: "mldsa87",
}
_HASHES = {1: "md5", 2: "sha1", 3: "sha224", 4: "sha256", 5: "sha384", 6: "sha512"}
_SIGNATURES = {1: "rsa_pkcs1", 2: "dsa", 3: "ecdsa"}

EXTENSION_NAMES: Final[dict[int, str]] = {
    0: "server_name",
    1: "max_fragment_length",
    2: "client_certificate_url",
    3: "trusted_ca_keys",
    4: "truncated_hmac",
    5: "status_request",
    6: "user_mapping",
    7: "client_authz",
    8: "server_authz",
    9: "cert_type",
    10: "supported_groups",
    11: "ec_point_formats",
    12: "srp",
    13: "signature_algorithms",
    14: "use_srtp",
    15: "heartbeat",
    16: "application_layer_protocol_negotiation",
    17: "status_request_v2",
    18: "signed_certificate_timestamp",
    19: "client_certificate_type",
    20: "server_certificate_type",
    21: "padding",
    22: "encrypt_then_mac",
    23: "extended_master_secret",
    24: "token_binding",
    25: "cached_info",
    26: "tls_lts",
    27: "compress_certificate",
    28: "record_size_limit",
    29: "pwd_protect",
    30: "pwd_clear",
    31: "password_salt",
    32: "ticket_pinning",
    33: "tls_cert_with_extern_psk",
    34: "delegated_credential",
    35: "session_ticket",
    36: "TLMSP",
    37: "TLMSP_proxying",
    38: "TLMSP_delegate",
    39: "supported_ekt_ciphers",
    41: "pre_shared_key",
    42: "early_data",
    43: "supported_versions",
    44: "cookie",
    45: "psk_key_exchange_modes",
    47: "certificate_authorities",
    48: "oid_filters",
    49: "post_handshake_auth",
    50: "signature_algorithms_cert",
    51: "key_share",
    52: "transparency_info",
    54: "connection_id",
    55: "external_id_hash",
    56: "external_session_id",
    57: "quic_transport_parameters",
    58: "ticket_request",
    59: "dnssec_chain",
    60: "sequence_number_encryption_algorithms",
    61: "rrc",
    0xFD00: "ech_outer_extensions",
    0xFE0D: "encrypted_client_hello",
    0xFF01: "renegotiation_info",
}

ZLIB: Final = 1
COMPRESSION_NAMES: Final[dict[int, str]] = {1: "zlib", 2: "brotli", 3: "zstd"}
"""Certificate compression algorithms (RFC 8879 §7.3)."""


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
