"""The address answers the connection request with a refusal: nothing listens on that port.

The machine is there, but its mail service is not running, listens on another address only, or a firewall
turns the connection away. Senders go on to the next address or MX host; where there is none, mail waits and
is returned after some days. Where only the IPv6 addresses of a host refuse, reach/ipv6-unreachable says it
instead.
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
)
from waxseal.checks.reach._connecting import Connections, failed_with, otherwise, said_of_ipv6
from waxseal.facts import Cause, Stage, describe


@check(
    title="The connection is refused",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.5.4.2", "RFC 5321 §5.1"),
    remedy=Remedy(
        general="See that the mail service runs and listens on this address and port, and that no "
        "firewall rejects connections to it; take the address out of DNS if no mail is to come "
        "there.",
        postfix="inet_interfaces = all; inet_protocols = all; and the smtp line in master.cf",
        exim="local_interfaces, daemon_smtp_ports = smtp",
        opensmtpd="listen on 0.0.0.0 and listen on ::, in place of listen on localhost",
    ),
    rows=("B4", "B12"),
)
def judge(dialogue: DialogueAttempt, subject: Subject, connections: Connections) -> Judgement:
    """Judge how the connection request ended."""
    if not failed_with(dialogue, Cause.REFUSED):
        return otherwise(dialogue)
    if elsewhere := said_of_ipv6(subject, connections):
        return elsewhere
    return fail("The connection is refused: nothing takes mail on this port", describe(dialogue.ended))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("stands", Verdict.PASS, (samples.attempt(),))
    yield Example("stands, then closed", Verdict.PASS, (samples.attempt(Cause.CLOSED, Stage.GREETING),))
    yield Example("refused", Verdict.FAIL, (samples.attempt(Cause.REFUSED, Stage.CONNECT),))
    yield Example("timed out", Verdict.NOT_APPLICABLE, (samples.attempt(Cause.TIMED_OUT, Stage.CONNECT),))
    yield Example("not tried", Verdict.INCONCLUSIVE, (samples.attempt(Cause.NOT_ALLOWED, Stage.CONNECT),))
