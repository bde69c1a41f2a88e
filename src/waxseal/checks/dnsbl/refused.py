"""A DNS blocklist refuses to answer, with a code that is easily taken for a listing.

Lists answer 127.255.255.x to resolvers that ask too much, that are open to everybody, or that have no
agreement. Zones that were given up sometimes answer every name with the address of a parking page. Neither
says anything of the address asked about; a mail server that takes such an answer for a listing turns down all
mail.
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
from waxseal.wire.blocklists import Standing


@check(
    title="A DNS blocklist refuses to answer",
    level=Level.ADVICE,
    scope=Scope.ADDRESS,
    cites=("RFC 5782 §2.1",),
    remedy=Remedy(general="Ask by way of a resolver of your own, or leave the list out."),
    rows=("P3",),
)
def judge(asked: Answers) -> Judgement:
    """Judge whether the lists answered the question."""
    refused = asked.told(Standing.REFUSED)
    if refused:
        return inconclusive(
            "whether the address is listed could not be seen: the list refuses to answer this resolver",
            *refused[:5],
            advice="ask by way of a resolver of your own that the list accepts, with --resolver",
        )
    return passed("no list refused to answer")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("by way of a public resolver", Verdict.INCONCLUSIVE, (listing("127.255.255.254"),))
    yield Example("a zone that was given up", Verdict.INCONCLUSIVE, (listing("192.0.2.1"),))
    yield Example("not listed", Verdict.PASS, (listing(),))
    yield Example("listed", Verdict.PASS, (listing("127.0.0.2"),))
