"""Sample answers of blocklists."""

from waxseal.checks.samples import answer
from waxseal.facts import BlocklistAnswer, DnsStatus


def listing(
    *codes: str, list_id: str = "psbl", zone: str = "psbl.surriel.com", status: DnsStatus | None = None
) -> BlocklistAnswer:
    """What a list says of the sample address; without codes, that it is not listed."""
    found = status or (DnsStatus.ANSWERED if codes else DnsStatus.NXDOMAIN)
    return BlocklistAnswer(
        list_id=list_id, zone=zone, answer=answer(f"25.2.0.192.{zone}", "A", *codes, status=found)
    )
