"""A DNS blocklist gives no answer at all: its zone is broken, gone or not reached from here.

Nothing follows for the address. A list that is gone for good should be taken out of the mail server's own
settings too, as each look-up there waits for nothing.
"""

from collections.abc import Iterator

from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    inconclusive,
    passed,
)
from waxseal.checks.dnsbl._answers import Answers
from waxseal.checks.dnsbl._samples import listing
from waxseal.facts import DnsStatus
from waxseal.wire.blocklists import Standing


@check(
    title="A DNS blocklist gives no answer",
    level=Level.ADVICE,
    scope=Scope.ADDRESS,
    cites=("RFC 5782 §2.1",),
    remedy=Remedy(general="Leave the list out, or test again later."),
    rows=("P3",),
)
def judge(asked: Answers) -> Judgement:
    """Judge whether every list answered."""
    silent = asked.told(Standing.UNKNOWN)
    if silent:
        return inconclusive(
            "whether the address is listed could not be seen: the look-up failed",
            *silent[:5],
            advice="test again later, or with another --resolver",
        )
    return passed("every list that was asked answered")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("no answer", Verdict.INCONCLUSIVE, (listing(status=DnsStatus.TIMED_OUT),))
    yield Example("an error", Verdict.INCONCLUSIVE, (listing(status=DnsStatus.SERVFAIL),))
    yield Example("an answer", Verdict.PASS, (listing(),))
