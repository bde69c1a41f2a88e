"""Lab domains whose DNS means harm or is out of order: each has a finding of its own, in time."""

from waxseal.lab.domains.table import LabDomain, hosted_domain, minor, mx, unknown
from waxseal.lab.zone import DnsFault, DnsRecord, FaultyName

_TEXTS = 300


def domains() -> tuple[LabDomain, ...]:
    """The table."""
    huge, ids, lame = "huge-answer.test", "wrong-ids.test", "lame.test"
    texts = (DnsRecord(huge, "TXT", f'"proof-of-ownership={number:060d}"') for number in range(_TEXTS))
    return (
        hosted_domain(
            huge,
            "hundreds of old TXT records beside SPF",
            minor("dns/answer-huge"),
            records=tuple(texts),
        ),
        LabDomain(
            name=ids,
            title="its MX look-up is answered with other messages' ids",
            expected=unknown("dns/mx-lookup-failed"),
            records=mx(ids, f"mx.{ids}"),
            faults=(FaultyName(ids, DnsFault.WRONG_ID, "MX"),),
            slow=True,
        ),
        LabDomain(
            name=lame,
            title="its name servers know nothing of it (lame delegation)",
            expected=unknown("dns/mx-lookup-failed"),
            records=mx(lame, f"mx.{lame}"),
            faults=(FaultyName(lame, DnsFault.REFUSED, "MX"),),
        ),
    )
