"""The server does not notice that a client was driven to an older version.

Some clients try again with an older version when a handshake fails, and an attacker can make it fail. With
TLS_FALLBACK_SCSV they tell the server that they do so, and it refuses where both could do better. Today's
clients do not fall back, and from TLS 1.2 on there are other guards, so this is advice, and only for servers
that still accept versions before TLS 1.2.
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
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import FULL, spoken, unknown_below_13
from waxseal.facts import Cause, FallbackAnswer, Reaction, TlsVersions
from waxseal.wire.tls_record import alert_name

_INAPPROPRIATE_FALLBACK: Final = 86


@check(
    title="A forced fall back to an older version is not noticed",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 7507 §3", "RFC 9325 §3.1.3"),
    remedy=Remedy(
        general="Switch off the versions before TLS 1.2; upgrade the TLS library (OpenSSL from 1.0.1j on).",
        postfix="smtpd_tls_protocols = >=TLSv1.2; smtpd_tls_mandatory_protocols = >=TLSv1.2 (from 3.6 on)",
        dovecot="ssl_min_protocol = TLSv1.2",
    ),
    rows=("C2",),
)
def judge(versions: TlsVersions, answer: FallbackAnswer | None) -> Judgement:
    """Judge the answer to a lower version with TLS_FALLBACK_SCSV."""
    spoken_ones = [a.version for a in versions.answers if a.accepted and a.version != "SSLv2"]
    if answer is None:
        if len(spoken_ones) < 2 and not unknown_below_13(versions):
            return not_applicable("one version only is spoken, there is nothing to fall back to")
        if set(spoken_ones) == {"TLSv1.2", "TLSv1.3"} and not unknown_below_13(versions):
            return not_applicable("TLS 1.3 tells of a fall back to TLS 1.2 by itself")
        return unreached("a hello with TLS_FALLBACK_SCSV was not answered or not sent", advice=FULL)
    reaction = answer.reaction
    pair = f"{spoken(answer.version)} was offered, {spoken(answer.highest)} is spoken"
    if reaction.cause is Cause.ALERT and reaction.alert == _INAPPROPRIATE_FALLBACK:
        return passed("A forced fall back is refused", pair)
    if reaction.cause is not Cause.COMPLETED:
        how = alert_name(reaction.alert) if reaction.alert is not None else reaction.cause.value
        return unreached(f"the hello was not taken, but for another reason: {how}", pair, advice=FULL)
    if set(spoken_ones) <= {"TLSv1.2", "TLSv1.3"}:
        return passed("The signal of a fall back is not heeded; TLS 1.3 guards itself another way", pair)
    return warn("A forced fall back is not noticed", pair)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""

    def answered(reaction: Reaction, version: str = "TLSv1.1", highest: str = "TLSv1.2") -> FallbackAnswer:
        return FallbackAnswer(version=version, highest=highest, reaction=reaction)

    old = _samples.versions("TLSv1.1", "TLSv1.2")
    new = _samples.versions("TLSv1.2", "TLSv1.3")
    yield Example("taken", Verdict.WARN, (old, answered(_samples.DONE)))
    yield Example("refused", Verdict.PASS, (old, answered(Reaction(Cause.ALERT, alert=86))))
    yield Example("TLS 1.2 and 1.3", Verdict.PASS, (new, answered(_samples.DONE, "TLSv1.2", "TLSv1.3")))
    yield Example("silence", Verdict.INCONCLUSIVE, (old, answered(_samples.SILENT)))
    yield Example("not asked", Verdict.INCONCLUSIVE, (old,))
    yield Example("TLS 1.2 and 1.3, not asked", Verdict.NOT_APPLICABLE, (new,))
    yield Example("one version", Verdict.NOT_APPLICABLE, (_samples.versions("TLSv1.3"),))
