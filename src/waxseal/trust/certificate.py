"""Reads a certificate into the fact that reports show (RFC 5280 §4.1).

No octets raise. Taking them apart is done in ``reading``; whether the certificate can be trusted is proved in
``chain``, and whether its names fit in ``names``.
"""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeVar

from waxseal.facts import Certificate
from waxseal.facts.address import canonical
from waxseal.trust import der, distinguished, extensions
from waxseal.trust.decoded import Decoded
from waxseal.trust.extensions import DNS_NAME, IP_ADDRESS
from waxseal.trust.keys import Key, SignatureAlgorithm, read_key, read_signature_algorithm
from waxseal.trust.reading import MAX_OCTETS, decode
from waxseal.trust.timestamps import split_list

STATUS_REQUEST: Final = 5
"""Number of the TLS extension by which a client asks for a staple (RFC 6066 §8)."""

T = TypeVar("T")


def parse(data: bytes) -> Certificate:
    """What a certificate says; never raises.

    Args:
        data: The octets as sent, any octets at all.

    Returns:
        The fact, with `sha256` always there and everything that could be read.
    """
    return _described(data) if len(data) <= MAX_OCTETS else _describe(decode(data))


@lru_cache(maxsize=256)
def _described(data: bytes) -> Certificate:
    return _describe(decode(data))


def _describe(taken: Decoded) -> Certificate:
    """The fact out of the fields."""
    key = _or_none(read_key, taken.key) or Key("")
    algorithm = _or_none(read_signature_algorithm, taken.algorithm) or SignatureAlgorithm("", "", "")
    names = taken.alt_names or ()
    authority = taken.authority_key.key_id if taken.authority_key is not None else None
    return Certificate(
        der=taken.der,
        sha256=taken.sha256,
        spki_sha256=hashlib.sha256(taken.key).hexdigest() if key.kind else "",
        subject=_or_none(distinguished.text, taken.subject_name) or "",
        issuer=_or_none(distinguished.text, taken.issuer_name) or "",
        serial=f"{abs(taken.serial):x}" if taken.serial is not None else "",
        not_before=taken.not_before,
        not_after=taken.not_after,
        dns_names=tuple(n.value.decode("ascii", "backslashreplace") for n in names if n.tag == DNS_NAME),
        ip_names=tuple(canonical(n.value) for n in names if n.tag == IP_ADDRESS and len(n.value) in {4, 16}),
        common_names=_or_none(distinguished.common_names, taken.subject_name) or (),
        has_san=extensions.SUBJECT_ALT_NAME in taken.extension_oids,
        key_type=key.kind,
        key_bits=key.bits,
        curve=key.curve,
        signature_algorithm=algorithm.name,
        signature_hash=algorithm.digest,
        ca=taken.ca,
        path_length=taken.path_length,
        key_usage=taken.key_usage,
        extended_key_usage=taken.extended_key_usage,
        subject_key_id=(taken.subject_key_id or b"").hex(),
        authority_key_id=(authority or b"").hex(),
        issuer_urls=taken.issuer_urls,
        ocsp_urls=taken.ocsp_urls,
        crl_urls=taken.crl_urls,
        policies=taken.policies,
        must_staple=STATUS_REQUEST in taken.tls_features,
        embedded_timestamps=split_list(taken.timestamp_list)[0],
        unknown_critical=taken.unknown_critical,
        deviations=taken.deviations,
    )


def _or_none(step: Callable[[bytes], T], octets: bytes) -> T | None:
    """The step's answer; None where the octets are missing or malformed, which was noted while reading."""
    try:
        return step(octets) if octets else None
    except (der.DerError, ValueError):
        return None
