"""The connection stands, and no greeting comes within the time that was waited.

An SMTP server speaks first. Where it stays silent, it may be overloaded, wait for slow look-ups of the
caller's name, hold callers back on purpose (a tarpit), or expect TLS from the first octet. Senders are
told to wait up to five minutes, so mail may still arrive from them; shorter waits lose it. The silence
may be meant for the address tested from only, so this says "not seen" and nothing about TLS. A connection
that was closed instead is smtp/greeting-closed.
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
from waxseal.checks.smtp import _samples
from waxseal.checks.smtp._dialogue import elsewhere
from waxseal.checks.smtp._replies import not_reached, shown
from waxseal.facts import Cause, Endpoint, Greeting, Stage


@check(
    title="No greeting came in time",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.5.3.2", "RFC 5321 §4.5.3.2.1", "RFC 5321 §3.1"),
    remedy=Remedy(
        general="Look in the server's log for what delays it at connection time: a full process table, slow "
        "reverse look-ups or block lists, or a delay that is meant for unknown callers.",
        postfix="default_process_limit, smtpd_peername_lookup, postscreen_greet_wait",
        exim="smtp_accept_max, host_lookup, rfc1413_query_timeout = 0s, and any delay in acl_smtp_connect",
    ),
    rows=("B4", "P10"),
)
def judge(endpoint: Endpoint | None, attempt: DialogueAttempt, greeting: Greeting | None) -> Judgement:
    """Judge whether the server spoke first, and how long it was waited for."""
    if (other := elsewhere(endpoint)) is not None:
        return other
    ended = attempt.ended
    if ended.cause is Cause.TIMED_OUT and ended.stage is Stage.GREETING:
        begun = greeting is not None
        return inconclusive(
            f"the connection stood, but within {attempt.elapsed_s:.0f} s "
            + ("only a part of a greeting came" if begun else "no greeting came"),
            *((f"received: {shown(greeting.reply.raw)}",) if greeting is not None else ()),
            advice="test again with a longer --time-limit (senders wait up to 5 minutes) and from another "
            "address; if this port begins with TLS, test it as such",
        )
    if greeting is None:
        return not_reached(attempt, "the greeting")
    return passed(f"the server spoke first, after {greeting.first_octet_s:.2g} s")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("greeted", Verdict.PASS, (samples.attempt(), samples.greeting()))
    silent = samples.attempt(Cause.TIMED_OUT, Stage.GREETING, elapsed_s=30.0)
    yield Example("silence", Verdict.INCONCLUSIVE, (silent,))
    yield Example("half a greeting", Verdict.INCONCLUSIVE, (silent, _samples.greeting(b"220-mx.exa")))
    yield Example("refused", Verdict.INCONCLUSIVE, (samples.attempt(Cause.REFUSED, Stage.CONNECT),))
