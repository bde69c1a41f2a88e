"""The server takes the connection and ends it again without a greeting.

Closing in order (FIN) is what a server or a load balancer does that has no room, no working server behind
it, or a rule against the caller, and does not say so. A reset (RST) mostly comes from a firewall or an
intrusion filter on the path. Either way the sender learns nothing and tries again, later or elsewhere. As
the reason may lie with the address tested from, nothing was learned about TLS.
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
    Verdict,
    check,
    inconclusive,
    passed,
)
from waxseal.checks.smtp._dialogue import elsewhere
from waxseal.checks.smtp._replies import not_reached, shown
from waxseal.facts import Cause, Endpoint, Greeting, Stage

_HOW = {
    Cause.CLOSED: "the server closed the connection in order (FIN) before any greeting",
    Cause.RESET: "the connection was reset (RST) before any greeting",
}
_ADVICE = {
    Cause.CLOSED: "test again later and from another address; see the server's log for why it hung up",
    Cause.RESET: "test from another network; a firewall on the path may break the stream off",
}


@check(
    title="The connection is ended before any greeting",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5321 §3.1", "RFC 5321 §3.8"),
    remedy=Remedy(
        general="Make the server answer with 220, or say 421 or 554 with a reason, instead of hanging up; "
        "see the log of the server, of the load balancer before it and of the firewall.",
        postfix="see the log; smtpd_upstream_proxy_protocol hangs up on callers that are no proxy",
        exim="prefer deny to drop in acl_smtp_connect; see host_reject_connection",
    ),
    rows=("B4", "P10"),
)
def judge(endpoint: Endpoint | None, attempt: DialogueAttempt, greeting: Greeting | None) -> Judgement:
    """Judge how the wait for the greeting ended."""
    if (other := elsewhere(endpoint)) is not None:
        return other
    ended = attempt.ended
    if ended.stage is Stage.GREETING and ended.cause in _HOW:
        begun = () if greeting is None else (f"received: {shown(greeting.reply.raw)}",)
        return inconclusive(
            _HOW[ended.cause] + (" was complete" if begun else ""), *begun, advice=_ADVICE[ended.cause]
        )
    if greeting is None:
        return not_reached(attempt, "the greeting")
    return passed("the server kept the connection open and spoke")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("greeted", Verdict.PASS, (samples.attempt(), samples.greeting()))
    for cause in _HOW:
        yield Example(f"{cause.value}", Verdict.INCONCLUSIVE, (samples.attempt(cause, Stage.GREETING),))
    yield Example("silence", Verdict.INCONCLUSIVE, (samples.attempt(Cause.TIMED_OUT, Stage.GREETING),))
