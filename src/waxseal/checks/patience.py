"""How long a server must have been waited for before its silence is held against it.

Senders wait for minutes (RFC 5321 §4.5.3.2); a user may choose a shorter limit, and what did not come
within that tells nothing.
"""

from waxseal.checks.api import Judgement, inconclusive
from waxseal.facts import Ended

ENOUGH_S = 5.0


def unless_patient(ended: Ended, what: str, *evidence: str) -> Judgement | None:
    """INCONCLUSIVE where the wait was too short to hold a silence against a server; else None.

    Args:
        ended: The wait that timed out.
        what: What did not come, such as ``no reply to STARTTLS came``.
        evidence: Lines that go with it.
    """
    if ended.stage_s >= ENOUGH_S:
        return None
    return inconclusive(
        f"{what}, but {ended.stage_s:.1f} s were too short a wait to tell",
        *evidence,
        advice=f"test again with a --time-limit of {2 * ENOUGH_S:g} s or more",
    )
