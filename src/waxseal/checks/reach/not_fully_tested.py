"""Part of what was planned for this server was left out: its limit of time or connections was reached.

waxseal spends few connections on each server, so as not to look like an attacker and be shut out. A slow
server uses up the time before all is asked. What was left out is not known; it is neither good nor bad, and
every check that needed it says so.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Each,
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
from waxseal.facts import Attempt, Cause, RunContext, Stage, TlsSpending, describe

_MAX_LINES = 8


@check(
    title="Not everything was tested",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.5.3.2",),
    remedy=Remedy(
        general="Test again with a longer --time-limit or more --max-connections; if the server is slow "
        "to answer, look for the reason there.",
    ),
    rows=("B5",),
)
def judge(attempts: Each[Attempt], context: RunContext, spending: TlsSpending | None) -> Judgement:
    """Judge whether any probe of this endpoint ran out of its budget."""
    spent = [attempt for _, attempt in attempts if attempt.ended.cause is Cause.BUDGET_SPENT]
    connections = sum({attempt.id: attempt.connections for _, attempt in attempts}.values())
    not_asked = () if spending is None else spending.not_asked
    if not spent and not not_asked:
        return passed("no limit of time or connections left anything out", f"{connections} connections")
    cut = dict.fromkeys(attempt.probe for attempt in spent) or {"tls": None}
    more = len(not_asked) - _MAX_LINES
    return inconclusive(
        f"left out or cut short: {', '.join(cut)}",
        *(f"{attempt.probe}: {describe(attempt.ended)}" for attempt in spent),
        *(f"not asked: {line}"[:200] for line in not_asked[:_MAX_LINES]),
        *([f"and {more} more"] if more > 0 else []),
        f"{connections} connections were made; the limits are {context.connection_limit} connections and "
        f"{context.time_limit_s:g} s an address",
        advice="raise --time-limit or --max-connections",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    spent = samples.attempt(Cause.BUDGET_SPENT, None, probe="tls.no-sni", connections=0)
    yield Example("all", Verdict.PASS, (samples.attempt(),))
    yield Example("a probe left out", Verdict.INCONCLUSIVE, (samples.attempt(), spent))
    left = TlsSpending(depth="full", planned=250, spent=250, not_asked=("suites TLSv1: time limit",))
    yield Example("questions left out", Verdict.INCONCLUSIVE, (samples.attempt(), left))
    yield Example(
        "the dialogue cut short", Verdict.INCONCLUSIVE, (samples.attempt(Cause.BUDGET_SPENT, Stage.GREETING),)
    )
