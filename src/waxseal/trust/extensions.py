"""The certificate extensions that a proof needs, each decoded on its own (RFC 5280 §4.2).

A value that cannot be read raises `DerError` for that extension alone. Which extensions a certificate holds
is read in ``reading``; what they allow is decided in ``rules`` and ``constraints``.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from waxseal.trust import der

SUBJECT_KEY_ID: Final = "2.5.29.14"
KEY_USAGE: Final = "2.5.29.15"
SUBJECT_ALT_NAME: Final = "2.5.29.17"
BASIC_CONSTRAINTS: Final = "2.5.29.19"
NAME_CONSTRAINTS: Final = "2.5.29.30"
AUTHORITY_KEY_ID: Final = "2.5.29.35"
EXTENDED_KEY_USAGE: Final = "2.5.29.37"
AUTHORITY_INFO_ACCESS: Final = "1.3.6.1.5.5.7.1.1"
CRL_DISTRIBUTION_POINTS: Final = "2.5.29.31"
CERTIFICATE_POLICIES: Final = "2.5.29.32"
POLICY_CONSTRAINTS: Final = "2.5.29.36"
TLS_FEATURE: Final = "1.3.6.1.5.5.7.1.24"
TIMESTAMP_LIST: Final = "1.3.6.1.4.1.11129.2.4.2"
_OCSP: Final = "1.3.6.1.5.5.7.48.1"
_CA_ISSUERS: Final = "1.3.6.1.5.5.7.48.2"

PROCESSED: Final = frozenset(
    {
        KEY_USAGE,
        SUBJECT_ALT_NAME,
        BASIC_CONSTRAINTS,
        NAME_CONSTRAINTS,
        EXTENDED_KEY_USAGE,
        CRL_DISTRIBUTION_POINTS,
        CERTIFICATE_POLICIES,
        "2.5.29.33",
        POLICY_CONSTRAINTS,
        "2.5.29.54",
    }
)
"""Extensions that may be critical (RFC 5280 §4.2). CRL distribution points and the policy extensions are
among them because, as in OpenSSL's default, no policy is asked for and no CRL is fetched."""

OTHER_NAME: Final = 0xA0
RFC822_NAME: Final = 0x81
DNS_NAME: Final = 0x82
DIRECTORY_NAME: Final = 0xA4
URI: Final = 0x86
IP_ADDRESS: Final = 0x87

_USAGES: Final = (
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
)


class GeneralName(NamedTuple):
    """One GeneralName: its context tag (`DNS_NAME`, ...) and octets; a directoryName holds a DER Name."""

    tag: int
    value: bytes


@dataclass(frozen=True, slots=True)
class AuthorityKey:
    """authorityKeyIdentifier (RFC 5280 §4.2.1.1); None or empty where a part is missing."""

    key_id: bytes | None = None
    issuer: tuple[GeneralName, ...] = ()
    serial: int | None = None


@dataclass(frozen=True, slots=True)
class NameConstraints:
    """nameConstraints (RFC 5280 §4.2.1.10).

    Attributes:
        permitted, excluded: The subtrees' bases; an iPAddress holds address and mask.
        bounded: A subtree has a minimum or maximum, which RFC 5280 does not allow.
    """

    permitted: tuple[GeneralName, ...] = ()
    excluded: tuple[GeneralName, ...] = ()
    bounded: bool = False


def basic_constraints(value: bytes) -> tuple[bool, int | None]:
    """cA and pathLenConstraint (RFC 5280 §4.2.1.9); DerError where malformed or negative."""
    ca, path_length = False, None
    parts = der.elements(der.sole(value, der.SEQUENCE))
    if parts and parts[0].tag == der.BOOLEAN:
        ca = der.boolean(parts.pop(0).content)
    if parts:
        path_length = der.integer(der.expect(parts.pop(0), der.INTEGER))
        if path_length < 0:
            raise der.DerError("a negative path length")
    if parts:
        raise der.DerError("more than cA and pathLenConstraint")
    return ca, path_length


def key_usage(value: bytes) -> tuple[str, ...]:
    """Names of the bits set, in the order of RFC 5280 §4.2.1.3; DerError where malformed."""
    octets, _ = der.bit_string(der.sole(value, der.BIT_STRING))
    return tuple(
        name
        for at, name in enumerate(_USAGES)
        if at // 8 < len(octets) and octets[at // 8] & (0x80 >> at % 8)
    )


def extended_key_usage(value: bytes) -> tuple[str, ...]:
    """Dotted OIDs in order (RFC 5280 §4.2.1.12); DerError where malformed or empty."""
    parts = der.elements(der.sole(value, der.SEQUENCE))
    if not parts:
        raise der.DerError("no purpose is named")
    return tuple(der.object_identifier(der.expect(part, der.OBJECT_IDENTIFIER)) for part in parts)


def subject_key_id(value: bytes) -> bytes:
    """The key identifier (RFC 5280 §4.2.1.2); DerError where malformed."""
    return der.sole(value, der.OCTET_STRING)


