"""What the name of a cipher suite tells: its key exchange, and whether its encryption is broken.

IANA names (``TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256``) and OpenSSL's (``ECDHE-RSA-AES128-GCM-SHA256``) are
read.
"""

import re
from enum import StrEnum

from msgspec import Struct

_INTEGRITY_ONLY = frozenset({"TLS_SHA256_SHA256", "TLS_SHA384_SHA384"})
_STATIC = re.compile(r"TLS_(RSA|DH_RSA|DH_DSS|ECDH_RSA|ECDH_ECDSA|RSA_PSK|PSK|KRB5)(_EXPORT)?_WITH_")
_EPHEMERAL = re.compile(r"TLS_(ECDHE|DHE|DH_anon|ECDH_anon|ECCPWD)_")
_TLS13 = re.compile(r"TLS_(AES|CHACHA20|SM4|AEGIS|SHA256_SHA256|SHA384_SHA384)")
_OPENSSL_EPHEMERAL = re.compile(r"(EXP-)?(ECDHE|DHE|EDH|ADH|AECDH)-")
_OPENSSL_STATIC = re.compile(r"(EXP-)?(AES|CAMELLIA|ARIA|RC4|RC2|DES|SEED|IDEA|NULL|ECDH-|DH-|PSK-|RSA-PSK-)")


class Secrecy(StrEnum):
    """Whether the session key outlives the theft of the server's key."""

    FORWARD = "forward"
    NONE = "none"
    UNKNOWN = "unknown"


class Weakness(Struct, frozen=True):
    """Why a suite should not be negotiated.

    Attributes:
        reason: In plain words, to follow "the suite".
        forbidden: MUST NOT (True) or SHOULD NOT (False).
    """

    reason: str
    forbidden: bool


def weakness(suite: str) -> Weakness | None:
    """What is broken in a suite (RFC 9325 §4.1, RFC 5246 appendix A.5); None where nothing is known."""
    words = set(re.split(r"[_\-]", suite.upper()))
    if "NULL" in words or suite in _INTEGRITY_ONLY:
        return Weakness("does not encrypt at all (NULL)", True)
    if words & {"EXPORT", "EXPORT1024", "EXP", "DES40"}:
        return Weakness("is of export grade: its key of 40 or 56 bits can be tried out", True)
    if "RC4" in words:
        return Weakness("uses RC4, which is broken", True)
    if "RC2" in words:
        return Weakness("uses RC2, which is broken", True)
    if words & {"3DES", "CBC3"}:
        return Weakness("uses triple DES, with blocks of 64 bits and 112 bits of security", False)
    if "DES" in words:
        return Weakness("uses single DES, whose key of 56 bits can be tried out", True)
    if "ANON" in words or words & {"ADH", "AECDH"}:
        return Weakness("is anonymous: the server shows no certificate and proves nothing", False)
    return None


def secrecy(suite: str) -> Secrecy:
    """Whether the key exchange is ephemeral, as far as the name tells."""
    if _STATIC.match(suite):
        return Secrecy.NONE
    if _EPHEMERAL.match(suite) or _TLS13.match(suite):
        return Secrecy.FORWARD
    if suite.startswith("TLS_"):
        return Secrecy.UNKNOWN
    if _OPENSSL_EPHEMERAL.match(suite):
        return Secrecy.FORWARD
    return Secrecy.NONE if _OPENSSL_STATIC.match(suite) else Secrecy.UNKNOWN
