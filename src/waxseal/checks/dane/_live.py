"""Which certificates of a host are live, and whether all of them were seen."""

from waxseal.checks.api import Scope, Subject
from waxseal.facts import CertificateChain, CertificateTypes, TlsaRecord
from waxseal.trust import dane


def is_of(record: TlsaRecord, shown: CertificateChain) -> bool:
    """Whether a record authenticates the server by a chain, names aside."""
    return dane.verify((record,), shown.certificates, (), shown.shown_at).holds


def unseen(
    endpoints: set[Subject],
    live: list[tuple[Subject, CertificateChain]],
    types: tuple[tuple[Subject, CertificateTypes], ...],
) -> str:
    """What live certificate may not have been seen; "" where all were."""
    seen = {where.up_to(Scope.PORT) for where, _ in live}
    blind = sorted(endpoints - seen)
    if blind:
        return f"no certificate was seen at {blind[0].address}"
    asked = dict(types)
    for place in sorted(endpoints):
        found = asked.get(place)
        if found is None or any(query.shown is None for query in found.queries):
            return f"not every type of certificate was asked for at {place.address}"
    return ""
