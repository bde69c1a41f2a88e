"""Breaches of form along a path: what an issuer must not write, though verifiers let it pass (RFC 5280 §4).

Path validation (``rules``) decides whether a chain is trusted, as senders do. A certificate may pass and
still break the profile that its issuer was bound to: RFC 5280's, or the Baseline Requirements of the
CA/Browser Forum for publicly trusted certificates (version 2.1). Those breaches stand here, each with its
source, and take no trust away. Whether a name lies over a public suffix is not asked: no list of suffixes is
kept.
"""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Final

from waxseal.trust import distinguished, extensions
from waxseal.trust.algorithms import ANY_PURPOSE
from waxseal.trust.decoded import Decoded
from waxseal.trust.der import DerError
from waxseal.trust.extensions import DNS_NAME, IP_ADDRESS
from waxseal.trust.keys import Key, read_key
from waxseal.trust.names import is_strict
from waxseal.trust.proof import FormCode, FormFault, plain

BASELINE: Final = "CA/B BR"
"""How the sources of faults begin that only publicly trusted certificates can have."""

_CURVES: Final = frozenset({"secp256r1", "secp384r1", "secp521r1"})
_RSA_BITS: Final = 2048


def form_faults(path: Sequence[Decoded], anchored: bool) -> Iterator[FormFault]:
    """Every breach of form in a path, by depth.

    Args:
        path: Leaf first.
        anchored: The last one is a trust anchor, whose serial number and issuer's key nobody looks at (RFC
            5280 §6.1.1 (d)).
    """
    for depth, certificate in enumerate(path):
        leaf = depth == 0
        last = depth == len(path) - 1
        root = certificate.self_issued and last
        yield from _deviations(certificate, depth, anchored and last)
        yield from _key_identifiers(certificate, depth, leaf, anchored and last, root)
        yield from _criticality(certificate, depth, leaf)
        yield from _authority(certificate, depth, leaf)
        yield from _names(certificate, depth, leaf)
        yield from _constraints(certificate, depth, leaf)
        yield from _purposes(certificate, depth, leaf, root)
        yield from _key(certificate, depth)


def _deviations(certificate: Decoded, depth: int, anchor: bool) -> Iterator[FormFault]:
    """What reading noted already: serial numbers, times, malformed extensions."""
    for deviation in certificate.deviations:
        if not (anchor and depth and deviation.rule.startswith("serial-")):
            yield FormFault(FormCode.MALFORMED, depth, deviation.source, deviation.rule)


def _key_identifiers(
    certificate: Decoded, depth: int, leaf: bool, anchor: bool, root: bool
) -> Iterator[FormFault]:
    """Identifiers of keys, by which paths are built (RFC 5280 §4.2.1.1, §4.2.1.2)."""
    named = certificate.authority_key
    if not leaf and certificate.version == 3 and certificate.subject_key_id is None:
        yield FormFault(
            FormCode.SUBJECT_KEY_ID, depth, "RFC 5280 §4.2.1.2", "a CA without subjectKeyIdentifier"
        )
    nameless = named is None or named.key_id is None
    if nameless and not anchor and not certificate.self_issued and certificate.version == 3:
        yield FormFault(
            FormCode.AUTHORITY_KEY_ID, depth, "RFC 5280 §4.2.1.1", "no keyIdentifier of the issuer's key"
        )
    if not root or named is None:
        return
    why = ""
    if named.key_id is None:
        why = "the root's authorityKeyIdentifier has no keyIdentifier"
    elif certificate.subject_key_id is not None and named.key_id != certificate.subject_key_id:
        why = "the root's two key identifiers differ"
    elif named.issuer or named.serial is not None:
        why = "the root's authorityKeyIdentifier names an issuer and serial number"
    if why:
        yield FormFault(FormCode.AUTHORITY_KEY_ID, depth, f"{BASELINE} §7.1.2.1.3", why)


def _criticality(certificate: Decoded, depth: int, leaf: bool) -> Iterator[FormFault]:
    """Extensions that are to be critical and are not, or the other way round."""
    there, marked = certificate.extension_oids, certificate.critical_oids
    for oid, name, section in (
        (extensions.NAME_CONSTRAINTS, "nameConstraints", "§4.2.1.10"),
        (extensions.POLICY_CONSTRAINTS, "policyConstraints", "§4.2.1.11"),
    ):
        if oid in there and oid not in marked:
            yield FormFault(FormCode.CRITICALITY, depth, f"RFC 5280 {section}", f"{name} is not critical")
    if extensions.SUBJECT_ALT_NAME in there:
        critical = extensions.SUBJECT_ALT_NAME in marked
        if not certificate.subject and certificate.subject_name and not critical:
            yield FormFault(
                FormCode.CRITICALITY,
                depth,
                "RFC 5280 §4.2.1.6",
                "the subject is empty and subjectAltName is not critical",
            )
        if certificate.subject and critical and leaf:
            yield FormFault(
                FormCode.CRITICALITY,
                depth,
                f"{BASELINE} §7.1.2.7.12",
                "subjectAltName is critical beside a subject",
            )
    if leaf and extensions.EXTENDED_KEY_USAGE in marked:
        yield FormFault(FormCode.CRITICALITY, depth, f"{BASELINE} §7.1.2.7.6", "extKeyUsage is critical")


