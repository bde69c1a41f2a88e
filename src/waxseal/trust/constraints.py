"""Name constraints: which names an issuer may vouch for (RFC 5280 §4.2.1.10).

Understood are dNSName, iPAddress, directoryName, rfc822Name and URI; a name of another form under a
constraint of that form is a violation, as RFC 5280 demands. Who is bound by whom along a path is decided in
``rules``; matching names to hosts is another thing and lives in ``names``.
"""

import re
from typing import Final

from waxseal.trust import distinguished
from waxseal.trust.decoded import Decoded
from waxseal.trust.der import DerError
from waxseal.trust.extensions import (
    DIRECTORY_NAME,
    DNS_NAME,
    IP_ADDRESS,
    RFC822_NAME,
    URI,
    GeneralName,
    NameConstraints,
)

MAX_COMPARISONS: Final = 2**18

_HOST_IN_URI: Final = re.compile(
    r"[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?([a-z0-9._-]+)(?:[:/?#]|\Z)", re.IGNORECASE
)
_HOST: Final = re.compile(r"[a-z0-9_*-]+(\.[a-z0-9_-]+)+\Z", re.IGNORECASE)

_FORMS: Final[dict[int, str]] = {
    0xA0: "otherName",
    RFC822_NAME: "rfc822Name",
    DNS_NAME: "dNSName",
    0xA3: "x400Address",
    DIRECTORY_NAME: "directoryName",
    0xA5: "ediPartyName",
    URI: "URI",
    IP_ADDRESS: "iPAddress",
    0x88: "registeredID",
}


class Comparisons:
    """A budget of comparisons for one proof, so that many names under many constraints cannot hang it."""

    def __init__(self, limit: int = MAX_COMPARISONS) -> None:
        self.left = limit

    def spend(self, count: int) -> bool:
        """Take `count` from the budget; False where it does not suffice."""
        self.left -= count
        return self.left >= 0


def violations(certificate: Decoded, constraints: NameConstraints, leaf: bool) -> list[str]:
    """Each name of the certificate that the constraints forbid, in words; empty where none is.

    Args:
        certificate: A certificate below the one that holds the constraints.
        constraints: Of the issuer above it.
        leaf: Whether it is the first of the path.
    """
    if constraints.bounded:
        # (RFC 5280 §4.2.1.10) minimum MUST be zero and maximum MUST be absent.
        return ["a name constraint has a minimum or maximum"]
    found: list[str] = []
    for name in names_bound(certificate, leaf):
        reason = _violation(name, constraints)
        if reason:
            found.append(reason)
    return found


def names_bound(certificate: Decoded, leaf: bool) -> list[GeneralName]:
    """Every name that constraints bind: subjectAltName, the subject itself, and mail addresses in it.

    As in OpenSSL, a common name that looks like a host binds too where a leaf has no dNSName.
    """
    names = list(certificate.alt_names or ())
    if certificate.subject:
        names.append(GeneralName(DIRECTORY_NAME, certificate.subject_name))
        names.extend(
            GeneralName(RFC822_NAME, value)
            for value in distinguished.email_addresses(certificate.subject_name)
        )
    if leaf and certificate.subject and not any(name.tag == DNS_NAME for name in names):
        names.extend(
            GeneralName(DNS_NAME, name.encode("ascii"))
            for name in distinguished.common_names(certificate.subject_name)
            if _HOST.match(name) and name.isascii()
        )
    return names


def _violation(name: GeneralName, constraints: NameConstraints) -> str:
    permitted = [base.value for base in constraints.permitted if base.tag == name.tag]
    excluded = [base.value for base in constraints.excluded if base.tag == name.tag]
    if not permitted and not excluded:
        return ""
    shown = f"{_FORMS[name.tag]} {_shown(name)}" if name.tag in _FORMS else "a name"
    if name.tag not in _WITHIN:
        # (RFC 5280 §4.2.1.10) process the constraint or reject the certificate.
        return f"{shown} stands under a constraint of a form that waxseal cannot process"
    if name.tag == IP_ADDRESS and len(name.value) not in {4, 16}:
        return f"{shown} is no address"
    within = _WITHIN[name.tag]
    if permitted and not any(within(name.value, base) for base in permitted):
        return f"{shown} is not within the permitted names"
    if any(within(name.value, base) for base in excluded):
        return f"{shown} is within the excluded names"
    if name.tag == RFC822_NAME and name.value.count(b"@") != 1:
        return f"{shown} is no mailbox, so it cannot be told from the constrained ones"
    if name.tag == DNS_NAME:
        return _malformed_host(name, constraints, shown) or _covers_excluded(name, excluded, shown)
    return ""


