"""The server does not bind its keys to the whole handshake (extended main secret).

Without this extension of TLS up to 1.2, an attacker to whom a client connects can make two connections with
the same keys and join them (the triple handshake attack). For mail it matters where clients log in with a
certificate or with a method that is bound to the channel. In TLS 1.3 it is built in. Usually the TLS library
is older than 2015.
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
from waxseal.checks.tls._offer import FULL, accepted_below_13, spoken, unknown_below_13
from waxseal.facts import TlsVersions

_EXTENDED_MAIN_SECRET: Final = 23


@check(
    title="The extended main secret is missing",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9325 §3.5", "RFC 7627 §5.2"),
    remedy=Remedy(general="Upgrade the TLS library (OpenSSL from 1.1.0 on, GnuTLS from 3.4.0 on)."),
    rows=("C6",),
)
def judge(versions: TlsVersions) -> Judgement:
    """Judge the newest version up to TLS 1.2."""
    accepted = [answer for answer in accepted_below_13(versions) if answer.version != "SSLv3"]
    if accepted:
        name = spoken(accepted[0].version)
        if _EXTENDED_MAIN_SECRET in accepted[0].extensions:
            return passed(f"{name} has the extended main secret")
        return warn(f"{name} is spoken without the extended main secret", f"offered in {name}, and not taken")
    if unknown_below_13(versions):
        return unreached("what the server does up to TLS 1.2 was not seen", advice=FULL)
    return not_applicable("TLS 1.3 has it built in, and no older version is spoken")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    bare = _samples.versions("TLSv1.2", extensions={"TLSv1.2": (0xFF01, 11)})
    yield Example("missing", Verdict.WARN, (bare,))
    yield Example("there", Verdict.PASS, (_samples.versions("TLSv1.2", "TLSv1.3"),))
    yield Example("TLS 1.3 alone", Verdict.NOT_APPLICABLE, (_samples.versions("TLSv1.3"),))
    yield Example("not asked", Verdict.INCONCLUSIVE, (_samples.versions("TLSv1.3", unknown=("TLSv1.2",)),))
