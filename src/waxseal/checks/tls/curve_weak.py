"""A weak or withdrawn elliptic curve is taken for the key exchange.

Curves of less than 224 bits can be broken by someone who means it, and must not be used. Those over binary
fields (sect...) were withdrawn, because nobody uses them and their code is hardly ever looked at. No current
client asks for either, so this matters for old senders only: a warning, and on submission a failure where
the curve is too small.
"""

from collections.abc import Iterator
from typing import Final

from waxseal.checks import samples
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Subject,
    Verdict,
    check,
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.checks.certificate._weighing import broken
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import FULL, MAX_LINE, none_fits, on_curves
from waxseal.facts import Endpoint, SuiteList, TlsGroups, TlsSuites
from waxseal.wire.tls_registry import group_name

_BITS: Final = {
    1: 163,
    2: 163,
    3: 163,
    4: 193,
    5: 193,
    6: 233,
    7: 233,
    8: 239,
    9: 283,
    10: 283,
    11: 409,
    12: 409,
} | {13: 571, 14: 571, 15: 160, 16: 160, 17: 160, 18: 192, 19: 192, 20: 224, 21: 224, 22: 256}
"""Bits of the curves that RFC 8422 §5.1.1 withdraws; those over binary fields are 1 to 14."""
_LEAST_BITS: Final = 224
_LAST_BINARY: Final = 14


@check(
    title="A weak elliptic curve is accepted",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9325 §4.5", "RFC 8422 §5.1.1"),
    remedy=Remedy(
        general="Allow X25519, P-256 and P-384 only.",
        postfix="tls_eecdh_auto_curves = X25519 prime256v1 secp384r1",
        exim="tls_eccurve = auto",
        dovecot="ssl_curve_list = X25519:P-256:P-384",
    ),
    rows=("E2",),
)
def judge(endpoint: Endpoint, subject: Subject, groups: TlsGroups, suites: TlsSuites | None) -> Judgement:
    """Judge the curves of each version."""
    accepted = [(found.version, group) for found in groups.lists for group in found.accepted]
    small = [group_name(g) for _, g in accepted if _BITS.get(g, 999) < _LEAST_BITS]
    if small:
        summary = "Curves of less than 224 bits are accepted for the key exchange"
        return broken(endpoint, subject, summary, ", ".join(dict.fromkeys(small))[:MAX_LINE])
    binary = [group_name(g) for _, g in accepted if g <= _LAST_BINARY]
    if binary:
        summary = "Withdrawn curves over binary fields are accepted for the key exchange"
        return warn(summary, ", ".join(dict.fromkeys(binary))[:MAX_LINE])
    left = [
        g
        for found in groups.lists
        for g in found.undecided
        if _BITS.get(g, 999) < _LEAST_BITS or g <= _LAST_BINARY
    ]
    if not groups.lists and none_fits(suites, on_curves):
        return not_applicable("no suite with a key exchange on curves is accepted")
    if not groups.lists or left:
        return unreached("not every curve was asked for", advice=FULL)
    return passed("No weak curve is accepted for the key exchange")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    endpoint = samples.endpoint()
    yield Example("192 bits", Verdict.WARN, (endpoint, _samples.groups("TLSv1.2", 23, 19)))
    submission = _samples.placed(587, endpoint, _samples.groups("TLSv1.2", 23, 19))
    yield Example("192 bits on submission", Verdict.FAIL, submission)
    yield Example("binary", Verdict.WARN, (endpoint, _samples.groups("TLSv1.2", 23, 14)))
    yield Example("usual ones", Verdict.PASS, (endpoint, _samples.groups("TLSv1.3", 29, 23)))
    part = _samples.groups("TLSv1.2", 23, undecided=(19,))
    yield Example("not asked", Verdict.INCONCLUSIVE, (endpoint, part))
    static = TlsSuites(lists=(SuiteList("TLSv1.2", (_samples.STATIC,)),))
    yield Example("no curves", Verdict.NOT_APPLICABLE, (endpoint, TlsGroups(lists=()), static))
