"""The modulus of the Diffie-Hellman group is no safe prime, or its generator is of no use.

The key exchange is as hard as its group: where the modulus is composite, or the generator makes only a few
values, the secret falls out of what goes over the wire. A prime p of which (p - 1) / 2 is composite may be
sound where it was made so on purpose, but then every public value has to be examined, and TLS has no way to
tell how. Groups that are known by name are not computed again.
"""

from collections.abc import Iterator
from functools import cache

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, unreached, warn
from waxseal.checks.tls import _samples
from waxseal.checks.tls._finite_field import FiniteField
from waxseal.facts import TlsKeyExchanges
from waxseal.trust.primes import prime_kind
from waxseal.wire.dh_primes import known_prime


@check(
    title="The Diffie-Hellman group is unsound",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 5246 §F.1.1.3", "RFC 7919 §5.1"),
    remedy=Remedy(
        general="Use one of the groups of RFC 7919, such as ffdhe2048; throw home-made parameters away.",
        postfix="leave smtpd_tls_dh1024_param_file unset (from 3.1 on)",
        exim="tls_dhparam = ffdhe2048",
        dovecot="ssl_dh = </path/dh.pem",
    ),
    rows=("E3",),
)
def judge(exchange: FiniteField) -> Judgement:
    """Judge each modulus and its generator."""
    judged = [_unsound(p.prime, p.generator) for p in exchange.parameters]
    broken_ones = [why for why in judged if why.startswith("!")]
    if broken_ones:
        return fail("The Diffie-Hellman group gives its secrets away", *(why[1:] for why in broken_ones[:4]))
    odd = [why for why in judged if why.startswith("?")]
    if odd:
        return warn("The modulus of the Diffie-Hellman group is no safe prime", *(w[1:] for w in odd[:4]))
    unsure = [why for why in judged if why]
    if unsure:
        return unreached(f"the modulus is too large to be examined: {unsure[0]}", advice="examine it by hand")
    return exchange.sound("with a safe prime")


@cache
def _unsound(prime: bytes, generator: bytes) -> str:
    """What is wrong: marked with ``!`` where it is broken, ``?`` where it is odd; "" for nothing."""
    p, g = int.from_bytes(prime, "big"), int.from_bytes(generator, "big")
    known = known_prime(p)
    if known is not None and g == known.generator:
        return ""
    found = prime_kind(p, g)
    if found.kind == "composite":
        divisor = f", divisible by {found.factor}" if found.factor else ""
        return f"!{found.bits} bits: the modulus is composite{divisor}"
    if g % p in (0, 1, p - 1):
        return f"!{found.bits} bits: the generator makes {2 if g % p == p - 1 else 1} value only"
    if found.kind == "not-examined":
        return f"{found.bits} bits"
    return f"?{found.bits} bits: prime, but (p - 1) / 2 is composite" if found.kind == "prime" else ""


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    offer = _samples.offer({"TLSv1.2": (_samples.GCM, _samples.DHE)})
    yield Example("ffdhe2048", Verdict.PASS, (*offer, _samples.exchange()))
    spoilt = _samples.PRIME_2048[:-1] + b"\xfd"
    yield Example("composite", Verdict.FAIL, (*offer, _samples.exchange(prime=spoilt)))
    yield Example("generator 1", Verdict.FAIL, (*offer, _samples.exchange(generator=b"\x01")))
    mersenne = (2**521 - 1).to_bytes(66, "big")
    yield Example("no safe prime", Verdict.WARN, (*offer, _samples.exchange(prime=mersenne)))
    none = _samples.offer({"TLSv1.2": (_samples.GCM,)})
    yield Example("no such suite", Verdict.NOT_APPLICABLE, (*none, TlsKeyExchanges(parameters=())))
    part = _samples.offer({"TLSv1.2": (_samples.GCM,)}, {"TLSv1.2": (_samples.DHE,)})
    yield Example("not asked", Verdict.INCONCLUSIVE, (*part, TlsKeyExchanges(parameters=())))
