"""Which name a certificate is judged by, and which of the names in question it covers.

The MX host where there is one, else the name of the server as given: that is what a sender verifies (RFC
8461 §4.2, RFC 7817 §3). The policy domain is told beside it, as no standard asks an MX host's certificate
for it.
"""

from waxseal.checks.api import Subject
from waxseal.facts import Certificate, Endpoint
from waxseal.trust.names import match, names_presented
from waxseal.trust.proof import plain
from waxseal.trust.reading import decode

MAX_LINE = 190


def canonical(name: str) -> str:
    """In lower case, without a trailing dot."""
    return name.lower().removesuffix(".")


def reference_name(subject: Subject, endpoint: Endpoint) -> str | None:
    """The reference identifier; None where only an address is known."""
    return subject.host or next(iter(endpoint.reference_names), None)


def coverage(subject: Subject, endpoint: Endpoint, certificate: Certificate) -> tuple[str, ...]:
    """A line for each name in question: whether the certificate covers it, and by which entry."""
    roles: dict[str, str] = {}
    if subject.host:
        roles[canonical(subject.host)] = "MX host" if subject.domain else "host"
    if subject.domain:
        roles.setdefault(canonical(subject.domain), "policy domain")
    for name in endpoint.reference_names:
        roles.setdefault(canonical(name), "given name")
    return tuple(_line(role, name, certificate) for name, role in list(roles.items())[:4])


def _line(role: str, name: str, certificate: Certificate) -> str:
    found = match(certificate, name)
    if found.matched:
        return plain(f"{role} {name}: covered by {found.by}")
    aside = " (no standard asks an MX host for it)" if role == "policy domain" else ""
    return plain(f"{role} {name}: not covered{aside}")


def presented(certificate: Certificate) -> str:
    """The names in the certificate, on one line of at most 200 characters."""
    names = ", ".join(names_presented(certificate)) or "none"
    return plain(f"names in the certificate: {names}", MAX_LINE)


def is_readable(certificate: Certificate) -> bool:
    """Whether every part could be read, so that a name that is not found is really missing."""
    return not decode(certificate.der).unreadable
