"""The curve P-256 is not taken for the key exchange.

Every client of TLS 1.3 must know P-256, and a part of them, such as those under the rules of a government,
knows little else. A server without it may have no group in common with them: they meet an alert, and deliver
in clear or not at all.
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
from waxseal.checks.tls._offer import BELOW_13, FULL, MAX_LINE, none_fits, on_curves, spoken
from waxseal.facts import SuiteList, TlsGroups, TlsSuites
from waxseal.wire.tls_registry import group_name

_P256: Final = 23
_X25519: Final = 29


@check(
    title="The curve P-256 is not accepted",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 8446 §9.1", "RFC 9325 §4.2.1"),
    remedy=Remedy(
        general="Allow P-256 beside X25519.",
        postfix="tls_eecdh_auto_curves = X25519 prime256v1 secp384r1",
        exim="tls_eccurve = auto",
        dovecot="ssl_curve_list = X25519:P-256:P-384",
    ),
    rows=("E2",),
)
def judge(groups: TlsGroups, suites: TlsSuites | None) -> Judgement:
    """Judge the groups of the newest version."""
    newest = next((groups.of(v) for v in ("TLSv1.3", *BELOW_13) if groups.of(v) is not None), None)
    if newest is None and none_fits(suites, on_curves):
        return not_applicable("no suite with a key exchange on curves is accepted")
    if newest is None:
        return unreached("no group of the key exchange was seen", advice=FULL)
    names = ", ".join(map(group_name, newest.accepted))[:MAX_LINE]
    if _P256 in newest.accepted:
        return passed(f"P-256 is accepted in {spoken(newest.version)}", names)
    if _P256 in newest.undecided:
        return unreached(f"P-256 was not asked for in {spoken(newest.version)}", advice=FULL)
    also = "" if _X25519 in newest.accepted else ", nor X25519"
    return warn(f"P-256 is not accepted in {spoken(newest.version)}{also}", f"accepted: {names}")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("missing", Verdict.WARN, (_samples.groups("TLSv1.3", 29, 4588),))
    yield Example("accepted", Verdict.PASS, (_samples.groups("TLSv1.3", 29, 23),))
    yield Example("not asked", Verdict.INCONCLUSIVE, (_samples.groups("TLSv1.3", 29, undecided=(23,)),))
    static = TlsSuites(lists=(SuiteList("TLSv1.2", (_samples.STATIC,)),))
    yield Example("no curves", Verdict.NOT_APPLICABLE, (TlsGroups(lists=()), static))
