"""The server hands out sessions to resume, and then does not take them.

Resuming saves both sides the costly part of the handshake. Where a ticket or session id is given but never
taken, clients store it for nothing, and each connection costs in full. Usually several machines stand behind
one address and do not share the key of their tickets. Mail gets through all the same.
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
    passed,
    unreached,
    warn,
)
from waxseal.checks.tls._offer import FULL
from waxseal.facts import Resumption, TlsSessions

_WORDS: Final = {"session-id": "session id", "ticket": "ticket up to TLS 1.2", "psk": "ticket of TLS 1.3"}


@check(
    title="Sessions cannot be resumed although they are offered",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 9325 §3.4",),
    remedy=Remedy(
        general="Let all machines behind the address share their ticket keys and sessions, or offer none.",
        postfix="smtpd_tls_session_cache_database empty (tickets then do it)",
        dovecot="ssl_options = no_ticket",
    ),
    rows=("C8",),
)
def judge(sessions: TlsSessions) -> Judgement:
    """Judge every means that was looked at."""
    lines = tuple(map(_line, sessions.resumptions))
    if any(found.resumed for found in sessions.resumptions):
        return passed("Sessions can be resumed", *lines)
    if any(found.resumed is False and found.given for found in sessions.resumptions):
        return warn("The server offers sessions to resume, and takes none of them back", *lines)
    if sessions.resumptions and all(found.given is False for found in sessions.resumptions):
        return passed("No session to resume is offered", *lines)
    return unreached("resumption was not tried to the end", *lines, advice=FULL)


def _line(found: Resumption) -> str:
    given = {True: "given", False: "not given", None: "not seen"}[found.given]
    taken = {True: ", resumed", False: ", not resumed", None: ""}[found.resumed]
    return f"{_WORDS.get(found.means, found.means)}: {given}{taken}"


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""

    def sessions(given: bool | None, resumed: bool | None) -> TlsSessions:
        return TlsSessions(resumptions=(Resumption("psk", given, resumed),))

    yield Example("given and not taken", Verdict.WARN, (sessions(given=True, resumed=False),))
    yield Example("resumed", Verdict.PASS, (sessions(given=True, resumed=True),))
    yield Example("none given", Verdict.PASS, (sessions(given=False, resumed=None),))
    yield Example("not tried", Verdict.INCONCLUSIVE, (sessions(given=True, resumed=None),))
