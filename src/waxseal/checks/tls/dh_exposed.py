"""Anybody can make this server compute with very large Diffie-Hellman groups.

A client need not compute anything itself: it sends some number as its public value, and the server raises a
large one to a large power for it (D(HE)at, CVE-2002-20001). The larger the group, the more a stranger can
load the processor with little traffic. Every server that takes finite-field groups is open to it to some
degree, as OpenSSL's default is; said only where a group of more than 4096 bits is used up to TLS 1.2, where
no client asked for that size.
"""

from collections.abc import Iterator
from typing import Final

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, warn
from waxseal.checks.tls import _samples
from waxseal.checks.tls._finite_field import FiniteField
from waxseal.facts import TlsKeyExchanges

_LARGE_BITS: Final = 4096


@check(
    title="A very large Diffie-Hellman group invites overload",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 9325 §4.1",),
    remedy=Remedy(
        general="Drop the suites with DHE, which are no longer advised, or use a group of 2048 bits.",
        postfix="smtpd_tls_exclude_ciphers = kDHE",
        exim="tls_dhparam = ffdhe2048",
    ),
    rows=("F8",),
)
def judge(exchange: FiniteField) -> Judgement:
    """Judge the largest prime up to TLS 1.2."""
    large = [bits for p in exchange.parameters if (bits := 8 * len(p.prime.lstrip(b"\0"))) > _LARGE_BITS]
    if large:
        return warn(f"Strangers can make the server compute with a group of {max(large)} bits")
    sizes = sorted({8 * len(p.prime.lstrip(b"\0")) for p in exchange.parameters})
    return exchange.sound("of a usual size", *(f"{size} bits" for size in sizes))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    offer = _samples.offer({"TLSv1.2": (_samples.GCM, _samples.DHE)})
    yield Example("8192 bits", Verdict.WARN, (*offer, _samples.exchange(prime=b"\xff" * 1024)))
    yield Example("2048 bits", Verdict.PASS, (*offer, _samples.exchange()))
    none = _samples.offer({"TLSv1.2": (_samples.GCM,)})
    yield Example("no such suite", Verdict.NOT_APPLICABLE, (*none, TlsKeyExchanges(parameters=())))
    part = _samples.offer({"TLSv1.2": (_samples.GCM,)}, {"TLSv1.2": (_samples.DHE,)})
    yield Example("not asked", Verdict.INCONCLUSIVE, (*part, TlsKeyExchanges(parameters=())))
