"""What a cipher suite is made of, read from its name: key exchange, authentication, cipher, MAC, versions.

One parser for the names of the registry (RFC 5246 appendix C, RFC 8446 §B.4) and of the unregistered suites;
and the classes by which suites are asked for and counted. Names and numbers are in `waxseal.wire.tls_suites`,
OpenSSL's names in `waxseal.wire.tls_openssl_names`, cipher kinds of SSL 2.0 in `waxseal.wire.ssl2`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import Final

from waxseal.wire.tls_suites import SIGNALLING_SUITES, SUITE_NAMES, is_registered

SSL_3: Final = 0x0300
TLS_1_0: Final = 0x0301
TLS_1_1: Final = 0x0302
TLS_1_2: Final = 0x0303
TLS_1_3: Final = 0x0304


@dataclass(frozen=True, slots=True)
class SuiteProperties:
    """A suite, taken apart.

    Attributes:
        number: Of the suite.
        name: Its name in `SUITE_NAMES`.
        key_exchange: ``ECDHE``, ``DHE``, ``RSA``, ``ECDH`` and ``DH`` (static), ``ECDH_anon``, ``DH_anon``,
            ``PSK``, ``DHE_PSK``, ``ECDHE_PSK``, ``RSA_PSK``, ``SRP``, ``KRB5``, ``ECCPWD``, ``GOST``,
            ``CECPQ1``, ``FORTEZZA_KEA``, ``NULL``; with ``_EXPORT`` behind it where the key is held small;
            ``any`` where the suite does not say (TLS 1.3).
        authentication: Of the server: ``RSA``, ``ECDSA``, ``DSS``, ``anon``, ``PSK``, ``SRP``, ``KRB5``,
            ``PWD``, ``GOST94``, ``GOST01``, ``GOST12``, ``FORTEZZA``, ``NULL``; ``any`` in TLS 1.3.
        cipher: As the name has it, without the MAC: ``AES_128_GCM``, ``3DES_EDE_CBC``, ``RC4_128``, ``NULL``.
        mac: ``MD5``, ``SHA``, ``SHA256``, ``SHA384``, ``IMIT``, ``OMAC``, ``GOSTR3411``, ``NULL``; ``AEAD``
            where the cipher authenticates.
        mode: ``AEAD``, ``CBC``, ``stream`` or ``NULL``. The counter modes of GOST are ``stream``.
        key_bits: Secret bits of the cipher's key: 40 or 56 of an export suite, 56 of DES, 168 of triple DES
            (whose strength is 112, RFC 7525 §4.1), 0 without encryption.
        block_bits: Of the block cipher, whatever its mode; 0 of a stream cipher and without encryption.
        prf_hash: Hash of TLS 1.2's PRF (RFC 5246 §5) or TLS 1.3's HKDF; not used before TLS 1.2.
        export_bits: Most bits of an export suite's temporary key: 512 or 1024; 0 of any other suite.
        forward_secret: Whether a recording stays secret after the server's long-term key is lost. False for
            RSA_EXPORT, whose temporary key servers keep.
        lowest_version: That the suite may be used with.
        highest_version: That the suite may be used with.
        retired_from: From which version on an RFC forbids a suite that the version could do: export suites
            from TLS 1.1 (RFC 4346 §A.5), DES and IDEA from TLS 1.2 (RFC 5469 §1), RC4 in all (RFC 7465 §2).
            None of any other. Servers may still do it.
    """

    number: int
    name: str
    key_exchange: str
    authentication: str
    cipher: str
    mac: str
    mode: str
    key_bits: int
    block_bits: int
    prf_hash: str
    export_bits: int
    forward_secret: bool
    lowest_version: int
    highest_version: int
    retired_from: int | None

    @property
    def export(self) -> bool:
        """Whether keys were made small for export."""
        return self.export_bits > 0

    def fits(self, version: int) -> bool:
        """Whether the suite may be used with a version, by its definition; see `retired_from`."""
        return self.lowest_version <= version <= self.highest_version


_HASHES: Final = ("SHA512", "SHA384", "SHA256", "SHA", "MD5", "SM3", "GOSTR3411", "IMIT", "OMAC", "NULL")
_KEY_BITS: Final = {
    "NULL": 0,
    "DES40": 40,
    "DES": 56,
    "3DES": 168,
    "IDEA": 128,
    "SEED": 128,
    "SM4": 128,
    "FORTEZZA": 80,
    "CHACHA20": 256,
    "28147": 256,
    "MAGMA": 256,
    "KUZNYECHIK": 256,
}
"""Key sizes that the name does not give."""
_BLOCK_BITS: Final = {
    **dict.fromkeys(("DES", "DES40", "3DES", "IDEA", "RC2", "28147", "MAGMA", "FORTEZZA"), 64),
    **dict.fromkeys(("AES", "CAMELLIA", "ARIA", "SEED", "SM4", "KUZNYECHIK"), 128),
}
_AUTHENTICATION: Final = {
    "GOSTR341094": "GOST94",
    "GOSTR341001": "GOST01",
    "GOSTR341112_256": "GOST12",
    "FORTEZZA_KEA": "FORTEZZA",
    "ECCPWD": "PWD",
    "RSA_PSK": "RSA",
    "SRP_SHA": "SRP",
    "NULL": "NULL",
}
"""Authentication of key exchanges whose name does not end with it."""
_FORWARD_SECRET: Final = frozenset(
    {"ECDHE", "DHE", "DHE_EXPORT", "ECDH_anon", "DH_anon", "DH_anon_EXPORT", "DHE_PSK", "ECDHE_PSK"}
    | {"SRP", "ECCPWD", "CECPQ1", "any"}
)


@cache
def suite_properties(number: int) -> SuiteProperties | None:
    """What a suite is made of.

    Returns:
        None for a number without a name, and for those that only signal (`SIGNALLING_SUITES`).
    """
    name = SUITE_NAMES.get(number)
    if name is None or number in SIGNALLING_SUITES:
        return None
    left, _, right = name.removeprefix("TLS_").removeprefix("SSL_").removesuffix("_OLD").partition("_WITH_")
    tls13 = not right or "_MGM_" in right
    exchange, authentication, export_bits = ("any", "any", 0) if tls13 else _exchange(left)
    cipher, mac, prf_hash = _cipher(right or left)
    mode = _mode(cipher, mac)
    key_bits = _key_bits(cipher, export_bits)
    in_sha2 = mac in {"SHA256", "SHA384"} or mode == "AEAD" or left == "GOSTR341112_256"
    lowest = TLS_1_3 if tls13 else TLS_1_2 if in_sha2 else SSL_3
    # Not so PSK suites without AEAD (RFC 5487 §3, RFC 5489 §3, RFC 6367 §3), except ARIA's (RFC 6209 §2).
    if "PSK" in exchange and mode != "AEAD" and "ARIA" not in cipher and lowest == TLS_1_2:
        lowest = TLS_1_0
    return SuiteProperties(
        number=number,
        name=name,
        key_exchange=exchange,
        authentication=authentication,
        cipher=cipher,
        mac=mac,
        mode=mode,
        key_bits=key_bits,
        block_bits=_BLOCK_BITS.get(cipher.partition("_")[0], 0),
        prf_hash=prf_hash,
        export_bits=export_bits,
        forward_secret=exchange in _FORWARD_SECRET,
        lowest_version=lowest,
        highest_version=TLS_1_3 if tls13 else TLS_1_2,
        retired_from=_retired_from(cipher, export_bits),
    )


def _exchange(left: str) -> tuple[str, str, int]:
    """Key exchange, authentication and export limit of the part before ``_WITH_``."""
    export_bits = 1024 if "_EXPORT1024" in left else 512 if "_EXPORT" in left else 0
    left = left.replace("_EXPORT1024", "").replace("_EXPORT", "").replace("_FIPS", "")
    left = {"PSK_DHE": "DHE_PSK"}.get(left, left)
    first, _, last = left.rpartition("_")
    if left.startswith("SRP_SHA_"):
        exchange, authentication = "SRP", last
    elif left in _AUTHENTICATION:
        authentication = _AUTHENTICATION[left]
        exchange = "GOST" if left.startswith("GOST") else left.removesuffix("_SHA")
    elif last in {"PSK", "anon"}:
        exchange, authentication = left, last
    else:  # ECDHE_RSA is a pair; RSA and KRB5 are both at once.
        exchange, authentication = first or left, last
    return exchange + ("_EXPORT" if export_bits else ""), authentication, export_bits


def _cipher(right: str) -> tuple[str, str, str]:
    """Cipher, MAC and hash of the PRF of the part that names the cipher."""
    cipher, _, last = right.rpartition("_")
    if last not in _HASHES:  # AES_128_CCM, KUZNYECHIK_MGM_L: the hash goes without saying.
        return right, "AEAD", "GOSTR3411" if "_MGM_" in right else "SHA256"
    prf_hash = "GOSTR3411" if last in {"GOSTR3411", "IMIT", "OMAC"} else last
    if cipher == last:  # TLS_SHA256_SHA256 has integrity only (RFC 9150 §4), TLS_NULL_WITH_NULL_NULL nothing.
        return "NULL", cipher, prf_hash
    if _mode(cipher, "") == "AEAD":
        return cipher, "AEAD", prf_hash
    return cipher, last, "SHA256" if last in {"SHA", "MD5"} else prf_hash


def _mode(cipher: str, mac: str) -> str:
    if cipher == "NULL":
        return "NULL"
    if mac == "AEAD" or any(mark in cipher for mark in ("GCM", "CCM", "POLY1305", "AEGIS")):
        return "AEAD"
    return "CBC" if "CBC" in cipher else "stream"


def _key_bits(cipher: str, export_bits: int) -> int:
    """Secret bits of the key: the number in the name, else by the cipher (RFC 5246 appendix C)."""
    family = cipher.partition("_")[0]
    if family == "DES" and cipher == "DES_CBC_40":
        return 40
    sizes = [
        int(part.removesuffix("L")) for part in cipher.split("_")[1:] if part.removesuffix("L").isdigit()
    ]
    sizes = [size for size in sizes if size >= 40]  # the 8 of CCM_8 is the tag's
    if family in _KEY_BITS:
        return min(_KEY_BITS[family], 56 if export_bits == 1024 else 256)
    return sizes[0]


def _retired_from(cipher: str, export_bits: int) -> int | None:
    if cipher.startswith("RC4"):
        return SSL_3
    if export_bits == 512:
        return TLS_1_1
    return TLS_1_2 if cipher.startswith(("DES", "IDEA")) else None


_NATIONAL: Final = ("28147", "MAGMA", "KUZNYECHIK", "SM4", "SEED", "FORTEZZA")
_CONDITIONS: Final[tuple[tuple[str, Callable[[SuiteProperties], bool]], ...]] = (
    ("null", lambda suite: suite.mode == "NULL"),
    ("anonymous", lambda suite: suite.authentication == "anon"),
    ("export", lambda suite: suite.export),
    ("single-des", lambda suite: suite.cipher.startswith("DES")),
    ("rc4", lambda suite: suite.cipher.startswith("RC4")),
    ("rc2-idea", lambda suite: suite.cipher.startswith(("RC2", "IDEA"))),
    ("3des", lambda suite: suite.cipher.startswith("3DES")),
    ("national", lambda suite: suite.cipher.startswith(_NATIONAL)),
    (
        "psk-srp-krb5",
        lambda suite: suite.key_exchange.endswith("PSK") or suite.key_exchange in {"SRP", "KRB5", "ECCPWD"},
    ),
    ("static-rsa-cbc", lambda suite: suite.key_exchange == "RSA" and suite.mode == "CBC"),
    ("static-rsa-aead", lambda suite: suite.key_exchange == "RSA" and suite.mode == "AEAD"),
    ("static-dh", lambda suite: suite.key_exchange in {"DH", "ECDH"}),
    ("dhe-cbc", lambda suite: suite.key_exchange == "DHE" and suite.mode == "CBC"),
    ("ecdhe-cbc", lambda suite: suite.key_exchange == "ECDHE" and suite.mode == "CBC"),
    ("dhe-aead", lambda suite: suite.key_exchange == "DHE" and suite.mode == "AEAD"),
    ("ecdhe-aead", lambda suite: suite.key_exchange in {"ECDHE", "CECPQ1"} and suite.mode == "AEAD"),
    ("tls13", lambda suite: suite.lowest_version == TLS_1_3),
)


@lru_cache(maxsize=1024)
def suite_class(suite: SuiteProperties) -> str:
    """The class of a suite: the most damning of `SUITE_CLASSES` that fits.

    ``national`` are GOST, SM4, SEED and FORTEZZA; Camellia and ARIA, which common libraries offer beside AES,
    are classed by their key exchange. ``psk-srp-krb5`` need a secret shared beforehand, which mail between
    strangers has not. CECPQ1 counts as ECDHE.
    """
    return next(name for name, condition in _CONDITIONS if condition(suite))


def _is_of_class(name: str, suite: SuiteProperties) -> bool:
    return suite_class(suite) == name


SUITE_CLASSES: Final[dict[str, Callable[[SuiteProperties], bool]]] = {
    name: partial(_is_of_class, name) for name, _ in _CONDITIONS
}
"""Classes of suites, most damning first; every suite is of one, and of one only."""

_CIPHER_ORDER: Final = ("AES_256_GCM", "CHACHA20", "AES_128_GCM", "AES", "CAMELLIA", "ARIA", "")
_AUTHENTICATION_ORDER: Final = ("ECDSA", "RSA", "")
_MAC_ORDER: Final = ("AEAD", "SHA384", "SHA256", "")


@cache
def suites_of_version(version: int) -> tuple[int, ...]:
    """Every suite that a version can negotiate, registered or not, signalling suites left out.

    Suites that an RFC forbids for the version (`SuiteProperties.retired_from`) are in it, since servers may
    still do them. TLS_NULL_WITH_NULL_NULL is not: it must not be negotiated (RFC 5246 §A.5).

    Args:
        version: Such as 0x0303.

    Returns:
        Strongest first, as a sensible client would order them: by class, registered before unregistered,
        then by key size and cipher.
    """
    known = (suite_properties(number) for number in SUITE_NAMES if number)
    fitting = [suite for suite in known if suite is not None and suite.fits(version)]
    return tuple(suite.number for suite in sorted(fitting, key=_preference))


def _preference(suite: SuiteProperties) -> tuple[int, ...]:
    classes = list(SUITE_CLASSES)
    return (
        -classes.index(suite_class(suite)),
        not is_registered(suite.number),
        -suite.key_bits,
        _rank(suite.cipher, _CIPHER_ORDER),
        suite.cipher.endswith("_8"),
        _rank(suite.authentication, _AUTHENTICATION_ORDER),
        _rank(suite.mac, _MAC_ORDER),
        suite.number,
    )


def _rank(text: str, order: tuple[str, ...]) -> int:
    return next(place for place, start in enumerate(order) if text.startswith(start))
