"""The server agreed to begin TLS, and the connection was closed or reset in the middle of the handshake.

No alert says why, so senders cannot tell a broken server from an attack: those that demand TLS do not
deliver, the others may fall back to clear text. A server that crashes or cannot load its key often ends
like this, and so does a firewall that dislikes TLS on this port. A server that merely disagrees should say
so with an alert (RFC 8446 §6.2). Said only of the handshake itself; a connection lost earlier has a
finding of its own.
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
    fail,
)
from waxseal.checks.tls._handshake import Failure, failure
from waxseal.facts import Cause, Endpoint, Handshake, Stage


@check(
    title="The connection is cut during the TLS handshake",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5246 §7.2.2", "RFC 8446 §6.2", "RFC 3207 §3"),
    remedy=Remedy(
        general="Look in the server's log at the time of the test for a crash or for a key or certificate "
        "that could not be loaded. If it shows none, look at the firewalls in front.",
        postfix="journalctl -u postfix, for 'cannot get RSA certificate' or 'TLS library problem'",
        exim="grep 'TLS error' /var/log/exim4/mainlog (and paniclog)",
        opensmtpd="check that the key of the pki is readable and belongs to its cert",
    ),
    rows=("B4",),
)
def judge(endpoint: Endpoint, attempt: DialogueAttempt, handshake: Handshake | None) -> Judgement:
    """Judge whether the stream ended in the handshake."""
    seen = failure("tls/handshake-cut", endpoint, attempt, handshake)
    if not isinstance(seen, Failure):
        return seen
    how = "reset" if seen.cause is Cause.RESET else "closed"
    return fail(
        f"The connection was {how} in the middle of the TLS handshake, without an alert",
        *([seen.detail] if seen.detail else []),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    closed = samples.attempt(Cause.CLOSED, Stage.HANDSHAKE)
    yield Example("closed", Verdict.FAIL, (samples.endpoint(), closed))
    yield Example("reset", Verdict.FAIL, (samples.endpoint(), samples.attempt(Cause.RESET, Stage.HANDSHAKE)))
    yield Example("completed", Verdict.PASS, (samples.endpoint(), samples.attempt(), samples.handshake()))
    yield Example(
        "closed before the greeting",
        Verdict.INCONCLUSIVE,
        (samples.endpoint(), samples.attempt(Cause.CLOSED, Stage.GREETING)),
    )
    yield Example(
        "refused instead",
        Verdict.NOT_APPLICABLE,
        (samples.endpoint(), samples.attempt(Cause.ALERT, Stage.HANDSHAKE, alert=80)),
    )
