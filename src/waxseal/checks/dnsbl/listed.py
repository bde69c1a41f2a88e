"""The address stands on a DNS blocklist.

Servers that ask this list turn down, defer or mark mail that comes from the address. A mail host mostly
sends as well as it receives, so bounces, forwarded and own mail may be lost. Whether the listing is right is
between the list and its owner; the list's page says why it is there. It says nothing of TLS. Only lists are
asked whose terms allow programs to ask, unless others are named with --blocklist.
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
    passed,
    unreached,
    warn,
)
from waxseal.checks.dnsbl._answers import Answers
from waxseal.checks.dnsbl._samples import listing
from waxseal.wire.blocklists import Standing


@check(
    title="The address stands on a DNS blocklist",
    level=Level.ADVICE,
    scope=Scope.ADDRESS,
    cites=("RFC 5782 §2.1",),
    remedy=Remedy(
        general="Find out on the list's page why the address is there, stop the cause (a taken-over account, "
        "an open relay, a neighbour on the same address), then ask to be taken off."
    ),
    rows=("P3",),
)
def judge(asked: Answers) -> Judgement:
    """Judge whether any list lists the address."""
    listed = asked.told(Standing.LISTED)
    if listed:
        number = f"{len(listed)} DNS blocklist{'s' if len(listed) > 1 else ''}"
        return warn(f"The address stands on {number}", *listed[:5], *asked.pages()[:5])
    clear = asked.told(Standing.CLEAR)
    if not clear:
        return unreached(
            "no list gave an answer, see dnsbl/refused and dnsbl/unanswered", advice="ask other lists"
        )
    return passed(f"the address stands on none of {len(clear)} lists", *clear[:5])


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("listed", Verdict.WARN, (listing("127.0.0.2"),))
    yield Example("listed for an unknown reason", Verdict.WARN, (listing("127.0.0.77"),))
    yield Example("not listed", Verdict.PASS, (listing(),))
    yield Example("a refusal is no listing", Verdict.INCONCLUSIVE, (listing("127.255.255.254"),))
    yield Example("a zone that was given up", Verdict.INCONCLUSIVE, (listing("192.0.2.1"),))
