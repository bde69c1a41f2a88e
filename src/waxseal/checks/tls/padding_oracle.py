"""The server tells by its answers whether the padding of a record was right.

With that an attacker in the middle works out what a client sends again and again, such as its password,
octet by octet (POODLE against TLS, CVE-2014-8730; empty records, CVE-2019-1559, called GOLDENDOODLE and
Zombie POODLE). The test completes handshakes of its own, sends a record with a wrong MAC or wrong padding,
and compares the answers, which must be alike. Said only where they differ in the same way each time.
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
    unreached,
)
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import FULL, Offer
from waxseal.checks.tls._oracle import judge_series
from waxseal.facts import Cause, OracleReply, PaddingOracle, Reaction

_VARIANTS: Final = 4


@check(
    title="Wrong padding can be told from a wrong MAC",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5246 §6.2.3.2", "RFC 9325 §4.2"),
    remedy=Remedy(
        general="Upgrade the TLS library or the device that ends TLS; until then switch CBC suites off.",
        postfix="smtpd_tls_ciphers = high",
        exim="tls_require_ciphers = ECDHE+AESGCM:ECDHE+CHACHA20 (OpenSSL)",
        dovecot="ssl_cipher_list = ECDHE+AESGCM:ECDHE+CHACHA20",
    ),
    rows=("F5",),
)
def judge(offer: Offer, oracle: PaddingOracle | None) -> Judgement:
    """Judge whether the answers to spoilt records differ."""
    if oracle is not None:
        taken = [a.variant for a in oracle.answers if _always_taken(a)]
        if taken:
            names = ", ".join(taken)
            return fail("The server takes records with wrong padding or MAC", f"taken: {names}")
        summary = "The server tells wrong padding from a wrong MAC"
        return judge_series(oracle.answers, summary, oracle.version, oracle.suite, _VARIANTS)
    kind = offer.of_kind(lambda suite: suite.mode == "CBC")
    if kind.accepted or kind.undecided or kind.versions:
        return unreached("spoilt records in CBC mode were not tried", advice=FULL)
    return not_applicable("no suite in CBC mode is accepted")


def _always_taken(answer: OracleReply) -> bool:
    return len(answer.replies) > 1 and all(reply.cause is Cause.COMPLETED for reply in answer.replies)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""

    def oracle(*replies: Reaction, times: int = 2) -> PaddingOracle:
        names = ("bad-mac", "bad-padding", "empty-bad-mac", "empty-bad-padding")
        found = tuple(OracleReply(n, (r,) * times) for n, r in zip(names, replies, strict=True))
        return PaddingOracle(version="TLSv1.2", suite=_samples.CBC, answers=found)

    offer = _samples.offer({"TLSv1.2": (_samples.GCM, _samples.CBC)})
    mac, other, taken = Reaction(Cause.ALERT, alert=20), Reaction(Cause.ALERT, alert=21), _samples.DONE
    yield Example("told apart", Verdict.FAIL, (*offer, oracle(mac, other, mac, other)))
    yield Example("padding not looked at", Verdict.FAIL, (*offer, oracle(mac, taken, mac, mac)))
    yield Example("all alike", Verdict.PASS, (*offer, oracle(mac, mac, mac, mac)))
    yield Example("seen once", Verdict.INCONCLUSIVE, (*offer, oracle(mac, other, mac, mac, times=1)))
    silent = _samples.SILENT
    yield Example("silence", Verdict.INCONCLUSIVE, (*offer, oracle(silent, silent, silent, silent)))
    yield Example("not tried", Verdict.INCONCLUSIVE, offer)
    none = _samples.offer({"TLSv1.2": (_samples.GCM,)})
    yield Example("no CBC", Verdict.NOT_APPLICABLE, none)
