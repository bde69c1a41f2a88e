"""The server takes no group that a quantum computer could not break.

Whoever records mail today may read it once there are quantum computers. The hybrid groups, above all
X25519MLKEM768, close that gap, and current senders offer them. No standard demands them of mail servers yet,
so their absence is told and is no fault. A warning is a server that only knows the drafts of them that
clients have dropped again.
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
from waxseal.checks.tls._offer import FULL
from waxseal.facts import TlsGroups, TlsVersions
from waxseal.wire.tls_registry import group_name

_HYBRIDS: Final = frozenset({4587, 4588, 4589})
"""SecP256r1MLKEM768, X25519MLKEM768, SecP384r1MLKEM1024."""
_PURE: Final = frozenset({512, 513, 514})
_DRAFTS: Final = frozenset({25497, 25498})
"""X25519Kyber768Draft00, SecP256r1Kyber768Draft00."""


@check(
    title="Post-quantum key exchange is of a dropped draft only",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 8446 §4.2.7", "RFC 9325 §7.3"),
    remedy=Remedy(
        general="Upgrade the TLS library (OpenSSL from 3.5 on, GnuTLS from 3.8.9 on) and leave its list of "
        "groups as it is.",
        postfix="tls_eecdh_auto_curves = X25519MLKEM768 X25519 prime256v1 secp384r1",
        exim="tls_eccurve = auto",
    ),
    rows=("E4",),
)
def judge(versions: TlsVersions, groups: TlsGroups) -> Judgement:
    """Judge the groups of TLS 1.3."""
    new = versions.of("TLSv1.3")
    if new is not None and new.accepted is False:
        return not_applicable("TLS 1.3 is not spoken, and no older version has such groups")
    found = groups.of("TLSv1.3")
    if found is None:
        return unreached("the groups of TLS 1.3 were not seen", advice=FULL)
    accepted = set(found.accepted)
    if taken := [g for g in found.accepted if g in _HYBRIDS | _PURE]:
        return passed("Post-quantum groups are taken", ", ".join(map(group_name, taken)))
    if drafts := accepted & _DRAFTS:
        names = ", ".join(map(group_name, sorted(drafts)))
        return warn("Only a dropped draft of post-quantum key exchange is taken", names)
    if not found.listed and (_HYBRIDS & set(found.undecided)):
        return unreached("post-quantum groups were not asked for", advice=FULL)
    return not_applicable("no post-quantum group is taken; no standard asks a mail server for one yet")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    both = _samples.versions("TLSv1.2", "TLSv1.3")
    yield Example("a hybrid", Verdict.PASS, (both, _samples.groups("TLSv1.3", 4588, 29, 23)))
    yield Example("a draft", Verdict.WARN, (both, _samples.groups("TLSv1.3", 25497, 29, 23)))
    yield Example("none", Verdict.NOT_APPLICABLE, (both, _samples.groups("TLSv1.3", 29, 23)))
    part = _samples.groups("TLSv1.3", 29, undecided=(4588,))
    yield Example("not asked", Verdict.INCONCLUSIVE, (both, part))
    old = (_samples.versions("TLSv1.2"), _samples.groups("TLSv1.2", 23))
    yield Example("no TLS 1.3", Verdict.NOT_APPLICABLE, old)
