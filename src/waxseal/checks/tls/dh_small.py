"""The group of the Diffie-Hellman key exchange is too small.

Whoever solves one connection's key exchange reads it, also years later from a recording. Groups below 1024
bits are within reach of a university; of 1024 bits within reach of a state, above all where the prime is one
that many servers share, since most of the work is done once for all of them (LOGJAM, CVE-2015-4000). Current
clients refuse them, and may then deliver in clear. At least 2048 bits are required. Groups of export and
anonymous suites belong to the checks of those.
"""

from collections.abc import Iterator
from typing import Final

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, warn
from waxseal.checks.tls import _samples
from waxseal.checks.tls._finite_field import FiniteField
from waxseal.checks.tls._offer import MAX_LINE, spoken
from waxseal.facts import KeyExchangeParameters, TlsKeyExchanges
from waxseal.wire.dh_primes import known_prime

_LEAST_BITS: Final = 2048
_HOPELESS_BITS: Final = 1024


@check(
    title="The Diffie-Hellman group is too small",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9325 §4.5",),
    remedy=Remedy(
        general="Use a group of 2048 bits or more (RFC 7919), or no suites with DHE at all.",
        postfix="leave smtpd_tls_dh1024_param_file unset (from 3.1 on)",
        exim="tls_dhparam = ffdhe2048",
        dovecot="ssl_dh = </path/dh.pem",
    ),
    rows=("E3", "F5"),
)
def judge(exchange: FiniteField) -> Judgement:
    """Judge the size of each prime."""
    small = [p for p in exchange.parameters if _bits(p) < _LEAST_BITS]
    if not small:
        return exchange.sound("of 2048 bits or more", *map(_line, exchange.parameters[:4]))
    lines = tuple(map(_line, small[:4]))
    if min(map(_bits, small)) < _HOPELESS_BITS:
        return fail("The Diffie-Hellman group is so small that it can be broken", *lines)
    return warn("The Diffie-Hellman group has less than 2048 bits", *lines)


def _bits(parameters: KeyExchangeParameters) -> int:
    return int.from_bytes(parameters.prime, "big").bit_length()


def _line(parameters: KeyExchangeParameters) -> str:
    known = known_prime(int.from_bytes(parameters.prime, "big"))
    name = "" if known is None else f", a prime that many servers share: {known.name}"
    return f"{spoken(parameters.version)}: {_bits(parameters)} bits{name}"[:MAX_LINE]


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    offer = _samples.offer({"TLSv1.2": (_samples.GCM, _samples.DHE)})
    small, tiny = b"\xc0" + bytes(126) + b"\x03", b"\xc0" + bytes(62) + b"\x03"
    yield Example("1024 bits", Verdict.WARN, (*offer, _samples.exchange(prime=small)))
    yield Example("512 bits", Verdict.FAIL, (*offer, _samples.exchange(prime=tiny)))
    yield Example("2048 bits", Verdict.PASS, (*offer, _samples.exchange()))
    none = _samples.offer({"TLSv1.2": (_samples.GCM,)})
    yield Example("no such suite", Verdict.NOT_APPLICABLE, (*none, TlsKeyExchanges(parameters=())))
    anonymous = _samples.offer({"TLSv1.2": (_samples.GCM, _samples.ANONYMOUS)})
    shown = _samples.exchange(suite=_samples.ANONYMOUS, prime=small)
    yield Example("of an anonymous suite", Verdict.NOT_APPLICABLE, (*anonymous, shown))
    part = _samples.offer({"TLSv1.2": (_samples.GCM,)}, {"TLSv1.2": (_samples.DHE,)})
    yield Example("not asked", Verdict.INCONCLUSIVE, (*part, TlsKeyExchanges(parameters=())))
