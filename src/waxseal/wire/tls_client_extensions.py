"""TLS extensions that a client sends, each made of plain values (RFC 8446 §4.2 and those named below).

Every function gives an `Extension`; their order in a hello is the order in which the caller puts them. What a
server sends is read in ``wire.tls_extensions``; the hello itself is in ``wire.tls_client_hello``.
"""

from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_extensions import Extension
from waxseal.wire.tls_fields import number, numbers, vector


def server_name(name: str) -> Extension:
    """SNI of one host name, an A-label without a trailing dot (RFC 6066 §3).

    Raises:
        ValueError: The name is no ASCII.
    """
    host = b"\x00" + vector(name.encode("ascii"), 2)
    return Extension(reg.SERVER_NAME, vector(host, 2))


def supported_versions(versions: tuple[int, ...]) -> Extension:
    """Versions offered, the preferred one first (RFC 8446 §4.2.1)."""
    return Extension(reg.SUPPORTED_VERSIONS, vector(numbers(versions, 2), 1))


def supported_groups(groups: tuple[int, ...]) -> Extension:
    """Groups offered, the preferred one first (RFC 8446 §4.2.7)."""
    return Extension(reg.SUPPORTED_GROUPS, vector(numbers(groups, 2), 2))


def key_shares(shares: tuple[tuple[int, bytes], ...] = ()) -> Extension:
    """Group and public value of each share; with none, the server has to name its group (RFC 8446 §4.2.8)."""
    entries = b"".join(number(group, 2) + vector(public, 2) for group, public in shares)
    return Extension(reg.KEY_SHARE, vector(entries, 2))


def signature_algorithms(schemes: tuple[int, ...]) -> Extension:
    """Signature schemes, for certificates too unless those are named apart (RFC 8446 §4.2.3)."""
    return Extension(reg.SIGNATURE_ALGORITHMS, vector(numbers(schemes, 2), 2))


def signature_algorithms_cert(schemes: tuple[int, ...]) -> Extension:
    """Signature schemes that certificates may be signed with (RFC 8446 §4.2.3)."""
    return Extension(reg.SIGNATURE_ALGORITHMS_CERT, vector(numbers(schemes, 2), 2))


def point_formats(formats: tuple[int, ...] = (0,)) -> Extension:
    """Forms of elliptic curve points up to TLS 1.2; 0 is uncompressed (RFC 8422 §5.1.2)."""
    return Extension(reg.EC_POINT_FORMATS, vector(numbers(formats, 1), 1))


def protocols(names: tuple[bytes, ...]) -> Extension:
    """ALPN protocol names, the preferred one first (RFC 7301 §3.1)."""
    return Extension(reg.ALPN, vector(b"".join(vector(name, 1) for name in names), 2))


def extended_main_secret() -> Extension:
    """extended_master_secret (RFC 7627 §5.1)."""
    return Extension(reg.EXTENDED_MASTER_SECRET)


def encrypt_then_mac() -> Extension:
    """RFC 7366 §2."""
    return Extension(reg.ENCRYPT_THEN_MAC)


def renegotiation_info(connection: bytes = b"") -> Extension:
    """The verify_data of the handshake before; empty in the first one (RFC 5746 §3.2)."""
    return Extension(reg.RENEGOTIATION_INFO, vector(connection, 1))


def session_ticket(ticket: bytes = b"") -> Extension:
    """A ticket up to TLS 1.2; the empty one asks for a new one (RFC 5077 §3.2)."""
    return Extension(reg.SESSION_TICKET, ticket)


def status_request(octets: bytes = b"\x00\x00\x00\x00") -> Extension:
    """Ask for an OCSP response: responder ids and request extensions as one, both empty (RFC 6066 §8)."""
    return Extension(reg.STATUS_REQUEST, b"\x01" + octets)


def signed_certificate_timestamps() -> Extension:
    """Ask for SCTs (RFC 6962 §3.3.1)."""
    return Extension(reg.SIGNED_CERTIFICATE_TIMESTAMP)


def compress_certificate(algorithms: tuple[int, ...] = (reg.ZLIB,)) -> Extension:
    """Compression algorithms for the server's Certificate (RFC 8879 §3)."""
    return Extension(reg.COMPRESS_CERTIFICATE, vector(numbers(algorithms, 2), 1))


def record_size_limit(octets: int) -> Extension:
    """The longest plaintext that we take, TLS 1.3's content type included (RFC 8449 §4)."""
    return Extension(reg.RECORD_SIZE_LIMIT, number(octets, 2))


def max_fragment_length(code: int) -> Extension:
    """1 to 4 for 512 to 4096 octets (RFC 6066 §4)."""
    return Extension(reg.MAX_FRAGMENT_LENGTH, number(code, 1))


def heartbeat(mode: int = 1) -> Extension:
    """1: the peer may send requests; 2: it may not (RFC 6520 §2)."""
    return Extension(reg.HEARTBEAT, number(mode, 1))


def psk_modes(modes: tuple[int, ...] = (1,)) -> Extension:
    """Key exchange modes of tickets: 0 is psk_ke, 1 is psk_dhe_ke (RFC 8446 §4.2.9)."""
    return Extension(reg.PSK_KEY_EXCHANGE_MODES, vector(numbers(modes, 1), 1))


def pre_shared_key(identities: tuple[tuple[bytes, int], ...], binders: tuple[bytes, ...]) -> Extension:
    """Identities with their obfuscated ages, and binders; always the last extension (RFC 8446 §4.2.11)."""
    entries = b"".join(vector(identity, 2) + number(age, 4) for identity, age in identities)
    return Extension(
        reg.PRE_SHARED_KEY, vector(entries, 2) + vector(b"".join(vector(binder, 1) for binder in binders), 2)
    )


def early_data() -> Extension:
    """Announce early data (RFC 8446 §4.2.10)."""
    return Extension(reg.EARLY_DATA)


def cookie(octets: bytes) -> Extension:
    """A HelloRetryRequest's cookie, given back (RFC 8446 §4.2.2)."""
    return Extension(reg.COOKIE, vector(octets, 2))


def post_handshake_auth() -> Extension:
    """Say that a client certificate may be asked for later (RFC 8446 §4.2.6)."""
    return Extension(reg.POST_HANDSHAKE_AUTH)


def server_certificate_types(types: tuple[int, ...]) -> Extension:
    """Certificate types that we take: 0 is X.509, 2 a raw public key (RFC 7250 §3)."""
    return Extension(reg.SERVER_CERTIFICATE_TYPE, vector(numbers(types, 1), 1))


def padding(octets: int) -> Extension:
    """So many zero octets (RFC 7685 §3)."""
    return Extension(reg.PADDING, bytes(octets))
