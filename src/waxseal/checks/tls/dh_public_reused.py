"""The server uses one Diffie-Hellman value for several connections.

The value should be new for each connection; that is what forward secrecy rests on. A value that stays lets
whoever takes it from the server's memory read all connections made with it, and up to TLS 1.2 a patient
attacker may work out secrets from how long the server computes (Raccoon, CVE-2020-1968). Values of elliptic
curves are not meant: there the reuse for a short time is allowed.
"""

from collections.abc import Iterator
from typing import Final

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, unreached, warn
from waxseal.checks.tls import _samples
from waxseal.checks.tls._finite_field import FiniteField
from waxseal.checks.tls._offer import FULL, spoken
from waxseal.facts import TlsKeyExchanges

_KEPT: Final = 8
"""How many different values a fact keeps."""


@check(
    title="Diffie-Hellman values are used again",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 9325 §7.4",),
    remedy=Remedy(
        general="Upgrade the TLS library (OpenSSL makes new values from 1.0.2f on), or drop the suites "
        "with DHE.",
    ),
    rows=("E3", "F5"),
)
def judge(exchange: FiniteField) -> Judgement:
    """Judge whether a value came twice."""
    for found in exchange.parameters:
        if found.publics and len(found.publics) < min(found.shown, _KEPT):
            line = f"{spoken(found.version)}: {len(found.publics)} values in {found.shown} handshakes"
            return warn("The same Diffie-Hellman value came in several handshakes", line)
    if exchange.parameters and all(found.shown < 2 for found in exchange.parameters):
        return unreached("the key exchange was seen only once, so nothing could be compared", advice=FULL)
    return exchange.sound("with a new value each time")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    offer = _samples.offer({"TLSv1.2": (_samples.GCM, _samples.DHE)})
    yield Example("the same", Verdict.WARN, (*offer, _samples.exchange(publics=(b"\x01",), shown=2)))
    yield Example("new ones", Verdict.PASS, (*offer, _samples.exchange()))
    yield Example("seen once", Verdict.INCONCLUSIVE, (*offer, _samples.exchange(publics=(b"\x01",), shown=1)))
    none = _samples.offer({"TLSv1.2": (_samples.GCM,)})
    yield Example("no such suite", Verdict.NOT_APPLICABLE, (*none, TlsKeyExchanges(parameters=())))
