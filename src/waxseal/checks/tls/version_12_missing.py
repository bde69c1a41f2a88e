"""The server speaks TLS 1.3 and refuses TLS 1.2.

TLS 1.3 alone is sound, but quite a few senders and mail programs in use do not know it yet. They meet an
alert and deliver in clear, or not at all; so nothing is won on port 25 and something is lost. The current
recommendations want both. Servers that speak neither have a finding of their own.
"""

from collections.abc import Iterator

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
from waxseal.checks.tls._offer import FULL
from waxseal.facts import TlsVersions
from waxseal.wire.tls_record import alert_name


@check(
    title="TLS 1.2 is refused",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9325 §3.1.1", "RFC 7435 §3"),
    remedy=Remedy(
        general="Allow TLS 1.2 beside TLS 1.3, with suites of ECDHE and GCM or ChaCha20.",
        postfix="smtpd_tls_protocols = >=TLSv1.2; smtpd_tls_mandatory_protocols = >=TLSv1.2 (from 3.6 on)",
        dovecot="ssl_min_protocol = TLSv1.2",
    ),
    rows=("C1",),
)
def judge(versions: TlsVersions) -> Judgement:
    """Judge the answer to TLS 1.2."""
    answer, newer = versions.of("TLSv1.2"), versions.of("TLSv1.3")
    if answer is None or answer.accepted is None:
        return unreached("whether TLS 1.2 is accepted was not seen", advice=FULL)
    if answer.accepted:
        return passed("TLS 1.2 is accepted")
    if newer is None or not newer.accepted:
        return not_applicable("TLS 1.3 is not spoken either, see tls/version-old")
    refusal = answer.reaction
    alert = "" if refusal is None or refusal.alert is None else f"refused with {alert_name(refusal.alert)}"
    return warn("The server refuses TLS 1.2, which a part of the senders needs", *filter(None, [alert]))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("1.3 alone", Verdict.WARN, (_samples.versions("TLSv1.3"),))
    yield Example("both", Verdict.PASS, (_samples.versions("TLSv1.2", "TLSv1.3"),))
    yield Example("neither", Verdict.NOT_APPLICABLE, (_samples.versions("TLSv1"),))
    unknown = _samples.versions("TLSv1.3", unknown=("TLSv1.2",))
    yield Example("not asked", Verdict.INCONCLUSIVE, (unknown,))
