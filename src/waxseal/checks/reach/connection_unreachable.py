"""A router answers that the address cannot be reached.

The network of the mail server is not announced, or a firewall on the way says so in the server's name.
Senders cannot connect and try the next address. When it is this machine that has no route, mostly because
it has no IPv6, nothing is said about the server: that is left open. Where only a host's IPv6 addresses are
unreachable, reach/ipv6-unreachable says it.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    DialogueAttempt,
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Subject,
    Verdict,
    check,
    fail,
    inconclusive,
)
from waxseal.checks.reach._connecting import Connections, failed_with, is_ipv6, otherwise, said_of_ipv6
from waxseal.facts import Cause, Stage, describe


@check(
    title="The address cannot be reached",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.5.4.2", "RFC 5321 §5.1"),
    remedy=Remedy(
        general="See that the address in DNS is right and that its network is routed; look along the path "
        "for the router or firewall that answers in the server's name.",
    ),
    rows=("B4",),
)
def judge(dialogue: DialogueAttempt, subject: Subject, connections: Connections) -> Judgement:
    """Judge how the connection request ended."""
    if not failed_with(dialogue, Cause.UNREACHABLE, Cause.NO_ROUTE):
        return otherwise(dialogue)
    if elsewhere := said_of_ipv6(subject, connections):
        return elsewhere
    if dialogue.ended.cause is Cause.NO_ROUTE:
        family = "IPv6" if is_ipv6(subject) else "IPv4"
        return inconclusive(
            f"this machine has no {family} route to the address, so it was not tried",
            describe(dialogue.ended),
            advice=f"test from a machine that has {family}",
        )
    return fail("The network answers that the address cannot be reached", describe(dialogue.ended))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("stands", Verdict.PASS, (samples.attempt(),))
    yield Example("unreachable", Verdict.FAIL, (samples.attempt(Cause.UNREACHABLE, Stage.CONNECT),))
    yield Example("no route", Verdict.INCONCLUSIVE, (samples.attempt(Cause.NO_ROUTE, Stage.CONNECT),))
    yield Example("refused", Verdict.NOT_APPLICABLE, (samples.attempt(Cause.REFUSED, Stage.CONNECT),))
