"""The handshake failed on waxseal's side: its TLS library gave up, and the server had sent no alert.

The server may speak something that this library no longer knows (SSLv3, GOST or other local suites) or may
have broken the protocol in a way that other senders forgive. Neither can be told from here, so this is
never counted against the server; it only says that version, suite and certificate of this port could not
be judged. The library's own words are given as evidence.
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
)
from waxseal.checks.tls._handshake import Failure, failure
from waxseal.facts import Cause, Endpoint, Handshake, Stage


@check(
    title="The handshake failed on our side",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 8446 §6.2", "RFC 9325 §3.1.1"),
    remedy=Remedy(
        general="See in the server's log whether other senders complete the handshake, and that TLS 1.2 or "
        "1.3 with a common suite is allowed.",
    ),
    rows=("B4",),
)
def judge(endpoint: Endpoint, attempt: DialogueAttempt, handshake: Handshake | None) -> Judgement:
    """Judge whether our library ended the handshake."""
    seen = failure("tls/handshake-failed-here", endpoint, attempt, handshake)
    if not isinstance(seen, Failure):
        return seen
    return inconclusive(
        "waxseal's own TLS library gave the handshake up; whether the server is at fault is not known",
        *([seen.detail] if seen.detail else []),
        advice="compare with another client (openssl s_client -starttls smtp) and the server's log",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    gave_up = samples.attempt(Cause.TLS_FAILED, Stage.HANDSHAKE, detail="UNSUPPORTED_PROTOCOL")
    yield Example("the library gave up", Verdict.INCONCLUSIVE, (samples.endpoint(), gave_up))
    yield Example("completed", Verdict.PASS, (samples.endpoint(), samples.attempt(), samples.handshake()))
    yield Example(
        "refused by the server",
        Verdict.NOT_APPLICABLE,
        (samples.endpoint(), samples.attempt(Cause.ALERT, Stage.HANDSHAKE, alert=70)),
    )
