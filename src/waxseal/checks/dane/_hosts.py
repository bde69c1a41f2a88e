"""Which mail hosts of a domain have TLSA records that senders use, and which have none."""

from waxseal.checks.api import Each
from waxseal.facts import Dnssec, DnsStatus, TlsaRecords


def covered(tlsa: Each[TlsaRecords]) -> tuple[str, ...]:
    """The hosts with secure TLSA records, in order."""
    return tuple(host for host, found in _latest(tlsa).items() if _is_secure(found))


def bare(tlsa: Each[TlsaRecords]) -> tuple[str, ...]:
    """The hosts of which DNS says that they have no TLSA records; failed and unsigned look-ups do not."""
    return tuple(host for host, found in _latest(tlsa).items() if found.chosen is None)


def _latest(tlsa: Each[TlsaRecords]) -> dict[str, TlsaRecords]:
    return {where.host or "": found for where, found in tlsa}


def _is_secure(found: TlsaRecords) -> bool:
    lookup = found.chosen
    answer = lookup.answer if lookup is not None else None
    return answer is not None and answer.status is DnsStatus.ANSWERED and answer.dnssec is Dnssec.SECURE
