"""OpenSSL's own names of cipher suites, to show beside IANA's and to compare with what other tools print.

Rules and exceptions after what ``openssl ciphers -V -stdname`` prints (OpenSSL 3.0); for suites that it has
dropped, after the names of OpenSSL 1.0.2. GnuTLS and NSS have names of their own.
"""

from functools import cache
from typing import Final

from waxseal.wire.tls_suite_properties import TLS_1_3, SuiteProperties, suite_properties

_TLS13: Final = frozenset(range(0x1301, 0x1306))
_NAMED: Final = {
    0x001E: "KRB5-DES-CBC-SHA",
    0x001F: "KRB5-DES-CBC3-SHA",
    0x0022: "KRB5-DES-CBC-MD5",
    0x0023: "KRB5-DES-CBC3-MD5",
    0x0080: "GOST94-GOST89-GOST89",
    0x0081: "GOST2001-GOST89-GOST89",
    0x0082: "GOST94-NULL-GOST94",
    0x0083: "GOST2001-NULL-GOST94",
    0xC100: "GOST2012-KUZNYECHIK-KUZNYECHIKOMAC",
    0xC101: "GOST2012-MAGMA-MAGMAOMAC",
    0xC102: "IANA-GOST2012-GOST8912-GOST8912",
    0xFF85: "LEGACY-GOST2012-GOST8912-GOST8912",
    0xFF87: "GOST2012-NULL-GOST12",
}
"""Names that follow no rule."""

_EXCHANGE: Final = {
    ("RSA", "RSA"): "",
    ("RSA_PSK", "RSA"): "RSA-PSK-",
    ("DH_anon", "anon"): "ADH-",
    ("ECDH_anon", "anon"): "AECDH-",
    ("PSK", "PSK"): "PSK-",
    ("DHE_PSK", "PSK"): "DHE-PSK-",
    ("ECDHE_PSK", "PSK"): "ECDHE-PSK-",
    ("SRP", "SRP"): "SRP-",
    ("KRB5", "KRB5"): "KRB5-",
}
_MAC: Final = {"SHA": "-SHA", "MD5": "-MD5", "SHA256": "-SHA256", "SHA384": "-SHA384"}


@cache
def openssl_name(number: int) -> str | None:
    """OpenSSL's name of a suite, such as ``ECDHE-RSA-AES256-GCM-SHA384``; None where it never had the suite.

    Triple DES with DHE is ``DHE-RSA-DES-CBC3-SHA`` since 1.1.0, ``EDH-RSA-DES-CBC3-SHA`` before.
    """
    suite = suite_properties(number)
    if number in _NAMED:
        return _NAMED[number]
    if suite is None or suite.key_exchange == "NULL" or _never_had(suite):
        return None
    if suite.lowest_version == TLS_1_3:
        return suite.name if number in _TLS13 else None
    exchange = suite.key_exchange.removesuffix("_EXPORT")
    before = _EXCHANGE.get((exchange, suite.authentication), f"{exchange}-{suite.authentication}-")
    if suite.cipher.startswith("DES") and exchange == "DHE" and suite.export_bits < 1024:
        before = "EDH" + before.removeprefix("DHE")
    if before == "ECDHE-RSA-" and suite.cipher.startswith("ARIA"):
        before = "ECDHE-"
    export = {0: "", 512: "EXP-", 1024: "EXP1024-"}[suite.export_bits]
    return export + before + _cipher(suite, exchange) + _mac(suite)


def _cipher(suite: SuiteProperties, exchange: str) -> str:
    parts = suite.cipher.split("_")
    family = parts[0]
    if family == "3DES":
        return "3DES-EDE-CBC" if exchange == "SRP" or exchange.endswith("PSK") else "DES-CBC3"
    if family in {"DES", "DES40", "IDEA", "RC2"}:
        return family.removesuffix("40") + "-CBC"
    if family in {"RC4", "NULL", "SEED"}:
        return family
    if family == "CHACHA20":
        return "CHACHA20-POLY1305" + ("-OLD" if suite.name.endswith("_OLD") else "")
    mode = "-".join(parts[2:]).replace("CCM-8", "CCM8")
    if exchange == "SRP":
        return f"{family}-{parts[1]}-{mode}"
    if mode == "CBC" and not (exchange.endswith("PSK") and family == "AES"):
        return family + parts[1]
    return f"{family}{parts[1]}-{mode}"


def _mac(suite: SuiteProperties) -> str:
    if suite.mode != "AEAD":
        return _MAC[suite.mac]
    return f"-{suite.prf_hash}" if "GCM" in suite.cipher else ""


def _never_had(suite: SuiteProperties) -> bool:
    """Whether no release of OpenSSL had the suite, so that a name would be invented."""
    exchange, cipher = suite.key_exchange, suite.cipher
    if exchange in {"ECCPWD", "CECPQ1", "GOST", "FORTEZZA_KEA"} or suite.name.startswith("SSL_"):
        return True
    if cipher.startswith("ARIA"):
        return suite.mode == "CBC" or exchange in {"DH", "ECDH", "DH_anon"}
    if cipher.startswith("CAMELLIA"):
        return suite.mode == "AEAD"
    if exchange == "ECDHE_PSK":
        return suite.mode == "AEAD" and not cipher.startswith("CHACHA20")
    return False
