"""What the validator said of an answer, for the checks that tell of bogus ones."""

from waxseal.checks.dns._lookup import bounded, shown
from waxseal.facts import DnsAnswer

NOBODY = "nobody validated the answer whose word can be taken"
MAX_REASONS = 3


def reasons(answer: DnsAnswer) -> tuple[str, ...]:
    """Why the answer is bogus, in the validator's words, where it gave any that its own line does not show.

    The evidence has that line, `shown`, before these.
    """
    line = shown(answer)
    told = (answer.why_bogus, *answer.extended_errors)
    fresh = (text for text in dict.fromkeys(map(bounded, told)) if text and text not in line)
    return tuple(f"why: {text}" for text in fresh)[:MAX_REASONS]