def authority_key_id(value: bytes) -> AuthorityKey:
    """The three optional parts (RFC 5280 §4.2.1.1); DerError where malformed."""
    parts = {part.tag: part.content for part in der.elements(der.sole(value, der.SEQUENCE))}
    if parts.keys() - {0x80, 0xA1, 0x82}:
        raise der.DerError("an unknown part")
    return AuthorityKey(
        parts.get(0x80),
        _general_names(parts[0xA1]) if 0xA1 in parts else (),
        der.integer(parts[0x82]) if 0x82 in parts else None,
    )


def subject_alt_name(value: bytes) -> tuple[GeneralName, ...]:
    """Every entry in order (RFC 5280 §4.2.1.6); DerError where the list is malformed."""
    return _general_names(der.sole(value, der.SEQUENCE))


class Access(NamedTuple):
    """The URLs of authorityInfoAccess: where the issuer's certificate is had, and where OCSP is asked."""

    issuer_urls: tuple[str, ...] = ()
    ocsp_urls: tuple[str, ...] = ()


def authority_info_access(value: bytes) -> Access:
    """The caIssuers and OCSP URLs (RFC 5280 §4.2.2.1); DerError where malformed."""
    issuer_urls: list[str] = []
    ocsp_urls: list[str] = []
    places = {_CA_ISSUERS: issuer_urls, _OCSP: ocsp_urls}
    for description in der.elements(der.sole(value, der.SEQUENCE)):
        parts = der.elements(der.expect(description, der.SEQUENCE))
        if len(parts) != 2:
            raise der.DerError("not a method and a location")
        method = der.object_identifier(der.expect(parts[0], der.OBJECT_IDENTIFIER))
        if method in places and parts[1].tag == URI:
            places[method].append(parts[1].content.decode("ascii", "backslashreplace"))
    return Access(tuple(issuer_urls), tuple(ocsp_urls))


def crl_urls(value: bytes) -> tuple[str, ...]:
    """The URLs of distribution points that hold CRLs of the certificate's own issuer for every reason.

    A point for some reasons only, or with a cRLIssuer of its own, is left out (RFC 5280 §4.2.1.13); DerError
    where malformed.
    """
    urls: list[str] = []
    for point in der.elements(der.sole(value, der.SEQUENCE)):
        parts = {part.tag: part for part in der.elements(der.expect(point, der.SEQUENCE))}
        if 0xA0 in parts and 0x81 not in parts and 0xA2 not in parts:
            urls.extend(point_urls(parts[0xA0].content))
    return tuple(urls)


def point_urls(content: bytes) -> tuple[str, ...]:
    """The URLs of a DistributionPointName's fullName (RFC 5280 §4.2.1.13); DerError where malformed."""
    name, _ = der.read_element(content)
    if name.tag != 0xA0:
        return ()
    found = (each.value for each in _general_names(name.content) if each.tag == URI)
    return tuple(value.decode("ascii", "backslashreplace") for value in found)


def policies(value: bytes) -> tuple[str, ...]:
    """Dotted OIDs of the certificate policies in order (RFC 5280 §4.2.1.4); DerError where malformed."""
    found: list[str] = []
    for information in der.elements(der.sole(value, der.SEQUENCE)):
        parts = der.elements(der.expect(information, der.SEQUENCE))
        if not parts:
            raise der.DerError("a policy without an identifier")
        found.append(der.object_identifier(der.expect(parts[0], der.OBJECT_IDENTIFIER)))
    return tuple(found)


def tls_features(value: bytes) -> tuple[int, ...]:
    """Numbers of the TLS extensions that the server has to answer (RFC 7633 §4.1); DerError if malformed."""
    parts = der.elements(der.sole(value, der.SEQUENCE))
    return tuple(der.integer(der.expect(part, der.INTEGER)) for part in parts)


def timestamp_list(value: bytes) -> bytes:
    """The SignedCertificateTimestampList (RFC 6962 §3.3), its length included; DerError where malformed."""
    return der.sole(value, der.OCTET_STRING)


def name_constraints(value: bytes) -> NameConstraints:
    """Permitted and excluded subtrees (RFC 5280 §4.2.1.10); DerError where malformed."""
    permitted: list[GeneralName] = []
    excluded: list[GeneralName] = []
    bounded = False
    for part in der.elements(der.sole(value, der.SEQUENCE)):
        if part.tag not in {0xA0, 0xA1}:
            raise der.DerError("neither permitted nor excluded subtrees")
        for subtree in der.elements(part.content):
            parts = der.elements(der.expect(subtree, der.SEQUENCE))
            if not parts:
                raise der.DerError("a subtree without a base")
            bounded = bounded or len(parts) > 1
            (permitted if part.tag == 0xA0 else excluded).append(_general_name(parts[0]))
    return NameConstraints(tuple(permitted), tuple(excluded), bounded)


def _general_names(content: bytes) -> tuple[GeneralName, ...]:
    return tuple(_general_name(element) for element in der.elements(content))


def _general_name(element: der.Element) -> GeneralName:
    if element.tag & 0xC0 != 0x80 or element.tag & 0x1F > 8:
        raise der.DerError("not a GeneralName")
    return GeneralName(element.tag, element.content)
