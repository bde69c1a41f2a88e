"""Nothing answers the connection request within the limit.

The server may be down, or a firewall drops the packets; senders wait long for each try, and the mail is
late or is returned. But a path that swallows packets on this side looks the same. So it is held against the
server only when another connection to the same port, over the same address family, stood in the same run,
or the control destination was reached. Where only a host's IPv6 addresses fail, reach/ipv6-unreachable says
it.
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
from waxseal.checks.reach._connecting import Connections, egress_proof, failed_with, otherwise, said_of_ipv6
from waxseal.facts import Cause, ControlReach, Stage, describe


@check(
    title="The connection is not answered",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.5.4.2", "RFC 5321 §5.1"),
    remedy=Remedy(
        general="See that the machine is up, that its address in DNS is right, and that firewalls on the "
        "way let connections to this port through from everywhere.",
    ),
    rows=("B4", "B6"),
)
def judge(
    dialogue: DialogueAttempt,
    subject: Subject,
    connections: Connections,
    control: ControlReach | None,
) -> Judgement:
    """Judge how the connection request ended, and whether the way out of here is proven."""
    if not failed_with(dialogue, Cause.TIMED_OUT):
        return otherwise(dialogue)
    if elsewhere := said_of_ipv6(subject, connections):
        return elsewhere
    proof = egress_proof(subject, connections, control)
    evidence = describe(dialogue.ended)
    if proof is None:
        return inconclusive(
            "nothing answered within the limit; this may be the server, the path or this machine's firewall",
            evidence,
            advice="test from another place, or give a --control that is known to answer on this port",
        )
    return fail("Nothing answers the connection request within the limit", evidence, proof)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    silent = samples.attempt(Cause.TIMED_OUT, Stage.CONNECT, elapsed_s=30.0)
    yield Example("stands", Verdict.PASS, (samples.attempt(),))
    yield Example("slow greeting", Verdict.PASS, (samples.attempt(Cause.TIMED_OUT, Stage.GREETING),))
    yield Example("silence", Verdict.INCONCLUSIVE, (silent,))
    yield Example(
        "silence, control reached",
        Verdict.FAIL,
        (silent, ControlReach(destination="control.example.net:25", connected=True)),
    )
    yield Example(
        "silence, control silent",
        Verdict.INCONCLUSIVE,
        (silent, ControlReach(destination="control.example.net:25", connected=False)),
    )
    yield Example(
        "silence, control of the other family",
        Verdict.INCONCLUSIVE,
        (silent, ControlReach(destination="[2001:db8::1]:25", connected=True)),
    )
    yield Example(
        "silence, control on another port",
        Verdict.INCONCLUSIVE,
        (silent, ControlReach(destination="control.example.net:587", connected=True)),
    )
    yield Example("refused", Verdict.NOT_APPLICABLE, (samples.attempt(Cause.REFUSED, Stage.CONNECT),))
