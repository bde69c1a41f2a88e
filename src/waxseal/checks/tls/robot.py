"""The server tells by its answers whether an RSA ciphertext was well-formed (ROBOT, CVE-2017-13099).

Whoever can ask it some ten thousand times can decrypt recorded connections that used RSA key exchange, and
sign in the server's name. The test sends ciphertexts of its own that are spoilt in several ways, and
compares the answers; they must all be alike. Said only where they differ in the same way each time; where
they come by chance, nothing is said.
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
    unreached,
)
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import FULL, Offer
from waxseal.checks.tls._oracle import judge_series
from waxseal.facts import Cause, OracleReply, Reaction, RsaOracle

_VARIANTS: Final = 5


@check(
    title="ROBOT: RSA ciphertexts can be told apart",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5246 §7.4.7.1", "RFC 9325 §4.1"),
    remedy=Remedy(
        general="Switch the suites with RSA key exchange off, and upgrade the TLS library or the device that "
        "ends TLS.",
        postfix="smtpd_tls_exclude_ciphers = kRSA",
        exim="tls_require_ciphers = HIGH:!kRSA:!aNULL (OpenSSL)",
        dovecot="ssl_cipher_list = ALL:!kRSA:!aNULL:!eNULL:!EXPORT:!DES:!3DES:!MD5:!PSK:!RC4",
    ),
    rows=("F3",),
)
def judge(offer: Offer, oracle: RsaOracle | None) -> Judgement:
    """Judge whether the answers to spoilt ciphertexts differ."""
    if oracle is None:
        kind = offer.of_kind(lambda suite: suite.key_exchange == "RSA" and suite.authentication == "RSA")
        if kind.accepted or kind.undecided or kind.versions:
            return unreached("RSA ciphertexts were not tried", *kind.lines, advice=FULL)
        return not_applicable("no suite with RSA key exchange is accepted")
    summary = "The server tells spoilt RSA ciphertexts apart"
    first = judge_series(oracle.answers, summary, oracle.version, oracle.suite, _VARIANTS)
    if first.verdict is not Verdict.PASS:
        return first
    if oracle.control_completed is not True:
        return unreached(
            "the answers are alike, but no handshake with a right ciphertext was completed to compare with",
            *first.evidence,
            advice=FULL,
        )
    if oracle.short_answers:
        short = oracle.short_answers
        return judge_series(short, summary, oracle.version, oracle.suite, _VARIANTS, may_wait=True)
    return first


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""

    def oracle(*alerts: int, times: int = 2, right: bool | None = True) -> RsaOracle:
        names = ("right", "wrong-start", "no-zero", "zero-elsewhere", "wrong-version")
        return RsaOracle(
            version="TLSv1.2",
            suite=_samples.STATIC,
            answers=tuple(
                OracleReply(name, (Reaction(Cause.ALERT, alert=alert),) * times)
                for name, alert in zip(names, alerts, strict=True)
            ),
            control_completed=right,
        )

    offer = _samples.offer({"TLSv1.2": (_samples.GCM, _samples.STATIC)})
    yield Example("told apart", Verdict.FAIL, (*offer, oracle(20, 47, 47, 47, 47)))
    yield Example("all alike", Verdict.PASS, (*offer, oracle(20, 20, 20, 20, 20)))
    yield Example("seen once", Verdict.INCONCLUSIVE, (*offer, oracle(20, 47, 20, 20, 20, times=1)))
    yield Example("no control", Verdict.INCONCLUSIVE, (*offer, oracle(20, 20, 20, 20, 20, right=None)))
    yield Example("not tried", Verdict.INCONCLUSIVE, offer)
    none = _samples.offer({"TLSv1.2": (_samples.GCM,)})
    yield Example("no RSA key exchange", Verdict.NOT_APPLICABLE, none)
