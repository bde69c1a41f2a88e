"""The server agreed to begin TLS, and then did not finish the handshake within the time limit.

A sender waits until its own limit and then gives up, so mail is late and in the end returned or sent in
clear. Common causes are a middlebox that drops a large ClientHello (one with post-quantum key shares takes
two packets), a path whose packet size is smaller than it admits, so that the server's certificate never
arrives, or a server with no processes left. On a port of implicit TLS it can also be a server that waits
for clear text. Said only where nothing came in time; a --time-limit below 5 s is too short to tell.
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
from waxseal.checks.patience import unless_patient
from waxseal.checks.tls._handshake import Failure, failure
from waxseal.facts import Cause, Endpoint, Handshake, Stage


@check(
    title="The TLS handshake hangs",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 8446 §4.1.1", "RFC 8446 §4.1.3", "RFC 3207 §3"),
    remedy=Remedy(
        general="Compare the server's log with a packet capture at both ends: see whether the ClientHello "
        "arrives whole and whether the server's answer leaves. Let the firewall pass ICMP 'packet too big', "
        "switch off inspection of SMTP and TLS, or lower the packet size of the interface.",
        postfix="default_process_limit, or maxproc of smtpd in master.cf, if all are busy",
        exim="smtp_accept_max, if all processes are busy",
    ),
    rows=("B4",),
)
def judge(endpoint: Endpoint, attempt: DialogueAttempt, handshake: Handshake | None) -> Judgement:
    """Judge whether time ran out in the handshake."""
    seen = failure("tls/handshake-stalled", endpoint, attempt, handshake)
    if not isinstance(seen, Failure):
        return seen
    waited = f"given up {attempt.ended.stage_s:.1f} s after the ClientHello"
    return unless_patient(attempt.ended, "the server did not finish the TLS handshake", waited) or fail(
        "The TLS handshake hangs: the server did not finish it in time", waited
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    stalled = samples.attempt(Cause.TIMED_OUT, Stage.HANDSHAKE, elapsed_s=30.0)
    yield Example("nothing came", Verdict.FAIL, (samples.endpoint(), stalled))
    hasty = samples.attempt(Cause.TIMED_OUT, Stage.HANDSHAKE, stage_s=3.0)
    yield Example("not waited for", Verdict.INCONCLUSIVE, (samples.endpoint(), hasty))
    yield Example("completed", Verdict.PASS, (samples.endpoint(), samples.attempt(), samples.handshake()))
    yield Example(
        "refused instead",
        Verdict.NOT_APPLICABLE,
        (samples.endpoint(), samples.attempt(Cause.ALERT, Stage.HANDSHAKE, alert=40)),
    )
    yield Example(
        "the greeting never came",
        Verdict.INCONCLUSIVE,
        (samples.endpoint(), samples.attempt(Cause.TIMED_OUT, Stage.GREETING)),
    )
