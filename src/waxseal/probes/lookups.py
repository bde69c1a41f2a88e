"""How an attempt that consists of DNS look-ups ended."""

from waxseal.facts import Cause, DnsAnswer, DnsStatus, Ended, Stage

ANSWERS = (DnsStatus.ANSWERED, DnsStatus.NO_DATA, DnsStatus.NXDOMAIN)
"""What is an answer: the records, or that there are none."""


def looked_up(*answers: DnsAnswer | None) -> Ended:
    """COMPLETED where every look-up got an answer, a denial included; else the first failure.

    Args:
        answers: None for what was not asked.
    """
    for answer in answers:
        if answer is not None and answer.status not in ANSWERS:
            return Ended(Cause.DNS, Stage.RESOLVE, detail=f"{answer.rdtype} {answer.status.value}")
    return Ended(Cause.COMPLETED, Stage.RESOLVE)
