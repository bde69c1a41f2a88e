"""What the validator said of an answer, for the checks that tell of bogus ones."""

from waxseal.checks.dns._lookup import bounded
from waxseal.facts import DnsAnswer

NOBODY = "nobody validated the answer whose word can be taken"
MAX_REASONS = 3


def reasons(answer: DnsAnswer) -> tuple[str, ...]:
    """Why the answer is bogus, in the validator's words, where it gave any."""
    told = (answer.why_bogus, *answer.extended_errors)
    return tuple(f"why: {bounded(text)}" for text in dict.fromkeys(told) if text)[:MAX_REASONS]
