"""The server lets itself be switched to keys that everybody can compute (CVE-2014-0224).

A man in the middle sends a message to both sides before they have agreed on keys; where both have the flaw,
they go on with keys that he knows, and he reads and changes the mail. The test sends that message and looks
whether it is refused: a sound server ends the handshake, one with the flaw is silent and stumbles over a
second one.
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
from waxseal.facts import Cause, EarlyChangeCipherSpec, Reaction, TlsVersions
from waxseal.wire.tls_record import alert_name

_REFUSES: Final = frozenset({Cause.ALERT, Cause.CLOSED, Cause.RESET})
_UNEXPECTED_MESSAGE: Final = 10
_AT_ONCE_S: Final = 1.0
"""An end that comes later may be due to the server's patience, not to what was sent."""


@check(
    title="ChangeCipherSpec is taken too early",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5246 §7.1",),
    remedy=Remedy(general="Upgrade the TLS library (OpenSSL from 1.0.1h, 1.0.0m or 0.9.8za on)."),
    rows=("F2",),
)
def judge(versions: TlsVersions, answer: EarlyChangeCipherSpec | None) -> Judgement:
    """Judge what came of the first one, and of the second."""
    if answer is None:
        if accepted_below_13(versions) or unknown_below_13(versions):
            return unreached("an early ChangeCipherSpec was not tried", advice=FULL)
        return not_applicable("the flaw is in TLS up to 1.2, and none of it is spoken")
    if answer.first.cause in _REFUSES:
        return passed("An early ChangeCipherSpec is refused", f"first: {_said(answer.first)}")
    second = answer.second
    if answer.first.cause is Cause.TIMED_OUT and second is not None and second.cause in _REFUSES:
        lines = ("first: silence", f"second: {_said(second)} after {second.elapsed_s:.2f} s")
        if second.alert == _UNEXPECTED_MESSAGE:
            return passed("The server is slow, but refuses an early ChangeCipherSpec", *lines)
        if second.elapsed_s <= _AT_ONCE_S:
            return fail("The server takes ChangeCipherSpec before keys are agreed", *lines)
    said = f"first: {_said(answer.first)}, second: {'none' if second is None else _said(second)}"
    return unreached("the answers prove neither the flaw nor its absence", said, advice="test again")


def _said(reaction: Reaction) -> str:
    return alert_name(reaction.alert) if reaction.alert is not None else reaction.cause.value


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""

    def answered(first: Reaction, second: Reaction | None = None) -> EarlyChangeCipherSpec:
        return EarlyChangeCipherSpec(version="TLSv1.2", first=first, second=second)

    old, silent = _samples.versions("TLSv1.2"), _samples.SILENT
    bad_mac, unexpected = Reaction(Cause.ALERT, alert=20), Reaction(Cause.ALERT, alert=10)
    yield Example("taken", Verdict.FAIL, (old, answered(silent, bad_mac)))
    yield Example("taken, then closed", Verdict.FAIL, (old, answered(silent, _samples.CLOSED)))
    late = Reaction(Cause.CLOSED, elapsed_s=4.0)
    yield Example("closed after a while", Verdict.INCONCLUSIVE, (old, answered(silent, late)))
    yield Example("refused", Verdict.PASS, (old, answered(unexpected)))
    yield Example("refused late", Verdict.PASS, (old, answered(silent, unexpected)))
    yield Example("silence", Verdict.INCONCLUSIVE, (old, answered(silent, silent)))
    yield Example("not tried", Verdict.INCONCLUSIVE, (old,))
    yield Example("TLS 1.3 alone", Verdict.NOT_APPLICABLE, (_samples.versions("TLSv1.3"),))
