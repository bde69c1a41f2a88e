"""The server gives away pieces of its memory to anybody (Heartbleed, CVE-2014-0160).

Whoever asks gets up to 64 KiB of memory at a time, with passwords, mail and the private key in it, and
nothing of it is logged. The test reads no memory: it sends a heartbeat that a sound server must drop,
because its padding is missing, with our own octets in it; only a server with the flaw sends them back. A
right heartbeat that is answered shows that silence means soundness.
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
    fail,
    not_applicable,
    passed,
    unreached,
)
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import FULL, accepted_below_13, unknown_below_13
from waxseal.facts import Cause, HeartbeatAnswer, TlsVersions

_HEARTBEAT: Final = 15


@check(
    title="Heartbleed: the server gives away its memory",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 6520 §4",),
    remedy=Remedy(
        general="Upgrade the TLS library at once (OpenSSL from 1.0.1g on); then make a new key and "
        "certificate, have the old one revoked, and change the passwords.",
    ),
    rows=("F1",),
)
def judge(versions: TlsVersions, answer: HeartbeatAnswer | None) -> Judgement:
    """Judge the answers to a heartbeat without padding, and to a right one."""
    if answer is not None and answer.without_padding is not None:
        if answer.without_padding.cause is Cause.COMPLETED:
            return fail("The server answers a heartbeat that it must drop", "the padding was missing")
        if answer.well_formed is not None and answer.well_formed.cause is Cause.COMPLETED:
            return passed("A heartbeat without padding is dropped, a right one answered")
        return unreached("a right heartbeat got no answer either, so nothing is shown", advice=FULL)
    accepted = accepted_below_13(versions)
    if any(_HEARTBEAT in found.extensions for found in accepted):
        return unreached("the server knows heartbeats, and none was tried", advice=FULL)
    if accepted:
        return passed("Heartbeats were offered, and the server does not know them")
    if unknown_below_13(versions):
        return unreached("what the server does up to TLS 1.2 was not seen", advice=FULL)
    return not_applicable("the flaw is in TLS up to 1.2, and none of it is spoken")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    done, silent, old = _samples.DONE, _samples.SILENT, _samples.versions("TLSv1.2")
    flaw = HeartbeatAnswer(mode=1, without_padding=done, well_formed=done)
    sound = HeartbeatAnswer(mode=1, without_padding=silent, well_formed=done)
    yield Example("echoed", Verdict.FAIL, (old, flaw))
    yield Example("dropped", Verdict.PASS, (old, sound))
    yield Example("no heartbeats", Verdict.PASS, (old, HeartbeatAnswer(mode=None)))
    no_control = HeartbeatAnswer(mode=1, without_padding=silent, well_formed=silent)
    yield Example("no control", Verdict.INCONCLUSIVE, (old, no_control))
    knows = _samples.versions("TLSv1.2", extensions={"TLSv1.2": (15,)})
    yield Example("not tried", Verdict.INCONCLUSIVE, (knows,))
    yield Example("TLS 1.3 alone", Verdict.NOT_APPLICABLE, (_samples.versions("TLSv1.3"),))
