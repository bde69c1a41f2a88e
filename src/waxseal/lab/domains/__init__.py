"""The table of lab domains: a few sound ones, and one for each fault, with what waxseal should say of it."""

from waxseal.lab.domains import (
    access,
    auth,
    authentication,
    certificates,
    dane,
    dialogue,
    dnssec,
    hostile_dns,
    mta_sts,
    names,
    on_request,
    reach,
    sound,
    starttls_flaws,
    tls,
    tls_rpt,
    trials,
)
from waxseal.lab.domains.table import Expected, LabDomain, LabServer

__all__ = ["Expected", "LabDomain", "LabServer", "all_domains"]


def all_domains(*, old_tls: bool = True) -> tuple[LabDomain, ...]:
    """Every domain, the sound ones first.

    Args:
        old_tls: Include those that need TLS 1.0 or 1.1.
    """
    tables = (
        sound,
        names,
        reach,
        dialogue,
        tls,
        certificates,
        dnssec,
        hostile_dns,
        dane,
        mta_sts,
        tls_rpt,
        authentication,
        on_request,
        access,
        starttls_flaws,
        auth,
        trials,
    )
    return tuple(
        domain.completed()
        for table in tables
        for domain in table.domains()
        if old_tls or not domain.needs_old_tls
    )
