"""The server speaks TLS 1.3, but does not mark a handshake in an older version.

A server of TLS 1.3 ends its random number with a set mark when it agrees on an older version. A client that
knows TLS 1.3 too then sees that somebody on the path took it out of its offer. Without the mark an attacker
can hold both to TLS 1.2 unseen. Usually a device before the server answers the older versions itself.
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
from waxseal.checks.tls._offer import FULL, accepted_below_13, spoken, unknown_below_13
from waxseal.facts import TlsVersions


@check(
    title="Downgrades from TLS 1.3 are not marked",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 8446 §4.1.3",),
    remedy=Remedy(general="Upgrade the TLS library, or the device before the server that ends TLS."),
    rows=("C1",),
)
def judge(versions: TlsVersions) -> Judgement:
    """Judge the end of the random of each older version."""
    new = versions.of("TLSv1.3")
    if new is None or new.accepted is None:
        return unreached("whether TLS 1.3 is spoken was not seen", advice=FULL)
    if not new.accepted:
        return not_applicable("TLS 1.3 is not spoken, so there is nothing to mark")
    seen = [a for a in accepted_below_13(versions) if a.server_hello]
    bare = [a for a in seen if not a.sentinel]
    if bare:
        return warn("Older versions are agreed on without a mark", ", ".join(spoken(a.version) for a in bare))
    if seen:
        return passed("Older versions are marked", ", ".join(spoken(a.version) for a in seen))
    if unknown_below_13(versions):
        return unreached("what the server does up to TLS 1.2 was not seen", advice=FULL)
    return not_applicable("no version before TLS 1.3 is spoken")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    marked = _samples.versions("TLSv1.2", "TLSv1.3", sentinels={"TLSv1.2": "TLSv1.2"})
    yield Example("not marked", Verdict.WARN, (_samples.versions("TLSv1.2", "TLSv1.3"),))
    yield Example("marked", Verdict.PASS, (marked,))
    yield Example("no TLS 1.3", Verdict.NOT_APPLICABLE, (_samples.versions("TLSv1.2"),))
    yield Example("not asked", Verdict.INCONCLUSIVE, (_samples.versions("TLSv1.2", unknown=("TLSv1.3",)),))
