"""A session ticket is said to be good for more than a week.

Whoever gets hold of the key under which tickets are sealed can open the sessions that they stand for, so
long lives undo forward secrecy. In TLS 1.3 a week is the limit. Clients cut longer ones down, and many
forget them, so nothing breaks.
"""

from collections.abc import Iterator
from typing import Final

from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.checks.tls._offer import FULL
from waxseal.facts import Resumption, TlsSessions

_WEEK_S: Final = 604800


@check(
    title="Session tickets live too long",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 8446 §4.6.1", "RFC 9325 §3.4"),
    remedy=Remedy(
        general="Let tickets live for hours, a week at the most, and change the key that seals them.",
        postfix="smtpd_tls_session_cache_timeout = 3600s",
    ),
    rows=("C8",),
)
def judge(sessions: TlsSessions) -> Judgement:
    """Judge the lifetimes that were announced."""
    known = [
        (found.means, found.lifetime_s) for found in sessions.resumptions if found.lifetime_s is not None
    ]
    lines = tuple(f"{means}: {seconds} s" for means, seconds in known)
    if any(seconds > _WEEK_S for _, seconds in known):
        return warn("A session ticket is announced to live for more than a week", *lines)
    if known:
        return passed("Session tickets live for a week at the most", *lines)
    tickets = [found for found in sessions.resumptions if found.means != "session-id"]
    if tickets and all(found.given is not None for found in tickets):
        return not_applicable("no ticket with a lifetime was given")
    return unreached("whether the server gives tickets was not seen", advice=FULL)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""

    def sessions(lifetime_s: int | None, given: bool | None = True) -> TlsSessions:
        return TlsSessions(resumptions=(Resumption("psk", given, lifetime_s=lifetime_s),))

    yield Example("30 days", Verdict.WARN, (sessions(2592000),))
    yield Example("2 hours", Verdict.PASS, (sessions(7200),))
    yield Example("none given", Verdict.NOT_APPLICABLE, (sessions(None, given=False),))
    yield Example("not seen", Verdict.INCONCLUSIVE, (sessions(None, given=None),))