def _authority(certificate: Decoded, depth: int, leaf: bool) -> Iterator[FormFault]:
    """Who is a CA says so, and nobody else (RFC 5280 §4.2.1.9, §4.1.2.6)."""
    usages = certificate.key_usage or ()
    if leaf:
        if "keyCertSign" in usages and not certificate.ca:
            yield FormFault(
                FormCode.AUTHORITY, depth, "RFC 5280 §4.2.1.9", "keyCertSign without basicConstraints cA"
            )
        if certificate.ca:
            yield FormFault(FormCode.AUTHORITY, depth, f"{BASELINE} §7.1.2.7.8", "the leaf says it is a CA")
        return
    if certificate.version == 3 and certificate.ca is None:
        yield FormFault(FormCode.AUTHORITY, depth, "RFC 5280 §4.2.1.9", "a CA without basicConstraints")
    if certificate.subject_name and not certificate.subject:
        yield FormFault(FormCode.AUTHORITY, depth, "RFC 5280 §4.1.2.6", "a CA without a name")


def _names(certificate: Decoded, depth: int, leaf: bool) -> Iterator[FormFault]:
    """Names of hosts in the form of RFC 1034, and each common name repeated (CA/B BR §7.1.4.3)."""
    if not leaf:
        return
    names = certificate.alt_names or ()
    hosts = [name.value.decode("ascii", "backslashreplace") for name in names if name.tag == DNS_NAME]
    for host in hosts:
        if not is_strict(host):
            yield FormFault(FormCode.NAME, depth, "RFC 5280 §4.2.1.6", f"dNSName {plain(host, 100)}")
        elif host.startswith("*.") and "." not in host[2:]:
            yield FormFault(
                FormCode.NAME, depth, f"{BASELINE} §3.2.2.6", f"{plain(host, 100)} covers a top level"
            )
    addresses = {str(ip_address(n.value)) for n in names if n.tag == IP_ADDRESS and len(n.value) in {4, 16}}
    try:
        common = distinguished.common_names(certificate.subject_name) if certificate.subject_name else ()
    except DerError:
        return
    for name in common:
        if name not in hosts and name not in addresses:
            yield FormFault(
                FormCode.COMMON_NAME,
                depth,
                f"{BASELINE} §7.1.4.3",
                f"{plain(name, 100)} is no entry of the subjectAltName",
            )


def _constraints(certificate: Decoded, depth: int, leaf: bool) -> Iterator[FormFault]:
    """Name constraints belong to CAs only, and a dNSName in them has no leading dot (RFC 5280 §4.2.1.10)."""
    constraints = certificate.constraints
    if constraints is None:
        return
    source = "RFC 5280 §4.2.1.10"
    if leaf and not certificate.ca:
        yield FormFault(FormCode.NAME_CONSTRAINTS, depth, source, "nameConstraints of what is no CA")
    for base in (*constraints.permitted, *constraints.excluded):
        if base.tag == DNS_NAME and base.value[:1] == b".":
            shown = plain(base.value.decode("ascii", "backslashreplace"), 100)
            yield FormFault(FormCode.NAME_CONSTRAINTS, depth, source, f"dNSName {shown} begins with a dot")


def _purposes(certificate: Decoded, depth: int, leaf: bool, root: bool) -> Iterator[FormFault]:
    """Publicly trusted leaves name their purposes one by one, and roots name none (CA/B BR §7.1.2)."""
    purposes = certificate.extended_key_usage
    if leaf:
        section = f"{BASELINE} §7.1.2.7.6"
        if purposes is None:
            yield FormFault(FormCode.PURPOSE, depth, section, "no extKeyUsage")
        elif ANY_PURPOSE in purposes:
            yield FormFault(FormCode.PURPOSE, depth, section, "anyExtendedKeyUsage")
    elif root and purposes is not None:
        yield FormFault(FormCode.PURPOSE, depth, f"{BASELINE} §7.1.2.1.2", "a root with extKeyUsage")


def _key(certificate: Decoded, depth: int) -> Iterator[FormFault]:
    """Keys that publicly trusted certificates may hold (CA/B BR §6.1.5)."""
    try:
        key = read_key(certificate.key) if certificate.key else Key("")
    except (DerError, ValueError):
        return
    why = ""
    if key.kind == "rsa" and key.bits is not None:
        if key.bits < _RSA_BITS:
            why = f"an RSA modulus of {key.bits} bits, less than {_RSA_BITS}"
        elif key.bits % 8:
            why = f"an RSA modulus of {key.bits} bits, not a multiple of 8"
    elif key.kind == "ec" and key.curve not in _CURVES:
        why = f"a key on the curve {plain(key.curve, 40) or 'without a name'}"
    elif key.kind and key.kind not in {"rsa", "ec"}:
        why = f"a key of type {plain(key.kind, 40)}"
    if why:
        yield FormFault(FormCode.KEY, depth, f"{BASELINE} §6.1.5", why)
