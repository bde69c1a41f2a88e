"""CAA records read as an issuer reads them (RFC 8659 §4), with sample facts for the checks' examples."""

import re
from typing import NamedTuple

from waxseal.checks.samples import answer
from waxseal.facts import DnsAnswer, DnsStatus, IssuancePolicy

_RECORD = re.compile(r'([0-9]{1,3}) ([A-Za-z0-9]+) "((?:[^"\\]|\\.)*)"')
_DOMAIN = re.compile(r"[A-Za-z0-9](?:-*[A-Za-z0-9])*(?:\.[A-Za-z0-9](?:-*[A-Za-z0-9])*)*")
_TAG = re.compile(r"[A-Za-z0-9](?:-*[A-Za-z0-9])*")
_VALUE = re.compile(r"[!-:<-~]*")
_WSP = " \t"
KNOWN_TAGS = frozenset(
    {"issue", "issuewild", "iodef", "issuemail", "contactemail", "contactphone", "issuevmc"}
)
"""IANA, Certification Authority Restriction Properties."""
CRITICAL = 0x80


class Property(NamedTuple):
    """One CAA record: flags, tag in lower case, value."""

    flags: int
    tag: str
    value: str

    @property
    def issuer(self) -> str | None:
        """The issuer's domain of an issue or issuewild value; "" for nobody, None for one out of form."""
        domain, *parameters = self.value.split(";")
        name = domain.strip(_WSP)
        if name and not _DOMAIN.fullmatch(name):
            return None
        if parameters and not parameters[-1].strip(_WSP):
            parameters.pop()  # ";" alone, or one behind the last parameter
        return name.lower() if all(map(_is_parameter, parameters)) else None


def _is_parameter(text: str) -> bool:
    tag, equals, value = text.partition("=")
    named = _TAG.fullmatch(tag.strip(_WSP)) is not None
    return bool(equals) and named and _VALUE.fullmatch(value.strip(_WSP)) is not None


def properties(found: DnsAnswer) -> tuple[Property, ...]:
    """The records of a CAA answer; what cannot be read is passed over."""
    matches = (_RECORD.fullmatch(rdata) for rdata in found.rdata)
    return tuple(Property(int(m[1]), m[2].lower(), m[3]) for m in matches if m is not None)


def sample(*records: str, status: DnsStatus | None = None) -> IssuancePolicy:
    """The climb for the sample host, ending at its parent with these records, or without any."""
    found = status or (DnsStatus.ANSWERED if records else DnsStatus.NO_DATA)
    steps = [answer("mx.example.org", "CAA", status=DnsStatus.NO_DATA)]
    steps.append(answer("example.org", "CAA", *records, status=found))
    if found is DnsStatus.NO_DATA:
        steps.append(answer("org", "CAA", status=DnsStatus.NO_DATA))
    return IssuancePolicy(answers=tuple(steps))
