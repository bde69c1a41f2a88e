"""The connection stands, and no whole greeting comes: silence, or the connection is ended first.

In IMAP, POP3 and ManageSieve the server speaks first. One that stays silent is overloaded, holds callers
back on purpose, or expects TLS from the first octet. One that hangs up has no room, no working server behind
it, or a rule against the caller; a reset mostly comes from a firewall. The reason may lie with the address
tested from, so this says "not seen" and nothing about TLS.
"""

from collections.abc import Iterator

from waxseal.checks import samples as common
from waxseal.checks.access import _samples as samples
from waxseal.checks.access._responses import elsewhere, not_reached, shown
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
from waxseal.facts import AccessGreeting, Cause, Endpoint, Stage

_HOW = {
    Cause.TIMED_OUT: "the connection stood, and no whole greeting came",
    Cause.CLOSED: "the server closed the connection in order (FIN) before a whole greeting",
    Cause.RESET: "the connection was reset (RST) before a whole greeting",
}
_ADVICE = {
    Cause.TIMED_OUT: "test again with a longer --time-limit and from another address; if this port begins "
    "with TLS, test it as such",
    Cause.CLOSED: "test again later and from another address; see the server's log for why it hung up",
    Cause.RESET: "test from another network; a firewall on the path may break the stream off",
}


@check(
    title="No greeting came",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9051 §3", "RFC 1939 §4", "RFC 5804 §1.7"),
    remedy=Remedy(
        general="Look in the log of the server, of the load balancer before it and of the firewall for what "
        "delays or ends connections; let the server say BYE or -ERR with a reason instead of hanging up.",
        dovecot="service imap-login { process_limit, client_limit }, and haproxy = yes, with which a "
        "listener waits for a PROXY header",
    ),
    rows=("K1", "K3", "P10"),
)
def judge(endpoint: Endpoint, attempt: DialogueAttempt, greeting: AccessGreeting | None) -> Judgement:
    """Judge how the wait for the greeting ended."""
    if (aside := elsewhere(endpoint)) is not None:
        return aside
    ended = attempt.ended
    if ended.stage is Stage.GREETING and ended.cause in _HOW:
        waited = f" within {ended.stage_s:.1f} s" if ended.cause is Cause.TIMED_OUT else ""
        begun = () if greeting is None else (f"received: {shown(greeting.response.raw)}",)
        return inconclusive(_HOW[ended.cause] + waited, *begun, advice=_ADVICE[ended.cause])
    if greeting is None:
        return not_reached(attempt, "the greeting")
    return passed(f"the server spoke first, after {greeting.first_octet_s:.2g} s")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    start = samples.endpoint()
    yield Example("greeted", Verdict.PASS, (start, common.attempt(), samples.greeting()))
    for cause in _HOW:
        ended = common.attempt(cause, Stage.GREETING)
        yield Example(f"{cause.value}", Verdict.INCONCLUSIVE, (start, ended))
    half = samples.greeting(samples.IMAP, b"* OK IM")
    silent = common.attempt(Cause.TIMED_OUT, Stage.GREETING)
    yield Example("half a greeting", Verdict.INCONCLUSIVE, (start, silent, half))
    refused = common.attempt(Cause.REFUSED, Stage.CONNECT)
    yield Example("no connection", Verdict.INCONCLUSIVE, (start, refused))
    yield Example("SMTP", Verdict.NOT_APPLICABLE, (common.endpoint(), common.attempt()))