def _malformed_host(name: GeneralName, constraints: NameConstraints, shown: str) -> str:
    """A host name that cannot be told from the permitted ones by its labels, such as ``.example.org``."""
    empty = not all(name.value.split(b"."))
    bound = any(base.tag == DNS_NAME for base in constraints.permitted)
    return f"{shown} is no host name, so it cannot be within the permitted names" if empty and bound else ""


def _covers_excluded(name: GeneralName, excluded: list[bytes], shown: str) -> str:
    """A wildcard that stands for an excluded host is as good as that host (RFC 9525 §6.3)."""
    if name.value[:2] != b"*.":
        return ""
    domain = name.value[2:].lower()
    for base in excluded:
        label, _, rest = base.lower().partition(b".")
        if label and rest == domain:
            return f"{shown} covers the excluded {base.decode('ascii', 'backslashreplace')}"
    return ""


def _shown(name: GeneralName) -> str:
    if name.tag == DIRECTORY_NAME:
        try:
            return distinguished.text(name.value)
        except DerError:
            return name.value.hex()
    if name.tag == IP_ADDRESS:
        return ".".join(map(str, name.value)) if len(name.value) == 4 else name.value.hex()
    return name.value.decode("ascii", "backslashreplace")


def _dns_within(value: bytes, base: bytes) -> bool:
    """Whether zero or more labels added to the left of the base give the name (RFC 5280 §4.2.1.10).

    A base with a leading dot, which RFC 5280 does not define for dNSName, stands for sub-domains only. A
    wildcard is compared like any label here; see `_covers_excluded`.
    """
    name, base = value.lower(), base.lower()
    if not base:
        return True
    return name.endswith(base) if base[:1] == b"." else name == base or name.endswith(b"." + base)


def _address_within(value: bytes, base: bytes) -> bool:
    """Whether an address lies in the network of address and mask (RFC 5280 §4.2.1.10)."""
    size = len(value)
    if size not in {4, 16} or len(base) != 2 * size:
        return False
    network, mask = base[:size], base[size:]
    return all(a & m == n & m for a, n, m in zip(value, network, mask, strict=True))


def _directory_within(value: bytes, base: bytes) -> bool:
    """Whether the base's RDNs begin the name (RFC 5280 §7.1)."""
    try:
        name, prefix = distinguished.canonical(value), distinguished.canonical(base)
    except DerError:
        return False
    return name[: len(prefix)] == prefix


def _mailbox_within(value: bytes, base: bytes) -> bool:
    """One mailbox, all mailboxes of a host, or with a leading dot of a domain (RFC 5280 §4.2.1.10)."""
    local, _, host = value.rpartition(b"@")
    if b"@" in base:
        base_local, _, base_host = base.rpartition(b"@")
        return local == base_local and host.lower() == base_host.lower()
    return _host_within(host, base)


def _uri_within(value: bytes, base: bytes) -> bool:
    """The host part: that host, or with a leading dot a host of that domain (RFC 5280 §4.2.1.10)."""
    found = _HOST_IN_URI.match(value.decode("latin-1"))
    return found is not None and _host_within(found[1].encode("latin-1"), base)


def _host_within(host: bytes, base: bytes) -> bool:
    host, base = host.lower(), base.lower()
    return not base or (host.endswith(base) if base[:1] == b"." else host == base)


_WITHIN: Final = {
    DNS_NAME: _dns_within,
    IP_ADDRESS: _address_within,
    DIRECTORY_NAME: _directory_within,
    RFC822_NAME: _mailbox_within,
    URI: _uri_within,
}
