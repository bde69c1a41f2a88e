"""Matches the names that a certificate presents to the name that is expected (RFC 9525 §6).

Which names are expected of a mail server is decided by who asks; a reference identifier is a host name as
A-labels or an IP address. Subject common names never match (RFC 9525 §1.3), but are looked at, so that a
fault can be explained. Name constraints live in ``constraints``.
"""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from msgspec import Struct

from waxseal.facts import Certificate

_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_MAX_NAME: Final = 253


class NameMatch(Struct, frozen=True, omit_defaults=True):
    """What came of matching one reference identifier.

    Attributes:
        matched: Whether a presented identifier of the subjectAltName matches.
        by: That identifier as presented; "" where none matches.
        only_in_common_name: None matches, but the subject's common name would have.
        malformed: Presented dNSNames that are no valid identifiers and are ignored (RFC 9525 §6.3), as sent.
    """

    matched: bool
    by: str = ""
    only_in_common_name: bool = False
    malformed: tuple[str, ...] = ()


def match(certificate: Certificate, reference: str) -> NameMatch:
    """Match one reference identifier against every presented one (RFC 9525 §6.2).

    Args:
        certificate: The end-entity certificate.
        reference: A host name as A-labels (a trailing dot is allowed), or an IPv4 or IPv6 address as text,
            which is matched to iPAddress entries only, octet for octet (RFC 9525 §6.4).
    """
    malformed = tuple(name for name in certificate.dns_names if not _is_presentable(name))
    address = _address(reference)
    if address is None:
        by = next((name for name in certificate.dns_names if match_dns_id(reference, name)), "")
        in_subject = any(match_dns_id(reference, name.strip()) for name in certificate.common_names)
    else:
        by = next((name for name in certificate.ip_names if _address(name) == address), "")
        in_subject = any(_address(name.strip()) == address for name in certificate.common_names)
    return NameMatch(bool(by), by, not by and in_subject, malformed)


def names_presented(certificate: Certificate) -> tuple[str, ...]:
    """The presented identifiers: dNSName entries, then iPAddress entries, as sent and in order.

    Malformed ones are among them; common names are not, as they identify nothing (RFC 9525 §1.3).
    """
    return certificate.dns_names + certificate.ip_names


@lru_cache(maxsize=1024)
def match_dns_id(reference: str, presented: str) -> bool:
    """Whether a dNSName entry covers a host name (RFC 9525 §6.3).

    Labels are compared as case-insensitive ASCII. A wildcard counts only as the whole left-most label, and
    matches exactly one label. Nothing more is asked of a wildcard: ``*.example`` matches ``host.example``,
    as the text says that a client MUST match it, and protection against wildcards over a public suffix is
    beyond its scope (RFC 9525 §7.1); OpenSSL is stricter there and wants two labels after the ``*``.

    Args:
        reference: Host name as A-labels; one trailing dot is allowed. A name that is malformed, holds a
            wildcard or is an IP address matches nothing.
        presented: The entry as sent.
    """
    wanted = _labels(reference.removesuffix("."))
    if wanted is None or _address(reference) is not None or not _is_presentable(presented):
        return False
    offered = presented.lower().split(".")
    if offered[0] == "*":
        return len(offered) == len(wanted) and offered[1:] == wanted[1:]
    return offered == wanted


def is_strict(presented: str) -> bool:
    """Whether a dNSName has the preferred syntax, with or without a wildcard (RFC 5280 §4.2.1.6).

    Stricter than matching: no underscore (RFC 1034 §3.5), and something behind the wildcard.
    """
    return _is_presentable(presented) and "_" not in presented and presented != "*"


@lru_cache(maxsize=1024)
def _is_presentable(presented: str) -> bool:
    """Whether a dNSName is a valid presented identifier (RFC 5280 §4.2.1.6, RFC 9525 §6.3).

    An underscore is let pass, as DNS and other clients do. No trailing dot (RFC 5280 §4.2.1.6 asks for the
    preferred name syntax), no address, and a wildcard only as the whole left-most label.
    """
    if _address(presented) is not None:
        return False
    if presented == "*":
        return True
    return _labels(presented.removeprefix("*.")) is not None and len(presented) <= _MAX_NAME


def _labels(name: str) -> list[str] | None:
    """The labels in lower case; None where the name is no host name of A-labels."""
    if not name.isascii() or not 0 < len(name) <= _MAX_NAME:
        return None
    labels = name.lower().split(".")
    return labels if all(_LABEL.match(label) for label in labels) else None


def _address(text: str) -> bytes | None:
    """The octets of an IP address in text form; None where it is none. An IPv6 zone is not an address."""
    if ":" not in text and not text[-1:].isdigit():  # most are host names
        return None
    for kind in (IPv4Address, IPv6Address):
        try:
            address = kind(text)
        except (AddressValueError, ValueError):
            continue
        return address.packed if "%" not in text else None
    return None
